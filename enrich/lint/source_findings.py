"""What is wrong with single sources: zones, clocks, delays, order, silence."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from enrich.lint.finding import Finding, Level, graded, span
from enrich.lint.report import Report
from enrich.lint.sources import DETECTORS, DEVICES, SILENCE, Name, Source
from enrich.lint.tally import Spread
from enrich.lint.time_findings import day

# Sources named in one sentence.
NAMED: Final = 3
# A delay is judged by so many rows.
ROWS: Final = 20
# Zones differ by quarter hours, from UTC-12 to UTC+14. A source in a wrong zone is that far away, give or
# take its own delay, and always equally far: a shipper that waits has delays that vary.
QUARTER_MS: Final = 900_000
EAST_MS: Final = 14 * 3_600_000
WEST_MS: Final = 12 * 3_600_000
EARLY_MS: Final = 60_000
LATE_MS: Final = 240_000
STEADY_MS: Final = 300_000
# A clock ahead of the broker's by more than this is one that nobody sets.
AHEAD_MS: Final = 2_000
# Delays that a person should know of.
DELAY_MS: Final = 600_000
OUT_OF_ORDER: Final = 0.01


class _Trouble(NamedTuple):
    """One thing that is wrong with one source. key: sources that have it in common stand in one finding."""

    key: tuple[str, str]
    name: Name
    rows: int
    share: float
    source: Source


def zone_minutes(delay: Spread) -> int | None:
    """Return how far east of UTC a source's times are, by whole quarter hours; None: it is no zone.

    delay: record time − event time in milliseconds.
    """
    if delay.told < ROWS or delay.q3 - delay.q1 > STEADY_MS:
        return None
    quarters = -((delay.median + QUARTER_MS // 2) // QUARTER_MS)
    offset = quarters * QUARTER_MS
    left = delay.median + offset
    if not quarters or not -WEST_MS <= offset <= EAST_MS or not -EARLY_MS <= left <= LATE_MS:
        return None
    return offset // 60_000


def zone_name(minutes: int) -> str:
    """Return the name of an offset.

    >>> zone_name(-330)
    'UTC-05:30'
    """
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def source_findings(report: Report) -> Iterator[Finding]:
    """Yield what is wrong with sources: with a detector as a whole, else with the devices that have it."""
    # Rows that the history does not count are told as such.
    late = {name for name, facts in report.formats.items() if facts.times.late.rows}
    whole = [
        trouble
        for trouble in _troubles(report.sources.detectors, report.end_ms)
        if not (trouble.key[0] == "out_of_order" and trouble.name.format in late)
    ]
    said = {(trouble.key, trouble.name[:2]) for trouble in whole}
    single = [
        trouble
        for trouble in _troubles(report.sources.devices, report.end_ms)
        if (trouble.key, trouble.name[:2]) not in said
        and not (trouble.key[0] == "out_of_order" and trouble.name.format in late)
    ]
    grouped: dict[tuple[tuple[str, str], tuple[str, str]], list[_Trouble]] = {}
    for trouble in (*whole, *single):
        grouped.setdefault((trouble.key, trouble.name[:2]), []).append(trouble)
    for (key, name), troubles in grouped.items():
        yield _finding(key, name, troubles, report.end_ms or 0)
    if report.sources.beyond:
        rows = report.sources.beyond
        text = (
            f"of more sources than are looked at one by one, the first {DETECTORS} detectors and {DEVICES:,} "
            "devices; lint a part of the feed to see others"
        )
        share = rows / report.rows
        yield Finding(Level.NOTE, "sources_beyond", "feed", rows, share, None, text)


def _troubles(sources: Mapping[Name, Source], end_ms: int | None) -> Iterator[_Trouble]:
    for name, source in sources.items():
        for key, rows in _wrong(source, end_ms, name.device is None):
            yield _Trouble(key, name, rows, rows / source.rows, source)


def _wrong(source: Source, end_ms: int | None, whole: bool) -> Iterator[tuple[tuple[str, str], int]]:
    if source.stuck:
        yield ("time_constant", ""), source.rows
    delay = source.delay()
    if delay is not None and delay.told >= ROWS:
        zone = zone_minutes(delay)
        if zone is not None:
            yield ("zone_offset", zone_name(zone)), delay.told
        elif delay.median < -AHEAD_MS:
            yield ("clock_ahead", ""), delay.told
        elif delay.median > DELAY_MS:
            yield ("delayed", ""), delay.told
    if source.backwards.rows >= OUT_OF_ORDER * source.rows and source.backwards.rows:
        yield ("out_of_order", ""), source.backwards.rows
    if end_ms is not None and source.silence_ms(end_ms, whole) is not None:
        yield ("silent", ""), source.rows


def _finding(key: tuple[str, str], about: tuple[str, str], troubles: list[_Trouble], end_ms: int) -> Finding:
    code, zone = key
    level, text = _TEXTS[code]
    first = max(troubles, key=lambda trouble: trouble.rows)
    source = first.source
    delay = source.delay()
    silence = source.silence_ms(end_ms, first.name.device is None)
    rows = sum(trouble.rows for trouble in troubles)
    share = None if code == "silent" else rows / sum(trouble.source.rows for trouble in troubles)
    said = text.format(
        zone=zone,
        delay="" if delay is None else span(delay.median),
        between="" if delay is None else f"{span(delay.q1)} to {span(delay.q3)}",
        silence="" if silence is None else span(silence),
        since="" if source.last_ms is None else day(source.last_ms),
        longest=span(source.longest_ms),
    )
    place = source.backwards.place if code == "out_of_order" else source.place
    names = [trouble.name.device for trouble in troubles if trouble.name.device is not None]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    listed = ", ".join(names[:NAMED]) + more
    name = about[0] if about[1] in about[0] else f"{about[0]} {about[1]}"
    return Finding(
        level if share is None else graded(level, share),
        code,
        name,
        rows,
        share,
        place,
        f"{listed}: {said}" if listed else said,
    )


_TEXTS: Final = {
    "time_constant": (
        Level.ERROR,
        "the time never changes: it is not the event's; map the right field, or mend the source",
    ),
    "zone_offset": (
        Level.ERROR,
        "event times are {delay} off the records', steadily ({between}): local time of {zone} told as UTC; "
        "let the source write its zone, or UTC",
    ),
    "clock_ahead": (Level.WARNING, "the clock is {delay} ahead of the records'; let it follow a time server"),
    "delayed": (
        Level.WARNING,
        "events arrive {delay} late ({between}); see what holds them, unless this is a replay",
    ),
    "out_of_order": (
        Level.WARNING,
        "more than 1 min earlier than a row before: merged from files, or sent in parallel; send in order "
        "of time",
    ),
    "silent": (
        Level.WARNING,
        f"silent for {{silence}} at the end, since {{since}} UTC: more than {SILENCE} times its longest "
        "silence before ({longest}); see whether it still runs and is still sent",
    ),
}
