"""How well a score puts what matters first: areas, curves, thresholds, lift."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from enrich.forest import Floats
from training.figures.calibration import Flags, Places
from training.figures.classes import over
from training.figures.intervals import RESAMPLES, Interval, interval, reweighted

# Points kept of a curve: more than a screen shows.
POINTS: Final = 101
THRESHOLDS: Final = tuple(round(step / 20, 2) for step in range(1, 20))
# Shares of all rows, most probable first, that lift is told of.
TOP_SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


class Curve(NamedTuple):
    """x, y: points to draw, x rising. area: under it; of a PR curve the average precision."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    area: Interval


class Ranked(NamedTuple):
    """Rows by falling score. order: their places. positive: of them in this order.

    starts: first row of each group of equal score.
    """

    order: Places
    positive: Flags
    starts: Places


# An area of each sample: rows in falling order of score, first rows of equal scores, weights (b, n).
Area = Callable[[Flags, Places, Floats], Floats]


class AtThreshold(NamedTuple):
    """What would happen if everything with at least this score were taken.

    taken: share of all rows. precision: NaN where nothing is taken.
    """

    threshold: float
    taken: float
    precision: float
    recall: float
    f1: float


class Lift(NamedTuple):
    """Among the so many rows with the highest score, how often the positive, against chance (1)."""

    share: float
    rows: int
    precision: float
    lift: float


def auc(positive: Flags, score: Floats) -> float:
    """Return the area under the ROC curve; .5 where there is only one class."""
    return float(roc_auc_score(positive, score)) if 0 < positive.sum() < len(positive) else 0.5


def roc(positive: Flags, score: Floats, resamples: int = RESAMPLES) -> Curve:
    """Return the ROC curve: share of negatives taken -> share of positives found."""
    if not 0 < positive.sum() < len(positive):
        return Curve((), (), Interval(float("nan"), float("nan"), float("nan"), len(positive)))
    x, y, _ = roc_curve(positive, score)
    return Curve(*_thinned(x, y), area(roc_area, positive, score, resamples))


def precision_recall(positive: Flags, score: Floats, resamples: int = RESAMPLES) -> Curve:
    """Return recall -> precision; chance is a flat line at the share of positives."""
    if not 0 < positive.sum() < len(positive):
        return Curve((), (), Interval(float("nan"), float("nan"), float("nan"), len(positive)))
    y, x, _ = precision_recall_curve(positive, score)
    return Curve(*_thinned(x[::-1], y[::-1]), area(average_precision, positive, score, resamples))


def sweep(positive: Flags, score: Floats) -> tuple[AtThreshold, ...]:
    """Return what each of THRESHOLDS would take."""
    found = []
    for threshold in THRESHOLDS:
        taken = score >= threshold
        hits, given, all_ = int((taken & positive).sum()), int(taken.sum()), int(positive.sum())
        found.append(
            AtThreshold(
                threshold,
                given / max(1, len(score)),
                hits / given if given else float("nan"),
                hits / all_ if all_ else float("nan"),
                2 * hits / (given + all_) if given + all_ else float("nan"),
            )
        )
    return tuple(found)


def lift(positive: Flags, score: Floats) -> tuple[Lift, ...]:
    """Return the lift at TOP_SHARES. Rows of equal score count by their mean: their order tells nothing."""
    if not positive.any():
        return ()
    base = float(positive.mean())
    order = np.argsort(-score, kind="stable")
    _, groups = np.unique(-score[order], return_inverse=True)
    hits = positive[order].astype(np.float64)
    even = (np.bincount(groups, hits) / np.bincount(groups))[groups]
    found = []
    for share in TOP_SHARES:
        rows = max(1, round(share * len(score)))
        precision = float(even[:rows].mean())
        found.append(Lift(share, rows, precision, precision / base))
    return tuple(found)


def roc_area(positive: Flags, starts: Places, weights: Floats) -> Floats:
    """Return the area under the ROC curve of each sample, NaN where one side has no row.

    Rows are sorted, highest score first. starts: first row of each group of equal score. weights: (b, n), how
    often each row is in a sample. scikit-learn's ``roc_auc_score`` with sample_weight gives the same numbers
    one sample at a time, at 2 ms each.
    """
    hits, others = _by_score(positive, starts, weights)
    above = np.cumsum(hits, axis=1) - hits / 2
    return over((above * others).sum(axis=1), hits.sum(axis=1) * others.sum(axis=1))


def average_precision(positive: Flags, starts: Places, weights: Floats) -> Floats:
    """Return the average precision of each sample, as ``average_precision_score``; see ``roc_area``."""
    hits, others = _by_score(positive, starts, weights)
    found = np.cumsum(hits, axis=1)
    taken = found + np.cumsum(others, axis=1)
    precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0)
    return over((precision * hits).sum(axis=1), hits.sum(axis=1))


def area(of: Area, positive: Flags, score: Floats, resamples: int = RESAMPLES) -> Interval:
    """Return an area with its interval; NaN where one side has no row. of: see ``paired.area_difference``."""
    n = len(score)
    if not 0 < positive.sum() < n:
        return Interval(float("nan"), float("nan"), float("nan"), n)
    rows = ranked(positive, score)

    def figure(weights: Floats) -> Floats:
        return of(rows.positive, rows.starts, weights[:, rows.order])

    return interval(float(figure(np.ones((1, n)))[0]), reweighted(n, figure, resamples), n)


def ranked(positive: Flags, score: Floats) -> Ranked:
    """Return the rows by falling score, those of equal score in their order."""
    order = np.argsort(-score, kind="stable")
    return Ranked(order, positive[order], np.flatnonzero(np.diff(score[order], prepend=np.inf)))


def _by_score(positive: Flags, starts: Places, weights: Floats) -> tuple[Floats, Floats]:
    hits = np.add.reduceat(weights * positive, starts, axis=1)
    return hits, np.add.reduceat(weights, starts, axis=1) - hits


def _thinned(x: Floats, y: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    places = np.unique(np.linspace(0, len(x) - 1, min(POINTS, len(x))).round().astype(np.intp))
    return tuple(x[places].round(4).tolist()), tuple(y[places].round(4).tolist())
