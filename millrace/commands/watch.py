"""``millrace watch``: what arrives on an output topic, for a person or a program. Joins no group."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from enrich.record import RawRecord

# Lines of the screen that are not rows: the header, the footer, and the prompt that comes back below.
FRAME: Final = 4
REDRAW_S: Final = 0.2
POLL_MS: Final = 200


class Which(StrEnum):
    """The topics that can be watched."""

    ENRICHED = "enriched"
    ESCALATED = "escalated"
    DEAD = "dead"


def watch(
    which: Annotated[Which, typer.Argument(help="Which topic.")],
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Also what is there already.")
    ] = False,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document a line on stdout, nothing else.")
    ] = False,
) -> None:
    """Watch records arrive, until Ctrl-C. Exit code 1 if --timeout came before --count.

    With --json the events as they are; of a dead letter its headers, and its bytes in base64.

    Example: millrace watch escalated

    Example: millrace watch dead --json --from-beginning --timeout 5 | jq .code
    """
    from worker import reader
    from worker.kafka_client import consumer
    from worker.settings import load_settings

    settings = load_settings()
    topic = getattr(settings, f"topic_{which}")
    deadline = None if timeout is None else time.monotonic() + timeout
    seen = 0
    with consumer(settings) as client, _display(which, topic, as_json) as show:
        for records in _arriving(reader, client, topic, from_beginning, deadline):
            some = records if count is None else records[: count - seen]
            seen += len(some)
            show(some)
            if count is not None and seen >= count:
                return
    if count is not None and seen < count:
        print(f"millrace: {seen} of {count} in {timeout:g} s", file=sys.stderr)
        raise typer.Exit(1)


def _arriving(
    reader: Any, client: Any, topic: str, from_beginning: bool, deadline: float | None
) -> Iterator[list[RawRecord]]:
    """Yield what arrives, in the order of the record times within a poll, and [] when nothing did."""
    own = reader.partitions(client, topic)
    client.assign(own)
    (client.seek_to_beginning if from_beginning else client.seek_to_end)(*own)
    for place in own:
        client.position(place)  # now, not at the first poll: what is sent from here on must be seen
    while deadline is None or time.monotonic() < deadline:
        polled = client.poll(timeout_ms=POLL_MS)
        records = [reader.of_consumer(record) for some in polled.values() for record in some]
        yield sorted(records, key=lambda record: record.time_ms or 0)


Show = Callable[[list[RawRecord]], None]


@contextmanager
def _display(which: Which, topic: str, as_json: bool) -> Iterator[Show]:
    from millrace import screen

    if as_json:
        yield lambda records: _json(which, records)
        return
    console = screen.console()
    if not console.is_terminal:
        yield lambda records: _plain(console, which, records)
        return
    from rich.live import Live

    kept: deque[RawRecord] = deque(maxlen=max(console.height, 12))
    seen = 0

    def show(records: list[RawRecord]) -> None:
        nonlocal seen
        seen += len(records)
        kept.extend(records)
        if records:
            live.update(_page(console, which, topic, list(kept), seen))

    with Live(
        _page(console, which, topic, [], 0),
        console=console,
        refresh_per_second=1 / REDRAW_S,
        vertical_overflow="crop",
    ) as live:
        yield show


def _json(which: Which, records: list[RawRecord]) -> None:
    import orjson

    from millrace import shown

    for record in records:
        if which is Which.DEAD:
            sys.stdout.buffer.write(orjson.dumps(shown.dead_letter(record)) + b"\n")
        elif record.value is not None and shown.event(record.value) is not None:
            # A foreign writer may have broken its object into lines; orjson never does.
            whole = record.value if b"\n" not in record.value else orjson.dumps(shown.event(record.value))
            sys.stdout.buffer.write(whole + b"\n")
        else:
            print(f"millrace: {_place(record)} is no event", file=sys.stderr)
    sys.stdout.buffer.flush()


def _plain(console: Any, which: Which, records: list[RawRecord]) -> None:
    from rich.text import Text

    for record in records:
        cells = _cells(which, record)
        console.print(Text("  ").join(cell for row in cells for cell in row if cell.plain), soft_wrap=True)


def _page(console: Any, which: Which, topic: str, records: list[RawRecord], seen: int) -> Any:
    """Return the table of the newest records that fit the screen, newest last, and a footer."""
    from rich.console import Group

    from millrace import screen

    rows: deque[list[Any]] = deque()
    room = console.height - FRAME
    for record in reversed(records):
        cells = _cells(which, record)
        if room < len(cells):
            break
        room -= len(cells)
        rows.extendleft(reversed(cells))
    footer = f"{topic}: {seen:,} seen; Ctrl-C ends" if seen else f"{topic}: waiting; Ctrl-C ends"
    page = screen.lines(HEADINGS[which], rows, RIGHT, console.width)
    return Group(*page, screen.safe(footer, "dim"))


HEADINGS: Final = {
    Which.ENRICHED: ("time", "severity", "prio", "anom", "conf", "alert"),
    Which.ESCALATED: ("time", "severity", "prio", "anom", "conf", "alert"),
    Which.DEAD: ("time", "code", "where", "bytes", "message"),
}
RIGHT: Final = ("prio", "anom", "conf", "bytes")


def _cells(which: Which, record: RawRecord) -> list[list[Any]]:
    """Return the rows of a record, each a list of rich texts: an escalation has one more for its reasons."""
    from rich.text import Text

    from millrace import screen, shown

    safe = screen.safe
    if which is Which.DEAD:
        letter = shown.dead_letter(record)
        where = f"{letter['topic'] or '?'} {letter['partition']}:{letter['offset']}"
        return [
            [
                screen.moment(record.time_ms, record.time_ms),
                safe(letter["code"] or "?", "bold"),
                safe(where),
                screen.number(letter["size"], 0),
                safe(letter["message"] or "", limit=200),
            ]
        ]
    doc = shown.event(record.value)
    if doc is None:
        return [
            [Text("–"), Text("?"), Text("–"), Text("–"), Text("–"), safe(f"{_place(record)} is no event")]
        ]
    event = shown.shown(doc)
    title = safe(event.title, "bold", 200)
    about = safe(event.entity, "cyan", 120)
    if event.techniques:
        about.append_text(safe(f"  {' '.join(event.techniques)}", "magenta", 80))
    confidence = screen.number(event.confidence)
    if event.confidence is None and event.confidence_status:
        confidence = Text("?", style="dim")
    first = [
        screen.moment(event.time_ms, record.time_ms),
        screen.severity(event.severity_id),
        screen.number(event.priority, 0),
        screen.number(event.anomaly),
        confidence,
        title,
    ]
    if which is Which.ESCALATED:
        # An analyst reads who and why before anything else: both get a line of their own.
        return [first, [about.append_text(safe(f"  {'; '.join(event.reasons)}", "dim", 300))]]
    title.append("  ").append_text(about)
    if event.route and event.route != "low":
        title.append_text(safe(f"  [{event.route}]", "dim"))
    return [first]


def _place(record: RawRecord) -> str:
    return f"{record.topic} {record.partition}:{record.offset}"
