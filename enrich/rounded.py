"""Rounding as Python's ``round`` does it, a column at a time."""

import numpy as np

from enrich.forest import Floats


def rounded(values: Floats, digits: int) -> list[float]:
    """Return what ``round(value, digits)`` gives for each, at a tenth of its price. values: 0 to 1e6.

    >>> rounded(np.array([0.00005, 2.675, 0.12345]), 4) == [round(x, 4) for x in (0.00005, 2.675, 0.12345)]
    True
    """
    scaled = values * 10.0**digits
    whole = np.rint(scaled)
    # A whole number by a power of ten is the float nearest to that decimal, which is what round() returns.
    result: list[float] = (whole / 10.0**digits).tolist()
    for i in np.flatnonzero(np.abs(np.abs(scaled - whole) - 0.5) < 1e-4):  # scaling may have crossed a tie
        result[i] = round(float(values[i]), digits)
    return result
