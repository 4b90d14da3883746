"""Gates: what a candidate must pass to be promoted. Each is a pure function of evidence and limits.

    Evidence ─▶ sources, support, imbalance ─▶ shapes, inputs, overlap, leak
             ─▶ probabilities, coverage, calibration ─▶ chance, baselines, champion, grave
             ─▶ canned, batches ─▶ GateResult, one each

All gates are tried, so that a report shows everything that is wrong at once. Only a candidate whose shapes
are sound can be measured: where they are not, that is the one result.
"""

from collections.abc import Iterable
from typing import Final

from enrich.text import visible
from models import manifest
from training.gates import better, inputs, leak, numbers, overlap, serving, support
from training.gates.evidence import Batches, Canned, Evidence, Gate, GateResult, Inputs
from training.gates.limits import BATCHES, LIMITS, Limits
from training.judged import Judged

__all__ = [
    "BATCHES",
    "GATES",
    "LIMITS",
    "Batches",
    "Canned",
    "Evidence",
    "GateResult",
    "Inputs",
    "Limits",
    "facts",
    "of_head",
    "promotable",
    "refusals",
    "results",
]


def results(evidence: Evidence, limits: Limits = LIMITS) -> tuple[GateResult, ...]:
    """Return what every gate says, in the order of GATES."""
    sound = numbers.shapes(evidence, limits)
    if not sound.passed:
        return (sound,)
    found = (gate(evidence, limits) for gate in GATES)
    return tuple(each._replace(value=float(each.value), limit=float(each.limit)) for each in found)


def of_head(
    judged: Judged, champion: Judged | None, inputs: Inputs, limits: Limits = LIMITS
) -> tuple[GateResult, ...]:
    """Return what the gates say of one head by itself, as far as they judge heads."""
    evidence = Evidence(
        challenger=(judged,),
        champion=None if champion is None else (champion,),
        inputs=(inputs,),
        canned=Canned(1, ()),
        batches=Batches(1),
        features_hash="",
        serving_hash="",
    )
    return results(evidence, limits)


def facts(found: Iterable[GateResult]) -> tuple[manifest.Gate, ...]:
    """Return the results as a manifest holds them: promotion reads them there, under the signature."""
    return tuple(
        manifest.Gate(name=each.name, passed=each.passed, reason=visible(each.reason, REASON))
        for each in found
    )


def promotable(found: Iterable[GateResult]) -> bool:
    """Return whether every gate was passed; no results are no pass."""
    held = list(found)
    return bool(held) and all(each.passed for each in held)


def refusals(found: Iterable[GateResult]) -> tuple[str, ...]:
    """Return why promotion is refused: "gate: reason" of each that was not passed."""
    return tuple(f"{each.name}: {each.reason}" for each in found if not each.passed)


# Characters of a reason that a manifest takes.
REASON: Final = 500
GATES: Final[tuple[Gate, ...]] = (
    *support.GATES,
    *numbers.GATES,
    *inputs.GATES,
    *overlap.GATES,
    *leak.GATES,
    *better.GATES,
    *serving.GATES,
)
