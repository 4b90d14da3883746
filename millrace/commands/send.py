"""``millrace send``: alerts from a file or a pipe to the raw topic, keyed by what they are about."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

NAMED: Final = 10


class Key(StrEnum):
    """What a record is keyed by."""

    ENTITY = "entity"
    NONE = "none"


def send(
    file: Annotated[Path, typer.Argument(help="Lines of alerts; - is standard input; may be gzip.")],
    rate: Annotated[float | None, typer.Option(min=0.001, help="Alerts a second at most.")] = None,
    strip: Annotated[str, typer.Option(help="Top-level keys to take out of each line: labels, say.")] = "",
    key: Annotated[
        Key, typer.Option(help="entity: the alerts of one host or user stay in order.")
    ] = Key.ENTITY,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON.")] = False,
) -> None:
    """Send alerts, one a line, to the raw topic. Counts what the brokers have confirmed, nothing else.

    Blank lines are skipped; lines over the size limit are named, not sent. Exit code 1 if one was not sent.

    Example: millrace send /var/log/suricata/eve.json

    Example: zcat alerts.json.gz | millrace send - --rate 200 --strip label,scenario
    """
    import orjson

    from millrace.lines import numbered_lines
    from worker.feed import Feed
    from worker.settings import load_settings

    settings = load_settings()
    key_of = _key_of(settings) if key is Key.ENTITY else _no_key
    strips = [name.strip() for name in strip.split(",") if name.strip()]
    lines = numbered_lines(file, strips)
    first = next(lines, None)  # a file that cannot be read is told before any broker is asked
    last = blank = unkeyed = 0
    began = time.monotonic()
    interrupted = False
    with Feed(settings) as feed, _progress(file, quiet=as_json) as advance:
        try:
            for count, (number, line) in enumerate(_chained(first, lines)):
                blank += number - last - 1
                last = number
                about = key_of(line)
                unkeyed += about is None
                feed.send(number, line, about)
                advance(len(line) + 1, feed.sent)
                if rate is not None:
                    time.sleep(max(0.0, began + (count + 1) / rate - time.monotonic()))
        except KeyboardInterrupt:
            interrupted = True
    seconds = time.monotonic() - began
    for failure in feed.failures[:NAMED]:
        print(f"millrace: line {failure.number}: not sent: {failure.reason}", file=sys.stderr)
    if len(feed.failures) > NAMED:
        print(f"millrace: and {len(feed.failures) - NAMED:,} more lines not sent", file=sys.stderr)
    per_second = feed.sent / seconds if seconds else 0.0
    if as_json:
        summary = {
            "topic": settings.topic_raw,
            "sent": feed.sent,
            "not_sent": [failure._asdict() for failure in feed.failures],
            "blank": blank,
            "unkeyed": unkeyed,
            "seconds": round(seconds, 3),
            "rate": round(per_second, 1),
            "interrupted": interrupted,
        }
        typer.echo(orjson.dumps(summary))
    else:
        parts = [f"{feed.sent:,} sent to {settings.topic_raw}"]
        parts += [f"{n:,} {what}" for n, what in ((len(feed.failures), "not sent"), (blank, "blank")) if n]
        if key is Key.ENTITY and unkeyed:
            parts.append(f"{unkeyed:,} without a key: no format knows them")
        typer.echo(f"{', '.join(parts)}; {seconds:.1f} s, {per_second:,.0f}/s")
    raise typer.Exit(130 if interrupted else int(bool(feed.failures)))


def _key_of(settings: Any) -> Callable[[bytes], bytes | None]:
    from worker.compose import entity_of

    return entity_of(settings)


def _no_key(_: bytes) -> None:
    return None


def _chained(
    first: tuple[int, bytes] | None, rest: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    if first is not None:
        yield first
        yield from rest


@contextmanager
def _progress(file: Path, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that is told bytes read and alerts confirmed. Shows a bar where a person looks on."""
    from millrace import screen

    console = screen.console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _bytes, _sent: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # Of a pipe and of gzip nobody knows how much there is: the bar then only moves.
    size = file.stat().st_size if file.is_file() and file.suffix != ".gz" else None
    columns = (
        BarColumn(),
        TextColumn("{task.fields[sent]:,} sent", markup=False),
        TextColumn("{task.fields[speed]:,.0f}/s", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=size, sent=0, speed=0.0)
        began = time.monotonic()

        def advance(read: int, sent: int) -> None:
            speed = sent / max(time.monotonic() - began, 0.001)
            progress.update(task, advance=read, sent=sent, speed=speed)

        yield advance
