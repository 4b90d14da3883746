"""Memory of one worker under alerts with as many entities as an attacker likes: its slope, in MB per million.

`python -m benchmarks --memory`. The topics are cut behind the worker, so that five million alerts need no
more disk than some thousand; the sender waits for the worker, so the worker is busy all the time.
"""

import time
from typing import Any, Final, NamedTuple

from benchmarks.figures import slope
from benchmarks.hostile import hostile
from benchmarks.process import BenchmarkFailed
from benchmarks.room import Room, Say, loader
from benchmarks.worker import workers

PARTITIONS: Final = 6
# Of the alerts, and at least so many: while histories and caches fill. Six histories are full at 120,000.
WARM: Final = 0.2
FULL: Final = 300_000
AHEAD: Final = 30_000
PIECE: Final = 5_000
STALL_S: Final = 120.0
# What a broker of this benchmark is started with, so that cut segments go at once.
BROKER: Final = {"log.retention.check.interval.ms": "5000", "log.initial.task.delay.ms": "1000"}
TOPIC: Final = {"segment.bytes": "33554432", "retention.bytes": "67108864", "file.delete.delay.ms": "1000"}


class Sample(NamedTuple):
    """One look. at_s: since the first alert was sent. rss_mb: of the worker."""

    at_s: float
    alerts: int
    rss_mb: float


class Memory(NamedTuple):
    """slope_mb: per million alerts, by least squares after ``since`` alerts. rise_mb: last less first."""

    alerts: int
    since: int
    peak_mb: float
    slope_mb: float
    rise_mb: float
    rate: float
    cpu_us: float
    samples: list[Sample]

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**self._asdict(), "samples": [each._asdict() for each in self.samples]}


def memory(room: Room, alerts: int, every_s: float, say: Say) -> Memory:
    """Send, and look every so often. Raises BenchmarkFailed."""
    samples: list[Sample] = []
    failed: list[str] = []
    producer = loader(room.bootstrap, failed)
    with (
        room.installation(PARTITIONS, extra=TOPIC) as settings,
        room.ends(settings.topic_enriched) as count,
        workers(room, settings, 1) as (worker,),
    ):
        began = moved = time.monotonic()
        cpu_before = worker.cpu_s()
        due = sent = done = 0.0
        while done < alerts:
            while sent < alerts and sent - done < AHEAD:
                for number in range(int(sent), min(int(sent) + PIECE, alerts)):
                    key, value = hostile(number)
                    producer.produce(settings.topic_raw, value=value, key=key)
                sent = min(sent + PIECE, alerts)
            if failed:
                raise BenchmarkFailed(f"not sent: {failed[0]}")
            producer.poll(0)
            now, before, done = time.monotonic(), done, count()
            worker.check()
            moved = now if done > before else moved
            if now - moved > STALL_S:
                raise BenchmarkFailed(f"no event for {STALL_S:g} s after {done:,.0f}")
            if now - began >= due or done >= alerts:
                samples.append(Sample(round(now - began, 1), int(done), round(worker.rss_mb(), 1)))
                say(f"{done:>11,.0f} alerts {samples[-1].rss_mb:8.1f} MB after {now - began:6.0f} s")
                due = now - began + every_s
            time.sleep(0.02)
        seconds, cpu_s = time.monotonic() - began, worker.cpu_s() - cpu_before
    return told(samples, alerts, seconds, cpu_s)


def told(samples: list[Sample], alerts: int, seconds: float, cpu_s: float) -> Memory:
    """Return what the samples say."""
    since = max(int(alerts * WARM), min(FULL, alerts // 2))
    warm = [each for each in samples if each.alerts >= since]
    return Memory(
        alerts=alerts,
        since=since,
        peak_mb=max(each.rss_mb for each in samples),
        slope_mb=round(slope([each.alerts / 1e6 for each in warm], [each.rss_mb for each in warm]), 2),
        rise_mb=round(warm[-1].rss_mb - warm[0].rss_mb, 1) if warm else float("nan"),
        rate=round(alerts / seconds, 1),
        cpu_us=round(cpu_s / alerts * 1e6, 1),
        samples=samples,
    )
