"""What `millrace lint` says of a feed: tables for a person, one document for a program."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from enrich.lint import Finding, Level, Place, Report
from enrich.lint.facts import Facts
from enrich.lint.finding import percent, span
from enrich.lint.sources import Name, Source
from millrace import screen

# Version of the document; see docs/lint.md for what may change under one version.
VERSION: Final = 1
# Sources on the screen; the document has all.
SOURCES: Final = 15
CELL: Final = 60
TEXT: Final = 600

Doc = dict[str, Any]


def document(report: Report, found: Sequence[Finding], feed: str) -> Doc:
    """Return the report as JSON. Texts of the feed stand in it as they are. The keys are stable."""
    return {
        "version": VERSION,
        "feed": feed,
        "rows": report.rows,
        "bytes": report.size,
        "alerts": report.alerts,
        "tombstones": report.tombstones.rows,
        "end_ms": report.end_ms,
        "levels": {level.value: sum(each.level is level for each in found) for level in Level},
        "findings": [
            {**each._asdict(), "share": _rounded(each.share), "place": _place(each.place)} for each in found
        ],
        "dead": [{"code": each.key, "rows": each.rows, "place": _place(each.place)} for each in report.dead],
        "unknown": {
            "looked_at": report.unknown,
            "keys": [{"key": each.key, "rows": each.rows} for each in report.unknown_keys],
        },
        "formats": [_format(name, facts, report) for name, facts in report.formats.items()],
        "attack": _attack(report),
        "repeats": {
            "rows": report.repeats.rows,
            "share": _rounded(report.repeats.share),
            "exact": report.repeats.exact,
            "looked_at": report.repeats.looked_at,
            "longest_run": report.repeats.burst,
            "place": _place(report.repeats.burst_place),
        },
        "sources": [_source(name, source, report.end_ms) for name, source in _sources(report)],
        "sources_beyond": report.sources.beyond,
    }


def _format(name: str, facts: Facts, report: Report) -> Doc:
    times, alerts = facts.times, facts.alerts
    return {
        "format": name,
        "alerts": alerts,
        "share": _rounded(alerts / report.rows),
        "rules": facts.rules,
        "first_ms": times.first_ms,
        "last_ms": times.last_ms,
        "times": {each.key.value: each.rows for each in times.kinds.most()},
        "severities": [
            {"text": key[0], "scale": key[1], "severity_id": key[2], "rows": rows}
            for key, rows, _ in facts.severities.most()
        ],
        "severities_beyond": facts.severities.beyond,
        "severity_missing": facts.unstated.rows,
        "fields": {field: _rounded(rows / alerts) for field, rows in facts.filled.items()},
        "quality": [
            {"code": code, "field": field, "rows": rows, "place": _place(place)}
            for (code, field), rows, place in facts.quality.most()
        ],
    }


def _attack(report: Report) -> Doc:
    return {
        "version": report.attack_version,
        "values": sum(each.rows for each in report.problems),
        "sound": sum(each.rows for each in report.problems if not each.key[1]),
        "wrong": [
            {**each.key._asdict(), "rows": each.rows, "place": _place(each.place)} for each in report.wrong
        ],
        "wrong_beyond": report.wrong_beyond,
    }


def _source(name: Name, source: Source, end_ms: int | None) -> Doc:
    delay, gap = source.delay(), source.gaps.spread()
    return {
        **name._asdict(),
        "rows": source.rows,
        "first_ms": source.first_ms,
        "last_ms": source.last_ms,
        "gap_ms": None if gap is None else gap.median,
        "longest_gap_ms": source.longest_ms,
        "silent_ms": None if end_ms is None else source.silence_ms(end_ms, name.device is None),
        "delay_ms": None if delay is None else {"q1": delay.q1, "median": delay.median, "q3": delay.q3},
        "backwards": source.backwards.rows,
    }


def _sources(report: Report) -> list[tuple[Name, Source]]:
    every = [*report.sources.detectors.items(), *report.sources.devices.items()]
    return sorted(every, key=lambda each: -each[1].rows)


def _place(place: Place | None) -> Doc | None:
    if place is None:
        return None
    if place.partition is None:
        return {"line": place.number}
    return {"partition": place.partition, "offset": place.number}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def show(out: Console, report: Report, found: Sequence[Finding], feed: str) -> None:
    """Print the report for a person: formats, fields, sources, then the findings."""
    head = f"{feed}: {report.rows:,} rows, {report.alerts:,} alerts"
    if report.rows:
        head += f" ({percent(report.alerts / report.rows)})"
    out.print(screen.safe(head, "bold"))
    if report.formats:
        out.print(_formats(report))
        out.print()
        out.print(_fields(report))
        out.print()
        out.print(_source_rows(report))
        out.print()
    if found:
        out.print(_findings(found))
        out.print()
    counts = ", ".join(
        f"{n} {level.value}{'' if n == 1 else 's'}"
        for level in Level
        if (n := sum(each.level is level for each in found))
    )
    out.print(Text(counts or "nothing found", style="bold"))


def _formats(report: Report) -> Table:
    rows = screen.table(
        *("format", "alerts", "share", "rules", "first", "last", "severity", "times"),
        right=("alerts", "share", "rules"),
    )
    for name, facts in report.formats.items():
        times = facts.times
        rows.add_row(
            screen.safe(name, limit=CELL),
            f"{facts.alerts:,}",
            percent(facts.alerts / report.rows),
            f"{facts.rules:,}",
            screen.moment(times.first_ms),
            screen.moment(times.last_ms),
            Text(_severities(facts)),
            Text(", ".join(each.key.value for each in times.kinds.most()) or "none"),
        )
    return rows


def _severities(facts: Facts) -> str:
    by_class: dict[int | None, int] = {}
    for (_, _, severity_id), rows, _ in facts.severities.most():
        by_class[severity_id] = by_class.get(severity_id, 0) + rows
    if facts.unstated.rows:
        by_class[None] = by_class.get(None, 0) + facts.unstated.rows
    ranked = sorted(by_class.items(), key=lambda each: -(each[0] or 0))
    return ", ".join(
        f"{screen.SEVERITY[severity][0] if severity else 'none'} {percent(rows / facts.alerts)}"
        for severity, rows in ranked
    )


def _fields(report: Report) -> Table:
    table = screen.table("format", "fields filled", wide=("fields filled",))
    for name, facts in report.formats.items():
        filled = sorted(facts.filled.items(), key=lambda each: -each[1])
        said = ", ".join(f"{field} {percent(rows / facts.alerts)}" for field, rows in filled if rows)
        never = ", ".join(field for field, rows in filled if not rows)
        line = Text(said or "none")
        if never:
            line.append(f"; never: {never}", style="dim")
        table.add_row(screen.safe(name, limit=CELL), line)
    return table


def _source_rows(report: Report) -> Table:
    table = screen.table(
        *("source", "device", "rows", "first", "last", "usual gap", "longest gap", "delay"),
        right=("rows", "usual gap", "longest gap", "delay"),
    )
    every = _sources(report)
    for name, source in every[:SOURCES]:
        delay, gap = source.delay(), source.gaps.spread()
        table.add_row(
            screen.safe(
                f"{name.format} {name.detector}" if name.detector not in name.format else name.format
            ),
            Text("all", style="dim") if name.device is None else screen.safe(name.device, limit=CELL),
            f"{source.rows:,}",
            screen.moment(source.first_ms),
            screen.moment(source.last_ms),
            "–" if gap is None else span(gap.median),
            span(source.longest_ms),
            "–" if delay is None else f"{'-' if delay.median < 0 else ''}{span(delay.median)}",
        )
    if len(every) > SOURCES:
        table.add_row(Text(f"and {len(every) - SOURCES:,} more: --json", style="dim"))
    return table


def _findings(found: Sequence[Finding]) -> Table:
    table = screen.table(
        *("level", "code", "about", "rows", "share", "where", "what, and what to do"),
        right=("rows", "share"),
        wide=("what, and what to do",),
    )
    for each in found:
        table.add_row(
            Text(each.level.value, style=screen.LEVEL[each.level.value]),
            each.code,
            screen.safe(each.about, limit=CELL),
            f"{each.rows:,}",
            "–" if each.share is None else percent(each.share),
            "–" if each.place is None else str(each.place),
            screen.safe(each.text, limit=TEXT),
        )
    return table
