"""The sink: records out, receipts in. ``put`` sends chunks on their way; its future ends with the receipts.

One idempotent producer with acks=all, one record batch for each output partition; the next batch is on its
way while the receipts of the last are awaited. aiokafka retries a record batch in order for as long as an
error may pass. When it gives one up, everything that is on its way is let come to its end, and what has no
receipt goes once more through a new producer, in the first order, until ``produce_timeout_s`` is over. A
record that its topic will never take goes out cut, and if that is too large, too, as a dead letter that says
where it lies.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from aiokafka import errors as kafka_errors

from enrich.errors import MillraceError
from enrich.record import Route
from worker.log import log
from worker.narrow import Notes, narrowed
from worker.pack import Packer
from worker.parcel import Chunk, Parcel
from worker.produce_errors import BACKOFF_S, FATAL, TOO_LARGE, Behind, SinkFailed, name_of
from worker.producer import closed, new_producer
from worker.settings import Settings
from worker.way import Way


class Sink:
    """See the module. Lives in one event loop, but for ``packed``; ``put`` is called by one task at a time.

    packed: makes chunks of records, in any thread. make: gives a producer that is not started. clock_ms: wall
    clock, for ``millrace-processed-ms``.
    """

    def __init__(
        self,
        settings: Settings,
        notes: Notes | None = None,
        make: Callable[[], Any] | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._topics: Final[dict[Route, str]] = {
            "enriched": settings.topic_enriched,
            "escalated": settings.topic_escalated,
            "dead": settings.topic_dead,
        }
        self._timeout_s: Final = settings.produce_timeout_s
        self._notes: Final = notes
        self._make: Final = make or (lambda: new_producer(settings))
        self._numbers: Final = count()
        self._way: Final = Way()
        self._known: Final[dict[str, int]] = {}
        # Partitions in which this producer has a record: there the broker refuses what comes after a gap.
        self._proven: Final[set[tuple[str, int]]] = set()
        self._packer: Final = Packer(self._topics, self._partitions, self._empty_batch, clock_ms)
        self.packed: Final = self._packer.packed
        self._repair: asyncio.Task[None] | None = None
        self._error: SinkFailed | None = None
        self._producer: Any = None

    async def start(self) -> None:
        """Connect. Raises aiokafka's KafkaError."""
        self._proven.clear()
        producer = self._make()
        try:
            await producer.start()
            for topic in self._topics.values():
                self._known[topic] = len(await producer.partitions_for(topic))
        except BaseException:
            await closed(producer)
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Disconnect. What has no receipt by now was not acknowledged either, and is not waited for."""
        if self._repair is not None:
            self._repair.cancel()
        producer, self._producer = self._producer, None
        if producer is not None:
            await closed(producer)

    async def put(self, chunks: Sequence[Chunk]) -> "asyncio.Future[None]":
        """Send what ``packed`` gave, after that of the call before; the future ends with the receipts.

        The future raises SinkFailed, and so does every later one.
        """
        loop = asyncio.get_running_loop()
        parcel = Parcel(loop.create_future(), len(chunks))
        # aiokafka tries an idempotent batch again without end: the bound is ours.
        late = loop.call_later(self._timeout_s, self._late)
        parcel.receipts.add_done_callback(lambda _: late.cancel())
        if not chunks:
            parcel.receipts.set_result(None)
        for chunk in chunks:
            chunk.number, chunk.parcels = (next(self._numbers),), [parcel]
        for chunk in chunks:
            while self._repair is not None and self._error is None:
                await asyncio.wait([self._repair])
            if self._error is not None:
                if not parcel.receipts.done():
                    parcel.receipts.set_exception(self._error)
                break
            await self._send(chunk)
        return parcel.receipts

    def _empty_batch(self) -> Any:
        producer = self._producer
        return None if producer is None else producer.create_batch()

    def _partitions(self, topic: str) -> int:
        producer = self._producer  # the core's thread asks, too
        found = producer.client.cluster.partitions_for_topic(topic) if producer else None
        if found:
            self._known[topic] = len(found)
        return self._known.get(topic, 1)

    async def _send(self, chunk: Chunk) -> None:
        self._way.put(chunk)
        if not await self._may_follow(chunk):
            return
        producer = self._producer
        try:
            builder, chunk.builder = chunk.builder or self._packer.written(chunk), None
            if producer is None:
                raise kafka_errors.KafkaConnectionError("no producer")
            if builder is None:
                raise kafka_errors.RecordListTooLargeError  # it goes in halves
            chunk.receipt = await producer.send_batch(builder, chunk.topic, partition=chunk.partition)
        except kafka_errors.KafkaError as error:
            self._fails(chunk, error)
        except (AssertionError, AttributeError, ValueError) as error:
            # aiokafka asserts that a partition exists; a topic made anew may have fewer.
            self._fails(chunk, kafka_errors.UnknownTopicOrPartitionError(type(error).__name__))
        else:
            chunk.receipt.add_done_callback(lambda receipt: self._ends(chunk, receipt))

    def _ends(self, chunk: Chunk, receipt: "asyncio.Future[Any]") -> None:
        if receipt.cancelled():
            self._fails(chunk, kafka_errors.KafkaConnectionError("cancelled"))
        elif (error := receipt.exception()) is not None:
            self._fails(chunk, error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        else:
            self._proven.add((chunk.topic, chunk.partition))
            self._way.arrives(chunk)

    async def _may_follow(self, chunk: Chunk) -> bool:
        """Behind one that failed nothing goes out; behind an unproven one only when it has its receipt."""
        place = chunk.topic, chunk.partition
        while ahead := self._way.ahead(chunk):
            if any(each.error is not None for each in ahead):
                self._fails(chunk, Behind())
                return False
            if place in self._proven or self._error is not None:
                break
            waiting = [each.receipt for each in ahead if each.receipt and not each.receipt.done()]
            if waiting:
                await asyncio.wait(waiting, timeout=1.0)
            await asyncio.sleep(0)
        return True

    def _fails(self, chunk: Chunk, error: Exception) -> None:
        chunk.error = error
        if self._repair is None:
            self._repair = asyncio.create_task(self._repaired())

    async def _repaired(self) -> None:
        """Send what has failed once more, until nothing has; or fail everything."""
        connected = True
        try:
            for tries in count():
                await self._way.settled()
                failed = self._way.chunks()
                if not failed:
                    self._repair = None
                    return
                self._refuse_fatal(failed)
                self._tell(failed, tries)
                # A size is no matter of time; anything else is, and so is a broker that is away.
                if not connected or not all(
                    isinstance(chunk.error, (*TOO_LARGE, Behind)) for chunk in failed
                ):
                    await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
                connected = await self._renewed()
                if connected:
                    for chunk in [less for each in failed for less in self._narrowed(each, tries)]:
                        await self._send(chunk)
        except SinkFailed as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - nothing may wait for a repair that has ended
            self._give_up(SinkFailed(f"{name_of(error)} while sending again"))

    def _tell(self, failed: Sequence[Chunk], tries: int) -> None:
        records, error = sum(len(chunk.records) for chunk in failed), name_of(failed[0].error)
        log.warning("produce_retry", records=records, error=error, tries=tries + 1)
        if self._notes is not None:
            self._notes.retried(records, error)

    def _late(self) -> None:
        chunks = self._way.chunks()
        left = sum(len(chunk.records) for chunk in chunks)
        last = next((name_of(chunk.error) for chunk in chunks if chunk.error), "no answer")
        self._give_up(
            SinkFailed(
                f"no receipt for {left} records within {self._timeout_s:g} s ({last}): "
                f"are the brokers up, with enough replicas in sync?"
            )
        )

    async def _renewed(self) -> bool:
        # A producer that failed a batch has a gap in its sequence numbers: later batches are refused.
        producer, self._producer = self._producer, None
        if producer is not None:
            await closed(producer)
        try:
            await self.start()
        except (kafka_errors.KafkaError, MillraceError, OSError) as error:
            # MillraceError: a file of credentials that cannot be read just now.
            log.warning("producer_not_started", error=name_of(error), reason=str(error))
            return False
        return True

    def _refuse_fatal(self, failed: Sequence[Chunk]) -> None:
        for chunk in failed:
            if chunk.partition >= self._partitions(chunk.topic):
                raise SinkFailed(
                    f"{chunk.topic} has {self._partitions(chunk.topic)} partitions now: start again"
                )
            if isinstance(chunk.error, FATAL) or not isinstance(chunk.error, kafka_errors.KafkaError):
                raise SinkFailed(f"{chunk.topic} refuses what is written to it: {name_of(chunk.error)}")

    def _narrowed(self, chunk: Chunk, tries: int) -> list[Chunk]:
        made = narrowed(chunk, tries, self._packer, self._notes)
        if not made:
            return [chunk]
        for place, each in enumerate(made):
            each.number, each.parcels = (*chunk.number, place), list(chunk.parcels)
            for parcel in each.parcels:
                parcel.chunks += 1
        self._way.arrives(chunk)  # its parcels now wait for these
        return made

    def _give_up(self, error: SinkFailed) -> None:
        """Fail what is on its way, and whatever is put from now on."""
        self._error = error
        if self._repair is not None and self._repair is not asyncio.current_task():
            self._repair.cancel()
        self._way.fail(error)
