"""Whether "confidence .9" is right nine times in ten."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats
from training.figures.intervals import RESAMPLES, Interval, resampled
from training.judged import CLASSES, Classes

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

BINS: Final = 10


class Bin(NamedTuple):
    """One bin of a reliability diagram. stated: mean confidence. right: share right, with its interval."""

    stated: float
    right: Interval


def even_width(confidence: Floats) -> Places:
    """Return the bin of each row: BINS equal widths of confidence, 0-1."""
    return np.clip((confidence * BINS).astype(np.intp), 0, BINS - 1)


def even_mass(confidence: Floats) -> Places:
    """Return the bin of each row: BINS bins of as equal counts as ties allow; equal confidences share one."""
    if not len(confidence):
        return np.zeros(0, dtype=np.intp)
    edges = np.quantile(confidence, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(np.unique(edges), confidence, side="right").astype(np.intp)


BINNINGS: Final = {"equal width": even_width, "equal mass": even_mass}


def ece(confidence: Floats, right: Flags, binning: str = "equal width") -> float:
    """Return the expected calibration error, 0-1; 0 without rows.

    >>> ece(np.array([0.9, 0.9, 0.9, 0.9]), np.array([True, True, True, False]))
    0.15
    """
    if not len(confidence):
        return 0.0
    found = _error(_bin_columns(confidence, right, binning).sum(axis=0, keepdims=True))
    return round(float(found[0]), 12)


def ece_interval(
    confidence: Floats, right: Flags, binning: str = "equal width", resamples: int = RESAMPLES
) -> Interval:
    """Return the error with its 95 % interval; 0 to 1 where there is no row to tell it by."""
    if not len(confidence):
        return Interval(0.0, 0.0, 1.0, 0)
    return resampled(_bin_columns(confidence, right, binning), _error, resamples)


def ece_by_chance(confidence: Floats, binning: str = "equal width", resamples: int = 200) -> float:
    """Return the mean error that these confidences would show if each were exactly true.

    A bin of 20 rows never holds just the share that it should. Drawn labels instead of real ones: Broecker
    and Smith 2007, "Increasing the reliability of reliability diagrams".
    """
    if not len(confidence):
        return 0.0
    dice = np.random.default_rng(0)
    drawn = [ece(confidence, dice.random(len(confidence)) < confidence, binning) for _ in range(resamples)]
    return float(np.mean(drawn))


def reliability(
    confidence: Floats, right: Flags, binning: str = "equal mass", resamples: int = RESAMPLES
) -> tuple[Bin, ...]:
    """Return the bins that hold rows, by rising confidence."""
    places = BINNINGS[binning](confidence)
    found = []
    for place in np.unique(places):
        here = places == place
        found.append(Bin(float(confidence[here].mean()), share(right[here], resamples)))
    return tuple(found)


def brier(probability: Floats, label: Classes, resamples: int = RESAMPLES) -> Interval:
    """Return the mean squared distance of the class probabilities from what was: 0 best, 2 worst."""
    return _mean(((probability - one_hot(label)) ** 2).sum(axis=1), resamples)


def brier_of_confidence(confidence: Floats, right: Flags, resamples: int = RESAMPLES) -> Interval:
    """Return the mean squared distance of stated confidence from right (1) or wrong (0)."""
    return _mean((confidence - right) ** 2, resamples)


def log_loss(probability: Floats, label: Classes, resamples: int = RESAMPLES) -> Interval:
    """Return the mean of -ln p of what was; p is taken between 1e-6 and 1, or one miss were infinite."""
    given = probability[np.arange(len(label)), label - 1]
    return _mean(-np.log(np.clip(given, 1e-6, 1.0)), resamples)


def one_hot(label: Classes) -> Floats:
    """Return (n, 5), 1 at the label."""
    held: Floats = (label[:, None] == np.array(CLASSES)[None, :]).astype(np.float64)
    return held


def _mean(each: Floats, resamples: int) -> Interval:
    columns = np.column_stack([each, np.ones(len(each))])
    return resampled(columns, lambda sums: sums[:, 0] / sums[:, 1], resamples)


def _bin_columns(confidence: Floats, right: Flags, binning: str) -> Floats:
    """Return (n, 2 * bins): in the columns of each row's bin whether it was right, and what was stated.

    The error is then a function of sums, and equal-mass bins keep their edges in every sample.
    """
    places = BINNINGS[binning](confidence)
    columns = np.zeros((len(confidence), 2 * BINS + 1))
    rows = np.arange(len(confidence))
    columns[rows, places] = right
    columns[rows, BINS + places] = confidence
    columns[:, -1] = 1.0
    return columns


def _error(sums: Floats) -> Floats:
    gaps = np.abs(sums[:, :BINS] - sums[:, BINS : 2 * BINS]).sum(axis=1)
    error: Floats = gaps / sums[:, -1]
    return error


def share(flags: Flags, resamples: int = RESAMPLES) -> Interval:
    """Return the share of True."""
    return _mean(flags.astype(np.float64), resamples)
