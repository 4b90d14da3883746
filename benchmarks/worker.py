"""The real worker as the benchmark sees it: a command, its log, its exit code, and its metrics if any."""

import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import orjson
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.process import BenchmarkFailed, Child
from benchmarks.room import Room
from worker.settings import Settings

WORDS: Final = ("-m", "millrace", "worker", "--json-logs")
ASSIGNED_S: Final = 90.0
LOOK_S: Final = 0.1
STAGES: Final = "millrace_stage_seconds"


@contextmanager
def workers(room: Room, settings: Settings, number: int) -> Iterator[list[Child]]:
    """Yield so many workers of one group, each with its share of the partitions. Told to stop at the end.

    Raises BenchmarkFailed, also when one does not end with code 0.
    """
    with ExitStack() as stack:
        children = []
        for each in range(number):
            child = Child(f"worker-{each}", WORDS, room.env(settings), room.home / "children")
            stack.callback(child.kill)
            children.append(child)
        _shared(children, settings.partitions)
        yield children
        for child in children:
            if code := child.stop():
                raise BenchmarkFailed(f"{child.name}: exit code {code} after SIGTERM")


def _shared(children: Sequence[Child], partitions: int) -> None:
    """Return when the last assignments together are all partitions, each with one worker."""
    deadline = time.monotonic() + ASSIGNED_S
    while True:
        last = [assigned(child) for child in children]
        if all(last) and sorted(each for own in last for each in own) == list(range(partitions)):
            return
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"not all partitions were assigned within {ASSIGNED_S:g} s: {last}")
        time.sleep(LOOK_S)


def assigned(child: Child) -> list[int]:
    """Return the partitions that a worker was given last."""
    found = [event["partitions"] for event in events(child) if event.get("event") == "assigned"]
    return list(found[-1]) if found else []


def events(child: Child) -> Iterator[dict[str, Any]]:
    """Yield what a worker has logged, without lines that are not whole yet."""
    for line in child.log.splitlines():
        try:
            doc = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(doc, dict):
            yield doc


def stage_seconds(child: Child) -> Mapping[str, float]:
    """Return the seconds by stage that a worker's /metrics tell; empty where it serves none."""
    ports = [event["port"] for event in events(child) if event.get("event") == "http" and "port" in event]
    if not ports:
        return {}
    with urllib.request.urlopen(f"http://127.0.0.1:{ports[-1]}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        sample.labels["stage"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in (f"{STAGES}_total", f"{STAGES}_sum") and "stage" in sample.labels
    }
