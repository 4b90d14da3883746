"""``millrace dead``: dead letters listed, shown, and sent back to the raw topic."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, Final

import orjson
import typer

from enrich.errors import SettingsWrong

# Most letters of one run of `redrive`: what is held, and how far a mistake goes.
RUN: Final = 10_000

app = typer.Typer(
    name="dead",
    help="List and show dead letters, and send them back to the raw topic.",
    epilog="Example: millrace dead list --code unknown_format --since 24h",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]
Codes = Annotated[list[str] | None, typer.Option("--code", help="Only this code; may be given again.")]
Partitions = Annotated[
    list[int] | None, typer.Option("--partition", min=0, help="Only this partition; may be given again.")
]
Since = Annotated[
    str | None, typer.Option(help="Written at or after: a time, or how long ago (90m, 24h, 7d).")
]
Until = Annotated[str | None, typer.Option(help="Written before: a time, or how long ago.")]
Offset = Annotated[str | None, typer.Option(help="Only these offsets: 17, 17- or 17-40.")]


@app.command("list", epilog="Example: millrace dead list --since 24h --json | jq .codes")
def list_letters(
    code: Codes = None,
    partition: Partitions = None,
    since: Since = None,
    until: Until = None,
    offset: Offset = None,
    limit: Annotated[int, typer.Option(min=0, help="Most letters shown; all are counted.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the newest dead letters, and how many there are by code. Places are partition:offset."""
    from millrace import letters, screen
    from worker.dead_reading import newest_first, stretches
    from worker.kafka_client import consumer
    from worker.settings import load_settings

    chosen = letters.choice(code, partition, since, until, offset)
    settings = load_settings()
    counts: Counter[str] = Counter()
    shown: list[Any] = []
    matched = redriven = wrong = 0
    with consumer(settings) as client:
        read = stretches(client, settings.topic_dead, chosen)
        with _progress("read", sum(high - low for low, high in read.values()), as_json) as tell:
            for found in newest_first(client, read, chosen, tell):
                matched += 1
                counts[found.letter.code or "?"] += 1
                redriven += found.sent is not None
                wrong += bool(found.letter.wrong)
                if len(shown) < limit:
                    shown.append(found)
    if as_json:
        document = {
            "topic": settings.topic_dead,
            "matched": matched,
            "codes": dict(counts.most_common()),
            "redriven": redriven,
            "wrong_headers": wrong,
            "letters": [letters.document(found) for found in shown],
        }
        typer.echo(orjson.dumps(document))
        return
    out = screen.console()
    if shown:
        out.print(letters.table(shown, time.time_ns() // 1_000_000))
    foot = f"{matched:,} on {settings.topic_dead}" + (f": {letters.codes(counts)}" if matched else "")
    if redriven:
        foot += f"; {redriven:,} sent back already"
    if 0 < len(shown) < matched:
        foot += f"; the newest {len(shown):,} are shown"
    out.print(screen.safe(foot, "bold"))


@app.command("show", epilog="Example: millrace dead show 3:17 --raw > letter.json")
def show(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="partition:offset, or a uid: its newest letter.")
    ],
    raw: Annotated[bool, typer.Option("--raw", help="Only the original bytes, exactly.")] = False,
    as_json: Json = False,
) -> None:
    """Show a dead letter: its headers, and its bytes as text. Exit code 1 if there is none at that place.

    With --json headers, key and bytes are in base64.
    """
    from millrace import letters, screen
    from worker.dead_reading import newest_first, records_at, stretches
    from worker.kafka_client import consumer
    from worker.settings import load_settings

    if raw and as_json:
        raise SettingsWrong("--raw and --json: give one of them")
    if raw and sys.stdout.isatty():
        raise SettingsWrong(
            "--raw: a terminal would obey what is in the bytes; write to a file: > letter.bin"
        )
    chosen = letters.choice(None, None, None, None, None, [place])
    settings = load_settings()
    with consumer(settings) as client:
        read = stretches(client, settings.topic_dead, chosen)
        with _progress("read", sum(high - low for low, high in read.values()), as_json or raw) as tell:
            found = next(newest_first(client, read, chosen, tell), None)
        at = () if found is None else records_at(client, settings.topic_dead, *_coordinates(found))
        record = next(iter(at), None)
    if found is None or record is None:
        print(f"millrace: no dead letter {place} on {settings.topic_dead}", file=sys.stderr)
        raise typer.Exit(1)
    if raw:
        sys.stdout.buffer.write(record.value or b"")
        sys.stdout.buffer.flush()
    elif as_json:
        typer.echo(orjson.dumps(letters.whole_document(found, record)))
    else:
        out = screen.console()
        for line in letters.page(found, record):
            out.print(line, soft_wrap=True)


def _coordinates(found: Any) -> tuple[int, list[int]]:
    return found.letter.partition, [found.letter.offset]


@app.command("redrive", epilog="Example: millrace dead redrive --code unknown_format --since 24h")
def redrive(
    places: Annotated[
        list[str] | None, typer.Argument(metavar="PLACE", help="partition:offset, or uids.")
    ] = None,
    code: Codes = None,
    partition: Partitions = None,
    since: Since = None,
    until: Until = None,
    offset: Offset = None,
    every: Annotated[bool, typer.Option("--all", help="Every letter, where nothing else is said.")] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Most of one run; the oldest first.")
    ] = RUN,
    limit_attempts: Annotated[
        int | None,
        typer.Option(min=1, max=999_999, help="Most attempts of one record; not given: redrive_limit."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also letters that were sent back already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters back to the raw topic: their original bytes and key, with their first id.

    Says what would go and asks; where nobody can be asked, --yes is needed. Letters that cannot or should not
    go are counted with the reason. Exit code 1 if nothing was sent for want of a yes, if a letter that should
    go has no receipt, or if a letter named by its place did not go.
    """
    from millrace import letters, redriven
    from worker import redrive as road
    from worker.dead_plan import plan, terms
    from worker.dead_reading import newest_first, stretches
    from worker.kafka_client import consumer
    from worker.log import configure
    from worker.settings import load_settings

    chosen = letters.choice(code, partition, since, until, offset, places)
    if chosen == type(chosen)() and not every:
        raise SettingsWrong("say which letters: places, --code, --since and the like, or --all")
    if dry_run and yes:
        raise SettingsWrong("--dry-run and --yes: give one of them")
    settings = load_settings()
    configure(settings)
    on = terms(settings, limit_attempts, again, chosen)
    interrupted = False
    outcome = road.Outcome()
    with consumer(settings) as client:
        read = stretches(client, settings.topic_dead, chosen)
        missing = set(places or ())
        with _progress("read", sum(high - low for low, high in read.values()), as_json) as tell:
            found = redriven.ticked(newest_first(client, read, chosen, tell), missing)
            made = plan(found, on, limit)
        if not as_json:
            redriven.show_plan(made, on)
        agreed = not dry_run and bool(made.letters) and (yes or (not as_json and _agreed(made, on)))
        if agreed:
            ends = {place: high for place, (_, high) in read.items()}
            with _progress("sent", len(made.letters), as_json) as tell, _until_interrupted() as stopped:
                outcome = road.redrive(settings, client, made, ends, on, stopped, tell)
                interrupted = stopped()
    for each in sorted(missing):
        print(f"millrace: no dead letter {each} on {settings.topic_dead}", file=sys.stderr)
    redriven.tell_failures(outcome)
    if as_json:
        document = redriven.document(made, on, outcome, settings.topic_dead)
        typer.echo(orjson.dumps({**document, "agreed": agreed, "interrupted": interrupted}))
    elif agreed:
        typer.echo(redriven.summary(made, on, outcome, settings.topic_dead))
    elif made.letters and not dry_run:
        print("millrace: nothing was sent; --yes sends without asking", file=sys.stderr)
    if interrupted:
        raise typer.Exit(130)
    stayed = bool(made.letters) and not agreed and not dry_run
    named = redriven.refused(places or (), made)
    raise typer.Exit(int(stayed or named or bool(outcome.not_sent or outcome.unnoted)))


def _agreed(made: Any, on: Any) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    count = len(made.letters)
    what = "this letter" if count == 1 else f"these {count:,} letters"
    return typer.confirm(f"Send {what} back to {on.topic}?", err=True)


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether Ctrl-C or SIGTERM came: the batch on its way then still gets its receipts."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        os.write(2, b"millrace: ending after the letters on their way; once more ends at once\n")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(word: str, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many more are done. Shows a bar where a person looks on."""
    from millrace import screen

    console = screen.console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(word, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda more: progress.update(task, advance=more)
