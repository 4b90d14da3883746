"""Sends raw records from outside, and counts those that have a receipt."""

from collections import deque
from contextlib import suppress
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from enrich.errors import MillraceError
from worker import rights, topics
from worker.kafka_client import admin, connect, message
from worker.settings import FRAMING, MEBIBYTE, Settings

BATCH_BYTES: Final = 262_144
LINGER_MS: Final = 20
# Records on the way: enough to fill every partition's batch, few enough to hold in memory.
OUTSTANDING: Final = 5_000
OUTSTANDING_BYTES: Final = 64 * MEBIBYTE
RECEIPT_S: Final = 120.0
REASONS: Final = 10


# Of a record batch around one record: header, lengths, and a key of at most 200 characters.
OVERHEAD: Final = 2_048


class Failure(NamedTuple):
    """A record without a receipt. number: as its sender named it, a line number for instance."""

    number: int
    reason: str


class Feed:
    """A producer to the raw topic: acks=all, idempotent, gzip; partition by key with murmur2, as everywhere.

    limit: bytes of the largest value that can be sent. sent, failures: records with and without a receipt.
    Raises KafkaUnreachable, or MillraceError when there is no such topic. A context manager: leaving it waits
    for the receipts.
    """

    def __init__(self, settings: Settings) -> None:
        with admin(settings) as client:
            if lacking := rights.missing(client, settings, rights.SENDER):
                raise MillraceError("\n".join(lacking))
            topic = topics.existing(client, [settings.topic_raw]).get(settings.topic_raw)
        if topic is None:
            raise MillraceError(
                f"topic {settings.topic_raw} does not exist: `millrace topics --apply` creates it"
            )
        # The topic's own limit is of a record batch: the records beside one too large would fail with it.
        widest = int(topic.config.get("max.message.bytes", MEBIBYTE)) - OVERHEAD
        self.limit: Final = min(settings.raw_limit, widest)
        self._topic: Final = settings.topic_raw
        self._producer: Final = connect(
            KafkaProducer,
            settings,
            acks="all",
            compression_type="gzip",
            linger_ms=LINGER_MS,
            batch_size=min(BATCH_BYTES, widest),
            max_request_size=settings.raw_limit + FRAMING,
            allow_auto_create_topics=False,
        )
        self._way: deque[tuple[int, int, Any]] = deque()
        self._bytes = 0
        self.sent = 0
        self.failures: list[Failure] = []

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._producer.flush(timeout=RECEIPT_S)
        except KafkaError as error:
            reason = message(error)
            self.failures += [Failure(number, reason) for number, _, f in self._way if not f.is_done]
            self._way = deque(each for each in self._way if each[2].is_done)
        self._settle(0, 0)
        with suppress(KafkaError):  # what has no receipt is told above
            self._producer.close(timeout=5)

    def send(self, number: int, value: bytes, key: bytes | None) -> None:
        """Put a record on its way; blocks while many are."""
        if len(value) > self.limit:
            self.failures.append(Failure(number, f"{len(value):,} bytes, over the limit of {self.limit:,}"))
            return
        try:
            future = self._producer.send(self._topic, value=value, key=key)
        except KafkaError as error:
            self.failures.append(Failure(number, message(error)))
            return
        self._way.append((number, len(value), future))
        self._bytes += len(value)
        self._settle(OUTSTANDING, OUTSTANDING_BYTES)

    def _settle(self, records: int, size: int) -> None:
        """Take receipts, oldest first: those that are there, and as many more as are too many on the way."""
        while self._way and (len(self._way) > records or self._bytes > size or self._way[0][2].is_done):
            number, length, future = self._way.popleft()
            self._bytes -= length
            try:
                future.get(timeout=RECEIPT_S)
            except KafkaError as error:
                self.failures.append(Failure(number, message(error)))
            else:
                self.sent += 1
