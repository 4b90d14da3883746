"""The feedback topic: one verdict to it, and all that lies on it beside the events that are spoken of."""

from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from enrich.errors import MillraceError
from enrich.record import RawRecord
from worker import rights, topics
from worker.kafka_client import admin, connect, message
from worker.reader import stretch
from worker.replay import Bound, spans
from worker.settings import Settings

WRITER: Final = {"feedback": ("WRITE",)}
RECEIPT_S: Final = 30.0


def send(settings: Settings, key: bytes, value: bytes) -> tuple[int, int]:
    """Put a record on the feedback topic; return partition and offset once the brokers have confirmed it.

    acks=all, murmur2 by the key. Raises KafkaUnreachable, or MillraceError: no topic, no right, no receipt.
    """
    name = settings.topic_feedback
    with admin(settings) as client:
        if lacking := rights.missing(client, settings, WRITER):
            raise MillraceError("\n".join(lacking))
        if not topics.existing(client, [name]):
            raise MillraceError(f"topic {name} does not exist: `millrace topics --apply` creates it")
    producer = connect(KafkaProducer, settings, acks="all", allow_auto_create_topics=False)
    try:
        receipt = producer.send(name, value=value, key=key).get(timeout=RECEIPT_S)
    except KafkaError as error:
        raise MillraceError(f"the verdict has no receipt, say it again: {message(error)}") from None
    finally:
        producer.close(timeout=5)
    return int(receipt.partition), int(receipt.offset)


def records(consumer: Any, topic: str, since_ms: int | None = None) -> Iterator[RawRecord]:
    """Yield what is on a topic now, one partition after the other, from a record time on if one is given.

    Raises SettingsWrong when there is no such topic.
    """
    start = Bound() if since_ms is None else Bound(time_ms=since_ms)
    for place, (low, high) in spans(consumer, topic, start, Bound()).items():
        for some in stretch(consumer, {place: low}, {place: high}):
            yield from some
