"""The arithmetic of the benchmark: what a stretch of looks or arrivals is worth."""

from collections.abc import Sequence
from typing import Final

import numpy as np

# What is left out at both ends of a drain: joining, first batches and cold caches; partitions running dry.
FROM, TO = 0.1, 0.9
MIDDLE: Final = (FROM, TO)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return how much y grows per unit of x, by least squares; nan without two different x.

    >>> slope([0, 1, 2, 3], [5, 7, 9, 11])
    2.0
    """
    if len(set(x)) < 2:
        return float("nan")
    left, right = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    left, right = left - left.mean(), right - right.mean()
    return float(left @ right / (left @ left))


def middle_rate(arrivals_ms: Sequence[int]) -> float:
    """Return arrivals a second between the first tenth and nine tenths of them, in order of arrival.

    >>> middle_rate(range(0, 10_000, 10))
    100.0
    """
    ordered = sorted(arrivals_ms)
    low, high = int(len(ordered) * FROM), int(len(ordered) * TO)
    return round(1000 / each, 3) if (each := slope(range(low, high), ordered[low:high])) > 0 else float("nan")


def middle_cost(counts: Sequence[int], cpu_s: Sequence[float], total: int) -> float:
    """Return CPU microseconds per alert while the first tenth to nine tenths of ``total`` arrived.

    Work that is ahead of what has arrived is as much at the end of the stretch as at its start, so a slope
    does not count it. Where too few looks fall into the stretch, all looks with progress count.

    >>> middle_cost([0, 100, 500, 900, 1000], [2.0, 2.1, 2.5, 2.9, 3.0], 1000)
    1000.0
    """
    inside = [i for i, n in enumerate(counts) if total * FROM <= n <= total * TO]
    if len({counts[i] for i in inside}) < 2:
        inside = [i for i, n in enumerate(counts) if n > 0]
    return round(slope([counts[i] for i in inside], [cpu_s[i] for i in inside]) * 1e6, 1)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all values does not exceed; nan of none.

    >>> percentile([4, 1, 3, 2], 0.5), percentile(range(1, 101), 0.99)
    (2, 99)
    """
    ordered = sorted(values)
    return ordered[max(0, int(np.ceil(share * len(ordered))) - 1)] if ordered else float("nan")
