"""Two models on the same rows: how far they agree, and whether one is better beyond what the rows allow."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from enrich.forest import Floats
from training.figures.calibration import Flags
from training.figures.classes import (
    FIGURES,
    K,
    cells,
    confusion,
    kappa,
    macro_f1_over,
    over,
    present,
    recall,
)
from training.figures.intervals import RESAMPLES, Interval, interval, resampled, reweighted
from training.figures.ranking import Area, ranked
from training.judged import Classes

GRAVE: Final = (4, 5)


class Agreement(NamedTuple):
    """same: share of rows with one answer. kappa: beyond chance. both_wrong: share with no one right."""

    rows: int
    same: float
    kappa: float
    both_wrong: float
    only_first_right: int
    only_second_right: int


def difference(
    label: Classes, first: Classes, second: Classes, name: str, resamples: int = RESAMPLES
) -> Interval:
    """Return first minus second of a figure of ``classes.FIGURES``: each sample has the same rows of both."""
    both = tuple(sorted({*present(label, first), *present(label, second)}))
    figure: Callable[[Floats], Floats] = (
        (lambda matrix: macro_f1_over(matrix, both)) if name == "macro_f1" else FIGURES[name]
    )
    return _paired(label, first, second, figure, resamples, by_class=False)


def area_difference(
    positive: Flags, first: Floats, second: Floats, of: Area, resamples: int = RESAMPLES
) -> Interval:
    """Return first minus second of an area: each sample has the same rows of both scores.

    of: ``ranking.roc_area`` or ``average_precision``.
    """
    n = len(positive)
    if not 0 < positive.sum() < n:
        return Interval(float("nan"), float("nan"), float("nan"), n)
    one, two = ranked(positive, first), ranked(positive, second)

    def figure(weights: Floats) -> Floats:
        return of(one.positive, one.starts, weights[:, one.order]) - of(
            two.positive, two.starts, weights[:, two.order]
        )

    whole = float(figure(np.ones((1, n)))[0])
    return interval(whole, reweighted(n, figure, resamples), n)


def recall_difference(
    label: Classes, first: Classes, second: Classes, classes: Sequence[int], resamples: int = RESAMPLES
) -> Interval:
    """Return first minus second of the recall of one class, or of several taken together.

    Together: the share of rows of these classes that were given one of them.
    """
    own = np.isin(label, classes)
    places = [each - 1 for each in classes]

    def figure(matrix: Floats) -> Floats:
        if len(places) == 1:
            one: Floats = recall(matrix)[:, places[0]]
            return one
        rows = matrix[:, places, :]
        total = rows.sum(axis=(1, 2))
        hits = rows[:, :, places].sum(axis=(1, 2))
        return over(hits, total)

    found = _paired(label, first, second, figure, resamples, by_class=True)
    return found._replace(n=int(own.sum()))


def agreement(label: Classes, first: Classes, second: Classes) -> Agreement:
    """Return how far two models say the same of the same rows."""
    one, two = first == label, second == label
    n = max(1, len(label))
    return Agreement(
        len(label),
        float((first == second).sum() / n),
        float(kappa(confusion(first, second).astype(np.float64))),
        float((~one & ~two).sum() / n),
        int((one & ~two).sum()),
        int((two & ~one).sum()),
    )


def _paired(
    label: Classes,
    first: Classes,
    second: Classes,
    figure: Callable[[Floats], Floats],
    resamples: int,
    by_class: bool,
) -> Interval:
    columns = np.hstack([cells(label, first), cells(label, second)])

    def of(sums: Floats) -> Floats:
        one, two = sums[:, : K * K].reshape(-1, K, K), sums[:, K * K :].reshape(-1, K, K)
        return figure(one) - figure(two)

    return resampled(columns, of, resamples, label if by_class else None)
