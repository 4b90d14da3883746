"""Figures against scikit-learn's own, against counts by hand, and their intervals against known coverage."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.figures import calibration, classes, coverage, drift, importance, intervals, paired, ranking

FIVE = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=60)
QUICK = 200


def two(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    label, predicted = np.array(rows, dtype=np.int64).T
    return label, predicted


def matrix(label: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return classes.confusion(label, predicted).astype(float)


@given(FIVE)
def test_the_confusion_matrix_is_scikit_learns(rows: list[tuple[int, int]]) -> None:
    label, predicted = two(rows)
    assert (
        classes.confusion(label, predicted) == metrics.confusion_matrix(label, predicted, labels=range(1, 6))
    ).all()


@given(FIVE)
def test_macro_f1_is_scikit_learns(rows: list[tuple[int, int]]) -> None:
    label, predicted = two(rows)
    ours = classes.macro_f1(matrix(label, predicted), classes.present(label, predicted))
    assert float(ours) == pytest.approx(metrics.f1_score(label, predicted, average="macro"))


@given(FIVE)
def test_precision_and_recall_are_scikit_learns(rows: list[tuple[int, int]]) -> None:
    label, predicted = two(rows)
    theirs = metrics.precision_recall_fscore_support(
        label, predicted, labels=range(1, 6), zero_division=np.nan
    )
    ours = classes.precision(matrix(label, predicted)), classes.recall(matrix(label, predicted))
    np.testing.assert_allclose(ours, theirs[:2])


@given(FIVE)
def test_both_kappas_are_scikit_learns(rows: list[tuple[int, int]]) -> None:
    label, predicted = two(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            metrics.cohen_kappa_score(label, predicted, weights=weights, labels=range(1, 6))
            for weights in (None, "quadratic")
        ]
    ours = classes.kappa(matrix(label, predicted)), classes.quadratic_kappa(matrix(label, predicted))
    np.testing.assert_allclose(np.array(ours, dtype=float), theirs, atol=1e-12)


def test_within_one_class_counts_the_neighbours() -> None:
    label, predicted = np.array([1, 2, 3, 4]), np.array([2, 2, 5, 1])
    assert float(classes.within_one(matrix(label, predicted))) == 0.5


def test_a_class_without_rows_has_no_recall() -> None:
    found = classes.class_figures(np.array([1, 1, 2]), np.array([1, 3, 2]), QUICK)
    assert [each.severity for each in found if np.isnan(each.recall.value)] == [3]


def test_an_interval_holds_its_figure() -> None:
    dice = np.random.default_rng(1)
    label = dice.integers(1, 6, 300)
    predicted = np.where(dice.random(300) < 0.6, label, dice.integers(1, 6, 300))
    for name in classes.FIGURES:
        found = classes.figure(name, label, predicted)
        assert found.low < found.value < found.high, name


def test_a_class_that_a_sample_lacks_counts_nothing_and_stays_in_the_mean() -> None:
    label = np.array([1] * 60 + [5])
    found = classes.figure("macro_f1", label, np.ones(61, dtype=np.int64), QUICK)
    assert found.high < 0.6


def test_intervals_of_accuracy_hold_the_truth_about_as_often_as_they_say() -> None:
    dice, held = np.random.default_rng(1), 0
    for _ in range(100):
        right = dice.random(150) < 0.7
        found = classes.figure("accuracy", np.where(right, 2, 3), np.full(150, 2), QUICK)
        held += found.low <= 0.7 <= found.high
    assert 88 <= held <= 100


def test_intervals_of_macro_f1_hold_the_truth_with_a_class_of_ten_rows() -> None:
    cells = np.array([[0.03, 0.02, 0.0], [0.01, 0.35, 0.12], [0.0, 0.12, 0.35]])
    truth = float(classes.macro_f1(np.pad(cells, (0, 2)), (1, 2, 3)))
    dice, held = np.random.default_rng(1), 0
    for _ in range(100):
        cell = dice.choice(9, 200, p=cells.ravel())
        found = classes.figure("macro_f1", cell // 3 + 1, cell % 3 + 1, QUICK)
        held += found.low <= truth <= found.high
    assert held >= 88


def test_samples_without_a_value_are_left_out_of_an_interval() -> None:
    found = intervals.interval(0.5, np.array([np.nan, 0.4, 0.6]), 3)
    assert (found.low >= 0.4, found.high <= 0.6) == (True, True)


def test_no_rows_have_no_interval() -> None:
    assert np.isnan(intervals.resampled(np.zeros((0, 2)), lambda sums: sums[:, 0]).value)


def test_many_rows_are_resampled_in_parts_that_fit_into_memory() -> None:
    found = intervals.reweighted(100_000, lambda weights: weights.sum(axis=1), 100)
    assert (found == 100_000).all()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40), st.integers(0, 99))
def test_areas_of_a_sample_are_scikit_learns_with_weights(rows: list[tuple[bool, int]], seed: int) -> None:
    positive = np.array([flag for flag, _ in rows])
    score = np.array([value / 6 for _, value in rows])
    weights = np.random.default_rng(seed).integers(0, 3, len(rows)).astype(float)
    kept = weights > 0
    if len({*positive[kept].tolist()}) < 2:
        return
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.inf))
    sample = (positive[order], starts, weights[None, order])
    assert float(ranking.roc_area(*sample)[0]) == pytest.approx(
        metrics.roc_auc_score(positive, score, sample_weight=weights)
    )
    assert float(ranking.average_precision(*sample)[0]) == pytest.approx(
        metrics.average_precision_score(positive, score, sample_weight=weights)
    )


def test_a_curve_of_one_class_has_no_area() -> None:
    assert np.isnan(ranking.roc(np.ones(4, dtype=bool), np.arange(4.0)).area.value)


def test_a_threshold_takes_what_it_says() -> None:
    positive, score = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1])
    at = next(each for each in ranking.sweep(positive, score) if each.threshold == 0.5)
    assert (at.taken, at.precision, at.recall, at.f1) == (0.5, 0.5, 0.5, 0.5)


def test_lift_of_a_perfect_score_is_one_over_the_share() -> None:
    positive = np.arange(100) >= 80
    assert ranking.lift(positive, np.arange(100.0))[3].lift == pytest.approx(5.0)


def test_lift_of_a_constant_score_is_one() -> None:
    positive = np.arange(100) >= 80
    assert {round(each.lift, 9) for each in ranking.lift(positive, np.zeros(100))} == {1.0}


@pytest.mark.parametrize("binning", calibration.BINNINGS)
def test_an_error_of_two_tenths_is_found(binning: str) -> None:
    dice = np.random.default_rng(1)
    stated = dice.uniform(0.4, 0.9, 20_000)
    right = dice.random(20_000) < stated - 0.2
    assert calibration.ece(stated, right, binning) == pytest.approx(0.2, abs=0.02)


def test_chance_alone_makes_an_error_that_shrinks_with_the_rows() -> None:
    dice = np.random.default_rng(1)
    few, many = (calibration.ece_by_chance(dice.uniform(0.4, 0.9, n)) for n in (100, 5_000))
    assert few > 0.05 > many


def test_bins_of_equal_mass_are_about_equal() -> None:
    found = calibration.reliability(np.random.default_rng(1).random(1_000), np.ones(1_000, dtype=bool))
    assert {each.right.n for each in found} <= set(range(98, 103))


def test_equal_confidences_share_a_bin() -> None:
    assert len(calibration.reliability(np.full(50, 0.7), np.arange(50) < 30)) == 1


def test_brier_and_log_loss_are_those_of_their_definitions() -> None:
    probability, label = np.array([[0.0, 0.7, 0.3, 0.0, 0.0]]), np.array([2])
    assert calibration.brier(probability, label).value == pytest.approx(0.3**2 + 0.3**2)
    assert calibration.log_loss(probability, label).value == pytest.approx(-np.log(0.7))


def test_a_probability_of_nought_for_what_was_is_no_infinite_loss() -> None:
    assert np.isfinite(calibration.log_loss(np.array([[1.0, 0, 0, 0, 0]]), np.array([5])).value)


def test_confidence_that_ranks_errors_last_leaves_none_among_the_surest() -> None:
    right = np.arange(100) >= 20
    found = coverage.risk_coverage(np.arange(100) / 100, right, QUICK)
    assert (found.at_kept.value, found.overall) == (0.0, 0.2)


def test_confidence_that_ranks_nothing_leaves_the_error_as_it_is() -> None:
    found = coverage.risk_coverage(np.full(100, 0.7), np.arange(100) >= 20, QUICK)
    assert (found.area.value, found.ratio.value) == (pytest.approx(0.2), pytest.approx(1.0))


def test_equal_populations_do_not_drift_beyond_chance() -> None:
    dice = np.random.default_rng(1)
    found = drift.class_drift(dice.integers(1, 6, 2_000), dice.integers(1, 6, 2_000))
    assert found.psi < 4 * found.by_chance < drift.SMALL


def test_a_column_that_comes_to_be_missing_drifts_most() -> None:
    dice = np.random.default_rng(1)
    before = dice.normal(size=(500, 3)).astype(np.float32)
    after = before.copy()
    after[::2, 1] = np.nan
    found = drift.feature_drift(("a", "b", "c"), before, after)
    assert (found[0].name, found[0].psi > drift.LARGE, found[1].psi) == ("b", True, 0.0)


def test_a_model_is_no_better_than_itself() -> None:
    label = np.random.default_rng(1).integers(1, 6, 100)
    found = paired.difference(label, label, label, "macro_f1", QUICK)
    assert (found.low, found.value, found.high) == (0.0, 0.0, 0.0)


def test_a_paired_difference_is_the_difference_of_both() -> None:
    dice = np.random.default_rng(1)
    label, one, other = (dice.integers(1, 6, 200) for _ in range(3))
    found = paired.difference(label, one, other, "accuracy", QUICK)
    assert found.value == pytest.approx((one == label).mean() - (other == label).mean())


def test_what_both_miss_makes_a_paired_interval_no_wider() -> None:
    label = np.full(400, 3)
    one = np.where(np.arange(400) < 200, 3, 1)
    other = np.where(np.arange(400) < 190, 3, 1)
    found = paired.difference(label, one, other, "accuracy")
    alone = classes.figure("accuracy", label, one)
    assert found.high - found.low < (alone.high - alone.low) / 2


def test_recall_of_several_classes_counts_any_of_them() -> None:
    label = np.array([4, 5, 5, 1])
    found = paired.recall_difference(
        label, np.array([5, 4, 1, 1]), np.array([1, 5, 1, 1]), paired.GRAVE, QUICK
    )
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)


def test_agreement_is_counted() -> None:
    label = np.array([1, 2, 3, 4])
    found = paired.agreement(label, np.array([1, 2, 1, 1]), np.array([1, 3, 1, 4]))
    assert (found.same, found.both_wrong, found.only_first_right, found.only_second_right) == (
        0.5,
        0.25,
        1,
        1,
    )


def test_a_column_that_is_all_the_model_reads_is_worth_all_it_knows() -> None:
    dice = np.random.default_rng(1)
    label = dice.integers(1, 6, 300)
    X = np.column_stack([label, dice.normal(size=300)]).astype(np.float32)
    found = importance.by_mixing(
        lambda rows: rows[:, 0].astype(np.int64),
        X,
        {"told": [0], "noise": [1]},
        lambda whole, mixed: paired.difference(label, whole, mixed, "macro_f1", QUICK),
    )
    assert [(each.name, round(each.lost.value, 1)) for each in found] == [("told", 0.8), ("noise", 0.0)]
