"""An honest candidate, and what a gate says of one that is spoilt."""

from functools import cache

from tests.unit.candidates import corpus, evidence, linear
from training.gates import (
    Evidence,
    GateResult,
    promotable,
    results,
)
from training.judged import Judged


@cache
def good() -> Evidence:
    """An honest candidate: 2,000 rows, of which 500 are the test."""
    return evidence(corpus(1, 2_000), 1, linear)


def judged() -> Judged:
    return good().challenger[0]


def found(given: Evidence, name: str) -> GateResult:
    return next(each for each in results(given) if each.name == name)


def refused(given: Evidence, name: str) -> str:
    """The gate's reason; it must have refused, and the candidate must not be promotable."""
    said = results(given)
    result = next(each for each in said if each.name == name)
    assert not result.passed, result
    assert not promotable(said)
    return result.reason
