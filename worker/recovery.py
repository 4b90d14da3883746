"""What must survive a worker: the folds of each partition, kept on ``alerts.state`` and restored from there.

On assignment, with the partition held and outside the rebalance callback (heartbeats rest until it returns):
the newest snapshot at or below the offset where reading goes on, the records from there up to it once more
through the core without sending anything, then the partition is read. So every event is the one that an
undisturbed worker would have made. A fold that is still in memory and stands at that very offset is kept.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from enrich.errors import MillraceError
from enrich.pipeline import PartitionState
from enrich.record import RawRecord
from enrich.snapshot import SnapshotRefused, dump, load
from worker.kafka_client import aiokafka_options
from worker.log import log
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.pump import Pump
from worker.reader import marked, of_consumer
from worker.settings import FRAMING, MEBIBYTE, Settings
from worker.state import Kept, Snapshot, StateTopic
from worker.trouble import Trouble

POLL_MS: Final = 500
TICK_S: Final = 0.5
# Of the bound in which the core was waited for just before.
STUCK_SHARE: Final = 0.9


class Recovery:
    """``begin`` at each assignment, ``committed`` after each commit, ``hand_over`` before partitions go."""

    def __init__(
        self,
        settings: Settings,
        state: StateTopic,
        pump: Pump,
        trouble: Trouble,
        pulse: Pulse,
        metrics: Metrics,
    ) -> None:
        self._settings: Final = settings
        self._state: Final = state
        self._pump: Final = pump
        self._trouble: Final = trouble
        self._pulse: Final = pulse
        self._metrics: Final = metrics
        self._consumer: Any = None  # worker.transport.Consumer
        self._task: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._committed: dict[int, int] = {}
        self._kept: dict[int, int] = {}  # offset of the newest snapshot on the topic
        self._due: dict[int, float] = {}
        self._taken: dict[int, Snapshot] = {}  # waiting for its offset to be committed
        self._anew: asyncio.Task[None] | None = None

    async def start(self, consumer: Any) -> None:
        """Connect to the state topic. Raises StateFailed."""
        self._consumer = consumer
        await self._state.start()
        self._keeper = asyncio.create_task(self._keep_on())
        self._keeper.add_done_callback(self._pump.watched)

    async def stop(self) -> None:
        """Disconnect."""
        for task in (self._task, self._keeper):
            if task is not None:
                task.cancel()
        await self._state.stop()

    def begin(self, starts: Mapping[int, int], ends: Mapping[int, int], epoch: int) -> None:
        """Restore the partitions that go on at ``starts``, and release each when it is there."""
        if self._task is not None:
            self._task.cancel()
        self._committed = dict(starts)
        self._taken.clear()
        self._pulse.restoring, self._pulse.reading = set(starts), set()
        self._task = asyncio.create_task(self._begin(dict(starts), dict(ends), epoch))

    def committed(self, offsets: Mapping[int, int]) -> None:
        """The group has committed so far."""
        self._committed.update(offsets)

    def began_anew(self, place: int, offset: int) -> None:
        """The log of a partition was cut or made anew, and is read from this offset."""
        self._committed[place] = offset
        self._taken.pop(place, None)
        self._pump.forget(place, offset)
        task = asyncio.create_task(self._cold_snapshot(place, offset))
        task.add_done_callback(self._pump.watched)
        self._anew = task

    async def _cold_snapshot(self, place: int, offset: int) -> None:
        for _ in range(2):
            await self._put(place, Snapshot(offset, dump(PartitionState(head=offset))))

    async def hand_over(self, bound_s: float) -> None:
        """Keep what can be kept, before the partitions go: an older snapshot would also do."""
        if self._pump.failed is not None:
            return
        if self._task is not None:
            self._task.cancel()
        reading = sorted(self._pulse.reading)
        since_s = self._pulse.core_since_s
        stuck = since_s is not None and monotonic() - since_s >= STUCK_SHARE * bound_s
        try:
            async with asyncio.timeout(bound_s):
                await self._trouble.handed_over(stuck=stuck)
                if stuck:
                    return  # it would not answer
                for place in reading:
                    taken = await self._pump.in_core(partial(self._dumped, place))
                    if taken is not None and taken.offset == self._committed.get(place):
                        await self._put(place, taken)
        except (TimeoutError, MillraceError) as error:
            log.warning(
                "snapshot_left", reason=str(error) or "no time", meaning="the next start reads more again"
            )

    async def _begin(self, starts: dict[int, int], ends: dict[int, int], epoch: int) -> None:
        try:
            await self._restore(starts, ends, epoch)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - without its history nothing may be read
            self._pump.fail(error)

    async def _restore(self, starts: dict[int, int], ends: dict[int, int], epoch: int) -> None:
        standing = await self._pump.in_core(partial(self._adopted, starts))
        facts = await self._state.read(starts)
        for place, start in sorted(starts.items(), key=lambda each: each[0] not in standing):
            began = monotonic()
            how, rows = "kept", 0
            await self._trouble.begin(place, start, ends[place], facts[place].attempt)
            if place not in standing:
                how, rows = await self._rebuilt(place, start, facts[place])
            if epoch != self._consumer.epoch:
                return
            self._due[place] = monotonic() + self._settings.snapshot_s * (0.5 + place % 8 / 8)
            self._pulse.restoring.discard(place)
            self._pulse.reading.add(place)
            self._metrics.restored(monotonic() - began, rows, how)
            log.info("restored", partition=place, offset=start, history=how, records=rows)
            self._consumer.release(place, epoch)

    def _adopted(self, starts: Mapping[int, int]) -> set[int]:
        """In the core's thread: which folds stand where reading goes on. The others are gone."""
        states = self._pump.states
        for place in list(states):
            if states[place].head != starts.get(place):
                del states[place]
                self._metrics.forget(place)
        return set(states)

    async def _rebuilt(self, place: int, start: int, facts: Kept) -> tuple[str, int]:
        """Return how the fold of a partition came back, and how many records were read again for it."""
        found = next((each for each in facts.snapshots if each.offset <= start), None)
        state = None
        if found is not None:
            try:
                state = await self._pump.in_core(partial(load, found.data))
            except SnapshotRefused as error:
                log.error("snapshot_refused", partition=place, offset=found.offset, reason=str(error))
        if state is None or found is None:
            await self._cold(place, start)
            if start:
                log.warning(
                    "history_cold", partition=place, offset=start, meaning="it builds up over an hour"
                )
            return "cold", 0
        rows = await self._again(place, state, start)
        await self._pump.in_core(partial(self._pump.states.__setitem__, place, state))
        self._kept[place] = found.offset
        return "snapshot", rows

    async def _cold(self, place: int, start: int) -> None:
        """Begin without history. From here on a restart finds this beginning, and goes the same way."""
        state = PartitionState(head=start)
        snapshot = Snapshot(start, dump(state))
        await self._pump.in_core(partial(self._pump.states.__setitem__, place, state))
        for _ in range(2):  # both slots: nothing of before may be taken for this history later
            await self._put(place, snapshot)

    async def _again(self, place: int, state: PartitionState, start: int) -> int:
        """Take the records between snapshot and start through the core; what comes of them is out already."""
        count = 0
        settings = self._settings
        if state.head >= start:
            return count
        consumer = AIOKafkaConsumer(
            **aiokafka_options(settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=max(MEBIBYTE, settings.raw_limit + FRAMING),
        )
        await consumer.start()
        try:
            topic = TopicPartition(settings.topic_raw, place)
            consumer.assign([topic])
            consumer.seek(topic, state.head)
            while await consumer.position(topic) < start:
                found = await consumer.getmany(topic, timeout_ms=POLL_MS, max_records=settings.batch_rows)
                rows = [of_consumer(row) for row in found.get(topic, ()) if row.offset < start]
                if rows and rows[0].offset > state.head and not count:
                    log.error("history_cut", partition=place, due=state.head, offset=rows[0].offset)
                if rows:
                    records = marked(rows, self._trouble.poison(place))
                    await self._pump.in_core(partial(self._fold, records, {place: state}))
                    count += len(rows)
            state.head = start
        finally:
            await consumer.stop()
        return count

    def _fold(self, rows: list[RawRecord], states: dict[int, PartitionState]) -> None:
        self._pump.core(rows, states)

    def _dumped(self, place: int) -> Snapshot | None:
        """In the core's thread: the fold as it stands, unless it stands where it was kept."""
        state = self._pump.states.get(place)
        if state is None or state.head == self._kept.get(place):
            return None
        began = monotonic()
        snapshot = Snapshot(state.head, dump(state))
        history = state.history
        overflow = history.entities.overflow + history.rules.overflow + history.pair_overflow
        self._metrics.fold(place, len(history.entities), len(history.rules), overflow)
        self._metrics.snapshot(monotonic() - began, len(snapshot.data))
        return snapshot

    async def _put(self, place: int, snapshot: Snapshot) -> None:
        await self._state.keep(place, snapshot)
        self._kept[place] = snapshot.offset

    async def _keep_on(self) -> None:
        """Take a snapshot of each partition every ``snapshot_s``; keep it once its offset is committed."""
        while True:
            await asyncio.sleep(TICK_S)
            for place in sorted(self._pulse.reading):
                try:
                    await self._keep_one(place)
                except MillraceError as error:
                    self._taken.pop(place, None)
                    self._due[place] = monotonic() + self._settings.snapshot_s
                    log.error("snapshot_failed", partition=place, reason=str(error))

    async def _keep_one(self, place: int) -> None:
        taken = self._taken.get(place)
        if taken is None and monotonic() >= self._due.get(place, 0.0):
            epoch = self._consumer.epoch
            taken = await self._pump.in_core(partial(self._dumped, place))
            if epoch != self._consumer.epoch:
                return
            self._due[place] = monotonic() + self._settings.snapshot_s
            if taken is not None:
                self._taken[place] = taken
        if taken is not None and self._committed.get(place, -1) >= taken.offset:
            del self._taken[place]
            await self._put(place, taken)
