"""The words of a text, line by line: a new text is mostly made of lines that were seen before."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.attack.kept import Kept

# Of the lines remembered, in each of two generations: some 2,000 ordinary ones. At most 6 MB in all.
CHARACTERS: Final = 1_000_000
# Only short lines are remembered: whoever writes long ones must not fill the memory.
_SHORT: Final = 256
# Patterns that no line break is part of: scikit-learn's own, and that of ``training.fit``.
_PATTERNS: Final = (r"(?u)\b\w\w+\b", r"(?u)\b[^\W\d]\w+\b")
_PLAIN: Final = {
    "analyzer": "word",
    "lowercase": True,
    "binary": False,
    "use_idf": True,
    "norm": "l2",
    **dict.fromkeys(("tokenizer", "preprocessor", "strip_accents")),
}


class Line(NamedTuple):
    """known: columns of its words, and pairs, that the vocabulary has. words, known_words: single ones."""

    known: tuple[int, ...]
    words: int
    known_words: int


class Weights(NamedTuple):
    """Texts as rows of a CSR matrix of shape (n, v): row i is ``[ends[i]:ends[i + 1]]`` of the others.

    columns: increasing within a row. weights: tf-idf, in the vectorizer's dtype.
    """

    columns: npt.NDArray[np.int32]
    weights: npt.NDArray[Any]
    ends: list[int]


class Words:
    """Reads texts for a fitted TfidfVectorizer, and gives the weights that it gives itself, bit for bit.

    Where no word or pair that it counts can span two lines, the words of a text are those of its lines, and
    none of scikit-learn's checks and copies is needed: 1 ms a call, however few the texts. A vectorizer of
    another kind is asked itself.
    """

    def __init__(self, vectorizer: Any, one_line: bool = False) -> None:
        """one_line: every text will be one line, so pairs of words span none."""
        kinds = ((1, 1), (1, 2)) if one_line else ((1, 1),)
        plain = all(getattr(vectorizer, name) == value for name, value in _PLAIN.items())
        self.plain: Final = (
            plain and vectorizer.token_pattern in _PATTERNS and vectorizer.ngram_range in kinds
        )
        self._pairs: Final = vectorizer.ngram_range[1] > 1
        self._vectorizer: Final = vectorizer
        # None, "english" or a list: what scikit-learn makes of it.
        self._stop: Final[frozenset[str]] = frozenset(vectorizer.get_stop_words() or ())
        self._find: Final = re.compile(vectorizer.token_pattern).findall
        self._vocabulary: Final = {word: int(column) for word, column in vectorizer.vocabulary_.items()}
        # Not a method of ours: what remembers one is part of a circle, which only the collector ends. It
        # never looks at what was there when a worker started (``gc.freeze``): that would stay for good.
        self._read: Final = partial(
            _read, find=self._find, own=self._vocabulary, stop=self._stop, pairs=self._pairs
        )
        self._remembered: Final[Kept[str, Line]] = Kept(self._read, len, CHARACTERS)

    def line(self, text: str) -> Line:
        """Return the words of one line, in lower case."""
        return self._remembered(text) if len(text) <= _SHORT else self._read(text)

    def share(self, lines: Iterable[str]) -> float:
        """Return the share of these lines' words that the vocabulary has, 0-1; 0 without words."""
        known = words = 0
        for text in lines:
            line = self.line(text)
            known += line.known_words
            words += line.words
        return known / words if words else 0.0

    def weights(self, texts: Sequence[str]) -> Weights:
        """Return the tf-idf of each text."""
        if not self.plain:
            sparse = self._vectorizer.transform(texts)
            return Weights(sparse.indices, sparse.data, sparse.indptr.tolist())
        counts = [sorted(Counter(self._known(text)).items()) for text in texts]
        sizes = [len(each) for each in counts]
        ends = [0, *np.cumsum(sizes).tolist()]
        flat = np.fromiter(chain.from_iterable(chain.from_iterable(counts)), np.int32, 2 * ends[-1])
        columns, often = flat[::2].copy(), flat[1::2]
        # What TfidfTransformer and normalize do, in their order and with their types.
        idf = self._vectorizer.idf_
        weights = often.astype(idf.dtype)
        if self._vectorizer.sublinear_tf:
            np.log(weights, weights)
            weights += 1
        weights *= idf[columns]
        rows = np.repeat(np.arange(len(texts)), sizes)
        squares = np.bincount(rows, weights=weights * weights, minlength=len(texts))
        weights = (weights / np.sqrt(squares)[rows]).astype(idf.dtype)
        return Weights(columns, weights, ends)

    def _known(self, text: str) -> list[int]:
        return [column for line in text.split("\n") for column in self.line(line).known]


def _read(
    text: str, find: Callable[[str], list[str]], own: Mapping[str, int], stop: frozenset[str], pairs: bool
) -> Line:
    found = find(text.lower())
    if stop:
        found = [word for word in found if word not in stop]
    known = [own[word] for word in found if word in own]
    single = len(known)
    if pairs:
        couples = [f"{first} {second}" for first, second in pairwise(found)]
        known += [own[couple] for couple in couples if couple in own]
    return Line(tuple(known), len(found), single)
