"""Models that must never be promoted, fitted for real and in numbers; and honest ones, which should be."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from tests.unit.candidates import corpus, evidence, linear
from tests.unit.spoilt import SPOILT
from training.gates import promotable, refusals, results

ATTEMPTS = 30
SIZES = (600, 900, 1_200)
HONEST = 24
# What each kind must be refused by, whatever else is wrong with it.
CAUGHT_BY = {
    "one class": {"imbalance", "constant", "chance", "baselines"},
    "shuffled labels": {"chance"},
    "shuffled labels, linear": {"chance"},
    "leaked label": {"leak"},
    "constant features": {"varies", "constant", "chance"},
    "99.9 % imbalance": {"imbalance", "test support"},
    "NaN columns": {"missing"},
}


def attempts(kind: str) -> Iterator[tuple[int, set[str]]]:
    """Yield seed and names of the gates that refused."""
    for seed in range(ATTEMPTS):
        found = results(SPOILT[kind](seed, SIZES[seed % len(SIZES)]))
        assert promotable(found) == (not refusals(found))
        yield seed, {each.name for each in found if not each.passed}


def test_there_are_at_least_two_hundred_attempts_of_every_kind_that_is_named() -> None:
    assert (len(SPOILT) * ATTEMPTS >= 200, set(CAUGHT_BY)) == (True, set(SPOILT))


@pytest.mark.parametrize("kind", SPOILT)
def test_no_bad_model_is_promoted(kind: str) -> None:
    refused_by = dict(attempts(kind))
    print(kind, dict(Counter(name for names in refused_by.values() for name in names)))
    assert {seed: names for seed, names in refused_by.items() if not names >= CAUGHT_BY[kind]} == {}


def test_honest_models_are_promoted() -> None:
    found = [results(evidence(corpus(seed, 2_000), seed, linear)) for seed in range(100, 100 + HONEST)]
    refused = [refusals(each) for each in found if not promotable(each)]
    print(f"{len(refused)} of {HONEST} honest models refused: {refused}")
    assert np.mean([promotable(each) for each in found]) >= 0.85
