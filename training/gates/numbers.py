"""Gates on what comes out: probabilities that are none, confidences that are not kept, one answer to all."""

import numpy as np

from training.figures.calibration import ece, ece_by_chance
from training.figures.classes import NAMES
from training.gates.evidence import Evidence, Finding, Gate, GateResult, rows_of, worst
from training.gates.limits import Limits
from training.gates.support import NOBODY
from training.judged import CLASSES, Judged


def shapes(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse judged rows whose columns do not fit each other, are in no order of time, or have no class."""
    findings = [
        Finding(not (wrong := _misshapen(each)), f"{each.label_source}: {wrong or 'sound'}", len(each), 0)
        for each in (*evidence.challenger, *(evidence.champion or ()))
    ]
    return worst("shapes", findings, float("nan"), NOBODY)


def probabilities(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a probability, confidence or share that is no number from 0 to 1, and sums that are not 1."""
    findings = []
    for judged in evidence.challenger:
        given = np.column_stack([judged.probability, judged.confidence, judged.known])
        with np.errstate(invalid="ignore"):
            broken = ~((given >= 0) & (given <= 1)).all(axis=1)
            off = np.abs(judged.probability.sum(axis=1) - 1.0)
        broken |= ~(off <= limits.sum_error_max)
        reason = f"{judged.label_source}: {rows_of(broken)} with a probability that is none"
        findings.append(Finding(not broken.any(), reason, float(broken.sum()), float(broken.sum())))
    return worst("probabilities", findings, 0, NOBODY)


def calibration(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse confidences that miss the truth by more than the limit and more than chance.

    Judged on what is stated: abstained rows state none. See ``Limits.ece_excess_max`` for why it is neither
    the plain error nor an end of its interval.
    """
    findings = []
    for judged in evidence.challenger:
        stated, right = judged.confidence[judged.covered], judged.right[judged.covered]
        if not len(stated):
            findings.append(Finding(False, f"{judged.label_source}: abstains on every row", np.nan, 1))
            continue
        if not ((stated >= 0) & (stated <= 1)).all():
            findings.append(Finding(False, f"{judged.label_source}: confidence is no probability", np.nan, 1))
            continue
        error, chance = ece(stated, right), ece_by_chance(stated)
        excess = error - chance
        reason = (
            f"{judged.label_source}: calibration error {error:.3f}, of which {chance:.3f} is chance "
            f"on {len(stated):,} rows"
        )
        findings.append(Finding(excess <= limits.ece_excess_max, reason, excess, excess))
    return worst("calibration", findings, limits.ece_excess_max, NOBODY)


def coverage(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a model that abstains on most rows, or states too few for its calibration to be judged."""
    findings = []
    for judged in evidence.challenger:
        stated, n = int(judged.covered.sum()), max(1, len(judged))
        reason = f"{judged.label_source}: states a confidence on {stated:,} of {len(judged):,} test rows"
        passed = stated >= limits.stated_rows_min and stated / n >= limits.covered_min
        findings.append(Finding(passed, reason, stated / n, -stated / n))
    return worst("coverage", findings, limits.covered_min, NOBODY)


def constant(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse a model that gives (nearly) all rows one class, or all rows the same probabilities."""
    findings = []
    for judged in evidence.challenger:
        counts = np.bincount(judged.predicted, minlength=6)
        share = float(counts.max() / max(1, len(judged)))
        same = len(judged) > 1 and bool((judged.probability == judged.probability[0]).all())
        name = NAMES.get(int(counts.argmax()), "?")
        reason = f"{judged.label_source}: {share:.1%} of the predictions are {name}"
        if same:
            reason = f"{judged.label_source}: every row has the same probabilities"
        findings.append(Finding(share <= limits.predicted_max and not same, reason, share, share + same))
    return worst("constant", findings, limits.predicted_max, NOBODY)


def _misshapen(judged: Judged) -> str:
    n, m = len(judged.label), len(judged.train_label)
    columns = (judged.ids, judged.texts, judged.time_ms, judged.confidence, judged.known, judged.covered)
    if any(len(column) != n for column in (*columns, *judged.baselines.values())):
        return "columns of different lengths"
    if judged.probability.shape != (n, len(CLASSES)):
        return f"probabilities of shape {judged.probability.shape}"
    if len(judged.train_ids) != m or len(judged.train_texts) != m:
        return "training columns of different lengths"
    if not (np.isin(judged.label, CLASSES).all() and np.isin(judged.train_label, CLASSES).all()):
        return "labels that are no class 1-5"
    if len(set(judged.ids)) != n:
        return "a test row stands twice"
    if (np.diff(judged.time_ms) < 0).any():
        return "test rows are in no order of time"
    return ""


GATES: tuple[Gate, ...] = (shapes, probabilities, coverage, calibration, constant)
