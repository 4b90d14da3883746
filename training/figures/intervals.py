"""Intervals by bootstrap: rows are drawn again, with replacement, and the figure is told anew.

Rows count as independent of each other. Alerts of one flood are not: leave repeats out before.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats

# Efron and Tibshirani 1993, chapter 13: 1,000 for the ends of a 95 % interval. Drawn as counts of each row,
# 1,000 samples of 3,000 rows take 30 ms.
RESAMPLES: Final = 1_000
LEVEL: Final = 0.95
# Of many rows fewer samples are drawn, at least LEAST: the ends of a narrow interval need no third digit.
# Rows x samples of one figure: with so many, a report on 30,000 rows takes 40 s.
_DRAWN: Final = 8_000_000
LEAST: Final = 200
# Rows x samples held at once: 64 MB.
_AT_ONCE: Final = 8_000_000


class Interval(NamedTuple):
    """A figure, the two ends of its 95 % interval, and how many rows it was measured on.

    NaN: the figure does not exist there (the recall of a class without rows).
    """

    value: float
    low: float
    high: float
    n: int


def interval(value: float, drawn: Floats, n: int) -> Interval:
    """Return the interval of a figure from its values on samples; those without a value are left out."""
    kept = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(kept):
        return Interval(float(value), float("nan"), float("nan"), n)
    low, high = np.quantile(kept, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high), n)


def reweighted(n: int, figure: Callable[[Floats], Floats], resamples: int = RESAMPLES) -> Floats:
    """Return a figure on each sample, shape (samples, ...), as many at once as memory should hold.

    figure: how often each of the n rows is in each sample, (b, n) -> (b, ...). For what hangs on the order of
    rows, and so is no function of sums; n >= 1.
    """
    resamples = min(resamples, max(LEAST, _DRAWN // n))
    dice = np.random.default_rng(0)
    even, step = np.full(n, 1.0 / n), max(1, _AT_ONCE // n)
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    return np.concatenate([figure(dice.multinomial(n, even, size=size).astype(np.float64)) for size in sizes])


def resampled(
    columns: Floats,
    figure: Callable[[Floats], Floats],
    resamples: int = RESAMPLES,
    strata: npt.NDArray[np.int64] | None = None,
) -> Interval:
    """Return the interval of a figure that is a function of sums over rows.

    columns: (n, k), one row each. figure: sums (b, k) -> values (b,). All that a confusion matrix, bins of
    calibration, or the confusion matrices of two models side by side (paired) can tell is such a function.
    strata: rows are drawn within each of these, for what holds the class counts as they are (recall).
    """
    n = len(columns)
    if not n:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    dice = np.random.default_rng(0)
    parts = [columns] if strata is None else [columns[strata == each] for each in np.unique(strata)]
    # Rows that are alike are drawn together: of a confusion matrix there are 25 kinds, however many rows.
    kinds = [np.unique(part, axis=0, return_counts=True) for part in parts]
    largest = max(len(rows) for rows, _ in kinds)
    resamples, step = min(resamples, max(LEAST, _DRAWN // largest)), max(1, _AT_ONCE // largest)
    found = []
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        sums = np.zeros((size, columns.shape[1]))
        for rows, counts in kinds:
            sums += dice.multinomial(counts.sum(), counts / counts.sum(), size=size) @ rows
        found.append(figure(sums))
    return interval(float(figure(columns.sum(axis=0, keepdims=True))[0]), np.concatenate(found), n)
