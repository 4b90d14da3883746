"""The words of a text, line by line: a new text is mostly made of lines that were seen before."""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, Final, NamedTuple

LINES: Final = 8_192
# Only short lines are remembered: whoever writes long ones must not fill the memory.
_SHORT: Final = 256
# Patterns that no line break is part of: scikit-learn's own, and that of ``training.fit``.
_PATTERNS: Final = (r"(?u)\b\w\w+\b", r"(?u)\b[^\W\d]\w+\b")
_PLAIN: Final = {
    "analyzer": "word",
    "ngram_range": (1, 1),
    "lowercase": True,
    **dict.fromkeys(("tokenizer", "preprocessor", "strip_accents", "stop_words")),
}


class Line(NamedTuple):
    """known: those of its words that the vocabulary has, in order. words: how many it has in all."""

    known: tuple[str, ...]
    words: int


class Words:
    """Reads texts for a fitted TfidfVectorizer, and gives the weights that it gives itself, bit for bit.

    Where it counts single words, none of which can span two lines, the words of a text are those of its
    lines. A vectorizer of another kind reads the whole text itself.
    """

    def __init__(self, vectorizer: Any) -> None:
        plain = all(getattr(vectorizer, name) == value for name, value in _PLAIN.items())
        self._vectorizer: Final = copy(vectorizer)
        if plain and vectorizer.token_pattern in _PATTERNS:
            self._vectorizer.analyzer = self._known
        self._find: Final = re.compile(vectorizer.token_pattern).findall
        # The word itself is kept, not the text's copy of it.
        self._vocabulary: Final = {word: word for word in vectorizer.vocabulary_}
        self._remembered: Final = lru_cache(LINES)(self._read)

    def line(self, text: str) -> Line:
        """Return the words of one line, in lower case."""
        return self._remembered(text) if len(text) <= _SHORT else self._read(text)

    def share(self, lines: Iterable[str]) -> float:
        """Return the share of these lines' words that the vocabulary has, 0-1; 0 without words."""
        known = words = 0
        for text in lines:
            line = self.line(text)
            known += len(line.known)
            words += line.words
        return known / words if words else 0.0

    def weights(self, texts: Sequence[str]) -> Any:
        """Return the tf-idf of each text, a CSR matrix of shape (n, v)."""
        return self._vectorizer.transform(texts)

    def _known(self, text: str) -> list[str]:
        return [word for line in text.split("\n") for word in self.line(line).known]

    def _read(self, text: str) -> Line:
        found = self._find(text.lower())
        own = self._vocabulary
        return Line(tuple([own[word] for word in found if word in own]), len(found))
