"""Abstention: where the line by known words is drawn, and what confidence is worth."""

import numpy as np
import pytest

from training.abstain import COVERED_MIN, known_line, risk


def test_the_line_refuses_rows_that_are_mostly_wrong() -> None:
    known = np.concatenate([np.full(20, 0.3), np.full(980, 0.9)])
    right = np.concatenate([np.zeros(20, np.bool_), np.tile([True, True, False, True], 245)])
    line = known_line(known, right)
    assert line.known_share_min == pytest.approx(0.9)
    assert line.covered == pytest.approx(0.98)
    assert line.refused_error == 1.0
    assert line.error == pytest.approx(0.25)


def test_the_line_refuses_nothing_at_home_where_strange_rows_are_no_worse() -> None:
    known = np.linspace(0.5, 1.0, 400)
    right = np.tile([True, False], 200)
    right[:20] = True
    line = known_line(known, right)
    assert line.covered == 1.0
    assert np.isnan(line.refused_error)


def test_the_line_never_refuses_more_than_it_may() -> None:
    dice = np.random.default_rng(1)
    known = dice.random(1000)
    right = dice.random(1000) < known
    assert known_line(known, right).covered >= COVERED_MIN


def test_confidence_that_ranks_errors_last_has_little_risk_among_the_surest() -> None:
    right = np.array([True] * 8 + [False] * 2)
    told = risk(np.linspace(1, 0, 10), right)
    assert (told.error, told.sure_error, told.ratio, told.share) == (0.2, 0.0, 0.0, 0.0)
    worst = risk(np.linspace(0, 1, 10), right)
    assert worst.ratio == pytest.approx(1.25)
    assert worst.share == 1.0


def test_no_rows_and_no_errors_have_no_ratio() -> None:
    assert np.isnan(risk(np.array([]), np.array([], dtype=np.bool_)).error)
    assert np.isnan(risk(np.ones(3), np.ones(3, np.bool_)).ratio)
