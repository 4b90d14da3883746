"""Reading ``codes.toml``: what is in it, and what is wrong with it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from enrich.attack.table import Table
from enrich.errors import SettingsWrong

# Below a stated id, and tier by tier above the patterns.
CONFIDENCE_MAX: Final = 0.85
# Longest code, in characters.
CODE_MAX: Final = 80
FIELDS: Final = ("rule", "title", "category")
_TIERS: Final = ("strong", "usual", "loose", "weak")
_KEYS: Final = frozenset(("formats", "field", *_TIERS))
_ENTRY_KEYS: Final = frozenset(("technique", "outside", "needs"))

# Format or detector, field, and the code itself.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """What one code stands for. Equal to itself only.

    techniques: live uids. outside: the uids instead, when the source address is public; (): the same.
    confidence: 0-1. needs: at least one of these words must be in the alert; (): no condition.
    """

    techniques: tuple[str, ...]
    outside: tuple[str, ...]
    confidence: float
    needs: tuple[str, ...]


class CodeFile(NamedTuple):
    """What the file says.

    codes: what each stands for, each meaning with its condition. strip: what may stand before the title
    proper. ours: formats whose titles are Millrace's.
    """

    codes: dict[Key, tuple[Code, ...]]
    strip: tuple[str, ...]
    ours: frozenset[str]


def read_codes(data: bytes, table: Table) -> CodeFile:
    """Read the file's bytes.

    Raises SettingsWrong, naming the entry. Wrong are: an unknown key or field, an id that is not live, a
    confidence outside 0-CONFIDENCE_MAX, and a code that is empty, not lower case, too long or there twice.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise SettingsWrong(f"ATT&CK codes: not TOML: {error}") from None
    confidences, titles = document.pop("confidence", {}), document.pop("titles", {})
    if not isinstance(titles, dict) or titles.keys() - {"strip", "ours"}:
        raise _wrong("titles", "has strip and ours, and nothing else")
    strip, ours = (_texts(titles.get(key, []), "titles") for key in ("strip", "ours"))
    codes: dict[Key, tuple[Code, ...]] = {}
    for where, section in document.items():
        for key, meanings in _section(where, section, confidences, table):
            if key in codes:
                raise _wrong(where, f"{key[2]!r} of {key[0]} is there twice")
            codes[key] = meanings
    return CodeFile(codes, strip, frozenset(ours))


def _section(
    where: str, section: Any, confidences: Any, table: Table
) -> Iterator[tuple[Key, tuple[Code, ...]]]:
    if not isinstance(section, dict):
        raise _wrong(where, "must be a table")
    if unknown := section.keys() - _KEYS:
        raise _wrong(where, f"unknown key {min(unknown)!r}")
    formats, field = _texts(section.get("formats", []), where), section.get("field")
    if not formats or field not in FIELDS:
        raise _wrong(where, f"needs formats, and a field out of {', '.join(FIELDS)}")
    for tier in _TIERS:
        entries = section.get(tier, {})
        if not isinstance(entries, dict):
            raise _wrong(where, f"{tier} must be a table")
        confidence = confidences.get(tier) if isinstance(confidences, dict) else None
        if entries and (not isinstance(confidence, float) or not 0 < confidence <= CONFIDENCE_MAX):
            raise _wrong("confidence", f"{tier} must be a number above 0, at most {CONFIDENCE_MAX}")
        for text, entry in entries.items():
            if text != text.lower().strip() or not 1 <= len(text) <= CODE_MAX:
                raise _wrong(where, f"{text!r} must be lower case, with 1 to {CODE_MAX} characters")
            listed = entry if isinstance(entry, list) and entry and isinstance(entry[0], dict) else [entry]
            codes = tuple([_code(where, text, each, float(confidence or 0), table) for each in listed])
            for name in formats:
                yield (name, field, text), codes


def _code(where: str, text: str, entry: Any, confidence: float, table: Table) -> Code:
    said = entry if isinstance(entry, dict) else {"technique": entry}
    if unknown := said.keys() - _ENTRY_KEYS:
        raise _wrong(where, f"{text!r} has an unknown key {min(unknown)!r}")
    techniques, outside = (_texts(said.get(key, []), f"{where}: {text}") for key in ("technique", "outside"))
    if not techniques:
        raise _wrong(where, f"{text!r} names no technique")
    for uid in (*techniques, *outside):
        if uid not in table.techniques or not table.techniques[uid].live:
            raise _wrong(where, f"{text!r}: {uid!r} is not a live technique of ATT&CK {table.version}")
    return Code(techniques, outside, confidence, _texts(said.get("needs", []), f"{where}: {text}"))


def _texts(value: Any, where: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
        raise _wrong(where, "must be a text or a list of texts")
    return tuple(values)


def _wrong(where: str, what: str) -> SettingsWrong:
    return SettingsWrong(f"ATT&CK codes: {where}: {what}")
