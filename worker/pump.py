"""The pump: deliveries in, one scoring batch, records out, acknowledgement when all of them have receipts.

    offer -> waiting -> core (a thread of its own) -> sink -> receipts -> acknowledge

A call of the models costs as much for 1 row as for 50, so all lists that wait are joined, to ``batch_rows``.
The next batch is scored while the receipts of the last are awaited. The folds belong to the core's thread
(``worker.core_thread``): whatever reads or changes them runs there, one thing after another.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic, time
from typing import Final

from enrich.errors import MillraceError
from enrich.pipeline import Batch, PartitionState, States
from enrich.record import RawRecord
from worker.core_thread import CoreThread, T
from worker.delivery import Delivery
from worker.log import log, where
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.round import Acknowledges, Round, Sends, spans

# (records, states) -> Batch: ``enrich.pipeline.process`` with the context and the models bound.
Core = Callable[[Sequence[RawRecord], States], Batch]
# Batches between the core and their receipts. A second one keeps the core busy, more only wait in memory.
DEPTH: Final = 4
LOOK_S: Final = 0.5
REPORT_S: Final = 10.0


class CoreFailed(MillraceError):
    """The core raised, or works without end: a bug, or a record that is one. Nothing is acknowledged."""


class Pump:
    """See the module. failed: why it works no more. states: of the core's thread alone.

    at: partitions of the records that the core has at this moment.
    """

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
        self.core: Final = core
        self.states: Final[dict[int, PartitionState]] = {}
        self.failed: BaseException | None = None
        self.at: frozenset[int] = frozenset()
        self.hangs = False
        self.consumer: Acknowledges | None = None
        self._sink: Final = sink
        self._pulse: Final = pulse
        self._metrics: Final = metrics
        self._rows: Final = rows
        self._wait_s: Final = wait_s
        self._core_timeout_s: Final = core_timeout_s
        self._crash: Final = crash
        self._thread: Final = CoreThread(pulse, core_timeout_s, one_cpu)
        self._lock: Final = threading.Lock()
        self._waiting: Final[deque[Delivery]] = deque()
        self._turns = 0  # jobs given to the thread that will take what waits
        self._way: Final[set[Round]] = set()
        self._scored: Final[asyncio.Queue[Round]] = asyncio.Queue()
        self._empty: Final = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._totals: Final[Counter[str]] = Counter()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, consumer: Acknowledges) -> None:
        """Begin, in the running event loop."""
        self.consumer = consumer
        self._tasks = [asyncio.create_task(each) for each in (self._send(), self._watch(), self._report())]
        for task in self._tasks:
            task.add_done_callback(self.watched)

    def stop(self) -> None:
        """End: what is on its way has no receipt yet, and comes again."""
        for task in self._tasks:
            task.cancel()
        self._told()
        self._thread.stop()

    def watched(self, task: "asyncio.Task[None]") -> None:
        """End the process if a task has ended with an error that nobody expected: a done callback."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def offer(self, delivery: Delivery) -> None:
        """Take a delivery, unless it is of an assignment that is over."""
        if self.consumer is None or delivery.epoch != self.consumer.epoch or self.failed:
            return
        with self._lock:
            self._waiting.append(delivery)
            self._pulse.waiting_rows += delivery.number
        self._schedule()

    def give_up_waiting(self) -> None:
        """Drop what the core has not begun."""
        with self._lock:
            self._waiting.clear()
            self._pulse.waiting_rows = 0

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
        """Take a delivery group by group, each after ``await note(group)``, ``note(())`` after the last.

        Then send it like any other. Where a note says no, the partition is another's, and all of it is left.
        """
        one = Round([delivery], delivery.epoch, [record for group in groups for record in group])
        self._way.add(one)
        batches: list[Batch] = []
        try:
            for group in [*groups, []]:
                if not await note(group):
                    self._leave(one)
                    return
                if group:
                    batch = await self.in_core(partial(self._scored_if, delivery.epoch, group))
                    if batch is None:
                        self._leave(one)
                        return
                    batches.append(batch)
            outputs = [output for batch in batches for output in batch.outputs]
            one.batch = Batch(outputs, sum((batch.counts for batch in batches), Counter()))
            records = [record for output in outputs for record in output]
            one.chunks = await self.in_core(partial(self._sink.packed, records))
        except Exception as error:  # noqa: BLE001 - told and raised again where rounds end
            one.error = error
        self._scored.put_nowait(one)

    def _scored_if(self, epoch: int, records: list[RawRecord]) -> Batch | None:
        """In the core's thread: the batch, None if the assignment is over."""
        if self.consumer is None or epoch != self.consumer.epoch:
            return None
        return self._score(records)

    def _score(self, records: list[RawRecord]) -> Batch:
        """In the core's thread. Where the history is not restored there is no fold, and must be none."""
        at = frozenset([record.partition for record in records])
        if not at <= self.states.keys():
            raise CoreFailed("records of a partition whose history is not there")
        self.at = at
        try:
            return self.core(records, self.states)
        finally:
            self.at = frozenset()

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
        full = self._pulse.waiting_rows >= self._rows
        if self._turns and not full:
            return  # what waits grows until the turn before has ended
        left_s = self._waiting[0].since_s + self._wait_s - monotonic()
        if full or left_s <= 0:
            self._turns += 1
            self._thread.submit(partial(self._turn, asyncio.get_running_loop()))
        else:
            self._timer = asyncio.get_running_loop().call_later(left_s, self._schedule)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the core's thread: join what waits, score it, write it into record batches."""
        one = None
        try:
            one = self._joined()
            if one is not None:
                began = monotonic()
                one.seconds["wait"] = began - one.deliveries[0].since_s
                number = sum(delivery.number for delivery in one.deliveries)
                self._thread.keep_together(busy=2 * number >= self._rows)
                self._thread.bounded(partial(self._work, one))
                one.seconds["core"] = monotonic() - began
        except BaseException as error:  # noqa: BLE001 - a thread has nobody to raise to
            one = one or Round([], 0)
            one.error = error
        loop.call_soon_threadsafe(self._turned, one)

    def _work(self, one: Round) -> None:
        for delivery in one.deliveries:
            one.records += delivery.taken()
        one.batch = self._score(one.records)
        one.chunks = self._sink.packed([record for output in one.batch.outputs for record in output])

    def _joined(self) -> Round | None:
        deliveries: list[Delivery] = []
        number = 0
        with self._lock:
            while self._waiting:
                first = self._waiting[0]
                if self.consumer is None or first.epoch != self.consumer.epoch:
                    self._waiting.popleft()  # of an assignment that is over
                    self._pulse.waiting_rows -= first.number
                    continue
                if deliveries and number + first.number > self._rows:
                    break
                deliveries.append(self._waiting.popleft())
                number += first.number
            self._pulse.waiting_rows -= number
        return Round(deliveries, deliveries[0].epoch) if deliveries else None

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
            if batch is None or self.consumer is None or one.epoch != self.consumer.epoch:
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
        self._count(one, monotonic() - began)

    def _leave(self, one: Round) -> None:
        self._way.discard(one)
        self._thread.bury(one)
        self._schedule()
        self._settle()

    def _settle(self) -> None:
        if not self._way and not self._turns:
            self._empty.set()

    def _count(self, one: Round, seconds: float) -> None:
        batch = one.batch
        if batch is None:
            return
        self._totals.update(batch.counts)
        stages = {**batch.seconds, **one.seconds}
        self._metrics.scored(batch.counts, len(one.records), stages)
        times = [record.time_ms for record in one.records if record.time_ms is not None]
        age_s = time() - min(times) / 1000 if times else None
        sent = {role: batch.counts.get(role, 0) for role in ("enriched", "escalated", "dead")}
        self._metrics.sent(sent, seconds, age_s)

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

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            self._told()

    def _told(self) -> None:
        if self._totals:
            log.info("processed", **{name.replace(".", "_"): n for name, n in sorted(self._totals.items())})
            self._totals.clear()
