"""Worth: how likely an alert is a true positive, learnt from alerts of which somebody knows.

A logistic regression on the words of the rule and on the matrix, beside the severity: a grave rule may fire
on nothing all day, and a slight one be the only trace of an intruder. It reads only what the rule's author
wrote, and what the history counts: no text that an attacker sends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from enrich.features import head_of
from enrich.forest import Floats, Matrix
from enrich.remembered import Remembered
from enrich.vocabulary import Vocabulary

TEXT_CACHE: Final = 8192
# Standard deviations: nothing further out was in the training rows, so nothing is concluded from it.
FURTHEST: Final = 5.0
# Nobody is surer than this: odds of 1,000 to 1.
LOG_ODDS_MOST: Final = 6.9


@dataclass(frozen=True)
class Worth:
    """label_source: who said what was a true positive. vocabulary: of the rule's lines, v columns.

    words: (v,) log odds per tf-idf weight. columns: (c,) of the matrix. mean, scale, numbers: (c,) of each,
    and its log odds per standard deviation; a missing value says nothing. intercept: log odds of an alert
    with no known word, average in all else. The calibration is in these figures already.
    known_share_min: of a rule with a smaller share of known words nothing is said, 0-1.
    """

    label_source: str
    vocabulary: Vocabulary
    words: Floats
    columns: npt.NDArray[np.int64]
    mean: Floats
    scale: Floats
    numbers: Floats
    intercept: float
    known_share_min: float
    # Remembered[float | None]; what is given for it is not kept.
    _texts: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember nothing: one that is made of another reads otherwise."""
        object.__setattr__(self, "_texts", Remembered(TEXT_CACHE))

    def of(self, texts: Sequence[str], X: Matrix) -> list[float | None]:
        """Return the probability of each row, 0-1, four digits; None where the rule is not known.

        texts: ``features.text_of``. X: (n, k), float32, NaN where missing. Bit-equal in any batch.
        """
        said = zip(self._of_words(texts), self._of_numbers(X).tolist(), strict=True)
        return [None if words is None else _probability(words + numbers) for words, numbers in said]

    def _of_words(self, texts: Sequence[str]) -> list[float | None]:
        said: list[float | None] = self._texts.of([head_of(text) for text in texts], self._new)
        return said

    def _new(self, heads: list[str]) -> Iterator[float | None]:
        for read in self.vocabulary.read(heads):
            parts = self.words[read.columns] * read.weights.astype(np.float64)
            yield float(parts.sum()) if read.known >= self.known_share_min else None

    def _of_numbers(self, X: Matrix) -> Floats:
        values = (X[:, self.columns].astype(np.float64) - self.mean) / self.scale
        parts = np.where(np.isnan(values), 0.0, np.clip(values, -FURTHEST, FURTHEST)) * self.numbers
        total = np.full(len(X), self.intercept)
        # Column by column: a sum along the rows may add up in another order for another number of rows.
        for column in np.ascontiguousarray(parts.T):
            total += column
        return total


def _probability(log_odds: float) -> float:
    bounded = min(max(log_odds, -LOG_ODDS_MOST), LOG_ODDS_MOST)
    return round(1.0 / (1.0 + exp(-bounded)), 4)
