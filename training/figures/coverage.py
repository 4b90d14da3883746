"""What abstaining is worth: the error among the rows that a model is surest of."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats
from training.figures.calibration import Flags
from training.figures.intervals import RESAMPLES, Interval, interval, reweighted

STEPS: Final = 50
# The share of rows that the target speaks of: their error should be at most 3/4 of the overall one.
KEPT: Final = 0.8


class RiskCoverage(NamedTuple):
    """coverage, risk: error among the surest share of rows. area: mean risk over all coverages, 0 best.

    at_kept: error of the surest KEPT of all rows. ratio: that over the error of all rows.
    """

    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    area: Interval
    overall: float
    at_kept: Interval
    ratio: Interval


def risk_coverage(confidence: Floats, right: Flags, resamples: int = RESAMPLES) -> RiskCoverage:
    """Return the curve. Rows of equal confidence count by their mean error: their order tells nothing."""
    n = len(confidence)
    if not n:
        nothing = Interval(float("nan"), float("nan"), float("nan"), 0)
        return RiskCoverage((), (), nothing, float("nan"), nothing, nothing)
    order = np.argsort(-confidence, kind="stable")
    wrong = 1.0 - right[order].astype(np.float64)
    starts = np.flatnonzero(np.diff(confidence[order], prepend=np.inf))

    def three(weights: Floats) -> Floats:
        share, risk, held = _curve(wrong, starts, weights)
        at = (share < KEPT - 1e-9).sum(axis=1)
        kept = risk[np.arange(len(risk)), np.minimum(at, risk.shape[1] - 1)]
        overall = risk[:, -1]
        ratio = np.divide(kept, overall, out=np.full(len(kept), np.nan), where=overall > 0)
        return np.column_stack([(risk * held).sum(axis=1) / held.sum(axis=1), kept, ratio])

    value, drawn = three(np.ones((1, n)))[0], reweighted(n, three, resamples)
    share, risk, _ = (each[0] for each in _curve(wrong, starts, np.ones((1, n))))
    at = np.unique(np.linspace(0, n - 1, min(STEPS, n)).round().astype(np.intp))
    area, kept, ratio = (interval(float(value[i]), drawn[:, i], n) for i in range(3))
    return RiskCoverage(
        tuple(share[at].round(4).tolist()),
        tuple(risk[at].round(4).tolist()),
        area,
        float(risk[-1]),
        kept,
        ratio,
    )


def _curve(wrong: Floats, starts: npt.NDArray[np.intp], weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return coverage, risk and weight at every row, surest first, of each sample: (b, n) each."""
    n = wrong.shape[0]
    sizes = np.diff(starts, append=n)
    held = np.add.reduceat(weights, starts, axis=1)
    missed = np.add.reduceat(weights * wrong, starts, axis=1)
    even = np.repeat(np.divide(missed, held, out=np.zeros_like(held), where=held > 0), sizes, axis=1)
    rows = np.cumsum(weights, axis=1)
    risk = np.divide(np.cumsum(weights * even, axis=1), rows, out=np.zeros_like(rows), where=rows > 0)
    return rows / rows[:, -1:], risk, weights
