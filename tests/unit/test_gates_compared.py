"""Gates over what a candidate is compared with: chance, baselines, the champion, and what is grave."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.unit.candidates import with_judged
from tests.unit.gated import found, good, judged, refused
from training.gates import (
    Evidence,
    promotable,
    results,
)


def champion(predicted: np.ndarray, **changes: Any) -> Evidence:
    """The good candidate, beside a champion that predicts these classes for the same rows."""
    other = replace(judged(), probability=np.eye(5)[predicted - 1], **changes)
    return replace(good(), champion=(other,))


def worse_at(share: float, classes: tuple[int, ...] = (1, 2, 3, 4, 5)) -> np.ndarray:
    """The candidate's own classes, spoilt in this share of the rows of some classes."""
    own = judged().predicted
    spoilt = (np.random.default_rng(3).random(len(own)) < share) & np.isin(judged().label, classes)
    return np.where(spoilt, judged().label % 5 + 1, own)


def test_labels_of_other_rows_are_no_better_than_chance() -> None:
    mixed = np.random.default_rng(1).permutation(judged().probability)
    assert "0 is chance" in refused(with_judged(good(), probability=mixed), "chance")


def test_the_commonest_class_that_is_as_good_is_enough_to_refuse() -> None:
    same = {**judged().baselines, "majority": judged().predicted}
    assert "against majority" in refused(with_judged(good(), baselines=same), "baselines")


def test_plain_logistic_regression_that_is_better_is_enough_to_refuse() -> None:
    better = judged().predicted.copy()
    wrong = np.flatnonzero(~judged().right)[:20]
    better[wrong] = judged().label[wrong]
    given = with_judged(good(), baselines={**judged().baselines, "logistic regression": better})
    assert "against logistic regression" in refused(given, "baselines")


@pytest.mark.parametrize("name", ["majority", "logistic regression"])
def test_a_baseline_that_was_not_judged_is_enough_to_refuse(name: str) -> None:
    rest = {other: classes for other, classes in judged().baselines.items() if other != name}
    assert "was not judged" in refused(with_judged(good(), baselines=rest), "baselines")


def test_a_champion_that_is_as_good_stays() -> None:
    assert "against the champion" in refused(champion(judged().predicted), "champion")


def test_a_champion_that_is_clearly_worse_is_replaced() -> None:
    assert promotable(results(champion(worse_at(0.2))))


def test_a_champion_that_was_judged_on_other_rows_is_no_comparison() -> None:
    ids = tuple(f"other:{i}" for i in range(len(judged())))
    assert "not judged on the same rows" in refused(champion(worse_at(0.2), ids=ids), "champion")


def test_a_candidate_that_misses_more_criticals_is_refused_though_it_is_better_in_all() -> None:
    better_at_five = np.where(judged().label == 5, 5, worse_at(0.4, (1, 2, 3)))
    given = champion(better_at_five)
    assert (found(given, "champion").passed, found(given, "grave").passed) == (True, False)


def test_a_candidate_that_finds_no_critical_at_all_is_refused() -> None:
    probability = judged().probability.copy()
    probability[:, 3] += probability[:, 4]
    probability[:, 4] = 0
    assert "finds 0 of" in refused(with_judged(good(), probability=probability), "grave")


def test_a_candidate_that_finds_far_fewer_than_plain_logistic_regression_is_refused() -> None:
    probability = judged().probability.copy()
    grave = np.flatnonzero(judged().predicted >= 4)
    kept = [int(grave[judged().label[grave] == each][0]) for each in (4, 5)]
    lost = np.setdiff1d(grave, kept)
    probability[lost] = [0.1, 0.1, 0.6, 0.1, 0.1]
    assert "finds 2 of" in refused(with_judged(good(), probability=probability), "grave")
