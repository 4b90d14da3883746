"""`millrace score`: the core without Kafka, or over a stretch of a topic; produces nothing."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated, Any, Final

import orjson
import typer

from enrich.context import Context
from enrich.errors import SettingsWrong
from enrich.pipeline import PartitionState, process
from enrich.record import RawRecord, Record
from enrich.score import Models
from millrace.lines import numbered_lines
from millrace.shown import dead_letter

# A forest's call costs 5 ms however few rows it has: 7 % less time in all than at 1,000; 4,000 gains no more.
BATCH: Final = 2_000
OUT_BUFFER: Final = 1_048_576
SOURCE: Final = "score"


def score(
    file: Annotated[
        Path | None, typer.Argument(help="Lines of alerts; - is standard input; may be gzip.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Score a stretch of this topic instead of a file.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First offset or time (with --topic).")] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Offset or time to stop before (with --topic).")
    ] = None,
    cold: Annotated[bool, typer.Option(help="Do not read the topic before --from for its history.")] = False,
    dead: Annotated[Path | None, typer.Option(help="Write dead letters here, as JSON lines.")] = None,
    escalated: Annotated[bool, typer.Option(help="Print only the escalated events.")] = False,
    partitions: Annotated[int, typer.Option(min=1, max=10_000, help="Partitions to stand in for.")] = 1,
    source: Annotated[str, typer.Option(help="Stands for the topic's name in ids.")] = SOURCE,
    strip: Annotated[str, typer.Option(help="Top-level keys to take out of each line: labels, say.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON, too.")] = False,
) -> None:
    """Score alerts without Kafka: lines in, one OCSF event a line out, in order.

    Example: millrace score eve.json --dead dead.jsonl > events.jsonl

    Example: millrace score --topic alerts.raw --from 2026-11-21T07:00:00Z > again.jsonl
    """
    if (file is None) == (topic is None):
        raise SettingsWrong("score takes a FILE (or -) or --topic NAME: give one of them")
    if topic is None and (start or end or cold):
        raise SettingsWrong("--from, --to and --cold go with --topic")
    if topic is not None and (strip or partitions != 1 or source != SOURCE):
        raise SettingsWrong("--strip, --partitions and --source go with a file")
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        if file is None:
            outputs = _of_topic(stack, str(topic), start, end, cold, counts)
        else:
            keys = [key.strip() for key in strip.split(",") if key.strip()]
            outputs = _of_file(file, keys, source, partitions, counts)
        letters = None if dead is None else stack.enter_context(_writable(dead, file))
        wanted = "escalated" if escalated else "enriched"
        out = stack.enter_context(open(sys.stdout.fileno(), "wb", buffering=OUT_BUFFER, closefd=False))
        for records in outputs:
            for record in records:
                if record.route == wanted:
                    out.write(record.value)
                    out.write(b"\n")
                elif record.route == "dead" and letters is not None:
                    letters.write(dead_line(record) + b"\n")
        out.flush()
    _summary(counts, time.perf_counter() - began, as_json)


def dead_line(record: Record) -> bytes:
    """Return a dead letter as one JSON object, the same as `millrace watch dead --json` prints."""
    letter = RawRecord("", 0, 0, None, record.key, record.value, record.headers)
    return orjson.dumps(dead_letter(letter))


def score_records(
    records: Iterable[RawRecord], context: Context, models: Models | None, counts: Counter[str]
) -> Iterator[tuple[Record, ...]]:
    """Take any number of records through the core, BATCH at a time, in constant memory."""
    states: dict[int, PartitionState] = {}
    for some in batched_records(records):
        batch = process(some, states, context, models)
        counts.update(batch.counts)
        yield from batch.outputs


def batched_records(records: Iterable[RawRecord]) -> Iterator[list[RawRecord]]:
    """Cut into lists of BATCH."""
    some: list[RawRecord] = []
    for record in records:
        some.append(record)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some


def _of_file(
    file: Path, strip: list[str], source: str, partitions: int, counts: Counter[str]
) -> Iterator[tuple[Record, ...]]:
    from worker import compose
    from worker.log import configure
    from worker.memory import settle
    from worker.settings import load_settings

    settings = load_settings()
    configure(settings)  # stdout is for events
    lines = (line for _, line in numbered_lines(file, strip))
    models = compose.models(settings)
    context = compose.context(settings, partitions, models)
    settle()
    records = _file_records(lines, source, partitions, compose.entity_of(settings))
    return score_records(records, context, models, counts)


def _file_records(
    lines: Iterable[bytes], source: str, partitions: int, entity_of: Callable[[bytes], bytes | None]
) -> Iterator[RawRecord]:
    from kafka.partitioner.default import murmur2

    heads = [0] * partitions
    for line in lines:
        partition = 0
        if partitions > 1:
            # What has no entity `send` gives no key: any partition will do, if it is the same each time.
            partition = (murmur2(entity_of(line) or line) & 0x7FFFFFFF) % partitions
        yield RawRecord(source, partition, heads[partition], None, None, line)
        heads[partition] += 1


def _of_topic(
    stack: ExitStack, topic: str, start: str | None, end: str | None, cold: bool, counts: Counter[str]
) -> Iterator[tuple[Record, ...]]:
    from worker import compose, kafka_client
    from worker.log import configure
    from worker.memory import settle
    from worker.reader import partitions as partitions_of
    from worker.replay import Bound, replay
    from worker.settings import load_settings

    settings = load_settings()
    configure(settings)
    low, high = Bound.parse(start, "--from"), Bound.parse(end, "--to")
    models = compose.models(settings)
    consumer = stack.enter_context(kafka_client.consumer(settings))
    context = compose.context(settings, len(partitions_of(consumer, topic)), models)

    settle()

    def outputs() -> Iterator[tuple[Record, ...]]:
        states: dict[int, PartitionState] = {}
        for records, asked in replay(consumer, topic, low, high, cold):
            batch = process(records, states, context, models)
            if asked:
                counts.update(batch.counts)
                yield from batch.outputs

    return outputs()


def _writable(path: Path, source: Path | None) -> IO[bytes]:
    try:
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise SettingsWrong(f"--dead {path}: that is the file to read")
        return path.open("wb")
    except OSError as error:
        raise SettingsWrong(f"--dead {path}: {error.strerror}") from None


def _summary(counts: Counter[str], seconds: float, as_json: bool) -> None:
    rate = counts["in"] / seconds if seconds else 0.0
    if as_json:
        facts: dict[str, Any] = {
            **dict(sorted(counts.items())),
            "seconds": round(seconds, 3),
            "rate": round(rate),
        }
        sys.stderr.buffer.write(orjson.dumps(facts) + b"\n")
        return
    codes = ", ".join(f"{name[5:]} {n}" for name, n in sorted(counts.items()) if name.startswith("dead."))
    sys.stderr.write(
        f"{counts['in']:,} in, {counts['enriched']:,} enriched, {counts['escalated']:,} escalated, "
        f"{counts['dead']:,} dead{f' ({codes})' if codes else ''}; {seconds:.1f} s, {rate:,.0f}/s\n"
    )
