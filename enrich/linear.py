"""Linear models over tf-idf, one text at a time: the same bits whatever batch the text is in.

No matrix product: a product may add up in another order for another number of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats, Matrix

Columns = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Linear:
    """Class probabilities: the softmax of intercepts + weights x coefficients.

    classes_: (c,) int64, rising. coefficients: (v, c) float64, a row per word. intercepts: (c,) float64.
    """

    classes_: npt.NDArray[np.int64]
    coefficients: Floats
    intercepts: Floats

    def probability(self, columns: Columns, weights: Matrix) -> Floats:
        """Return (c,) probabilities of a text with these tf-idf weights in these columns."""
        scores = self.intercepts + np.add.reduce(self._parts(columns, weights), axis=0)
        grown = np.exp(scores - scores.max())
        share: Floats = grown / grown.sum()
        return share

    def pulls(self, columns: Columns, weights: Matrix, place: int) -> Floats:
        """Return what each word adds to the score of the class at this place, beside what it adds to others.

        In units of log odds; the mean over the classes is taken off, since softmax knows differences only.
        """
        parts = self._parts(columns, weights)
        pull: Floats = parts[:, place] - parts.mean(axis=1)
        return pull

    def _parts(self, columns: Columns, weights: Matrix) -> Floats:
        parts: Floats = self.coefficients[columns] * weights[:, None].astype(np.float64)
        return parts


@dataclass(frozen=True)
class Labels:
    """A score for each of many labels, of which a text may have several: sparse, a row per word.

    uids: (t,) names of the labels. starts: (v + 1,) int32; the row of word w is
    ``[starts[w]:starts[w + 1]]`` of labels (int32) and values (float32). intercepts: (t,) float64.
    slope, offset: of the logistic curve that makes a probability of a score, found on texts not fitted to.
    """

    uids: Sequence[str]
    starts: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    values: Matrix
    intercepts: Floats
    slope: float
    offset: float

    def scores(self, columns: Columns, weights: Matrix) -> Floats:
        """Return (t,) scores of a text."""
        total = self.intercepts.copy()
        for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
            start, end = self.starts[column], self.starts[column + 1]
            total[self.labels[start:end]] += weight * self.values[start:end]  # no label twice in a row
        return total

    def likely(self, columns: Columns, weights: Matrix, most: int, least: float) -> list[tuple[str, float]]:
        """Return at most so many labels with at least this probability, likeliest first, by name if equal."""
        scores = self.scores(columns, weights)
        probability = 1.0 / (1.0 + np.exp(-(self.slope * scores + self.offset)))
        places = np.flatnonzero(probability >= least).tolist()
        found = [(self.uids[i], round(float(probability[i]), 2)) for i in places]
        return sorted(found, key=lambda one: (-one[1], one[0]))[:most]
