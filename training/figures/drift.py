"""How far two sets of rows lie apart: the population stability index, by class and by feature."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from enrich.forest import Floats, Matrix
from training.judged import CLASSES, Classes

BINS: Final = 10
# The usual reading of PSI in credit scoring (Siddiqi 2006): below .1 the same, above .25 another population.
SMALL, LARGE = 0.1, 0.25


class Drift(NamedTuple):
    """psi: 0 where both are the same. by_chance: what equal populations of these sizes show in the mean."""

    name: str
    psi: float
    by_chance: float


def psi(before: Floats, after: Floats) -> float:
    """Return the index of two sets of counts or shares over the same bins. An empty bin counts as half a row.

    >>> round(psi(np.array([50.0, 50.0]), np.array([50.0, 50.0])), 6)
    0.0
    """
    one, two = (np.maximum(counts, 0.5) for counts in (before, after))
    one, two = one / one.sum(), two / two.sum()
    return float(((two - one) * np.log(two / one)).sum())


def class_drift(before: Classes, after: Classes) -> Drift:
    """Return the drift of the labels."""
    counts = [
        np.array([(labels == name).sum() for name in CLASSES], dtype=np.float64) for labels in (before, after)
    ]
    return _drift("label", counts[0], counts[1])


def feature_drift(names: Sequence[str], before: Matrix, after: Matrix) -> tuple[Drift, ...]:
    """Return the drift of every column, largest first; bins are tenths of ``before``, and one for missing."""
    found = []
    for name, one, two in zip(names, before.T.astype(np.float64), after.T.astype(np.float64), strict=True):
        present = one[~np.isnan(one)]
        edges = (
            np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]))
            if len(present)
            else np.zeros(0)
        )
        found.append(_drift(name, _counts(one, edges), _counts(two, edges)))
    return tuple(sorted(found, key=lambda each: -each.psi))


def share_drift(shares: Mapping[str, tuple[Floats, Floats]]) -> tuple[Drift, ...]:
    """Return the drift of named sets of counts, largest first."""
    return tuple(sorted((_drift(name, *two) for name, two in shares.items()), key=lambda each: -each.psi))


def _counts(column: Floats, edges: Floats) -> Floats:
    missing = np.isnan(column)
    places = np.searchsorted(edges, column[~missing], side="right")
    return np.append(np.bincount(places, minlength=len(edges) + 1), missing.sum()).astype(np.float64)


def _drift(name: str, before: Floats, after: Floats) -> Drift:
    used = int(((before > 0) | (after > 0)).sum())
    # PSI of two samples of one population is about chi-square: its mean is (bins - 1) (1/n + 1/m).
    chance = (used - 1) * (1 / max(1.0, before.sum()) + 1 / max(1.0, after.sum())) if used > 1 else 0.0
    return Drift(name, psi(before, after) if used > 1 else 0.0, float(chance))
