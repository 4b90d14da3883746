"""What is rare in an alert that is unusual: the features that few alerts of the reference have so extreme."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from enrich.features import NAMES, TOLD_COLUMNS
from enrich.forest import Floats, Matrix
from enrich.rounded import rounded
from enrich.row import AnomalyPart

# A feature is named as a part when at most this share of the reference is as extreme.
PART_SHARE: Final = 0.1
PARTS: Final = 3


def parts(X: Matrix, quantiles: Floats, missing: Floats) -> Iterator[tuple[AnomalyPart, ...]]:
    """Yield for each row its rarest features, rarest first, at most PARTS.

    quantiles, missing: ``feature_quantiles`` and ``missing_share`` of ``Models``.
    """
    tails = rarity(X, quantiles, missing)
    order = np.argsort(tails, axis=1, kind="stable")[:, :PARTS]
    columns = TOLD_COLUMNS[order]
    shares = np.take_along_axis(tails, order, axis=1)
    values = np.take_along_axis(X, columns, axis=1).astype(np.float64)
    told = zip(columns.flat, rounded(values.ravel(), 4), rounded(shares.ravel(), 4), strict=True)
    for row_rare in (shares <= PART_SHARE).tolist():
        row = [(next(told), rare) for rare in row_rare]
        yield tuple(
            [
                AnomalyPart(NAMES[column], None if value != value else value, share)
                for (column, value, share), rare in row
                if rare
            ]
        )


def rarity(X: Matrix, quantiles: Floats, missing: Floats) -> Floats:
    """Return the share of the reference at least as extreme as each value, shape (n, TOLD_COLUMNS)."""
    values = np.asfortranarray(X[:, TOLD_COLUMNS])
    below = np.empty(values.shape, order="F")
    above = np.empty(values.shape, order="F")
    for position, column in enumerate(TOLD_COLUMNS):
        steps, own = quantiles[column], values[:, position]
        below[:, position] = steps.searchsorted(own, "right")
        above[:, position] = steps.searchsorted(own, "left")
    below /= quantiles.shape[1]
    above = 1.0 - above / quantiles.shape[1]
    absent = missing[TOLD_COLUMNS]
    return np.where(np.isnan(values), absent, np.minimum(below, above) * (1.0 - absent))
