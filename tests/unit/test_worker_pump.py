"""The pump: a delivery is acknowledged when all of its records have receipts, and not before."""

import asyncio
import io
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

import pytest
from faust.types import TP

from enrich.errors import MillraceError
from enrich.pipeline import Batch, PartitionState, States
from enrich.record import RawRecord, Record
from tests.unit.consumed import consumed
from worker.delivery import Delivery
from worker.metrics import Metrics
from worker.produce_errors import SinkFailed
from worker.pulse import Pulse
from worker.pump import Pump
from worker.scoring import CoreFailed

SECRET = b"4111-1111-1111-1111"


class Consumer:
    """Keeps what was acknowledged."""

    def __init__(self) -> None:
        self.epoch, self.done = 1, []  # type: ignore[var-annotated]

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.done += [(each.tp.partition, each.next) for each in deliveries]


class Sink:
    """Gives each put a future, which ends when the test says so."""

    def __init__(self) -> None:
        self.took: list[list[Record]] = []
        self.receipts: list[asyncio.Future[None]] = []

    def packed(self, records: Sequence[Record]) -> list[Any]:
        return list(records)

    async def put(self, chunks: Sequence[Any]) -> asyncio.Future[None]:
        self.took.append(list(chunks))
        self.receipts.append(asyncio.get_running_loop().create_future())
        return self.receipts[-1]


def core(records: Sequence[RawRecord], states: States) -> Batch:
    """One event for each record with a value; a state's head is what it has seen."""
    counts = Counter({"in": len(records)})
    for record in records:
        if record.value == SECRET:
            raise KeyError(record.value)
        state = states.setdefault(record.partition, PartitionState())
        counts["replayed"] += record.offset < state.head
        state.head = record.offset + 1
    outputs: list[Any] = [
        () if record.value is None else (Record("enriched", None, record.value, ()),) for record in records
    ]
    return Batch(outputs, counts)


def delivery(first: int, *values: bytes | None, partition: int = 0, epoch: int = 1) -> Delivery:
    rows = [consumed(partition, first + n, value) for n, value in enumerate(values)]
    return Delivery.of(TP("raw", partition), rows, epoch, monotonic())


class Bench:
    """A pump between our consumer and our sink. crashed: why the process would end."""

    def __init__(self, bound: Any = core, pulse: Pulse | None = None, **more: Any) -> None:
        self.consumer, self.sink = Consumer(), Sink()
        self.crashed: list[BaseException] = []
        pulse = pulse or Pulse("b", "c")
        options = {"rows": 4, "wait_s": 0.0, "core_timeout_s": 60.0, "one_cpu": False, **more}
        self.pump = Pump(bound, self.sink, pulse, Metrics(pulse), crash=self.crashed.append, **options)
        self.pump.states.update({place: PartitionState() for place in range(5)})

    def run(self, work: Callable[["Bench"], Awaitable[None]]) -> "Bench":
        async def all_of_it() -> None:
            self.pump.start(self.consumer)
            try:
                await asyncio.wait_for(work(self), 20)  # type: ignore[arg-type]
            finally:
                self.pump.stop()

        asyncio.run(all_of_it())
        return self

    async def until(self, what: Callable[[], bool]) -> None:
        while not what():
            await asyncio.sleep(0.001)


def test_a_delivery_is_acknowledged_with_its_receipts_and_not_before() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a", b"b"))
        await bench.until(lambda: bool(bench.sink.receipts))
        assert bench.consumer.done == []
        bench.sink.receipts[0].set_result(None)
        await bench.until(lambda: bool(bench.consumer.done))

    assert Bench().run(work).consumer.done == [(0, 2)]


def test_a_tombstone_is_acknowledged_and_gives_nothing() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, None))
        await bench.until(lambda: bool(bench.sink.receipts))
        bench.sink.receipts[0].set_result(None)
        await bench.until(lambda: bool(bench.consumer.done))

    bench = Bench().run(work)
    assert (bench.sink.took, bench.consumer.done) == ([[]], [(0, 1)])


def test_the_next_batch_is_scored_while_the_receipts_of_the_last_are_awaited() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: len(bench.sink.took) == 1)
        bench.pump.offer(delivery(1, b"b"))
        await bench.until(lambda: len(bench.sink.took) == 2)

    assert Bench().run(work).consumer.done == []


def test_lists_that_wait_are_joined_up_to_the_size_of_a_batch() -> None:
    gate, sizes = threading.Event(), []

    def slow(records: Sequence[RawRecord], states: States) -> Batch:
        gate.wait(10)
        sizes.append(len(records))
        return core(records, states)

    async def work(bench: Bench) -> None:
        for place in range(5):
            bench.pump.offer(delivery(0, b"a", b"b", partition=place))
        gate.set()
        await bench.until(lambda: sum(sizes) == 10)

    Bench(slow).run(work)
    assert max(sizes) == 4


def test_without_receipts_nothing_is_acknowledged_and_the_process_ends() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bool(bench.sink.receipts))
        bench.sink.receipts[0].set_exception(SinkFailed("no"))
        await bench.until(lambda: bool(bench.crashed))

    bench = Bench().run(work)
    assert (bench.consumer.done, [str(error) for error in bench.crashed]) == ([], ["no"])


def test_a_bug_in_the_core_ends_the_process_and_is_told_without_the_alert(logged: io.StringIO) -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, SECRET))
        await bench.until(lambda: bool(bench.crashed))

    bench = Bench().run(work)
    text = logged.getvalue()
    assert isinstance(bench.crashed[0], CoreFailed)
    assert ("test_worker_pump.py" in text, "raw 0:0-0" in text, SECRET.decode() in text) == (
        True,
        True,
        False,
    )


def test_a_core_that_works_without_end_ends_the_process() -> None:
    gate = threading.Event()

    def hangs(records: Sequence[RawRecord], states: States) -> Batch:
        gate.wait(10)
        return core(records, states)

    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bool(bench.crashed))
        gate.set()

    assert Bench(hangs, core_timeout_s=0.1).run(work).pump.hangs


def test_records_that_the_fold_holds_already_end_the_process_instead_of_vanishing() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a", b"b"))
        await bench.until(lambda: bool(bench.sink.took))
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bool(bench.crashed))

    bench = Bench().run(work)
    assert isinstance(bench.crashed[0], MillraceError)


def test_what_was_scored_for_an_assignment_that_is_over_is_neither_sent_nor_acknowledged() -> None:
    gate = threading.Event()

    def slow(records: Sequence[RawRecord], states: States) -> Batch:
        gate.wait(10)
        return core(records, states)

    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bench.pump._turns > 0)
        bench.consumer.epoch = 2
        gate.set()
        await bench.pump.drained(5)

    bench = Bench(slow).run(work)
    assert (bench.sink.took, bench.consumer.done) == ([], [])


def test_a_delivery_of_an_assignment_that_is_over_is_not_taken() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a", epoch=0))
        await bench.pump.drained(1)

    assert Bench().run(work).sink.took == []


def test_drained_waits_for_receipts_and_no_longer_than_its_bound() -> None:
    async def work(bench: Bench) -> None:
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bool(bench.sink.receipts))
        began = monotonic()
        await bench.pump.drained(0.1)
        assert monotonic() - began >= 0.1
        bench.sink.receipts[0].set_result(None)
        await bench.pump.drained(10)

    assert Bench().run(work).consumer.done == [(0, 1)]


def test_what_was_taken_apart_is_let_go_of() -> None:
    async def work(bench: Bench) -> None:
        async def note(_: Sequence[RawRecord]) -> bool:
            return True

        for n in range(5):
            one = delivery(n, b"a")
            await bench.pump.apart(one, [one.taken()], note)
            await bench.until(lambda n=n: len(bench.sink.receipts) == n + 1)  # type: ignore[misc]
            bench.sink.receipts[-1].set_result(None)
        await bench.until(lambda: len(bench.consumer.done) == 5)
        await bench.until(lambda: not bench.pump._thread._buried)

    Bench().run(work)


def test_a_turn_that_cannot_even_begin_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(bench: Bench) -> None:
        monkeypatch.setattr(bench.pump._waiting, "joined", lambda _: 1 / 0)
        bench.pump.offer(delivery(0, b"a"))
        await bench.until(lambda: bool(bench.crashed))

    assert isinstance(Bench().run(work).crashed[0], CoreFailed)


def test_a_delivery_is_taken_once() -> None:
    one = delivery(0, b"a")
    one.taken()
    with pytest.raises(RuntimeError, match="twice"):
        one.taken()
