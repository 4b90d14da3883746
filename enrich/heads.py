"""Heads: what is severe by the lights of one label source. Vendors do not mean the same by "high".

A head reads the text alone (``Linear``), or the text beside the matrix (a forest). Texts repeat, so what can
be told of a text alone is worked out once and remembered.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.features import head_of
from enrich.forest import Floats, Matrix, Shares
from enrich.linear import Columns, Linear
from enrich.remembered import Remembered
from enrich.row import Pull
from enrich.vocabulary import Read, Vocabulary

TEXT_CACHE: Final = 4096
# Words that a reason names, and the least that one must weigh, in log odds.
PULLS: Final = 3
PULL_MIN: Final = 0.1


class Told(NamedTuple):
    """A text that was read. probability: (c,) of a linear head's classes, else None.

    pulls: what speaks for the best of them.
    """

    read: Read
    probability: Floats | None
    pulls: tuple[Pull, ...]


class Said(NamedTuple):
    """What a head says of n rows. probability: (n, c). known: (n,) share of known words in the head.

    pulls: n times the words that speak most for the likeliest class; empty where a forest spoke.
    """

    probability: Floats
    known: Floats
    pulls: list[tuple[Pull, ...]]


@dataclass(frozen=True)
class Head:
    """A severity model and how far it can be trusted, measured against one label source.

    label_source: "synthetic", "sigma", "verdicts", ….
    vocabulary: what it reads of ``features.text_of``, v columns.
    severity: ``Linear``, or a RandomForestClassifier on float32 [tf-idf (v) | matrix (k)], NaN allowed;
        ``classes_`` within 1-5.
    calibration_x, calibration_y: highest class probability -> share right on held-out rows; x increases.
    known_share_min: alerts whose rule (``features.head_of``) has a smaller share of known words are outside
        what the head knows, 0-1. What an attacker can write (URL, user agent, command line) has no say in it.
    """

    label_source: str
    vocabulary: Vocabulary
    severity: Any
    calibration_x: Floats
    calibration_y: Floats
    known_share_min: float
    # Remembered[Told]; what is given for it is not kept.
    _texts: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember nothing: one that is made of another reads otherwise."""
        object.__setattr__(self, "_texts", Remembered(TEXT_CACHE))

    @property
    def kind(self) -> str:
        """ "linear" or "forest"."""
        return "linear" if isinstance(self.severity, Linear) else "forest"

    @property
    def classes(self) -> npt.NDArray[np.int64]:
        """The classes that it knows, within 1-5, rising."""
        known: npt.NDArray[np.int64] = self.severity.classes_
        return known

    def of(self, texts: Sequence[str], X: Matrix) -> Said:
        """Return what it says of these rows. X: (n, k), cheaper in Fortran order; only a forest reads it."""
        found = self.read(texts)
        known = np.array([each.read.known for each in found])
        pulls = [each.pulls for each in found]
        if self.kind == "linear":
            told = [each.probability for each in found]
            return Said(np.array(told, dtype=np.float64).reshape(len(texts), -1), known, pulls)
        return Said(self._shares.of(np.hstack([self.tfidf(found), X])), known, pulls)

    def read(self, texts: Sequence[str]) -> list[Told]:
        """Return each text as it was read. Up to TEXT_CACHE different ones are remembered."""
        told: list[Told] = self._texts.of(texts, self._new)
        return told

    def tfidf(self, found: Sequence[Told]) -> Matrix:
        """Return the weights as a dense matrix, (n, v)."""
        columns = [each.read.columns for each in found]
        rows = np.repeat(np.arange(len(found)), [len(each) for each in columns])
        # Column by column in memory: trees ask for one column of one row after the other.
        dense = np.zeros((len(found), len(self.vocabulary)), dtype=np.float32, order="F")
        if len(rows):
            dense[rows, np.concatenate(columns)] = np.concatenate([each.read.weights for each in found])
        return dense

    def _new(self, texts: list[str]) -> Iterator[Told]:
        for text, read in zip(texts, self.vocabulary.read(texts), strict=True):
            yield Told(read, *self._linear(head_of(text), read.columns, read.weights))

    def _linear(self, rule: str, columns: Columns, weights: Matrix) -> tuple[Floats | None, tuple[Pull, ...]]:
        model = self.severity
        if not isinstance(model, Linear):
            return None, ()
        probability = model.probability(columns, weights)
        pulls = model.pulls(columns, weights, int(probability.argmax()))
        told: list[Pull] = []
        # Words of the rule only: those of a command line may be secret, and are their sender's.
        said = set(re.findall(r"\w+", rule.lower()))
        for i in np.argsort(-pulls, kind="stable").tolist():
            if pulls[i] < PULL_MIN or len(told) == PULLS:
                break
            name = self.vocabulary.names[columns[i]]
            if name and said.issuperset(name.split(" ")):
                told.append(Pull(name, round(float(pulls[i]), 2)))
        return probability, tuple(told)

    @cached_property
    def _shares(self) -> Shares:
        return Shares(self.severity)
