"""The batch transport: Faust's own consumer, which hands on one list where it handed on each record.

One Faust event is one ``Delivery``: the records of one partition from one fetch, in order. What of a
partition may be committed is the end of its unbroken run of acknowledged deliveries. Gaps in the offsets are
``worker.gaps``' matter. docs/delivery.md says what is promised. This rests on private names of
faust-streaming 0.15.3, each of which tests/unit/test_worker_transport.py pins.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import Any, Final, cast

from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from enrich.errors import MillraceError
from worker.delivery import Delivery, Ledger
from worker.gaps import Gaps, by_tp
from worker.heartbeats import Heartbeats
from worker.log import log

# A poll for every partition may wait; one that leaves some out looks again soon, they may have room.
POLL_S: Final = 1.0
SHORT_POLL_S: Final = 0.01


# Of Faust's bound on finding positions.
SEEK_SHARE: Final = 0.8


class NoPositions(MillraceError):
    """The brokers did not tell in time where the partitions of an assignment go on."""


class RawTopicRefused(MillraceError):
    """The brokers do not let us read the raw topic."""


class Consumer(driver.Consumer):
    """See the module. ``app`` is a ``worker.app.App``: with ``pump``, ``recovery``, ``pulse``, ``metrics``.

    epoch: raised whenever the partitions that we have may be others than before; what is older is forgotten.
    """

    app: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.epoch = 0
        self.ledger: Final = Ledger(self.app.limit_rows, self.app.limit_bytes)
        self._held: set[TP] = set()
        self._gaps: Final = Gaps(self)
        self._heartbeats: Final = Heartbeats(self.app.conf.broker_session_timeout)
        self._room: Final = asyncio.Event()
        self.app.pulse.oldest = self.ledger.oldest_s
        self.app.pulse.lag = self._lag

    # What Faust calls -------------------------------------------------------------------------------------

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if not self.flow_active:
                    await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # mode's own Event is meant
                    continue
                self._room.clear()
                active = self._get_active_partitions()
                places = {tp for tp in active if tp not in self._held and self.ledger.has_room(tp)}
                if not places or self._heartbeats.unanswered():
                    await self._wait_for_room()
                    continue
                epoch = self.epoch
                records = await self._poll(places, POLL_S if len(places) == len(active) else SHORT_POLL_S)
                self.app.pulse.polled_s = monotonic()
                try:
                    for place, rows in records.items():
                        if epoch != self.epoch or not self.flow_active:
                            break  # of another assignment; the seek that comes with the next reads them again
                        await self._take(ensure_TP(place), rows)
                except IllegalStateError:
                    log.debug("revoked_meanwhile")
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def perform_seek(self) -> None:
        """Go to where each partition goes on, and have its history restored before it is read.

        Raises NoPositions. The bound is below Faust's own: when that is over, Faust takes it for its own end,
        and never seeks again.
        """
        within_s = SEEK_SHARE * self.app.conf.broker_request_timeout
        try:
            async with asyncio.timeout(within_s):
                await self._seek_all()
        except TimeoutError:
            raise NoPositions(f"the brokers did not tell where to go on within {within_s:g} s") from None

    async def _seek_all(self) -> None:
        epoch = self.epoch
        committed = {ensure_TP(tp): offset for tp, offset in (await self.seek_to_committed()).items()}
        begins = by_tp(await self.earliest_offsets(*committed))
        ends = by_tp(await self.highwaters(*committed))
        starts = {tp: self._gaps.start(tp, committed[tp], begins[tp], ends[tp]) for tp in committed}
        await self.seek_wait(starts)
        if epoch != self.epoch:
            return
        self._held.update(starts)
        for tp, offset in starts.items():
            # A start that is not what is committed (the log was cut, or made anew) is to be committed itself.
            self.ledger.begin(tp, offset, offset if offset == committed[tp] else None)
        self.app.recovery.begin(
            {tp.partition: offset for tp, offset in starts.items()},
            {tp.partition: ends[tp] for tp in starts},
            epoch,
        )

    def ack(self, message: Any) -> bool:
        """Faust also acknowledges what it skips, in a rebalance: only ``acknowledge`` counts here."""
        return False

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter(
            [tp for tp in self.ledger.places() if topics is None or tp in topics or tp.topic in topics]
        )

    def _new_offset(self, tp: TP) -> int | None:
        return self.ledger.head(tp)

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return self.ledger.is_due(tp, offset)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        epoch = self.epoch
        coordinator = self._thread._ensure_consumer()._coordinator
        if coordinator.generation != self.app.consumer_generation_id:
            return False  # put out of the group meanwhile: without a generation it might even be accepted
        done: bool = await super()._commit(offsets)
        if done and epoch == self.epoch:
            for tp, offset in offsets.items():
                self.ledger.confirm(tp, offset)
            self.app.recovery.committed({tp.partition: offset for tp, offset in offsets.items()})
        return done

    async def wait_empty(self) -> None:
        """Let what the core and the producer have come to its end, within a bound; commit; keep the folds."""
        if self.app.closed:
            return  # Faust asks a second time, when everything has come to its end
        self.app.pump.give_up_waiting()
        await self.app.pump.drained(self.app.drain_s)
        # A task of its own: Faust takes a cancelled commit for another's, and begins a new one.
        commit = asyncio.create_task(self._commit_twice())
        done, _ = await asyncio.wait([commit], timeout=self.app.drain_s)
        if not done:
            log.warning("not_committed", left="it comes again")
        await self.app.recovery.hand_over(self.app.drain_s)

    async def _commit_twice(self) -> None:
        await self.commit_and_end_transactions()
        await self.commit_and_end_transactions()  # the first may only have awaited another's commit

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """All of them: the assignor is eager."""
        await super().on_partitions_revoked(revoked)
        self._forget()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Partitions are assigned; ``perform_seek`` follows, unless there are none."""
        self._forget()
        self._heartbeats.begin(self._thread._ensure_consumer()._coordinator)
        self.app.pulse.restoring.update(tp.partition for tp in assigned)
        self.app.pulse.joined = True
        self.app.metrics.rebalanced()
        await super().on_partitions_assigned(assigned, generation_id)

    # What pump and recovery call --------------------------------------------------------------------------

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Every record of these has its receipts. Those of another epoch are forgotten already."""
        for delivery in deliveries:
            if delivery.epoch == self.epoch:
                self.ledger.done(delivery)
        self._tell()

    def release(self, partition: int, epoch: int) -> None:
        """Read this partition: its history is there."""
        if epoch == self.epoch:
            self._held = {tp for tp in self._held if tp.partition != partition}
            self._room.set()

    # Our own ----------------------------------------------------------------------------------------------

    async def _poll(self, places: set[TP], wait_s: float) -> Mapping[TP, list[Any]]:
        try:
            return await self._getmany(places, wait_s)
        except KafkaError as error:
            if type(error).__name__ == "TopicAuthorizationFailedError":
                raise RawTopicRefused(
                    f"not allowed to read {self.app.raw_topic}: {type(error).__name__}"
                ) from None
            raise

    async def _take(self, tp: TP, rows: list[Any]) -> None:
        expected = self.ledger.expected(tp)
        if expected is None:
            return
        epoch = self.epoch
        rows = await self._gaps.believed(tp, rows, expected)
        if not rows or epoch != self.epoch:
            return  # of an assignment that ended while we asked: in the new one a gap of our own
        delivery = Delivery.of(tp, rows, self.epoch, monotonic())
        self.ledger.add(delivery)
        self.app.metrics.delivered(delivery.number, delivery.size)
        self._tell()
        # As Faust's own loop does it: a rebalance must not wait for a stream that waits for the rebalance.
        await self.wait_first(self.callback(self._message(tp, delivery)), self.suspend_flow.wait())

    def _message(self, tp: TP, delivery: Delivery) -> Any:
        value = cast(bytes, delivery)  # Faust hands on whatever it is given
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            delivery.next - 1,
            0.0,
            0,
            None,
            None,
            value,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _wait_for_room(self) -> None:
        try:
            await asyncio.wait_for(self._room.wait(), SHORT_POLL_S * 10)
        except TimeoutError:
            self.app.pulse.polled_s = monotonic()  # alive, and told by ``oldest`` if it is stuck

    def _forget(self) -> None:
        self.epoch += 1
        self.ledger.clear()
        self._held.clear()
        self._gaps.forget()
        pulse = self.app.pulse
        pulse.joined = False
        pulse.restoring.clear()
        pulse.reading.clear()
        self._tell()

    def _tell(self) -> None:
        self.app.pulse.outstanding_rows, self.app.pulse.outstanding_bytes = self.ledger.rows, self.ledger.size
        self._room.set()

    def _lag(self) -> Mapping[int, int]:
        lag = {}
        for tp in self.ledger.places():
            end, head = self.highwater(tp), self.ledger.head(tp)
            if end is not None and head is not None:
                lag[tp.partition] = max(0, end - head)
        return lag


class Transport(driver.Transport):
    """Faust's aiokafka driver with our consumer."""

    Consumer = Consumer
