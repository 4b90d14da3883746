"""What came out, read after a run with a client that no contestant's part depends on: librdkafka's own."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.process import BenchmarkFailed

READ_S: Final = 60.0
MANY: Final = 5_000


class Readback(NamedTuple):
    """stamps_ms: when the broker appended each event, in order. digests: uid -> hash of the event's bytes.

    twice: events whose uid had been seen. differing: those of them with other bytes than their twin.
    """

    stamps_ms: list[int]
    digests: dict[str, str]
    twice: int
    differing: int


def readback(bootstrap: str, topic: str) -> Readback:
    """Read all events of a topic."""
    stamps: list[int] = []
    digests: dict[str, str] = {}
    twice = differing = 0
    for message in everything(bootstrap, topic):
        stamps.append(message.timestamp()[1])
        uid = header(message, "millrace-uid").decode()
        digest = blake2b(message.value() or b"", digest_size=8).hexdigest()
        before = digests.setdefault(uid, digest)
        if len(digests) + twice < len(stamps):
            twice += 1
            differing += before != digest
    return Readback(sorted(stamps), digests, twice, differing)


def header(message: Message, name: str) -> bytes:
    """Return a header's value, empty where there is none."""
    found: dict[str, bytes] = dict(message.headers() or ())  # type: ignore[arg-type]
    return found.get(name, b"")


def everything(bootstrap: str, topic: str) -> Iterator[Message]:
    """Yield every record that is on a topic now. Raises BenchmarkFailed."""
    consumer = reading(bootstrap)
    try:
        left: dict[int, int] = {}
        places = []
        for place in _places(consumer, topic):
            low, high = consumer.get_watermark_offsets(place, timeout=READ_S, cached=False)
            if high > low:
                left[place.partition] = high
                places.append(TopicPartition(topic, place.partition, low))
        consumer.assign(places)
        while left:
            messages = consumer.consume(MANY, timeout=1.0)
            if not messages:
                if not _still(consumer, left, topic):
                    return
                continue
            for message in messages:
                if message.error() is not None:
                    raise BenchmarkFailed(f"{topic}: {message.error()}")
                partition, offset = message.partition() or 0, message.offset() or 0
                if partition in left and offset < left[partition]:
                    yield message
                    if offset + 1 == left[partition]:
                        del left[partition]
    finally:
        consumer.close()


def _still(consumer: Consumer, left: dict[int, int], topic: str) -> bool:
    positions = consumer.position([TopicPartition(topic, number) for number in left])
    return any(place.offset < left[place.partition] for place in positions)


def reading(bootstrap: str, **more: object) -> Consumer:
    """Return a consumer that joins no group and commits nothing."""
    options: dict[str, object] = {
        "bootstrap.servers": bootstrap,
        "group.id": "unused",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.message.max.bytes": 4_194_304,
        "log_level": 3,
        **more,
    }
    return Consumer(options)


def _places(consumer: Consumer, topic: str) -> list[TopicPartition]:
    found = consumer.list_topics(topic, timeout=READ_S).topics[topic].partitions
    return [TopicPartition(topic, number) for number in sorted(found)]


def assign_from_now(consumer: Consumer, topic: str) -> None:
    """Read every partition of a topic from its present end on."""
    found = []
    for place in _places(consumer, topic):
        _, high = consumer.get_watermark_offsets(place, timeout=READ_S, cached=False)
        found.append(TopicPartition(topic, place.partition, high))
    consumer.assign(found)
