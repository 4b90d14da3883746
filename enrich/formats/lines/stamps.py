"""The times that lines of text write, where ``times`` does not know them → milliseconds since 1970 UTC.

A time without a year has no moment: the core knows no clock, and a year guessed wrong puts an alert a year
away. It is None, and the event's time is then the record's (``time_from_record``). A time without a zone is
UTC, as everywhere in Millrace; one with a zone that we do not know has no moment either.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from enrich.times import time_ms

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
# Zones by name, in minutes from UTC: those of RFC 2822, section 4.3, and those that mean one zone only
# wherever they are used. Not so: IST, CST (in Asia), BST, AST, SST.
_ZONES: Final = {
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0),
    **dict(
        zip(
            ("est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt"),
            (-300, -240, -360, -300, -420, -360, -480, -420),
            strict=True,
        )
    ),
    **dict.fromkeys(("cet", "west"), 60),
    **dict.fromkeys(("cest", "eet"), 120),
    **dict.fromkeys(("eest", "msk"), 180),
    **dict.fromkeys(("jst", "kst"), 540),
    **dict.fromkeys(("aest",), 600),
    **dict.fromkeys(("aedt",), 660),
}
_LONGEST: Final = 64
_WEEKDAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? +)?"
_MONTH: Final = "(" + "|".join(MONTHS) + ")[a-z]{0,6}"
_CLOCK: Final = r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:[.,]([0-9]{1,9}))?)?"
_ZONE: Final = r"(?: ?((?:utc|gmt)?[+-][0-9]{2}:?[0-9]{2}|[a-z]{1,5}))?"
_AM: Final = r"(?: ([ap])m)?"
# "Mar 15 2024 10:00:00 UTC", "Sat May 7 03:17:27 CDT 2011", "October 14, 2019 09:06:02"
_MONTH_FIRST: Final = re.compile(
    rf"{_WEEKDAY}{_MONTH} +([0-9]{{1,2}})(?:,? +([0-9]{{4}}),?)? {_CLOCK}{_AM}{_ZONE}(?: ([0-9]{{4}}))?", re.I
)
# "01/Apr/2014:00:00:01 -0500", "15 Mar 2024 10:00:00", "15-Mar-2024 10:00:00"
_DAY_FIRST: Final = re.compile(
    rf"{_WEEKDAY}([0-9]{{1,2}})[/ -]{_MONTH}[/ -]([0-9]{{4}})[: ,]+{_CLOCK}{_AM}{_ZONE}", re.I
)
# "03/05/2024-10:11:12.345678", Suricata's and Snort's own: month first.
_SNORT: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})-([0-9:]{8}(?:\.[0-9]{1,6})?)")
# "2014 Dec 20 09:29:47", "2015/01/29 21:09:49", "2005.06.03 10:00:00"; ISO-8601 is read by ``times``.
_YEAR_FIRST: Final = re.compile(
    rf"([0-9]{{4}})(?: {_MONTH} +([0-9]{{1,2}})|[/.-]([0-9]{{1,2}})[/.-]([0-9]{{1,2}}))"
    rf"[ T]{_CLOCK}{_AM}{_ZONE}",
    re.I,
)


@lru_cache(2048)
def moment(text: str) -> int | None:
    """Return the time in milliseconds since 1970 UTC; None where it is none, or where its year is not said.

    >>> moment("Sat May  7 03:17:27 CDT 2011"), moment("1/Apr/2014:00:00:01 -0500"), moment("May  7 03:17:27")
    (1304756247000, 1396328401000, None)
    """
    text = " ".join(text[:_LONGEST].split())
    found = time_ms(text)
    if found is not None:
        return found
    match = _MONTH_FIRST.fullmatch(text)
    if match is not None:
        year = match[3] or match[10]
        return None if year is None else _of(year, MONTHS[match[1].lower()], match[2], match.groups()[3:9])
    match = _DAY_FIRST.fullmatch(text)
    if match is not None:
        return _of(match[3], MONTHS[match[2].lower()], match[1], match.groups()[3:])
    match = _YEAR_FIRST.fullmatch(text)
    if match is not None:
        month = MONTHS[match[2].lower()] if match[2] else int(match[4])
        return _of(match[1], month, match[3] or match[5], match.groups()[5:])
    match = _SNORT.fullmatch(text)
    return None if match is None else time_ms(f"{match[3]}-{match[1]}-{match[2]} {match[4]}")


def says_no_year(text: str) -> bool:
    """Return whether this is a good time but for its year: nothing is wrong with it.

    >>> says_no_year("May  7 03:17:27"), says_no_year("yesterday")
    (True, False)
    """
    match = _MONTH_FIRST.fullmatch(" ".join(text[:_LONGEST].split()))
    return match is not None and match[3] is None and match[10] is None


def _of(year: str, month: int, day: str, clock: tuple[str | None, ...]) -> int | None:
    """Return the moment; clock: hour, minute, second, fraction, "a" or "p", zone."""
    hour, minute, second, fraction, half, zone = clock
    offset = _offset_minutes(zone)
    if offset is None:
        return None
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    try:
        whole = datetime(int(year), month, int(day), hours, int(minute or 0), tzinfo=UTC)
    except ValueError:
        return None
    if int(second or 0) > 60:
        return None
    ms = min(int(second or 0) * 1000 + int(((fraction or "") + "000")[:3]), 59_999)
    found = int(whole.timestamp()) * 1000 + ms - offset * 60_000
    return found if found >= 0 else None


def _offset_minutes(zone: str | None) -> int | None:
    if not zone:
        return 0
    zone = zone.lower()
    if zone[-1].isdigit():
        digits = zone.replace(":", "")
        minutes = int(digits[-4:-2]) * 60 + int(digits[-2:])
        return -minutes if "-" in zone else minutes
    return _ZONES.get(zone)


# Letters of Java's SimpleDateFormat, which LEEF's devTimeFormat uses, and what each may stand for.
# https://docs.oracle.com/javase/8/docs/api/java/text/SimpleDateFormat.html
_NUMBER: Final = re.compile(r"[0-9]{1,2}")
_NAME: Final = re.compile(r"[A-Za-z]{2,9}")
_ZONE_TEXT: Final = re.compile(r"(?:UTC|GMT)?[+-][0-9]{2}:?[0-9]{2}|[A-Za-z]{1,5}")
_LETTERS: Final = {
    "y": re.compile(r"[0-9]{2,4}"),
    "M": re.compile(r"[0-9]{1,2}|[A-Za-z]{3,9}"),
    **dict.fromkeys("dHhms", _NUMBER),
    "S": re.compile(r"[0-9]{1,9}"),
    "a": re.compile(r"[AaPp](?=\.?[Mm]\.?)"),
    "E": _NAME,
    **dict.fromkeys("zZX", _ZONE_TEXT),
}
_HALF_DAY_REST: Final = re.compile(r"\.?[Mm]\.?")
_TOKEN: Final = re.compile(r"'([^']{0,16})'|([A-Za-z])\2{0,8}|([^A-Za-z'])")


@lru_cache(64)
def _tokens(layout: str) -> tuple[tuple[str | None, str], ...]:
    """Return (letter, "") or (None, literal text) of each part of the layout; none where it is no layout."""
    found, at = [], 0
    for match in _TOKEN.finditer(layout):
        if match.start() != at or (match[2] is not None and match[2] not in _LETTERS):
            return ()
        at = match.end()
        found.append((match[2], match[3] or match[1] or "'"))
    return tuple(found) if at == len(layout) else ()


def moment_as(text: str, layout: str) -> int | None:
    """Return the time that a SimpleDateFormat layout describes; None where text or layout are none.

    >>> moment_as("2019-05-09 22:03:58.692466", "yyyy-MM-dd HH:mm:ss.SSS")
    1557439438692
    """
    text, layout = text.strip(), layout.strip()
    if len(text) > _LONGEST or len(layout) > _LONGEST:
        return None
    said: dict[str, str] = {}
    at = 0
    for letter, literal in _tokens(layout):
        if letter is None:
            if not text.startswith(literal, at):
                return None
            at += len(literal)
            continue
        match = _LETTERS[letter].match(text, at)
        if match is None:
            return None
        said[letter] = match[0]
        at = match.end()
        if letter == "a" and (rest := _HALF_DAY_REST.match(text, at)):
            at = rest.end()
    if at != len(text) or "y" not in said:
        return None
    month = said.get("M", "1")
    number = int(month) if month.isdigit() else MONTHS.get(month[:3].lower(), 0)
    year = said["y"] if len(said["y"]) == 4 else "20" + said["y"][-2:]
    hour = said.get("H") or said.get("h")
    zone = said.get("z") or said.get("Z") or said.get("X")
    clock = (hour, said.get("m"), said.get("s"), said.get("S"), said.get("a"), zone)
    return _of(year, number, said.get("d", "1"), clock)
