"""The sink: records out, receipts in. Returns when the brokers have them all, raises when they never will.

One idempotent producer with acks=all: aiokafka retries it in order for as long as an error may pass. What it
gives up on (no leader within the request's time, a gap in its sequence numbers) goes once more through a new
producer, in order, until ``produce_timeout_s`` is over.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from enrich.errors import MillraceError
from enrich.record import Record, Route
from worker.kafka_client import aiokafka_options
from worker.log import log
from worker.settings import FRAMING, Settings

PROCESSED_HEADER: Final = "millrace-processed-ms"
REQUEST_TIMEOUT_MS: Final = 30_000
# Bytes of one record batch: below the 1 MiB that a topic with the default max.message.bytes accepts.
BATCH_BYTES: Final = 524_288
BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

# No second try can help: the record or the right to write it is the trouble, not the moment.
FATAL: Final = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.InvalidTopicError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.PolicyViolationError,
    kafka_errors.UnsupportedForMessageFormatError,
    kafka_errors.UnsupportedVersionError,
)


class SinkFailed(MillraceError):
    """Records could not be produced. Nothing of their batch may be acknowledged."""


class Sink:
    """See the module. Lives in one event loop; one ``send`` at a time keeps the order of records per key.

    make: gives a producer that is not started. clock_ms: wall clock, for ``millrace-processed-ms``.
    """

    def __init__(
        self,
        settings: Settings,
        make: Callable[[], Any] | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._topics: Final[Mapping[Route, str]] = {
            "enriched": settings.topic_enriched,
            "escalated": settings.topic_escalated,
            "dead": settings.topic_dead,
        }
        self._timeout_s: Final = settings.produce_timeout_s
        self._make: Final = make or (lambda: _producer(settings))
        self._clock_ms: Final = clock_ms
        self._producer: Any = None

    async def start(self) -> None:
        """Connect. Raises aiokafka's KafkaError."""
        producer = self._make()
        try:
            await producer.start()
        except BaseException:
            await _closed(producer)
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Disconnect. What has no receipt by now was not acknowledged either, and is not waited for."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _closed(producer)

    async def send(self, records: Sequence[Record]) -> None:
        """Produce all records and await all receipts. Raises SinkFailed."""
        stamp = str(self._clock_ms()).encode()
        left = list(records)
        last = "no answer"
        try:
            async with asyncio.timeout(self._timeout_s):
                for tries in count():
                    failed = await self._try(left, stamp, renew=tries > 0)
                    if not failed:
                        return
                    left, last = [record for record, _ in failed], _name(failed[0][1])
                    log.warning("produce_retry", records=len(left), error=last, tries=tries + 1)
                    await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
        except TimeoutError:
            raise SinkFailed(
                f"no receipt for {len(left)} records within {self._timeout_s:g} s ({last}): "
                f"are the brokers up, with enough replicas in sync?"
            ) from None

    async def _try(self, records: list[Record], stamp: bytes, renew: bool) -> list[tuple[Record, Exception]]:
        if renew:
            # A producer that failed a batch has a gap in its sequence numbers: later batches are refused.
            await self.stop()
            try:
                await self.start()
            except kafka_errors.KafkaError as error:
                return [(record, error) for record in records]
        failed = await self._once(records, stamp)
        for record, why in failed:
            if isinstance(why, FATAL) or not isinstance(why, kafka_errors.KafkaError):
                topic = self._topics[record.route]
                raise SinkFailed(f"{topic} refuses a record of {len(record.value)} bytes: {_name(why)}")
        return failed

    async def _once(self, records: list[Record], stamp: bytes) -> list[tuple[Record, Exception]]:
        """Return the records without a receipt and why, in their order."""
        futures: list[asyncio.Future[Any]] = []
        unsent: list[tuple[Record, Exception]] = []
        for place, record in enumerate(records):
            headers = list(record.headers)
            if record.route != "dead":
                headers.append((PROCESSED_HEADER, stamp))
            topic = self._topics[record.route]
            try:
                futures.append(
                    await self._producer.send(topic, record.value, key=record.key, headers=headers)
                )
            except kafka_errors.KafkaError as error:
                # What comes after it must not overtake it.
                unsent = [(later, error) for later in records[place:]]
                break
        if futures:
            await asyncio.wait(futures)
        errors = (_error(future) for future in futures)
        sent = zip(records, errors, strict=False)  # fewer futures than records where some were not sent
        return [(record, error) for record, error in sent if error] + unsent


def _producer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **aiokafka_options(settings),
        enable_idempotence=True,
        acks="all",
        compression_type=None if settings.compression == "none" else settings.compression,
        max_batch_size=BATCH_BYTES,
        max_request_size=settings.output_limit + FRAMING,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        linger_ms=0,
    )


async def _closed(producer: Any) -> None:
    # stop() flushes, and with idempotence that waits for as long as the brokers are away.
    try:
        await asyncio.wait_for(producer.stop(), timeout=2.0)
    except (TimeoutError, kafka_errors.KafkaError) as error:
        # Only on the way out: before a second try every batch of the first has ended.
        log.warning("producer_left_unflushed", error=_name(error))


def _error(future: asyncio.Future[Any]) -> Exception | None:
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error


def _name(error: Exception) -> str:
    return type(error).__name__
