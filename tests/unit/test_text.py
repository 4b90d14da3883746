"""visible: nothing unseen, nothing lost, once is enough."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.text import visible, without_surrogates

SHOWN = {
    "plain text": ("a b-c", "a b-c"),
    "accents and emoji": ("Grüße 日本 😀", "Grüße 日本 😀"),
    "rich's markup": ("[red]x[/red] [link=http://e]y[/link]", "[red]x[/red] [link=http://e]y[/link]"),
    "an ANSI colour": ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
    "an 8-bit control sequence": ("\x9b31m", "‹U+009B›31m"),
    "a tab and a newline": ("a\tb\r\nc", "a␉b␍␊c"),
    "a NUL and a DEL": ("\x00\x7f", "␀␡"),
    "a bidi override": ("photo_\u202egpj.exe", "photo_‹U+202E›gpj.exe"),
    "bidi isolates": ("\u2066\u2069", "‹U+2066›‹U+2069›"),
    "bidi marks": ("\u200e\u200f\u061c", "‹U+200E›‹U+200F›‹U+061C›"),
    "zero-width characters": (
        "a\u200bb\u200cc\u200dd\u2060e\ufefff",
        "a‹U+200B›b‹U+200C›c‹U+200D›d‹U+2060›e‹U+FEFF›f",
    ),
    "a soft hyphen": ("pay\u00adpal", "pay‹U+00AD›pal"),
    "line separators": ("a\u2028b\u2029c\u0085d", "a‹U+2028›b‹U+2029›c‹U+0085›d"),
    "tag characters": ("\U000e0041", "‹U+E0041›"),
    "variation selectors": ("\ufe0f\U000e0100", "‹U+FE0F›‹U+E0100›"),
    "private use": ("\ue000\U0010fffd", "‹U+E000›‹U+10FFFD›"),
    "a lone surrogate": ("\ud800", "‹U+D800›"),
    "Hangul fillers": ("\u3164\uffa0\u115f", "‹U+3164›‹U+FFA0›‹U+115F›"),
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.values(), ids=SHOWN.keys())
def test_what_cannot_be_seen_is_written_out(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text(st.characters()))
def test_nothing_is_left_that_unicode_calls_control_format_surrogate_private_or_separator(text: str) -> None:
    assert not {unicodedata.category(char) for char in visible(text)} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(st.characters()), st.none() | st.integers(1, 40))
def test_showing_twice_is_showing_once(text: str, limit: int | None) -> None:
    assert visible(visible(text, limit), limit) == visible(text, limit)


@given(st.text(st.characters()), st.integers(0, 40))
def test_no_more_than_the_limit_is_shown(text: str, limit: int) -> None:
    assert len(visible(text, limit)) <= limit


@given(st.text(st.characters()))
def test_what_is_shown_can_be_written_as_utf8(text: str) -> None:
    visible(text).encode()


def test_a_cut_text_says_so() -> None:
    assert visible("abcdef", 4) == "abc…"


def test_a_text_as_long_as_the_limit_is_whole() -> None:
    assert visible("abcd", 4) == "abcd"


def test_a_text_that_grows_beyond_the_limit_is_cut_too() -> None:
    assert visible("\u202e\u202e", 10) == "‹U+202E›‹…"


def test_lone_surrogates_become_the_replacement_character() -> None:
    assert without_surrogates("a\ud800b\udc00") == "a\ufffdb\ufffd"


def test_a_text_without_surrogates_is_the_same_object() -> None:
    text = "a😀"
    assert without_surrogates(text) is text
