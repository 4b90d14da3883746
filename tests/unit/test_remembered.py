"""What is remembered of texts: the same answers, each asked for once, within a bound."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.remembered import CHARACTERS, Remembered


def lengths(texts: list[str]) -> Iterable[int]:
    return [len(text) for text in texts]


@given(st.lists(st.lists(st.text(max_size=5), max_size=12), max_size=12))
def test_the_answers_are_those_of_the_texts_in_their_order(batches: list[list[str]]) -> None:
    kept = Remembered[int](10)
    for texts in batches:
        before = len(kept)
        assert kept.of(texts, lengths) == [len(text) for text in texts]
        assert len(kept) <= max(10, before, len(set(texts)))
        assert kept.characters == sum(map(len, kept))


def test_a_text_is_asked_for_once() -> None:
    asked: list[str] = []

    def told(texts: list[str]) -> Iterable[int]:
        asked.extend(texts)
        return lengths(texts)

    kept = Remembered[int](10)
    for texts in (["a", "b", "a"], ["b", "c"]):
        kept.of(texts, told)
    assert asked == ["a", "b", "c"]


def test_long_texts_are_bounded_by_their_characters() -> None:
    kept = Remembered[int](10_000)
    for number in range(3 * CHARACTERS // 4_096):
        kept.of([str(number).ljust(4_096)], lengths)
        assert sum(map(len, kept)) <= CHARACTERS


def test_of_texts_that_could_not_be_read_nothing_is_remembered() -> None:
    def broken(texts: list[str]) -> Iterable[int]:
        yield 1
        raise ValueError

    kept = Remembered[int](10)
    with pytest.raises(ValueError):  # noqa: PT011 - ours
        kept.of(["a", "b"], broken)
    assert (dict(kept), kept.characters, kept.of(["a"], lengths)) == ({}, 0, [1])
