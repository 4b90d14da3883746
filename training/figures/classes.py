"""Figures of severity classes: all of them are functions of the confusion matrix, so all get intervals alike.

A confusion matrix has shape (..., 5, 5): labels down, predictions across; the leading axes are samples.
What is told class by class has intervals that hold the class counts of the test as they are; macro-F1 has
not: with a class of 14 rows it held the truth in 93 % of trials so, in 89 % with class counts held; with 6
rows in 85 % either way, with 2 in 67 and 63 %.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats
from training.figures.intervals import RESAMPLES, Interval, resampled
from training.judged import CLASSES, Classes

K: Final = len(CLASSES)
NAMES: Final = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical"}


class ClassFigures(NamedTuple):
    """One class against the rest. support: rows with this label; predicted: rows that were given it."""

    severity: int
    support: int
    predicted: int
    precision: Interval
    recall: Interval
    f1: Interval


def cells(label: Classes, predicted: Classes) -> Floats:
    """Return (n, 25): the cell of the confusion matrix that each row adds one to."""
    found = np.zeros((len(label), K * K))
    found[np.arange(len(label)), (label - 1) * K + predicted - 1] = 1.0
    return found


def confusion(label: Classes, predicted: Classes) -> npt.NDArray[np.int64]:
    """Return the counts, shape (5, 5)."""
    counts: npt.NDArray[np.int64] = cells(label, predicted).sum(axis=0).reshape(K, K).astype(np.int64)
    return counts


def present(label: Classes, predicted: Classes) -> tuple[int, ...]:
    """Return the classes that occur among labels or predictions: what macro-F1 is the mean over."""
    return tuple(int(each) for each in np.union1d(label, predicted))


def precision(matrix: Floats) -> Floats:
    """Return (..., 5), NaN for a class that was never predicted."""
    return over(_diagonal(matrix), matrix.sum(axis=-2))


def recall(matrix: Floats) -> Floats:
    """Return (..., 5), NaN for a class without rows."""
    return over(_diagonal(matrix), matrix.sum(axis=-1))


def f1(matrix: Floats) -> Floats:
    """Return (..., 5), NaN for a class that is neither among labels nor among predictions."""
    return over(2 * _diagonal(matrix), matrix.sum(axis=-1) + matrix.sum(axis=-2))


def macro_f1(matrix: Floats, classes: Sequence[int] = CLASSES) -> Floats:
    """Return the mean F1 over these classes; those that a sample has no trace of are left out.

    As scikit-learn's ``f1_score(average="macro", zero_division=nan)``.
    """
    chosen = f1(matrix)[..., [each - 1 for each in classes]]
    there = ~np.isnan(chosen)
    return over(np.where(there, chosen, 0.0).sum(axis=-1), there.sum(axis=-1).astype(np.float64))


def macro_f1_over(matrix: Floats, classes: Sequence[int]) -> Floats:
    """Return the mean F1 over all of these classes; one that a sample has no trace of counts 0."""
    mean: Floats = np.nan_to_num(f1(matrix)[..., [each - 1 for each in classes]]).mean(axis=-1)
    return mean


def accuracy(matrix: Floats) -> Floats:
    """Return the share on the diagonal."""
    return over(_diagonal(matrix).sum(axis=-1), matrix.sum(axis=(-2, -1)))


def within_one(matrix: Floats) -> Floats:
    """Return the share of rows whose class is right or next to right."""
    near = np.abs(np.subtract.outer(np.arange(K), np.arange(K))) <= 1
    return over((matrix * near).sum(axis=(-2, -1)), matrix.sum(axis=(-2, -1)))


def kappa(matrix: Floats) -> Floats:
    """Return Cohen's kappa: 0 is chance with these margins, 1 is always right; NaN where all is one class."""
    return _kappa(matrix, 1.0 - np.eye(K))


def quadratic_kappa(matrix: Floats) -> Floats:
    """Return kappa with a miss weighed by the square of its distance in classes."""
    return _kappa(matrix, np.subtract.outer(np.arange(K), np.arange(K)) ** 2.0)


def figure(name: str, label: Classes, predicted: Classes, resamples: int = RESAMPLES) -> Interval:
    """Return a figure of ``FIGURES`` with its interval."""
    both = present(label, predicted)

    def of(sums: Floats) -> Floats:
        matrix = sums.reshape(-1, K, K)
        return macro_f1_over(matrix, both) if name == "macro_f1" else FIGURES[name](matrix)

    return resampled(cells(label, predicted), of, resamples)


def class_figures(label: Classes, predicted: Classes, resamples: int = RESAMPLES) -> tuple[ClassFigures, ...]:
    """Return the figures of every class that occurs."""
    rows = cells(label, predicted)
    found = []
    for each in present(label, predicted):
        three = [resampled(rows, _at(of, each), resamples, label) for of in (precision, recall, f1)]
        support, given = int((label == each).sum()), int((predicted == each).sum())
        found.append(ClassFigures(each, support, given, *three))
    return tuple(found)


def _at(of: Callable[[Floats], Floats], severity: int) -> Callable[[Floats], Floats]:
    return lambda sums: of(sums.reshape(-1, K, K))[:, severity - 1]


def _kappa(matrix: Floats, weights: Floats) -> Floats:
    total = matrix.sum(axis=(-2, -1))
    by_chance = matrix.sum(axis=-1)[..., :, None] * matrix.sum(axis=-2)[..., None, :]
    expected = over((by_chance * weights).sum(axis=(-2, -1)), total)
    return 1.0 - over((matrix * weights).sum(axis=(-2, -1)), expected)


def _diagonal(matrix: Floats) -> Floats:
    diagonal: Floats = np.diagonal(matrix, axis1=-2, axis2=-1)
    return diagonal


def over(top: Floats, bottom: Floats) -> Floats:
    """Return top / bottom, NaN where bottom is 0."""
    top, bottom = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    shares: Floats = np.divide(top, bottom, out=np.full(bottom.shape, np.nan), where=bottom > 0)
    return shares


# What needs the confusion matrix alone, by the name that reports and gates use.
FIGURES: Final = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "quadratic_kappa": quadratic_kappa,
    "within_one": within_one,
    "kappa": kappa,
}
