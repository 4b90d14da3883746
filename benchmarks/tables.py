"""The result document as tables, for a terminal and as Markdown. A figure that was not measured is a dash."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple

from benchmarks.contestants import CONTESTANTS, LIMIT, LOOP, OURS, PLAIN

Doc = Mapping[str, Any]
DASH: Final = "–"


class Table(NamedTuple):
    """rows: cells as text; the first column is the heading of the row. notes: below it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()


def tables(doc: Doc) -> list[Table]:
    """Return the tables of what was measured."""
    made = [make(doc) for part, make in PARTS.items() if doc.get(part)]
    return [*made, targets(doc)] if "throughput" in doc else made


def machine(doc: Doc) -> Table:
    """What it ran on."""
    rows = [(name.replace("_", " "), str(value)) for name, value in doc["machine"].items()]
    return Table("Machine", ("", ""), rows)


def throughput(doc: Doc) -> Table:
    """Everybody, beside the three that matter."""
    found = doc["throughput"]
    rates = {name: each.get("rate") for name, each in found.items()}
    rows: list[tuple[str, ...]] = []
    order = [*((each.name, each.letter, each.title) for each in CONTESTANTS)]
    order.insert(4, (LIMIT, "e", "core in process"))
    for name, letter, title in order:
        each = found.get(name)
        if each is None:
            continue
        if "failed" in each:
            rows.append((f"{letter} {title}", *(DASH,) * 8, each["failed"]))
            continue
        rate = each["rate"]
        rows.append(
            (
                f"{letter} {title}",
                number(each["alerts"]),
                number(rate),
                _spread(each.get("rates", ())),
                number(each["cpu_us"], 1),
                number(each.get("peak_mb")),
                *(_ratio(rate, rates.get(to)) for to in (PLAIN, LOOP, LIMIT)),
                _bytes(each),
            )
        )
    notes = (
        f"{doc['scale']['runs']} runs of each, by turns; the median is told, the span beside it. Raw alerts "
        f"{doc['alert_bytes']:.0f} bytes on average; (f) writes as many bytes for each as (d) does.",
        "(a) is what people write; (b) what Millrace was; (c) what a good engineer writes without Faust; (d) "
        "is ours; (e) the limit of the core in one thread; (f) the limit of the clients.",
        "alerts/s: of events arriving at the broker, between the first tenth and nine tenths of them; "
        "(e): of the calls alone. CPU: µs per alert, the process's own, all threads, over the same stretch.",
        "same events: every event's bytes equal those of (e); lost and double ones are told there.",
    )
    head = (
        "",
        "alerts",
        "alerts/s",
        "span",
        "CPU µs/alert",
        "peak MB",
        "× (a)",
        "× (c)",
        "× (e)",
        "same events",
    )
    return Table("Draining a backlog: one process each", head, rows, notes)


def _bytes(each: Doc) -> str:
    if each.get("lost") or each.get("twice"):
        return f"lost {each['lost']}, double {each['twice']}"
    if each.get("differing") is None:
        return DASH
    return "yes" if each["differing"] == 0 else f"{each['differing']} differ"


def _spread(rates: Sequence[float]) -> str:
    return f"{number(min(rates))}–{number(max(rates))}" if len(rates) > 1 else DASH


def latency(doc: Doc) -> Table:
    """Percentiles."""
    rows = [
        (
            f"{each['rate']:,}/s, {each['partitions']} partitions",
            number(each["alerts"]),
            *(number(each[name], 1) for name in ("p50", "p95", "p99", "highest")),
            number(each["missing"]),
            number(each["late_ms"], 1),
        )
        if "failed" not in each
        else (f"{each['rate']:,}/s, {each['partitions']} partitions", *(DASH,) * 6, each["failed"])
        for each in doc["latency"]
    ]
    notes = (
        "From the moment an alert was due to be sent until a reader had its event, so that a late sender or "
        "a full queue counts. One worker; the sender lingers for up to 5 ms, which is in the figures.",
    )
    head = ("", "alerts", "p50 ms", "p95 ms", "p99 ms", "highest ms", "missing", "sender late, p99 ms")
    return Table("Latency, produced to enriched", head, rows, notes)


def scaling(doc: Doc) -> Table:
    """One process and two."""
    found: Mapping[str, Doc] = doc["scaling"]
    heads = [f"{n} process" if n == "1" else f"{n} processes" for n in found]
    core = [each["core_us"] for each in found.values()]
    rows = [
        ("alerts/s, all together", *(number(each.get("rate")) for each in found.values())),
        ("CPU µs per alert, all of it", *(number(each.get("cpu_us"), 1) for each in found.values())),
    ]
    names = list(core[0])
    rows += [(f"core: {name}", *(number(each.get(name), 1) for each in core)) for name in names]
    rest = [
        each["cpu_us"] - of["all"] if each.get("cpu_us") is not None and of else None
        for each, of in zip(found.values(), core, strict=True)
    ]
    rows.append(("Kafka in and out, event loop, the rest", *(number(each, 1) for each in rest)))
    told = [each.get("stage_us") or {} for each in found.values()]
    for name in dict.fromkeys(name for each in told for name in each):
        rows.append((f"wall, told by the worker: {name}", *(number(each.get(name), 1) for each in told)))
    rows = [(*row, _ratio_of_cells(row)) for row in rows]
    notes = (
        "core: CPU in process, one thread a process, as many processes at once, the best of three passes; "
        "the rest: the worker's CPU less that.",
        *(f"{n}: {each['failed']}" for n, each in found.items() if "failed" in each),
    )
    return Table(
        "CPU per alert by stage, at one and at two worker processes", ("", *heads, "ratio"), rows, notes
    )


def _ratio_of_cells(row: Sequence[str]) -> str:
    try:
        first, *_, last = (float(cell.replace(",", "")) for cell in row[1:])
    except ValueError:
        return DASH
    return f"{last / first:.2f}" if first and len(row) > 2 else DASH


def memory(doc: Doc) -> Table:
    """The slope."""
    each = doc["memory"]
    rows = [
        ("alerts, each with an address, user, host, rule and text of its own", number(each["alerts"])),
        (f"slope after the first {each['since']:,}, MB per million alerts", number(each["slope_mb"], 2)),
        ("last less first of that stretch, MB", number(each["rise_mb"], 1)),
        ("peak, MB", number(each["peak_mb"], 1)),
        ("alerts/s", number(each["rate"])),
        ("CPU µs per alert", number(each["cpu_us"], 1)),
    ]
    return Table("Memory of one worker", ("", ""), rows)


def targets(doc: Doc) -> Table:
    """What was aimed at, and what is."""
    rates = {name: each.get("rate") for name, each in doc["throughput"].items()}
    ours = rates.get(OURS)
    checks: list[tuple[str, float | None, Callable[[float], bool], str]] = [
        ("alerts/s, one worker process: at least 10,000", ours, lambda x: x >= 10_000, "{:,.0f}"),
        ("times the plain worker: at least 100", _over(ours, rates.get(PLAIN)), lambda x: x >= 100, "{:.0f}"),
        (
            "times the confluent-kafka loop: at least 1",
            _over(ours, rates.get(LOOP)),
            lambda x: x >= 1,
            "{:.2f}",
        ),
        (
            "share of the in-process limit: at least .75",
            _over(ours, rates.get(LIMIT)),
            lambda x: x >= 0.75,
            "{:.2f}",
        ),
    ]
    peak = doc["throughput"].get(OURS, {}).get("peak_mb")
    checks.append(("memory of one worker: at most 600 MB", peak, lambda x: x <= 600, "{:.0f} MB"))
    found = doc.get("scaling") or {}
    if {"1", "2"} <= found.keys():
        cpu = _over(found["2"].get("cpu_us"), found["1"].get("cpu_us"))
        checks.append(
            ("CPU per alert at two processes, times one: within 10 %", cpu, lambda x: x <= 1.1, "{:.2f}")
        )
    for rate in (100, 2_000):
        p99s = [each.get("p99") for each in doc.get("latency") or () if each["rate"] == rate]
        known = [each for each in p99s if each is not None]
        if known:
            checks.append(
                (f"p99 at {rate:,}/s, the worst: at most 100 ms", max(known), lambda x: x <= 100, "{:.0f} ms")
            )
    rows = [
        (
            what,
            DASH if value is None else shape.format(value),
            "" if value is None else ("yes" if holds(value) else "NO"),
        )
        for what, value, holds, shape in checks
    ]
    return Table("Targets", ("", "measured", "met"), rows)


def _over(a: float | None, b: float | None) -> float | None:
    return a / b if a and b else None


def _ratio(a: float | None, b: float | None) -> str:
    value = _over(a, b)
    if value is None:
        return DASH
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}"


def number(value: float | None, places: int = 0) -> str:
    """
    >>> number(12345.678), number(12.345, 1), number(None), number(float("nan"))
    ('12,346', '12.3', '–', '–')
    """
    return DASH if value is None or not isfinite(value) else f"{value:,.{places}f}"


def markdown(made: Iterable[Table]) -> str:
    """Return the tables as Markdown, each under a heading."""
    lines: list[str] = []
    for table in made:
        lines += [f"### {table.title}", "", _line(table.columns)]
        lines += [_line(("---", *("---:" for _ in table.columns[1:])))]
        lines += [_line(row) for row in table.rows]
        lines += [line for note in table.notes for line in ("", note)]
        lines.append("")
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


PARTS: Final[Mapping[str, Callable[[Doc], Table]]] = {
    "machine": machine,
    "throughput": throughput,
    "latency": latency,
    "scaling": scaling,
    "memory": memory,
}
