"""SHAP in closed form against Shapley's own sum, paths against the forest's answer, areas paired."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import scipy.sparse as sparse
from sklearn.ensemble import IsolationForest, RandomForestClassifier

from enrich.forest import Isolation, Shares
from training.figures import paths, ranking, shap
from training.figures.importance import mean
from training.figures.intervals import Interval
from training.figures.paired import area_difference

QUICK = 200


def rows(seed: int, n: int = 60, k: int = 4) -> np.ndarray:
    dice = np.random.default_rng(seed)
    return dice.random((n, k)) * (dice.random((n, k)) < 0.6)


def shapley(coefficients: np.ndarray, row: np.ndarray, background: np.ndarray, feature: int) -> float:
    """The definition: every coalition of the others, absent features taken from the background's rows."""
    k, total = len(row), 0.0
    others = [i for i in range(k) if i != feature]

    def value(coalition: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, list(coalition)] = row[list(coalition)]
        return float((mixed @ coefficients).mean())

    for size in range(k):
        weight = factorial(size) * factorial(k - size - 1) / factorial(k)
        for coalition in combinations(others, size):
            total += weight * (value((*coalition, feature)) - value(coalition))
    return total


def test_the_closed_form_is_shapleys_sum() -> None:
    X, background, coefficients = rows(1), rows(2), np.array([1.0, -2.0, 0.5, 3.0])
    mean_of = background.mean(axis=0)
    exact = [[shapley(coefficients, row, background, feature) for feature in range(4)] for row in X[:5]]
    np.testing.assert_allclose(coefficients * (X[:5] - mean_of), exact, atol=1e-12)


def test_distances_count_what_is_not_stored() -> None:
    X, about = rows(1), rows(2).mean(axis=0)
    np.testing.assert_allclose(
        shap.distances(sparse.csr_matrix(X), about), np.abs(X - about).mean(axis=0), atol=1e-12
    )


def test_the_summary_is_the_mean_of_the_values_and_says_for_whom_a_word_speaks() -> None:
    X, about = rows(1), rows(2).mean(axis=0)
    coefficients = np.array([[2.0, 0.0], [0.0, 4.0], [0.1, 0.0], [0.0, 0.0]])
    found = shap.summary(coefficients, (2, 4), sparse.csr_matrix(X), about, most=2)
    away = np.abs(X - about).mean(axis=0)
    assert [(each.severity, each.column, each.speaks_for) for each in found] == [
        (2, 1, False),
        (2, 0, True),
        (4, 1, True),
        (4, 0, False),
    ]
    assert found[0].moved == pytest.approx(2.0 * away[1])


def test_the_words_of_a_line_are_summed_before_they_are_counted() -> None:
    X = np.array([[1.0, 1.0], [0.0, 0.0]])
    coefficients = np.array([[1.0, -1.0], [-1.0, 1.0]])  # two words that undo each other
    told = shap.of_part(coefficients, sparse.csr_matrix(X), X.mean(axis=0), [True, True])
    np.testing.assert_allclose(told, 0.0, atol=1e-12)


def test_contributions_of_an_isolation_forest_add_up_to_its_answer() -> None:
    X = rows(3, n=200).astype(np.float32)
    X[::7, 1] = np.nan
    model = IsolationForest(n_estimators=20, max_samples=64, random_state=1).fit(X)
    depth = -np.log2(Isolation(model).of(X))
    added = paths.of_isolation(model, X).sum(axis=1)
    scale = Isolation(model)._scale / 20
    assert np.ptp(depth * scale + added) < 1e-9


def test_contributions_of_a_forest_add_up_to_its_probability() -> None:
    X = rows(4, n=200).astype(np.float32)
    label = (X[:, 0] > 0.3).astype(int) + 2
    model = RandomForestClassifier(15, random_state=1).fit(X, label)
    trees = [each.tree_ for each in model.estimators_]
    added = paths.of_classes(trees, X, 1)
    assert np.ptp(Shares(model).of(X)[:, 1] - added.sum(axis=1)) < 1e-9
    assert np.abs(added).mean(axis=0).argmax() == 0


def test_a_score_beside_itself_differs_by_nothing_and_beside_chance_by_its_gain() -> None:
    dice = np.random.default_rng(1)
    true = dice.random(300) < 0.2
    good, chance = dice.random(300) + true, dice.random(300)
    same = area_difference(true, good, good, ranking.roc_area, QUICK)
    better = area_difference(true, good, chance, ranking.average_precision, QUICK)
    assert same[:3] == (0.0, 0.0, 0.0)
    assert better.low > 0
    assert better.value == pytest.approx(
        ranking.area(ranking.average_precision, true, good, QUICK).value
        - ranking.area(ranking.average_precision, true, chance, QUICK).value
    )


def test_areas_of_one_class_are_none() -> None:
    none = area_difference(np.zeros(5, dtype=bool), np.arange(5.0), np.arange(5.0), ranking.roc_area, QUICK)
    assert np.isnan(none.value)


def test_the_mean_over_shuffles_keeps_the_rows() -> None:
    assert mean([Interval(0.2, 0.1, 0.3, 7), Interval(0.4, 0.2, 0.6, 7)]) == pytest.approx(
        (0.3, 0.15, 0.45, 7)
    )
