"""Records of Kafka as the core takes them: the same from the worker's consumer and from a plain one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kafka import TopicPartition

from enrich.errors import SettingsWrong
from enrich.record import RawRecord

POLL_MS: Final = 500
# aiokafka and kafka-python both give -1 where a producer sent no time.
NO_TIME: Final = -1


def raw_record(
    topic: str,
    partition: int,
    offset: int,
    time_ms: int | None,
    key: bytes | None,
    value: bytes | None,
    headers: Iterable[tuple[str, bytes | None]],
) -> RawRecord:
    """Return a record as the core takes it. A header without a value becomes one with an empty value."""
    return RawRecord(
        topic,
        partition,
        offset,
        None if time_ms is None or time_ms <= NO_TIME else time_ms,
        key,
        value,
        tuple((name, b"" if content is None else content) for name, content in headers),
    )


def of_message(message: Any) -> RawRecord:
    """Return the record of a Faust message: its time is a float of seconds, exact to the millisecond."""
    time_ms = None if message.timestamp is None else round(message.timestamp * 1000)
    return raw_record(
        message.topic,
        message.partition,
        message.offset,
        time_ms,
        message.key,
        message.value,
        message.headers or (),
    )


def of_consumer(record: Any) -> RawRecord:
    """Return the record of a kafka-python ConsumerRecord."""
    return raw_record(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        record.value,
        record.headers or (),
    )


def marked(records: list[RawRecord], poison: frozenset[int]) -> list[RawRecord]:
    """Return the records, those of these offsets marked as poison."""
    if not poison:
        return records
    return [record._replace(poison=True) if record.offset in poison else record for record in records]


def partitions(consumer: Any, topic: str) -> list[TopicPartition]:
    """Return the partitions of a topic, in order. Raises SettingsWrong when there is no such topic."""
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise SettingsWrong(
            f"topic {topic} does not exist: `millrace topics --apply` creates what is missing"
        )
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def tail(consumer: Any, topic: str, count: int) -> list[RawRecord]:
    """Return about the last ``count`` records of a topic, shared out among its partitions, by record time."""
    own = partitions(consumer, topic)
    begin, end = consumer.beginning_offsets(own), consumer.end_offsets(own)
    each = -(-count // len(own))
    start = {place: max(begin[place], end[place] - each) for place in own}
    found = [record for some in stretch(consumer, start, end) for record in some]
    return sorted(found, key=lambda record: record.time_ms or 0)


def stretch(
    consumer: Any, start: Mapping[TopicPartition, int], end: Mapping[TopicPartition, int]
) -> Iterator[list[RawRecord]]:
    """Yield the records from start to end (exclusive) of each partition; each partition's in order."""
    left = {place for place in start if start[place] < end[place]}
    if not left:
        return
    consumer.assign(sorted(left))
    for place in left:
        consumer.seek(place, start[place])
    while left:
        polled = consumer.poll(timeout_ms=POLL_MS)
        for place, records in polled.items():
            yield [of_consumer(record) for record in records if record.offset < end[place]]
        # By position, not by the records seen: the last offsets may be transaction markers or compacted away.
        left = {place for place in left if consumer.position(place) < end[place]}


def committed(admin: Any, group: str, places: Iterable[TopicPartition]) -> dict[TopicPartition, int | None]:
    """Return the next offset that a group will read, per partition; None where it never committed.

    Raises KafkaError.
    """
    places = list(places)
    found = admin.list_group_offsets({group: places}).get(group, {})
    offsets = {place: found[place].offset if place in found else -1 for place in places}
    return {place: None if offset < 0 else offset for place, offset in offsets.items()}


def lag(
    admin: Any,
    group: str,
    ends: Mapping[TopicPartition, int],
    begins: Mapping[TopicPartition, int] | None = None,
) -> dict[TopicPartition, int]:
    """Return how many records a group has still to acknowledge, per partition. Raises KafkaError.

    begins: the log's start, where a worker begins that never committed; not given: 0.
    """
    begins = begins or {}
    done = committed(admin, group, ends)
    return {
        place: max(0, end - (begins.get(place, 0) if done[place] is None else done[place] or 0))
        for place, end in ends.items()
    }
