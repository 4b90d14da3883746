"""When a head had better say nothing: the signal, the risk that it leaves, and where the line is drawn."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats

Flags = npt.NDArray[np.bool_]

# A head must speak of nearly all rows of its own source: what it refuses at home it refuses by chance.
COVERED_MIN: Final = 0.95
# Fewer refused rows than these say nothing about their error.
REFUSED_MIN: Final = 10
SURE_SHARE: Final = 0.8


class Line(NamedTuple):
    """known_share_min: least share of known words that a head needs, 0-1. covered: share of rows above it.

    error: share of wrong rows above it. refused_error: below it; NaN where there are none.
    """

    known_share_min: float
    covered: float
    error: float
    refused_error: float


class Risk(NamedTuple):
    """error: of all rows. sure_error: of the most confident 80 %. ratio: of the two; 1 says that confidence
    tells nothing apart. share: of all errors, those among the most confident 80 %."""

    error: float
    sure_error: float
    ratio: float
    share: float


def known_line(known: Floats, right: Flags) -> Line:
    """Return where to draw the line by known words, from rows of the head's source that were not fitted.

    The highest line that covers COVERED_MIN of the rows and refuses rows that are wrong more often than the
    others; where no line does, the one below which nothing of the source lies.
    """
    lowest = float(known.min()) if len(known) else 0.0
    found = _drawn(known, right, lowest)
    for line in sorted(set(known.tolist())):
        tried = _drawn(known, right, line)
        if tried.covered < COVERED_MIN:
            break
        refused = int((known < line).sum())
        if refused >= REFUSED_MIN and tried.refused_error > tried.error:
            found = tried
    return found


def risk(confidence: Floats, right: Flags, share: float = SURE_SHARE) -> Risk:
    """Return what confidence is worth. Rows of one confidence count in their order: shuffle equal ones."""
    if not len(right):
        return Risk(float("nan"), float("nan"), float("nan"), float("nan"))
    wrong = ~right[np.argsort(-confidence, kind="stable")]
    sure = wrong[: max(1, round(share * len(wrong)))]
    error, sure_error = float(wrong.mean()), float(sure.mean())
    if not wrong.any():
        return Risk(0.0, 0.0, float("nan"), float("nan"))
    return Risk(error, sure_error, sure_error / error, float(sure.sum() / wrong.sum()))


def _drawn(known: Floats, right: Flags, line: float) -> Line:
    above = known >= line
    return Line(
        line,
        float(above.mean()) if len(above) else 1.0,
        float(1 - right[above].mean()) if above.any() else float("nan"),
        float(1 - right[~above].mean()) if (~above).any() else float("nan"),
    )
