"""Reading ``patterns.toml``: what is in it, and what is wrong with it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from enrich.attack.table import Table
from enrich.attack.words import spellings
from enrich.errors import SettingsWrong

# No pattern may reach the confidence of a stated id.
CONFIDENCE_MAX: Final = 0.85
PHRASE_MIN: Final = 2
PHRASE_MAX: Final = 60
PARTS_MAX: Final = 3
_TIERS: Final = ("strong", "usual", "loose", "weak")
_KEYS: Final = frozenset({*_TIERS, "near", "outside", "also", "needs", "not"})
_PART: Final = " + "


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Phrases of one technique and one tier, or words that stand near each other. Equal to itself only.

    technique: live uid. outside: the uid instead, when the source address is public; None: the same.
    also: further uids with the same evidence. confidence: 0-1, in the title, class or command line.
    phrases: one of them is enough. near: a word of each of these groups, near each other; either of the two
    is empty. needs: at least one must be in the same text; not_: none may be, both with all their spellings.
    """

    technique: str
    outside: str | None
    also: tuple[str, ...]
    confidence: float
    phrases: tuple[str, ...]
    near: tuple[tuple[str, ...], ...]
    needs: tuple[str, ...]
    not_: tuple[str, ...]


class PatternFile(NamedTuple):
    """What the file says.

    patterns: in its order, then the names. elsewhere: what a confidence is multiplied with when the words
    stand in the message, the URL or the user agent. more: what each further pattern of a technique adds.
    ordinary: phrases of titles in which words near each other say nothing, with all their spellings.
    """

    patterns: tuple[Pattern, ...]
    elsewhere: float
    more: float
    ordinary: tuple[str, ...]


def read_patterns(data: bytes, table: Table) -> PatternFile:
    """Read the file's bytes.

    Raises SettingsWrong, naming the entry. Wrong are: an unknown key, an id that is not live, a confidence
    outside 0-CONFIDENCE_MAX, and a phrase that is empty, not lower case, too short or long.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise SettingsWrong(f"ATT&CK patterns: not TOML: {error}") from None
    confidences, names = document.pop("confidence", {}), document.pop("names", None)
    words, plain = document.pop("words", {}), document.pop("ordinary", {})
    ordinary = tuple(way for phrase in _phrases(plain, "phrases", "ordinary") for way in spellings(phrase))
    sets = {name: _phrases(words, name, "words") for name in words}
    elsewhere, more = (_confidence(confidences, key, "confidence") for key in ("elsewhere", "more"))
    curated = [one for uid, entry in document.items() for one in _entry(uid, entry, confidences, sets, table)]
    if names is not None:
        curated.extend(_names(names, curated, table))
    return PatternFile(tuple(curated), elsewhere, more, ordinary)


def _entry(
    uid: str, entry: Any, confidences: dict[str, Any], sets: Mapping[str, tuple[str, ...]], table: Table
) -> Iterator[Pattern]:
    if not isinstance(entry, dict) or not entry.keys() & {*_TIERS, "near"}:
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
    for tier in (*_TIERS, "near"):
        if tier in entry:
            confidence = _confidence(confidences, tier, "confidence")
            if not entry[tier]:
                raise _wrong(uid, f"{tier} is empty")
            if tier == "near":
                for text in _list(entry, tier, uid):
                    yield Pattern(uid, outside, (), confidence, (), _near(text, sets, uid), needs, not_)
            else:
                phrases = _phrases(entry, tier, uid)
                yield Pattern(uid, outside, also, confidence, phrases, (), needs, not_)


def _near(text: str, sets: Mapping[str, tuple[str, ...]], where: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups of words of "service|driver + {made}"."""
    parts = text.split(_PART)
    if not 2 <= len(parts) <= PARTS_MAX:
        raise _wrong(where, f"{text!r} must have 2 to {PARTS_MAX} parts, with ' + ' between them")
    groups = []
    for part in parts:
        group: list[str] = []
        for word in part.split("|"):
            if word[:1] == "{" and word[-1:] == "}":
                if word[1:-1] not in sets:
                    raise _wrong(where, f"{text!r}: no words are called {word[1:-1]!r}")
                group.extend(sets[word[1:-1]])
            else:
                _check(word, where)
                group.append(word)
        groups.append(tuple(dict.fromkeys(group)))
    return tuple(groups)


def _names(section: dict[str, Any], curated: list[Pattern], table: Table) -> Iterator[Pattern]:
    """Yield a pattern per name of a technique, of two words or more, that is neither skipped nor a phrase."""
    confidence, skip = _confidence(section, "confidence", "names"), set(_list(section, "skip", "names"))
    if unknown := skip - table.names.keys():
        raise _wrong("names", f"no technique is called {min(unknown)!r}")
    taken = skip.union(*(spellings(phrase) for pattern in curated for phrase in pattern.phrases))
    for name, uid in table.names.items():
        if " " in name and len(name) <= PHRASE_MAX and not taken.intersection(spellings(name)):
            yield Pattern(uid, None, (), confidence, (name,), (), (), ())


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
        _check(phrase, where)
    return phrases


def _check(phrase: str, where: str) -> None:
    if phrase != " ".join(phrase.lower().split()):
        raise _wrong(where, f"{phrase!r} must be lower case, with single blanks")
    if not PHRASE_MIN <= len(phrase) <= PHRASE_MAX:
        raise _wrong(where, f"{phrase!r} must have {PHRASE_MIN} to {PHRASE_MAX} characters")


def _wrong(where: str, what: str) -> SettingsWrong:
    return SettingsWrong(f"ATT&CK patterns: {where}: {what}")
