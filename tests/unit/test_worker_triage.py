"""The worker's agent: acknowledges a batch when its records have receipts, in order, and not before."""

import asyncio
import io
import logging
from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from enrich.pipeline import Batch, PartitionState, States
from enrich.record import RawRecord, Record
from worker.app import CoreFailed, Triage
from worker.log import configure
from worker.settings import Settings
from worker.sink import SinkFailed

SECRET = b"4111-1111-1111-1111"


class Event:
    """A Faust event: its message, and whether it was acknowledged."""

    def __init__(self, offset: int, value: bytes | None = b"x", partition: int = 0) -> None:
        self.message = SimpleNamespace(
            topic="raw",
            partition=partition,
            offset=offset,
            timestamp=1.5,
            key=None,
            value=value,
            headers=None,
        )
        self.acked = False

    def ack(self) -> None:
        self.acked = True


class Sink:
    """Takes everything, or raises what it is given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.took = error, []  # type: ignore[var-annotated]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, records: Sequence[Record]) -> None:
        if self.error:
            raise self.error
        self.took += records


def core(records: Sequence[RawRecord], states: States) -> Batch:
    """One event for each record with a value; a state's head is what it has seen."""
    for record in records:
        if record.value == SECRET:
            raise KeyError(record.value)
        states.setdefault(record.partition, PartitionState()).head = record.offset + 1
    outputs: list[Any] = [
        () if record.value is None else (Record("enriched", None, record.value, ()),) for record in records
    ]
    return Batch(outputs, Counter({"in": len(records)}))


def take(triage: Triage, *batches: list[Event]) -> None:
    async def all_of_them() -> None:
        for batch in batches:
            await triage.take(batch)

    asyncio.run(all_of_them())


@pytest.fixture
def logged() -> Any:
    """Everything that goes to the log, as JSON lines."""
    configure(Settings(), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return stream


def test_a_batch_is_acknowledged_when_it_has_its_receipts() -> None:
    events = [Event(0), Event(1)]
    take(Triage(core, Sink()), events)
    assert [event.acked for event in events] == [True, True]


def test_a_batch_without_receipts_is_not_acknowledged() -> None:
    events = [Event(0), Event(1)]
    with pytest.raises(SinkFailed):
        take(Triage(core, Sink(SinkFailed("no"))), events)
    assert [event.acked for event in events] == [False, False]


def test_a_tombstone_is_acknowledged_and_gives_nothing() -> None:
    sink, event = Sink(), Event(0, None)
    take(Triage(core, sink), [event])
    assert (event.acked, sink.took) == (True, [])


def test_a_bug_in_the_core_acknowledges_nothing() -> None:
    events = [Event(0), Event(1, SECRET)]
    with pytest.raises(CoreFailed, match="KeyError on raw 0:0-1"):
        take(Triage(core, Sink()), events)
    assert [event.acked for event in events] == [False, False]


def test_a_bug_in_the_core_is_logged_with_its_place_and_without_the_alert(logged: io.StringIO) -> None:
    with pytest.raises(CoreFailed):
        take(Triage(core, Sink()), [Event(0, SECRET)])
    text = logged.getvalue()
    assert ("test_worker_triage.py" in text, SECRET.decode() in text) == (True, False)


def test_a_batch_that_failed_leaves_no_state_behind() -> None:
    triage = Triage(core, Sink(SinkFailed("no")))
    with pytest.raises(SinkFailed):
        take(triage, [Event(0)])
    assert triage._states == {}


def test_a_new_assignment_begins_cold() -> None:
    triage = Triage(core, Sink())
    take(triage, [Event(0)])
    triage.reset()
    assert triage._states == {}


def test_offsets_that_go_back_within_an_assignment_begin_cold_and_are_told(logged: io.StringIO) -> None:
    triage = Triage(core, Sink())
    take(triage, [Event(7)])
    before = triage._states[0]
    take(triage, [Event(0)])
    assert (triage._states[0] is before, "offsets_went_back" in logged.getvalue()) == (False, True)


def test_offsets_that_are_missing_are_told(logged: io.StringIO) -> None:
    take(Triage(core, Sink()), [Event(7), Event(8, partition=1)], [Event(10)])
    assert '"offsets_skipped"' in logged.getvalue()
