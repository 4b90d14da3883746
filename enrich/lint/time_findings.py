"""What is wrong with a format's times, by its counts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from enrich.errors import QualityCode
from enrich.lint.facts import Facts
from enrich.lint.finding import Finding, Level, graded, span
from enrich.lint.report import Report
from enrich.lint.tally import Mark
from enrich.lint.times import UNITS, Kind

# Texts shown of times that cannot be read.
SHOWN: Final = 2
# A step forward in event time that may be one wrong clock, and make all others late.
LEAP_MS: Final = 6 * 3_600_000


def time_findings(name: str, facts: Facts, report: Report) -> Iterator[Finding]:
    """Yield what is wrong with the times of one format."""
    times, alerts = facts.times, facts.alerts

    def of(mark: Mark, level: Level, code: str, text: str) -> Iterator[Finding]:
        if mark.rows:
            share = mark.rows / alerts
            yield Finding(graded(level, share), code, name, mark.rows, share, mark.place, text)

    yield from of(
        *(times.none, Level.ERROR, "time_missing"),
        "no time: the record's stands in, and what is late or replayed seems new; let the producer state it",
    )
    yield from of(
        *(times.yearless, Level.WARNING, "time_yearless"),
        "a time without a year: the record's stands in; let the producer write the year (RFC 5424)",
    )
    bad = times.bad.most()
    if bad:
        unread = Mark()
        for _, rows, place in bad:
            unread.add(place, rows)
        unread.rows += times.bad.beyond
        shown = ", ".join(f"“{text}”" for text, _, _ in bad[:SHOWN] if text)
        yield from of(
            *(unread, Level.ERROR, QualityCode.BAD_TIME),
            f"a time that cannot be read{f' ({shown})' if shown else ''}: the record's stands in; write "
            "ISO-8601 with a zone",
        )
    yield from of(
        *(times.thousandth, Level.ERROR, "seconds_for_milliseconds"),
        "January 1970, and 1,000 times as long after 1970 lies in our days: somebody took seconds for "
        "milliseconds; mend the conversion",
    )
    yield from of(
        *(times.early, Level.ERROR, "time_before_1990"),
        "before 1990: a clock that was not set, or a counter in the time's field; map the right field",
    )
    yield from of(
        *(times.future, Level.ERROR, QualityCode.TIME_IN_FUTURE),
        f"more than 5 min in the future, {span(times.ahead_ms)} at most: not counted in the history; set the "
        "clock or the zone of the source",
    )
    leap = f"; the widest leap forward, {span(report.leap_ms)}, is at {report.leap_place}"
    yield from of(
        *(times.late, Level.WARNING, QualityCode.TIME_TOO_OLD),
        "more than 60 min behind what came before: not counted in the history; send in order of time"
        + (leap if report.leap_ms > LEAP_MS else ""),
    )
    yield from _kinds(name, facts)


def _kinds(name: str, facts: Facts) -> Iterator[Finding]:
    kinds = facts.times.kinds.most()
    units = [each for each in kinds if each.key in UNITS]
    if len(units) > 1:
        said = " and ".join(f"{each.rows:,} in {each.key}" for each in units)
        rows = sum(each.rows for each in units[1:])
        text = (
            f"times since 1970 in several units, {said}: Millrace tells them apart by size, others will not; "
            "the place is the first of the rarer"
        )
        place = units[1].place
        yield Finding(Level.WARNING, "time_units_mixed", name, rows, rows / facts.alerts, place, text)
    for key, rows, place in kinds:
        if key is Kind.ZONELESS:
            text = (
                "no zone in the text, taken as UTC: if the source writes local time, every time is hours "
                "off; write the zone"
            )
            yield Finding(Level.WARNING, "time_zoneless", name, rows, rows / facts.alerts, place, text)


def day(time_ms: int) -> str:
    """Return a moment as date and time of day in UTC.

    >>> day(1_700_000_000_000)
    '2023-11-14 22:13'
    """
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
