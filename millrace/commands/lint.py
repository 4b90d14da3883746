"""``millrace lint``: what is wrong with a feed, in a file or on a topic, before it costs an alert."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from enrich.errors import SettingsWrong

# Rows from one drawing of the progress bar to the next.
SHOWN_EVERY: Final = 500


def lint(
    file: Annotated[
        Path | None, typer.Argument(help="Lines of alerts; - is standard input; may be gzip.")
    ] = None,
    topic: Annotated[str | None, typer.Option(help="Look at this topic instead of a file.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Records since: a time, or how long ago (90m, 24h; with --topic).")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First offset or time (with --topic).")] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Offset or time to stop before (with --topic).")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Most rows: the first of a file, the newest of a topic.")
    ] = None,
    strip: Annotated[str, typer.Option(help="Top-level keys to take out of each line: labels, say.")] = "",
    now: Annotated[
        str | None, typer.Option(help="No event of a file is later than that (default: the clock).")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 where there is an error.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
) -> None:
    """Say what is wrong with a feed: lost rows, times, severities, ATT&CK ids, repeats, silent sources.

    Nothing is sent or scored, and no alert is shown: findings name a line, or partition:offset.

    Example: millrace lint eve.json --strict

    Example: millrace lint --topic alerts.raw --since 24h --json | jq .findings
    """
    if (file is None) == (topic is None):
        raise SettingsWrong("lint takes a FILE (or -) or --topic NAME: give one of them")
    if topic is None and (since or start or end):
        raise SettingsWrong("--since, --from and --to go with --topic")
    if topic is not None and (strip or now):
        raise SettingsWrong("--strip and --now go with a file")
    if since and start:
        raise SettingsWrong("--since and --from: give one of them")
    import orjson

    from enrich.lint import Level, findings
    from millrace import linted, screen
    from millrace.letters import moment
    from worker import compose
    from worker.log import configure
    from worker.settings import load_settings

    settings = load_settings()
    configure(settings)  # stdout is for the report
    now_ms = time.time_ns() // 1_000_000 if now is None else moment(now, "--now")
    made = compose.lint(settings, now_ms)
    if file is not None:
        _read_file(made, file, [key.strip() for key in strip.split(",") if key.strip()], limit, as_json)
    else:
        _read_topic(made, settings, str(topic), (since, start, end), limit, as_json)
    report = made.report()
    found = findings(report)
    feed = str(topic if file is None else file)
    if as_json:
        typer.echo(orjson.dumps(linted.document(report, found, feed)))
    else:
        linted.show(screen.console(), report, found, feed)
    raise typer.Exit(int(strict and any(each.level is Level.ERROR for each in found)))


def _read_file(made: Any, file: Path, strip: list[str], limit: int | None, quiet: bool) -> None:
    from enrich.lint import Place
    from millrace.lines import numbered_lines

    # Of a pipe and of gzip nobody knows how much there is: the bar then only moves.
    size = file.stat().st_size if file.is_file() and file.suffix != ".gz" and limit is None else limit
    lines = numbered_lines(file, strip)
    with _progress(size, quiet) as tell:
        for number, line in islice(lines, limit):
            made.see(line, None, Place(number))
            tell(1 if limit is not None else len(line) + 1, 1)


def _read_topic(
    made: Any, settings: Any, topic: str, bounds: tuple[str | None, ...], limit: int | None, quiet: bool
) -> None:
    from enrich.lint import Place
    from millrace.letters import moment
    from worker.kafka_client import consumer
    from worker.reader import stretch
    from worker.replay import Bound, spans

    since, start, end = bounds
    first = Bound(time_ms=moment(since, "--since")) if since else Bound.parse(start, "--from")
    last = Bound.parse(end, "--to")
    with consumer(settings) as client:
        read = spans(client, topic, first, last, limit)
        with _progress(sum(high - low for low, high in read.values()), quiet) as tell:
            # One partition after the other: a source's order is that of its partition.
            for place, (low, high) in read.items():
                for records in stretch(client, {place: low}, {place: high}):
                    for record in records:
                        made.see(record.value, record.time_ms, Place(record.offset, record.partition))
                    tell(len(records), len(records))


@contextmanager
def _progress(total: int | None, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that is told how much more was read, and how many rows. Shows a bar to a person."""
    from millrace import screen

    console = screen.console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _more, _rows: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows", markup=False),
        TimeElapsedColumn() if total is None else TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total, rows=0)
        read = told = done = 0

        def tell(more: int, rows: int) -> None:
            nonlocal read, told, done
            done += more
            read += rows
            if read - told >= SHOWN_EVERY:
                told = read
                progress.update(task, completed=done, rows=read)

        yield tell
