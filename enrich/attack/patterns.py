"""The second rung: words that point at a technique, from ``patterns.toml``, found in one pass."""

import tomllib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import ahocorasick

from enrich.attack.table import Table
from enrich.errors import SettingsWrong

# No pattern may reach the confidence of a stated id.
CONFIDENCE_MAX: Final = 0.85
PHRASE_MIN: Final = 2
PHRASE_MAX: Final = 60
_TIERS: Final = ("strong", "usual", "loose", "weak")
_KEYS: Final = frozenset({*_TIERS, "outside", "also", "needs", "not"})
_GAPS: Final = ("-", "_", "  ")


class Pattern(NamedTuple):
    """The phrases of one technique and one tier.

    technique: live uid. outside: the uid instead, when the source address is public; None: the same.
    also: further uids with the same evidence. confidence: 0-1, in the title, class or command line.
    needs: at least one must be in the same text; not_: none may be. Both with all their spellings.
    """

    technique: str
    outside: str | None
    also: tuple[str, ...]
    confidence: float
    phrases: tuple[str, ...]
    needs: tuple[str, ...]
    not_: tuple[str, ...]


class Match(NamedTuple):
    """A pattern that holds in a text, and its evidence: the longest of its phrases, the first of equals."""

    pattern: Pattern
    evidence: str


class Patterns:
    """Finds patterns in lower-case text. Time is linear in the text, whatever the text and the patterns.

    all: in the order of the file, then the names. of: the pattern of each spelling.
    elsewhere: what a pattern's confidence is multiplied with when its words stand in the message, the URL or
    the user agent.
    """

    def __init__(self, data: bytes, table: Table) -> None:
        """Read the file's bytes and build the automaton (some 30 ms). Raises SettingsWrong, naming the entry.

        Wrong are: an unknown key, an id that is not live, a confidence outside 0-CONFIDENCE_MAX, and a phrase
        that is empty, not lower case, too short or long, or there twice in one of its spellings.
        """
        try:
            document = tomllib.loads(data.decode("utf-8"))
        except ValueError as error:
            raise SettingsWrong(f"ATT&CK patterns: not TOML: {error}") from None
        confidences, names = document.pop("confidence", {}), document.pop("names", None)
        self.elsewhere: Final = _confidence(confidences, "elsewhere", "confidence")
        self.all: Final = (
            *(one for uid, entry in document.items() for one in _entry(uid, entry, confidences, table)),
            *(_names(names, document, table) if names is not None else ()),
        )
        self.of: Final[dict[str, Pattern]] = {}
        automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY, ahocorasick.KEY_STRING)
        for number, pattern in enumerate(self.all):
            for spelling in (way for phrase in pattern.phrases for way in spellings(phrase)):
                if spelling in automaton:
                    raise _wrong(pattern.technique, f"{spelling!r} is a phrase of another entry too")
                automaton.add_word(spelling, (number, spelling))
                self.of[spelling] = pattern
        automaton.make_automaton()
        self._automaton: Final = automaton

    def matches(self, text: str) -> tuple[Match, ...]:
        """Return what holds in this text, in any case, one Match per pattern, in the order of ``all``."""
        text = text.lower()
        found: dict[int, str] = {}
        for last, (number, words) in self._automaton.iter(text):
            longer = number not in found or len(words) > len(found[number])
            if longer and _stands_alone(text, last - len(words) + 1, words):
                found[number] = words
        if not found:
            return ()
        patterns = [(self.all[number], found[number]) for number in sorted(found)]
        return tuple([Match(pattern, words) for pattern, words in patterns if _holds(pattern, text)])


def _holds(pattern: Pattern, text: str) -> bool:
    if pattern.needs and not any(has_words(text, words) for words in pattern.needs):
        return False
    return not any(has_words(text, words) for words in pattern.not_)


def _stands_alone(text: str, start: int, words: str) -> bool:
    """Return whether these words, found at start, are no part of a longer word.

    "at job" is not in "flat jobs", nor "new user" in "new user_name"; but where the words themselves are
    joined by "_", so may their neighbours be.
    """
    joint = "" if "_" in words else "_"
    end = start + len(words)
    if start > 0 and words[0].isalnum() and (text[start - 1].isalnum() or text[start - 1] == joint):
        return False
    return not (end < len(text) and words[-1].isalnum() and (text[end].isalnum() or text[end] == joint))


def has_words(text: str, words: str) -> bool:
    """Return whether these words stand in the text as whole words."""
    start = text.find(words)
    while start >= 0:
        if _stands_alone(text, start, words):
            return True
        start = text.find(words, start + 1)
    return False


def spellings(phrase: str) -> tuple[str, ...]:
    """Return the phrase as it may be written: blanks as they are, or all as "-", "_" or two blanks."""
    return (phrase, *(phrase.replace(" ", gap) for gap in _GAPS)) if " " in phrase else (phrase,)


def _entry(uid: str, entry: Any, confidences: dict[str, Any], table: Table) -> Iterator[Pattern]:
    if not isinstance(entry, dict) or not entry.keys() & set(_TIERS):
        raise _wrong(uid, "has no phrases")
    if unknown := entry.keys() - _KEYS:
        raise _wrong(uid, f"unknown key {min(unknown)!r}")
    outside, also = entry.get("outside"), _list(entry, "also", uid)
    for one in (uid, *also, *(() if outside is None else (outside,))):
        if one not in table.techniques or not table.techniques[one].live:
            raise _wrong(uid, f"{one!r} is not a live technique of ATT&CK {table.version}")
    needs, not_ = (
        tuple(way for phrase in _phrases(entry, key, uid) for way in spellings(phrase))
        for key in ("needs", "not")
    )
    for tier in _TIERS:
        if tier in entry:
            confidence = _confidence(confidences, tier, "confidence")
            phrases = _phrases(entry, tier, uid)
            if not phrases:
                raise _wrong(uid, f"{tier} is empty")
            yield Pattern(uid, outside, also, confidence, phrases, needs, not_)


def _names(section: dict[str, Any], document: dict[str, Any], table: Table) -> Iterator[Pattern]:
    """Yield a pattern per name of a technique, of two words or more, that is neither skipped nor a phrase."""
    confidence, skip = _confidence(section, "confidence", "names"), set(_list(section, "skip", "names"))
    if unknown := skip - table.names.keys():
        raise _wrong("names", f"no technique is called {min(unknown)!r}")
    phrases = (phrase for entry in document.values() for tier in _TIERS for phrase in entry.get(tier, ()))
    taken = skip.union(*map(spellings, phrases))
    for name, uid in table.names.items():
        if " " in name and len(name) <= PHRASE_MAX and not taken.intersection(spellings(name)):
            yield Pattern(uid, None, (), confidence, (name,), (), ())


def _confidence(section: dict[str, Any], key: str, where: str) -> float:
    value = section.get(key)
    if not isinstance(value, float) or not 0 < value <= CONFIDENCE_MAX:
        raise _wrong(where, f"{key} must be a number above 0, at most {CONFIDENCE_MAX}")
    return value


def _list(section: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = section.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _wrong(where, f"{key} must be a list of texts")
    return tuple(values)


def _phrases(section: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    phrases = _list(section, key, where)
    for phrase in phrases:
        if phrase != " ".join(phrase.lower().split()):
            raise _wrong(where, f"{phrase!r} must be lower case, with single blanks")
        if not PHRASE_MIN <= len(phrase) <= PHRASE_MAX:
            raise _wrong(where, f"{phrase!r} must have {PHRASE_MIN} to {PHRASE_MAX} characters")
    return phrases


def _wrong(where: str, what: str) -> SettingsWrong:
    return SettingsWrong(f"ATT&CK patterns: {where}: {what}")
