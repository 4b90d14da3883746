"""One worker process and two on the same alerts, CPU per alert; the workers are up before the load."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

from benchmarks.drain import busy, cost, watch
from benchmarks.figures import middle_rate
from benchmarks.process import Child
from benchmarks.readback import readback
from benchmarks.room import Room
from benchmarks.worker import stage_seconds, workers

READY_S: Final = 60.0


class Scaled(NamedTuple):
    """rate: alerts/s together. cpu_us: per alert, of all processes. stage_us: wall, as workers tell it."""

    processes: int
    alerts: int
    rate: float
    cpu_us: float
    busy: float
    lost: int
    stage_us: Mapping[str, float]


def scaled(room: Room, processes: int, alerts: int, partitions: int) -> Scaled:
    """Run so many workers on a load that comes faster than they can take it. Raises BenchmarkFailed."""
    with (
        room.installation(partitions) as settings,
        room.ends(settings.topic_enriched) as count,
        workers(room, settings, processes) as children,
    ):
        room.load(settings.topic_raw, alerts)
        looks = watch(children, count, alerts)
        seconds: dict[str, float] = {}
        for child in children:
            for stage, spent in stage_seconds(child).items():
                seconds[stage] = seconds.get(stage, 0.0) + spent
        found = readback(room.bootstrap, settings.topic_enriched)
    return Scaled(
        processes=processes,
        alerts=alerts,
        rate=middle_rate(found.stamps_ms[:alerts]),
        cpu_us=cost(looks, alerts),
        busy=busy(looks, alerts),
        lost=max(0, alerts - len(found.digests)),
        stage_us={stage: round(spent / alerts * 1e6, 1) for stage, spent in sorted(seconds.items())},
    )


def core_stages(room: Room, processes: int, alerts: int) -> dict[str, float]:
    """Return CPU microseconds per alert and stage of the core, the mean of processes that work at once.

    Each has other alerts. Raises BenchmarkFailed.
    """
    file = room.lines_file()
    with room.installation(1) as settings:
        children = []
        try:
            for each in range(processes):
                words = ("-m", "benchmarks.stages", "--file", str(file), "--count", str(alerts))
                skip = ("--skip", str(each * alerts))
                children.append(
                    Child(f"stages-{each}", (*words, *skip), room.env(settings), room.home / "children")
                )
            for child in children:
                child.wait_out(b"ready", READY_S)
            for child in children:
                child.tell("go")
            told = [
                orjson.loads(child.finished(READY_S + alerts / 500).partition(b"\n")[2]) for child in children
            ]
        finally:
            for child in children:
                child.kill()
    return {stage: round(sum(each[stage] for each in told) / processes, 1) for stage in told[0]}
