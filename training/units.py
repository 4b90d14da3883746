"""Units: an hour of one rule on one entity, which an analyst sees once. A flood is one, whatever its length.

Rows of a flood are nearly copies of each other: weighed one by one, a scan of a minute outvotes the days
around it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats

HOUR_MS: Final = 3_600_000
# Rows of a unit that are fitted: how a flood looks when it begins, and when it has grown.
KEPT: Final = (0, 1, 3, 10, 40, 150)

Places = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


def units(rules: Sequence[str], entities: Sequence[str], time_ms: npt.NDArray[np.int64]) -> Places:
    """Return the unit of each row, numbered from 0 in the order of their first rows."""
    numbers: dict[tuple[str, str, int], int] = {}
    hours = (time_ms // HOUR_MS).tolist()
    keys = zip(rules, entities, hours, strict=True)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def positions(unit: Places) -> Places:
    """Return how many rows of its unit come before each row.

    >>> positions(np.array([0, 1, 0, 0, 1])).tolist()
    [0, 0, 1, 2, 1]
    """
    seen: dict[int, int] = {}
    before = []
    for number in unit.tolist():
        before.append(seen.get(number, 0))
        seen[number] = before[-1] + 1
    return np.array(before, dtype=np.intp)


def spread(unit: Places) -> tuple[Flags, Floats]:
    """Return which rows are fitted, and each row's weight: those of a unit that are add up to 1.

    >>> kept, weight = spread(np.array([0, 0, 0, 1]))
    >>> kept.tolist(), weight.tolist()
    ([True, True, False, True], [0.5, 0.5, 0.5, 1.0])
    """
    kept: Flags = np.isin(positions(unit), KEPT)
    rows = np.bincount(unit[kept], minlength=int(unit.max()) + 1 if len(unit) else 0)
    weight: Floats = 1.0 / rows[unit]
    return kept, weight
