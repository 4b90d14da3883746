"""The pump: deliveries in, one scoring batch, records out, acknowledgement when all of them have receipts.

    offer -> waiting -> core (a thread of its own) -> sink -> receipts -> acknowledge

A call of the models costs as much for 1 row as for 50, so all lists that wait are joined, to ``batch_rows``.
The next batch is scored while the receipts of the last are awaited. The folds belong to the core's thread
(``worker.core_thread``): whatever reads or changes them runs there, one thing after another.

    worker.waiting  what waits, and how it is joined      worker.scoring  the core, on a round of records
    worker.round    what is on its way                    worker.tally    what log and metrics are told of it
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Final

from enrich.errors import MillraceError
from enrich.pipeline import Batch, PartitionState
from enrich.record import RawRecord, Record
from worker.apart import taken_apart
from worker.core_thread import CoreThread, T
from worker.delivery import Delivery
from worker.log import log, where
from worker.metrics import Metrics
from worker.parcel import Chunk
from worker.pulse import Pulse
from worker.round import Acknowledges, Round, Sends, spans
from worker.scoring import Core, CoreFailed, Scoring
from worker.tally import Tally
from worker.waiting import Waiting

# Batches between the core and their receipts. A second one keeps the core busy, more only wait in memory.
DEPTH: Final = 4
LOOK_S: Final = 0.5


class Pump:
    """See the module. failed: why it works no more. states: of the core's thread alone."""

    def __init__(
        self,
        core: Core,
        sink: Sends,
        pulse: Pulse,
        metrics: Metrics,
        *,
        rows: int,
        wait_s: float,
        core_timeout_s: float,
        one_cpu: bool,
        crash: Callable[[BaseException], None],
    ) -> None:
        self._scoring: Final = Scoring(core, sink)
        self.core: Final = core
        self.states: Final = self._scoring.states
        self.failed: BaseException | None = None
        self.hangs = False
        self.consumer: Acknowledges | None = None
        self._sink: Final = sink
        self._pulse: Final = pulse
        self._rows: Final = rows
        self._wait_s: Final = wait_s
        self._core_timeout_s: Final = core_timeout_s
        self._crash: Final = crash
        self._thread: Final = CoreThread(pulse, core_timeout_s, one_cpu)
        self._waiting: Final = Waiting(pulse, rows)
        self._turns = 0  # jobs given to the thread that will take what waits
        self._way: Final[set[Round]] = set()
        self._scored: Final[asyncio.Queue[Round]] = asyncio.Queue()
        self._empty: Final = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._tally: Final = Tally(metrics)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def at(self) -> frozenset[int]:
        """Partitions of the records that the core has at this moment."""
        return self._scoring.at

    def start(self, consumer: Acknowledges) -> None:
        """Begin, in the running event loop."""
        self.consumer = consumer
        self._tasks = [
            asyncio.create_task(each) for each in (self._send(), self._watch(), self._tally.keep_telling())
        ]
        for task in self._tasks:
            task.add_done_callback(self.watched)

    def stop(self) -> None:
        """End: what is on its way has no receipt yet, and comes again."""
        for task in self._tasks:
            task.cancel()
        self._tally.tell()
        self._thread.stop()

    def watched(self, task: "asyncio.Task[None]") -> None:
        """End the process if a task has ended with an error that nobody expected: a done callback."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def offer(self, delivery: Delivery) -> None:
        """Take a delivery, unless it is of an assignment that is over."""
        if self.consumer is None or delivery.epoch != self.consumer.epoch or self.failed:
            return
        self._waiting.put(delivery)
        self._schedule()

    def give_up_waiting(self) -> None:
        """Drop what the core has not begun."""
        self._waiting.clear()

    async def drained(self, bound_s: float) -> None:
        """Return when nothing is between core and receipts, or after ``bound_s``."""
        try:
            async with asyncio.timeout(bound_s):
                while (self._way or self._turns) and not self.failed:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            log.warning("not_drained", batches=len(self._way), left="un-acknowledged, it comes again")

    async def in_core(self, work: Callable[[], T]) -> T:
        """Run something in the core's thread, after what it has to do."""
        return await self._thread.run(work)

    def forget(self, partition: int, offset: int) -> None:
        """Begin a partition cold at this offset."""
        self._thread.submit(partial(self.states.__setitem__, partition, PartitionState(head=offset)))

    async def apart(
        self,
        delivery: Delivery,
        groups: Sequence[list[RawRecord]],
        note: Callable[[Sequence[RawRecord]], Awaitable[bool]],
    ) -> None:
        """Take a delivery group by group (``worker.apart``), then send it like any other."""
        one = Round([delivery], delivery.epoch, [record for group in groups for record in group])
        self._way.add(one)

        def score(group: list[RawRecord]) -> Awaitable[Batch | None]:
            return self.in_core(partial(self._scored_if, delivery.epoch, group))

        def packed(records: Sequence[Record]) -> Awaitable[list[Chunk]]:
            return self.in_core(partial(self._sink.packed, records))

        try:
            if not await taken_apart(one, groups, note, score, packed):
                self._leave(one)
                return
        except Exception as error:  # noqa: BLE001 - told and raised again where rounds end
            one.error = error
        self._scored.put_nowait(one)

    def _scored_if(self, epoch: int, records: list[RawRecord]) -> Batch | None:
        """In the core's thread: the batch, None if the assignment is over."""
        if epoch != self._epoch():
            return None
        return self._scoring.batch(records)

    def fail(self, error: BaseException, spans: str = "") -> None:
        """End the process, un-acknowledged."""
        if self.failed is None:
            self.failed = error
            if isinstance(error, MillraceError):
                log.error("not_acknowledged", error=str(error), batch=spans)
            else:  # not its text: that may quote an alert
                log.error("not_acknowledged", batch=spans, **where(error))
                error = CoreFailed(f"{type(error).__name__}, see the log")
            self._empty.set()
            self._crash(error)

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waiting or self._turns >= 2 or len(self._way) + self._turns >= DEPTH or self.failed:
            return
        full = self._waiting.full
        if self._turns and not full:
            return  # what waits grows until the turn before has ended
        # A full batch is not asked since when it waits: a turn asked for before may have taken it by now.
        left_s = 0.0 if full else self._waiting.since_s + self._wait_s - monotonic()
        if left_s <= 0:
            self._turns += 1
            self._thread.submit(partial(self._turn, asyncio.get_running_loop()))
        else:
            self._timer = asyncio.get_running_loop().call_later(left_s, self._schedule)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the core's thread: join what waits, score it, write it into record batches."""
        one = None
        try:
            deliveries = self._waiting.joined(self._epoch)
            if deliveries:
                one = Round(deliveries, deliveries[0].epoch)
                began = monotonic()
                one.seconds["wait"] = began - one.deliveries[0].since_s
                number = sum(delivery.number for delivery in one.deliveries)
                self._thread.keep_together(busy=2 * number >= self._rows)
                self._thread.bounded(partial(self._scoring.work, one))
                one.seconds["core"] = monotonic() - began
        except BaseException as error:  # noqa: BLE001 - a thread has nobody to raise to
            one = one or Round([], 0)
            one.error = error
        loop.call_soon_threadsafe(self._turned, one)

    def _epoch(self) -> int | None:
        return None if self.consumer is None else self.consumer.epoch

    def _turned(self, one: Round | None) -> None:
        self._turns -= 1
        if one is not None:
            self._way.add(one)
            self._scored.put_nowait(one)
        self._schedule()
        self._settle()

    async def _send(self) -> None:
        while True:
            one = await self._scored.get()
            if one.error is not None:
                self.fail(one.error, spans(one.records))
                return
            batch = one.batch
            if batch is None or one.epoch != self._epoch():
                # Of an assignment that is over: whoever has the partitions now does it again.
                self._leave(one)
                continue
            if batch.counts.get("replayed"):
                self.fail(CoreFailed("records came again that the history holds already"), spans(one.records))
                return
            began = monotonic()
            receipts = await self._sink.put(one.chunks)
            receipts.add_done_callback(lambda done, one=one, began=began: self._receipted(one, done, began))  # type: ignore[misc]

    def _receipted(self, one: Round, receipts: "asyncio.Future[None]", began: float) -> None:
        error = None if receipts.cancelled() else receipts.exception()
        if receipts.cancelled() or error is not None:
            self.fail(error or CoreFailed("stopped"), spans(one.records))
            return
        if self.consumer is not None:
            self.consumer.acknowledge(one.deliveries)
        self._leave(one)
        self._tally.count(one, monotonic() - began)

    def _leave(self, one: Round) -> None:
        self._way.discard(one)
        self._thread.bury(one)
        self._schedule()
        self._settle()

    def _settle(self) -> None:
        if not self._way and not self._turns:
            self._empty.set()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._turns and not self._waiting:
                self._thread.rest()
            since = self._pulse.core_since_s
            if since is not None and monotonic() - since > self._core_timeout_s:
                self.hangs = True
                self.fail(CoreFailed(f"the core has worked on one batch for over {self._core_timeout_s:g} s"))
                return
