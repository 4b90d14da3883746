"""The curve that makes a confidence of a probability, from hundreds of rows."""

import numpy as np
import pytest

from training.calibrate import MOST_SURE, logistic


def test_the_curve_undoes_overconfidence() -> None:
    dice = np.random.default_rng(0)
    true = dice.uniform(0.3, 0.9, 5_000)
    stated = true**2 / (true**2 + (1 - true) ** 2)
    x, y = logistic(stated, dice.random(5_000) < true)
    assert np.interp(0.9**2 / (0.9**2 + 0.1**2), x, y) == pytest.approx(0.9, abs=0.02)
    assert np.interp(0.5, x, y) == pytest.approx(0.5, abs=0.02)


def test_the_curve_rises_within_what_a_hold_out_allows() -> None:
    x, y = logistic(np.linspace(0.2, 0.99, 200), np.linspace(0, 1, 200) > 0.5)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
    assert y.min() >= 1 - MOST_SURE - 1e-9
    assert y.max() <= MOST_SURE


def test_a_probability_that_tells_the_wrong_way_round_tells_nothing() -> None:
    _, y = logistic(np.linspace(0.2, 0.9, 100), np.arange(100) < 60)
    assert set(y.tolist()) == {0.6}


def test_all_right_all_wrong_and_nothing_are_bounded() -> None:
    assert set(logistic(np.full(9, 0.5), np.ones(9, np.bool_))[1].tolist()) == {MOST_SURE}
    assert logistic(np.full(9, 0.5), np.zeros(9, np.bool_))[1].max() == pytest.approx(1 - MOST_SURE)
    assert set(logistic(np.array([]), np.array([], dtype=np.bool_))[1].tolist()) == {0.5}
