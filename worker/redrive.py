"""Sends dead letters back to the raw topic: the original bytes and key, the first id, one attempt more.

A batch goes out, its receipts come in, then a note of what has one is written behind the letters
(`worker.dead`), so that nobody sends them twice without knowing. The first batch is one letter: where notes
cannot be written, no more than that goes out without one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from enrich.record import RawRecord
from worker.dead import Letter, headers_of, note, noted
from worker.dead_plan import Plan, Terms
from worker.dead_reading import records_at
from worker.feed import BATCH_BYTES, LINGER_MS, RECEIPT_S
from worker.kafka_client import connect, message
from worker.reader import stretch
from worker.settings import FRAMING, MEBIBYTE, Settings

BATCH: Final = 500
BATCH_SIZE: Final = 8 * MEBIBYTE


class NotSent(NamedTuple):
    """A letter without a receipt. It may have come through none the less."""

    place: str
    reason: str


@dataclass
class Outcome:
    """sent: with a receipt. overtaken: sent back by somebody else meanwhile. gone: expired meanwhile.

    unnoted: sent, but the note of it has no receipt.
    """

    sent: int = 0
    not_sent: list[NotSent] = field(default_factory=list)
    overtaken: int = 0
    gone: int = 0
    unnoted: int = 0


def redrive(
    settings: Settings,
    consumer: Any,
    plan: Plan,
    ends: Mapping[TopicPartition, int],
    terms: Terms,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Send the letters of a plan. ends: where the topic of dead letters ended when the plan was made.

    stopped: asked after each batch. tell: is told how many have a receipt, batch by batch.
    Raises KafkaUnreachable, and KafkaError where letters cannot be read.
    """
    outcome = Outcome()
    letters = {(letter.partition, letter.offset): letter for letter in plan.letters}
    if not terms.again:
        # A person may have thought it over for an hour.
        for place in _noted_since(consumer, ends):
            outcome.overtaken += letters.pop(place, None) is not None
    with _Way(settings, terms, outcome) as way:
        for batch in _batches(_read(consumer, settings.topic_dead, letters, outcome)):
            before = outcome.sent
            hopeful = way.send(batch)
            tell(outcome.sent - before)
            if stopped() or not hopeful:
                break
    return outcome


def _noted_since(consumer: Any, ends: Mapping[TopicPartition, int]) -> Iterator[tuple[int, int]]:
    for records in stretch(consumer, ends, consumer.end_offsets(list(ends))):
        for record in records:
            yield from ((record.partition, offset) for offset in noted(record) or ())


Item = tuple[Letter, RawRecord]


def _read(
    consumer: Any, topic: str, letters: Mapping[tuple[int, int], Letter], outcome: Outcome
) -> Iterator[Item]:
    """Yield the letters with their bytes, in the order of each partition."""
    offsets: dict[int, list[int]] = {}
    for partition, offset in sorted(letters):
        offsets.setdefault(partition, []).append(offset)
    for partition, wanted in offsets.items():
        there = 0
        for record in records_at(consumer, topic, partition, wanted):
            there += 1
            yield letters[partition, record.offset], record
        outcome.gone += len(wanted) - there


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Cut into batches of bounded number and size; the first is of one."""
    batch: list[Item] = []
    most, size = 1, 0
    for item in items:
        batch.append(item)
        size += len(item[1].value or b"")
        if len(batch) >= most or size >= BATCH_SIZE:
            yield batch
            batch, most, size = [], BATCH, 0
    if batch:
        yield batch


class _Way:
    """A producer to both topics: acks=all, idempotent; what it does is told in the outcome."""

    def __init__(self, settings: Settings, terms: Terms, outcome: Outcome) -> None:
        self._dead: Final = settings.topic_dead
        self._terms: Final = terms
        self._outcome: Final = outcome
        self._producer: Final = connect(
            KafkaProducer,
            settings,
            acks="all",
            enable_idempotence=True,
            compression_type="gzip",
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_request_size=settings.output_limit + FRAMING,
            allow_auto_create_topics=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(KafkaError):  # what has no receipt is told in the outcome
            self._producer.close(timeout=5)

    def send(self, batch: list[Item]) -> bool:
        """Send letters, take their receipts, note those that have one. Return whether to go on."""
        receipts = self._receipts([self._letter(letter, record) for letter, record in batch])
        done: dict[int, dict[int, tuple[int, int]]] = {}
        hopeful = False
        for (letter, _), receipt in zip(batch, receipts, strict=True):
            if isinstance(receipt, KafkaError):
                self._outcome.not_sent.append(NotSent(letter.place, message(receipt)))
                hopeful |= isinstance(receipt, MessageSizeTooLargeError)  # the fault of this one only
            else:
                self._outcome.sent += 1
                done.setdefault(letter.partition, {})[letter.offset] = receipt
                hopeful = True
        notes = self._receipts([self._note(partition, sent) for partition, sent in done.items()])
        for sent, receipt in zip(done.values(), notes, strict=True):
            if isinstance(receipt, KafkaError):
                self._outcome.unnoted += len(sent)
                hopeful = False
        return hopeful

    def _letter(self, letter: Letter, record: RawRecord) -> dict[str, Any]:
        place = letter.source_partition
        # Where `send` would put it: by its key. Without one where it was, if that is still there.
        where = place if record.key is None and place in self._terms.partitions else None
        headers = headers_of(letter, record, self._dead)
        return {
            "topic": self._terms.topic,
            "value": record.value,
            "key": record.key,
            "headers": headers,
            "partition": where,
        }

    def _note(self, partition: int, sent: Mapping[int, tuple[int, int]]) -> dict[str, Any]:
        headers, value = note(sent, self._terms.topic)
        return {"topic": self._dead, "value": value, "headers": headers, "partition": partition}

    def _receipts(self, records: list[dict[str, Any]]) -> list[tuple[int, int] | KafkaError]:
        """Produce; return for each record its partition and offset, or why it has no receipt."""
        ways: list[Any] = []
        for record in records:
            try:
                ways.append(self._producer.send(**record))
            except KafkaError as error:
                ways.append(error)
        with suppress(KafkaError):  # those on their way tell it themselves
            self._producer.flush(timeout=RECEIPT_S)
        return [_receipt(way) for way in ways]


def _receipt(way: Any) -> tuple[int, int] | KafkaError:
    if isinstance(way, KafkaError):
        return way
    if not way.is_done:
        return KafkaTimeoutError(f"no receipt within {RECEIPT_S:g} s")
    try:
        done = way.get(timeout=0)
    except KafkaError as error:
        return error
    return done.partition, done.offset
