"""The parts in their order, in one run on one broker; what fails is told in its place, the rest goes on."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from statistics import median
from typing import Any, Final

from benchmarks.contestants import CONTESTANTS, LIMIT
from benchmarks.drain import drain, in_process
from benchmarks.latency import latency
from benchmarks.machine import machine
from benchmarks.process import FAILURES, BenchmarkFailed
from benchmarks.room import Room, Say, room
from benchmarks.scale import Scale
from benchmarks.scaling import core_stages, scaled

PARTITIONS: Final = 6
# Which figures of several runs are the median, and which the worst.
MEDIAN: Final = ("rate", "cpu_us", "busy")
WORST: Final = ("peak_mb", "lost", "twice", "differing")

Part = Callable[[Room, Scale, Say], Any]


def run(scale: Scale, parts: Mapping[str, Part], say: Say) -> dict[str, Any]:
    """Return the result document of these parts."""
    doc: dict[str, Any] = {"machine": machine(), "scale": asdict(scale)}
    with room(scale, say) as where:
        doc["bundle"] = where.bundle_id
        doc["alert_bytes"] = round(where.size, 1)
        for name, part in parts.items():
            doc[name] = part(where, scale, say)
    return doc


def throughput(where: Room, scale: Scale, say: Say) -> dict[str, Any]:
    """Everybody by turns, so that what slows the machine for a while slows all of them."""
    found: dict[str, list[dict[str, Any]]] = {}
    failed: dict[str, str] = {}
    with where.installation(PARTITIONS) as settings:
        raw = settings.topic_raw
        where.load(raw, scale.alerts)
        say(f"{scale.alerts:,} alerts are on {raw}")
        reference: dict[str, str] = {}
        size = 0
        for turn in range(scale.runs):
            limit, digests = in_process(where, settings, scale.alerts, digests=not turn)
            reference, size = digests or reference, limit.size
            found.setdefault(LIMIT, []).append(limit._asdict())
            say(f"run {turn + 1}, {LIMIT}: {limit.rate:,.0f} alerts/s, {limit.cpu_us:.1f} µs")
            for who in CONTESTANTS:
                alerts = getattr(scale, who.share)
                try:
                    each = drain(where, who, alerts, raw, PARTITIONS, reference, size)
                except FAILURES as error:
                    failed[who.name] = reason(error)
                    say(failed[who.name])
                    continue
                found.setdefault(who.name, []).append(each._asdict())
                say(
                    f"run {turn + 1}, {who.name}: {each.rate:,.0f} alerts/s, {each.cpu_us:.1f} µs, "
                    f"{each.peak_mb:.0f} MB, machine {each.busy:.0%} busy"
                )
    return {name: joined(runs) for name, runs in found.items()} | {
        name: {"failed": reason} for name, reason in failed.items()
    }


def reason(error: BaseException) -> str:
    """Return one line about what ended a part."""
    name = "" if isinstance(error, BenchmarkFailed) else f"{type(error).__name__}: "
    return name + " ".join(str(error).split())[:300]


def joined(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one figure of each kind for several runs, and every run's rate."""
    told = dict(runs[0])
    for name in told:
        values = [each[name] for each in runs if each[name] is not None]
        if name in MEDIAN:
            told[name] = round(median(values), 3)
        elif name in WORST and values:
            told[name] = max(values)
    return {**told, "rates": [each["rate"] for each in runs]}


def latencies(where: Room, scale: Scale, say: Say) -> list[dict[str, Any]]:
    """Each rate with each number of partitions."""
    found = []
    for partitions in scale.latency_partitions:
        for rate in scale.rates:
            cell: dict[str, Any] = {"rate": rate, "partitions": partitions}
            try:
                cell = latency(where, rate, partitions, scale.warm_s, scale.measured_s)._asdict()
                say(f"latency {rate:,}/s, {partitions} partitions: p50 {cell['p50']}, p99 {cell['p99']} ms")
            except FAILURES as error:
                cell["failed"] = reason(error)
                say(cell["failed"])
            found.append(cell)
    return found


def scaling(where: Room, scale: Scale, say: Say) -> dict[str, Any]:
    """One process and two."""
    found: dict[str, Any] = {}
    for processes in (1, 2):
        each: dict[str, Any] = {"core_us": core_stages(where, processes, scale.stages)}
        try:
            runs = [scaled(where, processes, scale.scaling, PARTITIONS)._asdict() for _ in range(scale.runs)]
            each |= joined(runs)
            say(f"{processes} worker(s): {each['rate']:,.0f} alerts/s, {each['cpu_us']:.1f} µs")
        except FAILURES as error:
            each["failed"] = reason(error)
            say(each["failed"])
        found[str(processes)] = each
    return found


PARTS: Final[Mapping[str, Part]] = {"throughput": throughput, "latency": latencies, "scaling": scaling}
