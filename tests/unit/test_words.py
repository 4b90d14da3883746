"""Texts are read line by line, with the weights that the vectorizer gives itself, bit for bit."""

import gc
import re
import weakref
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from enrich.words import CHARACTERS, Words
from training.fit import WORD

SOME = ("scan", "of", "σας", "server", "log1n", "ümlaut", "straße", "a1", "über_all", "x")
words = st.sampled_from([*SOME, *map(str.upper, SOME), "ΣΑΣ", "unknown", "7", "1a", "."]) | st.text(
    max_size=6
)
gaps = st.sampled_from([" ", "\n", "\n\n", "\r", "\x85", "\u2028", "-", "_", ""])
texts = st.lists(st.tuples(words, gaps), max_size=60).map(lambda parts: "".join(a + b for a, b in parts))


@cache
def fitted(
    pattern: str,
    ngrams: tuple[int, int] = (1, 1),
    lowercase: bool = True,
    sublinear: bool = True,
    dtype: type = np.float32,
    stop_words: str | None = None,
) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(
        sublinear_tf=sublinear,
        token_pattern=pattern,
        dtype=dtype,
        ngram_range=ngrams,
        lowercase=lowercase,
        stop_words=stop_words,
    )
    return vectorizer.fit([" ".join(SOME), "scan of server\nlog1n of σας", "x a1"])


KINDS = {
    "training": fitted(WORD),
    "counts as they are": fitted(WORD, sublinear=False),
    "double": fitted(WORD, dtype=np.float64),
    "scikit-learn": fitted(r"(?u)\b\w\w+\b"),
    "pairs": fitted(WORD, (1, 2)),
    "without stop words": fitted(WORD, stop_words="english"),
    "any case": fitted(WORD, lowercase=False),
    "across lines": fitted(r"(?u)\b\w+\s\w+\b"),
}


@pytest.mark.parametrize("kind", KINDS)
@given(some=st.lists(texts, min_size=1, max_size=4))
def test_weights_are_those_of_the_vectorizer(kind: str, some: list[str]) -> None:
    vectorizer = KINDS[kind]
    got, expected = Words(vectorizer).weights(some), vectorizer.transform(some)
    assert got.ends == expected.indptr.tolist()
    assert got.columns.tolist() == expected.indices.tolist()
    assert got.weights.dtype == expected.data.dtype
    assert got.weights.tobytes() == expected.data.tobytes()


@given(texts)
def test_the_share_of_known_words_is_that_of_the_whole_text(text: str) -> None:
    vectorizer = KINDS["training"]
    found = re.findall(WORD, text.lower())
    known = sum(word in vectorizer.vocabulary_ for word in found)
    assert Words(vectorizer).share(text.split("\n")) == (known / len(found) if found else 0.0)


def test_the_pattern_of_training_is_read_by_line() -> None:
    assert Words(KINDS["training"]).plain
    assert not Words(KINDS["pairs"]).plain


def test_long_lines_are_read_and_not_remembered() -> None:
    words = Words(KINDS["training"])
    assert words.line("scan " * 100).words == 100
    assert words._remembered.held == 0


def test_short_lines_are_remembered_within_a_bound() -> None:
    words = Words(KINDS["training"])
    for number in range(3 * CHARACTERS // 250):
        words.line(f"{number:06} ".ljust(250, "x"))
    assert 0 < words._remembered.held <= 2 * CHARACTERS


def test_words_that_are_given_up_are_gone_at_once_and_not_when_the_collector_comes() -> None:
    # Of what was there when a worker started it never comes.
    words = Words(KINDS["training"])
    words.line("scan of ports")
    gone = weakref.ref(words)
    gc.disable()
    try:
        del words
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("stop_words", [None, "english"])
@given(some=st.lists(texts.map(lambda text: text.replace("\n", " ")), min_size=1, max_size=4))
def test_weights_of_pairs_are_those_of_the_vectorizer_where_a_text_is_one_line(
    stop_words: str | None, some: list[str]
) -> None:
    vectorizer = fitted(WORD, (1, 2), stop_words=stop_words)
    words = Words(vectorizer, one_line=True)
    assert words.plain
    got, expected = words.weights(some), vectorizer.transform(some)
    assert got.columns.tolist() == expected.indices.tolist()
    assert got.weights.tobytes() == expected.data.tobytes()
