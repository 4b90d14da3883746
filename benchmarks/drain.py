"""One contestant drains a backlog that was loaded before it began: alerts/s, CPU per alert, memory.

The rate is of the events' arrival at the broker, between the first tenth and nine tenths of them. CPU is the
contestant's own, all its threads, over the same stretch: it hardly minds what else the machine does.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import orjson
import psutil

from benchmarks.contestants import Contestant
from benchmarks.figures import FROM, TO, middle_cost, middle_rate
from benchmarks.process import BenchmarkFailed, Child
from benchmarks.readback import readback
from benchmarks.room import Room
from worker.settings import Settings

LOOK_S: Final = 0.1
START_S: Final = 60.0
# A drain that gets slower than this is not one any more.
LEAST_RATE: Final = 25.0


class Look(NamedTuple):
    """One look at a drain. cpu_s, rss_mb: of all its processes. busy_s, idle_s: of all cores, by anybody."""

    at_s: float
    events: int
    cpu_s: float
    rss_mb: float
    busy_s: float
    idle_s: float


class Drained(NamedTuple):
    """alerts: that were asked for. rate: alerts/s. cpu_us: per alert. peak_mb: resident, one process or all.

    busy: share of all cores in use, by anybody, in the same stretch. lost, twice: of ``alerts``, by uid.
    differing: events with other bytes than those of the in-process run; None: not compared.
    """

    alerts: int
    rate: float
    cpu_us: float
    peak_mb: float
    busy: float
    lost: int
    twice: int
    differing: int | None


def drain(
    room: Room,
    who: Contestant,
    alerts: int,
    raw: str,
    partitions: int,
    reference: Mapping[str, str],
    size: int,
) -> Drained:
    """Let a contestant drain ``raw``. reference: uid -> digest of (e). Raises BenchmarkFailed."""
    words = (*who.words, "--copy", str(size)) if who.copies else who.words
    with room.installation(partitions, raw=raw) as settings, room.ends(settings.topic_enriched) as count:
        child = Child(who.name, words, room.env(settings, **dict(who.settings)), room.home / "children")
        try:
            looks = watch([child], count, alerts)
            if who.gentle and (code := child.stop()):
                raise BenchmarkFailed(f"{who.name}: exit code {code} after SIGTERM")
        finally:
            child.kill()
        return _told(room, settings, looks, alerts, {} if who.copies else reference)


def watch(children: Sequence[Child], count: Callable[[], int], alerts: int) -> list[Look]:
    """Look until so many events have arrived. Raises BenchmarkFailed."""
    looks: list[Look] = []
    deadline = time.monotonic() + START_S + alerts / LEAST_RATE
    while not looks or looks[-1].events < alerts:
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{children[0].name}: {looks[-1].events:,} of {alerts:,} in time")
        machine = psutil.cpu_times()
        idle = machine.idle + getattr(machine, "iowait", 0.0)
        looks.append(
            Look(
                time.monotonic(),
                count(),
                sum(child.cpu_s() for child in children),
                sum(child.rss_mb() for child in children),
                sum(machine) - idle,
                idle,
            )
        )
        time.sleep(LOOK_S)
    return looks


def cost(looks: Sequence[Look], alerts: int) -> float:
    """Return CPU microseconds per alert."""
    return middle_cost([look.events for look in looks], [look.cpu_s for look in looks], alerts)


def busy(looks: Sequence[Look], alerts: int) -> float:
    """Return the share of all cores that were in use, 0-1."""
    inside = [look for look in looks if alerts * FROM <= look.events <= alerts * TO] or list(looks)
    used, idle = inside[-1].busy_s - inside[0].busy_s, inside[-1].idle_s - inside[0].idle_s
    return round(used / (used + idle), 3) if used + idle else float("nan")


def _told(
    room: Room, settings: Settings, looks: Sequence[Look], alerts: int, reference: Mapping[str, str]
) -> Drained:
    found = readback(room.bootstrap, settings.topic_enriched)
    copies = not reference
    differing = None if copies else sum(reference.get(uid) != digest for uid, digest in found.digests.items())
    return Drained(
        alerts=alerts,
        rate=middle_rate(found.stamps_ms[:alerts]),
        cpu_us=cost(looks, alerts),
        peak_mb=round(max(look.rss_mb for look in looks), 1),
        busy=busy(looks, alerts),
        lost=0 if copies else max(0, alerts - len(found.digests)),
        twice=0 if copies else found.twice,
        differing=differing,
    )


class InProcess(NamedTuple):
    """rate: alerts/s. cpu_us: per alert. size, outputs: bytes and records written per alert."""

    alerts: int
    rate: float
    cpu_us: float
    size: int
    outputs: float


def in_process(
    room: Room, settings: Settings, alerts: int, digests: bool
) -> tuple[InProcess, dict[str, str]]:
    """Run the core alone on the same records. digests: also return the hash of every event's bytes."""
    file = room.home / "digests.json"
    more = ("--digests", str(file)) if digests else ()
    words = ("-m", "benchmarks.rivals.in_process", "--alerts", str(alerts), *more)
    child = Child("in_process", words, room.env(settings), room.home / "children")
    doc = orjson.loads(child.finished(START_S + alerts / 500))
    told = InProcess(
        alerts=doc["alerts"],
        rate=round(doc["alerts"] / doc["wall_s"], 1),
        cpu_us=round(doc["cpu_s"] / doc["alerts"] * 1e6, 1),
        size=round(doc["bytes"] / doc["alerts"]),
        outputs=round(doc["outputs"] / doc["alerts"], 3),
    )
    return told, orjson.loads(file.read_bytes()) if digests else {}
