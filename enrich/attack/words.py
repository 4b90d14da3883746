"""Finding many words in one pass over a text, as whole words. The time is linear, whatever words and text."""

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

import ahocorasick

T = TypeVar("T")

_GAPS: Final = ("-", "_", "  ")


class Words(Generic[T]):
    """Finds words in a text and says what is kept of each."""

    def __init__(self, kept: Mapping[str, T]) -> None:
        """Take lower-case words, each with what to give back for it."""
        automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY, ahocorasick.KEY_STRING)
        for words, value in kept.items():
            automaton.add_word(words, (words, len(words), value))
        if kept:
            automaton.make_automaton()
        self._automaton: Final = automaton if kept else None

    def places(self, text: str) -> list[tuple[int, int, str, T]]:
        """Return (start, end, words, value) of every whole word in this lower-case text, by rising end."""
        if self._automaton is None:
            return []
        found = []
        for last, (words, length, value) in self._automaton.iter(text):
            start = last + 1 - length
            if stands_alone(text, start, words):
                found.append((start, last + 1, words, value))
        return found


def lowered(text: str) -> str:
    """Return the text in lower case, with every character at its place.

    Of some characters (U+0130) the lower case is two: these stay, so that what is found can be pointed at.
    """
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join([low if len(low := char.lower()) == 1 else char for char in text])


def stands_alone(text: str, start: int, words: str) -> bool:
    """Return whether these words, found at start, are no part of a longer word.

    "at job" is not in "flat jobs", nor "new user" in "new user_name"; but where the words themselves are
    joined by "_", so may their neighbours be.
    """
    end = start + len(words)
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    # Blanks on both sides, mostly.
    if before == " " and after == " ":
        return True
    joint = "" if "_" in words else "_"
    if words[0].isalnum() and (before.isalnum() or before == joint):
        return False
    return not (words[-1].isalnum() and (after.isalnum() or after == joint))


def has_words(text: str, words: str) -> bool:
    """Return whether these words stand in the text as whole words."""
    start = text.find(words)
    while start >= 0:
        if stands_alone(text, start, words):
            return True
        start = text.find(words, start + 1)
    return False


def spellings(phrase: str) -> tuple[str, ...]:
    """Return the phrase as it may be written: blanks as they are, or all as "-", "_" or two blanks."""
    return (phrase, *(phrase.replace(" ", gap) for gap in _GAPS)) if " " in phrase else (phrase,)
