"""CPU microseconds per alert and stage of the core, in process: what the worker's own part of the cost is.

As a command it is one process of the benchmark: it prepares, says ``ready``, waits for a line on stdin (so
that two of them work at the same time), works through the file and prints one JSON document.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from enrich import pipeline
from enrich.context import Context
from enrich.record import RawRecord
from enrich.score import Models

ROWS: Final = 1_000
# Of a process: the one that cost least is told, because what else a machine does only ever adds.
PASSES: Final = 3
# Functions inside the stages whose time is told apart: (what it is, module, name). What is gone is left out.
INSIDE: Final = (
    ("parse", "enrich.pipeline", "alerts_from"),
    ("severity", "enrich.score", "_told"),
    ("anomaly", "enrich.score", "anomaly"),
)


class Clock:
    """CPU of this thread spent inside one function; what looking at the clock costs is taken off."""

    def __init__(self, work: Callable[..., Any], own_ns: float) -> None:
        self._work, self._own_ns = work, own_ns
        self._spent_ns = 0
        self._calls = 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the function."""
        began = time.thread_time_ns()
        try:
            return self._work(*args, **named)
        finally:
            self._spent_ns += time.thread_time_ns() - began
            self._calls += 1

    @property
    def seconds(self) -> float:
        """Spent so far."""
        return max(0.0, (self._spent_ns - self._calls * self._own_ns) / 1e9)

    @property
    def overhead_s(self) -> float:
        """What clocking has added to whatever called the function."""
        return self._calls * self._own_ns * 2 / 1e9


def own_ns() -> float:
    """Return what one look at the clock costs, the least of some."""
    return min(_looked() for _ in range(20))


def _looked(times: int = 500) -> float:
    began = time.thread_time_ns()
    for _ in range(times):
        time.thread_time_ns()
    return (time.thread_time_ns() - began) / times


def by_stage(values: Sequence[bytes], context: Context, models: Models, rows: int = ROWS) -> dict[str, float]:
    """Return CPU microseconds per alert: of each stage, of all, and of the parts of the models."""
    records = [RawRecord("bench", 0, i, None, None, value) for i, value in enumerate(values)]
    batches = [records[i : i + rows] for i in range(0, len(records), rows)]
    each_ns = own_ns()
    clocks: dict[str, Clock] = {}
    original = []
    for what, module, name in INSIDE:
        place = importlib.import_module(module)
        if hasattr(place, name):
            original.append((place, name, getattr(place, name)))
            clocks[what] = Clock(getattr(place, name), each_ns)
            setattr(place, name, clocks[what])
    spent = [0.0, 0.0, 0.0]
    states: dict[int, Any] = {}
    try:
        for batch in batches:
            marks = [time.thread_time()]
            ready = pipeline.prepare(batch, states, context)
            marks.append(time.thread_time())
            scores = pipeline.scored(ready, models)
            marks.append(time.thread_time())
            pipeline.finish(batch, ready, scores, states, context)
            marks.append(time.thread_time())
            spent = [
                total + after - before for total, before, after in zip(spent, marks, marks[1:], strict=False)
            ]
    finally:
        for place, name, work in original:
            setattr(place, name, work)
    return _told(spent, clocks, len(records))


def _told(spent: Sequence[float], clocks: dict[str, Clock], rows: int) -> dict[str, float]:
    inside = {what: clock.seconds for what, clock in clocks.items()}
    first, scoring, last = spent
    if "parse" in clocks:
        first -= inside["parse"] + clocks["parse"].overhead_s
    told = {
        "parse": inside.get("parse", 0.0),
        "enrich + fold + features": first,
        "models": scoring,
        "decide + encode": last,
    }
    told["all"] = sum(told.values())
    parts = {f"– {what}": seconds for what, seconds in inside.items() if what != "parse"}
    if parts:
        parts["– the rest"] = scoring - sum(parts.values())
    return {what: round(seconds / rows * 1e6, 2) for what, seconds in {**told, **parts}.items()}


def warmed(values: Sequence[bytes], context: Context, models: Models) -> None:
    """Run one batch, so that imports and caches of code are done; what its texts left is dropped."""
    records = [RawRecord("bench", 0, i, None, None, value) for i, value in enumerate(values[:ROWS])]
    pipeline.process(records, {}, context, models)
    for head in models.heads:
        head._texts.clear()


def main() -> None:
    """Be one of the processes."""
    from benchmarks.rivals import core

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--file", type=Path, required=True, help="key TAB value lines")
    options.add_argument("--skip", type=int, default=0)
    options.add_argument("--count", type=int, required=True)
    given = options.parse_args()
    _, context, models = core.ready()
    lines = given.file.read_bytes().splitlines()[given.skip : given.skip + given.count]
    values = [line.partition(b"\t")[2] for line in lines]
    warmed(values, context, models)
    print("ready", flush=True)
    sys.stdin.readline()
    pieces = [values[i::PASSES] for i in range(PASSES)]
    told = [by_stage(piece, context, models) for piece in pieces]
    sys.stdout.buffer.write(orjson.dumps(min(told, key=lambda each: each["all"])))


if __name__ == "__main__":
    main()
