"""The Finding: one thing that is wrong with a feed, and what to do about it."""

from enum import StrEnum
from typing import Final, NamedTuple

from enrich.lint.tally import Place

# Below this share of the rows an error is a warning: a few broken rows are in every feed.
SHARE: Final = 0.01


class Level(StrEnum):
    """error: alerts are lost, or judged by what is not so. warning: look at it. note: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """One finding.

    code: stable, see docs/lint.md. about: the format, the source, or "feed".
    rows: that it is true of; share: of the rows of what it is about, 0-1, None where that says nothing. For
    ATT&CK both are of stated values. place: of one such row, None where no single row shows it. text: what is
    so, and what to do. It may hold text of the feed: show it through ``enrich.text.visible``.
    """

    level: Level
    code: str
    about: str
    rows: int
    share: float | None
    place: Place | None
    text: str


def graded(level: Level, share: float) -> Level:
    """Return the level, one lower where it is an error in less than SHARE of the rows."""
    return Level.WARNING if level is Level.ERROR and share < SHARE else level


def sorted_findings(found: list[Finding]) -> tuple[Finding, ...]:
    """Return the findings by level, then by falling rows."""
    order = list(Level)
    return tuple(sorted(found, key=lambda each: (order.index(each.level), -each.rows, each.code, each.about)))


def percent(share: float) -> str:
    """Return a share for a person: never 0 or 100 % where it is not.

    >>> percent(0.5), percent(0.9999), percent(0.00001)
    ('50 %', '>99.9 %', '<0.1 %')
    """
    if share in (0, 1):
        return "0 %" if not share else "100 %"
    if share < 0.001:
        return "<0.1 %"
    if share > 0.999:
        return ">99.9 %"
    return f"{share * 100:.1f} %" if share < 0.1 or share > 0.9 else f"{share * 100:.0f} %"


def span(ms: int) -> str:
    """Return a length of time, without its sign, as a person says it.

    >>> span(850), span(90_000), span(3 * 3_600_000)
    ('850 ms', '90 s', '3.0 h')
    """
    seconds = abs(ms) / 1000
    if seconds < 1:
        return f"{abs(ms)} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.1f} h"
    return f"{seconds / 86_400:,.1f} days"
