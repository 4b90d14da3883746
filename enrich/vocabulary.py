"""What text models read of a text: its lines, each with words and weights of its own, side by side.

One vectorizer over the whole text drowns the title in the description: on Sigma's rules macro-F1 is .04 less
(docs/quality.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.features import HEAD_LINES
from enrich.forest import Matrix
from enrich.words import Words

# What a part without a line of its own reads: all of the text, or the rule's lines as one.
WHOLE: Final = None
HEAD: Final = -1


class Part(NamedTuple):
    """line: of the text, from 0 (``features.TITLE`` …), WHOLE or HEAD. weight: beside other parts.

    vectorizer: fitted TfidfVectorizer, lower case.
    """

    line: int | None
    vectorizer: Any
    weight: float


class Read(NamedTuple):
    """columns: of its words in the vocabulary, rising. weights: float32. known: share of known words, 0-1."""

    columns: npt.NDArray[np.int32]
    weights: Matrix
    known: float


@dataclass(frozen=True)
class Vocabulary:
    """Parts, one after the other: together v columns."""

    parts: tuple[Part, ...]

    def __reduce__(self) -> tuple[type["Vocabulary"], tuple[tuple[Part, ...]]]:
        return Vocabulary, (self.parts,)  # what is worked out from them cannot travel

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def names(self) -> list[str]:
        """(v,) the words and pairs, in the columns' order; "" for runs of characters, which no one reads."""
        return [
            str(name) if part.vectorizer.analyzer == "word" else ""
            for part in self.parts
            for name in part.vectorizer.get_feature_names_out()
        ]

    def read(self, texts: Sequence[str]) -> list[Read]:
        """Return what is known of each text (``features.text_of``).

        known: of the words that the detector wrote, the first HEAD_LINES lines, in the lines that are read.
        """
        split = [lines_of(text) for text in texts]
        each = []
        for part, words, start in zip(self.parts, self._words, self._starts[:-1].tolist(), strict=True):
            own = [read_by(part.line, text, lines) for text, lines in zip(texts, split, strict=True)]
            found = words.weights(own)
            weights = found.weights.astype(np.float32, copy=False) * np.float32(part.weight)
            each.append((found.columns + np.int32(start), weights, found.ends))
        known = [self._known(lines[:HEAD_LINES]) for lines in split]
        if len(each) == 1:
            ((columns, weights, ends),) = each
            bounds = zip(pairwise(ends), known, strict=True)
            return [Read(columns[start:end], weights[start:end], share) for (start, end), share in bounds]
        read = []
        for i, share in enumerate(known):
            columns = np.concatenate([columns[ends[i] : ends[i + 1]] for columns, _, ends in each])
            weights = np.concatenate([weights[ends[i] : ends[i + 1]] for _, weights, ends in each])
            read.append(Read(columns, weights, share))
        return read

    def _known(self, head: Sequence[str]) -> float:
        known = words = 0
        for part, own in zip(self.parts, self._words, strict=True):
            if part.vectorizer.analyzer != "word":  # runs of characters are nearly all known
                continue
            for line in head if part.line in (WHOLE, HEAD) else (head[part.line],):
                found = own.line(line)
                known += found.known_words
                words += found.words
        return known / words if words else 0.0

    @cached_property
    def _words(self) -> list[Words]:
        return [Words(part.vectorizer, part.line is not WHOLE) for part in self.parts]

    @cached_property
    def _starts(self) -> npt.NDArray[np.int32]:
        sizes = [len(part.vectorizer.vocabulary_) for part in self.parts]
        return np.cumsum([0, *sizes]).astype(np.int32)


def lines_of(text: str) -> list[str]:
    """Return at least HEAD_LINES lines: of a text that was cut, the last are empty."""
    lines = text.split("\n", HEAD_LINES)
    return lines if len(lines) >= HEAD_LINES else lines + [""] * (HEAD_LINES - len(lines))


def read_by(line: int | None, text: str, lines: Sequence[str]) -> str:
    """Return what a part with this line reads of a text with these lines (``lines_of``)."""
    if line is WHOLE:
        return text
    return " ".join(lines[:HEAD_LINES]) if line == HEAD else lines[line]
