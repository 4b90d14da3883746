"""Gates on serving: canned alerts get a score, and no row's outputs hang on the batch it is in."""

from enrich.text import visible
from training.gates.evidence import Evidence, Gate, GateResult
from training.gates.limits import BATCHES, Limits


def canned(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a candidate that does not score the canned alerts, or was not tried on any."""
    tried, failed = evidence.canned
    if not tried:
        return GateResult("canned", False, "no canned alert was tried", 0, 0)
    reason = f"{tried - len(failed)} of {tried} canned alerts get a score"
    if failed:
        reason += f", not {visible(failed[0], 120)}"
    return GateResult("canned", not failed, reason, len(failed), 0)


def batches(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a candidate whose rows come out otherwise in another batch, by a single bit."""
    tried = evidence.batches
    untried = sorted(set(BATCHES) - set(tried.sizes))
    if untried or not tried.rows:
        told = ", ".join(f"{size:,}" for size in untried or BATCHES)
        return GateResult("batches", False, f"not tried in batches of {told}", float("nan"), 0)
    if tried.different:
        told = ", ".join(f"{size:,}" for size in tried.different)
        reason = f"a row's outputs differ in batches of {told}"
        return GateResult("batches", False, reason, len(tried.different), 0)
    return GateResult("batches", True, f"{tried.rows:,} rows, the same bits in every batch", 0, 0)


GATES: tuple[Gate, ...] = (canned, batches)
