"""Splitting, calibrating and judging, on tables small enough to count by hand."""

import numpy as np
import pytest

from training.calibrate import MOST_SURE, feature_quantiles, isotonic
from training.dataset import Dataset, context, dataset, joined
from training.evaluate import baselines
from training.figures.calibration import ece, ece_interval
from training.figures.ranking import auc
from training.generate import Parameters, samples


def table(**columns: list[int]) -> Dataset:
    """A table of the columns given; the others are 1, or False."""
    n = len(next(iter(columns.values())))
    whole = {name: np.array(columns.get(name, [1] * n)) for name in ("label", "truth", "stated", "time_ms")}
    flags = {name: np.array(columns.get(name, [0] * n), dtype=bool) for name in ("story", "repeat", "middle")}
    return Dataset(texts=["x"] * n, X=np.zeros((n, 1), dtype=np.float32), **whole, **flags)


def test_stretches_follow_each_other_in_time() -> None:
    data = dataset(samples(Parameters(seed=1, count=500, days=1)), None, context())
    assert data.stretch(0, 0.6).time_ms.max() <= data.stretch(0.6, 0.8).time_ms.min()


def test_stretches_leave_no_row_out() -> None:
    data = table(label=list(range(103)))
    parts = joined([data.stretch(0, 0.6), data.stretch(0.6, 0.8), data.stretch(0.8, 1)])
    assert parts.label.tolist() == data.label.tolist()


def test_a_line_that_came_before_is_a_repeat() -> None:
    kept = list(samples(Parameters(seed=1, count=1)))
    assert dataset(kept * 4, None, context()).repeat.tolist() == [False, True, True, True]


def test_the_first_and_the_last_copy_are_not_in_the_middle() -> None:
    kept = list(samples(Parameters(seed=1, count=1)))
    assert dataset(kept * 4, None, context()).middle.tolist() == [False, True, True, False]


def test_history_starts_cold_after_each_shift() -> None:
    within = context()
    kept = list(samples(Parameters(seed=1, count=600, days=1)))
    cold = [np.isnan(dataset(kept, shift_h, within).X).sum() for shift_h in (None, 3)]
    assert cold[1] > cold[0]


def test_isotonic_confidence_rises_with_probability() -> None:
    dice = np.random.default_rng(1)
    probability = dice.random(3_000)
    x, y = isotonic(probability, dice.random(3_000) < probability**2)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()


def test_isotonic_confidence_is_the_share_that_is_right() -> None:
    dice = np.random.default_rng(1)
    probability = dice.random(20_000)
    x, y = isotonic(probability, dice.random(20_000) < probability**2)
    assert np.interp(0.7, x, y) == pytest.approx(0.49, abs=0.05)


def test_nobody_is_surer_than_the_rows_allow() -> None:
    probability = np.linspace(0, 1, 500)
    assert isotonic(probability, probability > 0.5)[1].max() == MOST_SURE


def test_a_feature_that_was_always_missing_has_no_quantiles() -> None:
    assert np.isnan(feature_quantiles(np.array([[np.nan, 1.0], [np.nan, 2.0]], dtype=np.float32))[0]).all()


def test_missing_values_do_not_count_for_quantiles() -> None:
    quantiles = feature_quantiles(np.array([[np.nan], [1.0], [3.0]], dtype=np.float32))
    assert quantiles[0, [0, 50, 100]].tolist() == [1.0, 2.0, 3.0]


def test_a_confidence_that_is_right_has_no_error() -> None:
    assert ece(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0.0)


def test_the_interval_holds_the_error() -> None:
    dice = np.random.default_rng(2)
    confidence = dice.random(800)
    error, low, high, _ = ece_interval(confidence, dice.random(800) < confidence * 0.7)
    assert low <= error <= high


def test_an_area_with_one_class_is_a_half() -> None:
    assert auc(np.zeros(5, dtype=bool), np.arange(5.0)) == 0.5


def test_recoding_learns_from_the_training_rows() -> None:
    train = table(label=[1, 1, 3, 2, 2, 2], stated=[4, 4, 4, 0, 0, 0])
    test = table(label=[1, 2, 3], stated=[4, 0, 4], truth=[1, 2, 2])
    assert baselines(train, test)["stated_recoded.accuracy"] == pytest.approx(2 / 3, abs=1e-6)


def test_the_ceiling_is_the_share_of_labels_that_are_true() -> None:
    test = table(label=[1, 2, 3, 3], truth=[1, 2, 2, 3])
    assert baselines(test, test)["ceiling.accuracy"] == 0.75


def test_repeats_do_not_count() -> None:
    test = table(label=[1, 2, 2, 2], truth=[1, 1, 1, 1], repeat=[0, 0, 1, 1])
    assert baselines(test, test)["ceiling.accuracy"] == 0.5
