"""From the moment an alert was due to be produced until a reader has its event: p50, p95, p99.

Sender and reader are processes of their own on the same machine and clock. The due time stands in the raw
record; after the run each raw record's uid is computed from its coordinates and joined with the event's.
"""

from typing import Final, NamedTuple

import orjson

from benchmarks.figures import percentile
from benchmarks.process import BenchmarkFailed, Child, environment
from benchmarks.readback import everything, header
from benchmarks.room import Room
from benchmarks.worker import workers
from enrich.record import RawRecord
from enrich.uid import uid
from worker.settings import Settings

READY_S: Final = 30.0
END_S: Final = 60.0


class Latency(NamedTuple):
    """Milliseconds. alerts: measured. missing: without an event. late_ms: of the sender, p99."""

    rate: int
    partitions: int
    alerts: int
    p50: float
    p95: float
    p99: float
    highest: float
    missing: int
    late_ms: float


def latency(room: Room, rate: int, partitions: int, warm_s: float, measured_s: float) -> Latency:
    """Measure one rate with one worker process. Raises BenchmarkFailed."""
    warm, total = int(rate * warm_s), int(rate * (warm_s + measured_s))
    file = room.lines_file()
    with room.installation(partitions) as settings, workers(room, settings, 1) as (worker,):
        arrivals = room.home / "arrivals.json"
        home = room.home / "children"
        common = ("--bootstrap", room.bootstrap, "--count", str(total))
        listener = Child(
            "listener",
            (
                "-m",
                "benchmarks.listener",
                *common,
                "--topic",
                settings.topic_enriched,
                "--file",
                str(arrivals),
            ),
            environment(),
            home,
        )
        sender = None
        try:
            listener.wait_out(b"ready", READY_S)
            sender = Child(
                "sender",
                (
                    "-m",
                    "benchmarks.sender",
                    *common,
                    "--topic",
                    settings.topic_raw,
                    "--file",
                    str(file),
                    "--rate",
                    str(rate),
                ),
                environment(),
                home,
            )
            told = orjson.loads(sender.finished(warm_s + measured_s + END_S))
            listener.tell("sent")
            listener.finished(END_S)
        finally:
            listener.kill()
            if sender is not None:
                sender.kill()
        worker.check()
        if told["failed"]:
            raise BenchmarkFailed(f"sender: {told['failed']} alerts not sent: {told['reason']}")
        due = due_times(room, settings)
    arrived = orjson.loads(arrivals.read_bytes())
    start = sorted(due.values())[warm]
    waited = [
        (arrived[name] - at) / 1e6 if name in arrived else float("inf")
        for name, at in due.items()
        if at >= start
    ]
    missing = sum(each == float("inf") for each in waited)
    p50, p95, p99, highest = (round(percentile(waited, share), 1) for share in (0.5, 0.95, 0.99, 1.0))
    return Latency(rate, partitions, len(waited), p50, p95, p99, highest, missing, told["late_ms"]["p99"])


def due_times(room: Room, settings: Settings) -> dict[str, int]:
    """Return uid -> when the alert was due, of everything on the raw topic."""
    due = {}
    for message in everything(room.bootstrap, settings.topic_raw):
        record = RawRecord(
            settings.topic_raw,
            message.partition() or 0,
            message.offset() or 0,
            message.timestamp()[1],
            None,
            b"",
        )
        due[uid(record, message.timestamp()[1], settings.source)] = int(header(message, "due"))
    return due
