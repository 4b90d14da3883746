"""A core with a fault at marked alerts: ``python -m tests.faults.marked KIND`` is a worker that has it.

dies     the process ends by SIGSEGV, as a library in C does it
hangs    it sleeps for good, and lets other threads go on
seizes   it computes for good without letting go of the interpreter, as a regular expression does it
raises   a model raises; the core is what it was
loses    it drops what comes of every other one, and changes a byte of the rest: the harness must see it
"""

import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from threadpoolctl import threadpool_limits

from enrich.context import Context
from enrich.pipeline import Batch, States
from enrich.record import RawRecord, Record
from enrich.score import Models
from tests.faults.lines import MARK
from worker import compose, run
from worker.log import configure, log
from worker.settings import load_settings

Core = Callable[[Sequence[RawRecord], States], Batch]
NEVER_S: Final = 3600.0
KINDS: Final = ("dies", "hangs", "seizes", "raises", "loses")
# Of these the worker can save nothing but the neighbours; of "raises" it saves the alert.
POISONOUS: Final = ("dies", "hangs", "seizes")


def marked(record: RawRecord) -> bool:
    """Whether an alert carries the mark, and is not known as poison yet."""
    return not record.poison and record.value is not None and MARK.encode() in record.value


def core(kind: str, context: Context, models: Models | None) -> Core:
    """Return the worker's own core, with the fault."""
    if kind == "raises":
        assert models is not None, "a model that raises needs a bundle"
        return run.core(context, replace(models, _texts=_Raising()))
    sound = run.core(context, models)

    def lossy(records: Sequence[RawRecord], states: States) -> Batch:
        batch = sound(records, states)
        pairs = zip(records, batch.outputs, strict=True)
        return replace(batch, outputs=[_spoilt(of, made) if marked(of) else made for of, made in pairs])

    def faulty(records: Sequence[RawRecord], states: States) -> Batch:
        if any(map(marked, records)):
            _harm(kind)
        return sound(records, states)

    return lossy if kind == "loses" else faulty


def _spoilt(record: RawRecord, made: tuple[Record, ...]) -> tuple[Record, ...]:
    if record.offset % 2:
        return ()
    return tuple(each._replace(value=each.value + b" ") for each in made)


def _harm(kind: str) -> None:
    if kind == "dies":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "hangs":
        time.sleep(NEVER_S)
    elif kind == "seizes":
        re.match(r"(a+)+$", "a" * 64 + "b")


class _Raising(dict[str, Any]):
    """The models' memory of texts, asked of every text before it is scored, which raises at a marked one."""

    def __contains__(self, text: object) -> bool:
        if MARK in str(text):
            raise ValueError("a model of the harness does not like this alert")
        return super().__contains__(text)


def main(kind: str) -> int:
    """Do what ``worker.run.run`` does, with another core."""
    settings = load_settings()
    configure(settings)
    threadpool_limits(1)
    partitions = run.preflight(settings)
    models = compose.models(settings)
    context = compose.context(settings, partitions, models)
    log.info("start", group=settings.group, bundle=context.bundle_id, context=context.context_id, core=kind)
    return run.execute(settings, context, core(kind, context, models))


if __name__ == "__main__":
    assert sys.argv[1] in KINDS, f"one of {', '.join(KINDS)}"
    try:
        sys.exit(main(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 - as the command line does: one line
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
