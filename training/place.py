"""Where a row stands, and the checked reading of its fields: whatever is wrong is refused by file and row."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, NoReturn

from enrich.errors import CorpusRefused, Quality
from enrich.formats import fields

_DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
# Of a wrong value so much is shown: a corpus may hold a team's own alerts.
_SHOWN: Final = 40


class Place(NamedTuple):
    """path: file, as people know it. row: line, record or rule in it, from 1."""

    path: str
    row: int

    def refuse(self, why: str) -> NoReturn:
        """Raise CorpusRefused, in one line."""
        raise CorpusRefused(f"{self.path}:{self.row}: {' '.join(why.split())}")

    def text(self, doc: Mapping[str, Any], key: str, empty: bool = False) -> str:
        """Return a text without blanks around it. empty: whether it may be missing or empty."""
        value = doc.get(key)
        if value is None and empty:
            return ""
        if type(value) is not str or not (value.strip() or empty):
            self.refuse(f"{key} is {'missing' if value is None else 'no text'}")
        return value.strip()

    def texts(self, doc: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """Return a list of texts, each once; () where it is missing; a text alone is a list of one."""
        value = doc.get(key)
        if value is None:
            return ()
        if type(value) is str:
            value = [value]
        if type(value) is not list or not all(type(each) is str for each in value):
            self.refuse(f"{key} is no list of texts")
        return tuple(dict.fromkeys(each.strip() for each in value if each.strip()))

    def part(self, doc: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Return an object, empty where it is missing."""
        value = doc.get(key)
        if value is None:
            return {}
        if type(value) is not dict:
            self.refuse(f"{key} is no object")
        return value

    def parts(self, doc: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        """Return a list of objects, empty where it is missing."""
        value = doc.get(key)
        if value is None:
            return []
        if type(value) is not list or not all(type(each) is dict for each in value):
            self.refuse(f"{key} is no list of objects")
        return value

    def one_of(self, value: object, known: Collection[str], key: str) -> str:
        """Return a word in lower case. Raises CorpusRefused for one that is not known: another scale?"""
        word = value.strip().lower() if type(value) is str else ""
        if word not in known:
            self.refuse(f"{key} is {shown(value)!r}, not one of {', '.join(known)}")
        return word

    def number(self, value: object, least: int, most: int, key: str) -> int:
        """Return a whole number of a scale, given as a number or as its text.

        Shares such as 0.64 are another scale, and refused.
        """
        found = value
        if type(value) is str and re.fullmatch(r"-?\d{1,9}(\.0+)?", value.strip()):
            found = float(value)
        if type(found) is float and found.is_integer():
            found = int(found)
        if type(found) is not int or not least <= found <= most:
            self.refuse(f"{key} is {shown(value)!r}, not a whole number of {least}-{most}")
        return found

    def number_ms(self, value: object, key: str) -> int:
        """Return milliseconds since 1970."""
        if type(value) is not int or not 0 <= value < 253_402_300_800_000:
            self.refuse(f"{key} is {shown(value)!r}, not milliseconds since 1970")
        return value

    def day_ms(self, value: object, key: str) -> int | None:
        """Return midnight UTC of "2024-01-31" or "2024/01/31", None where it is missing."""
        if value is None or value == "":
            return None
        match = _DATE.match(value) if type(value) is str else None
        try:
            if match is None:
                raise ValueError
            return int(datetime(*map(int, match.groups()), tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type,misc]
        except ValueError:
            self.refuse(f"{key} is {shown(value)!r}, not a date such as 2024-01-31")

    def time_ms(self, value: object, key: str) -> int | None:
        """Return a time as the formats read it, None where it is missing."""
        if value is None or value == "":
            return None
        found: list[Quality] = []
        moment, _ = fields.time(value, key, found)
        if moment is None:
            self.refuse(f"{key} is {shown(value)!r}, not a time")
        return moment


def shown(value: object) -> str:
    """Return the beginning of a value; of lists and objects, which may hold themselves, only what they are.

    >>> shown("x" * 50) == "x" * 40, shown([1]), shown(None)
    (True, 'a list', 'None')
    """
    if value is None or isinstance(value, str | int | float):
        return str(value)[:_SHOWN]
    return f"a {type(value).__name__}"
