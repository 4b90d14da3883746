"""Reads the topics with kafka-python, as any later reader would, and knows records by their source.

Shares no code with the worker: what a record is of stands in the event itself, or in a dead letter's headers.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

import orjson
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from tests.faults.counting import Out, Place, Raw, Role
from tests.faults.feed import NUMBER_HEADER

POLL_MS: Final = 500
FETCH_BYTES: Final = 8 * 1_048_576
# Record times of the output topics are the broker's: when it appended the record.
APPENDED: Final = {"message.timestamp.type": "LogAppendTime"}
# Wall-clock: the only header in which twins may differ.
CLOCKS: Final = frozenset({"millrace-processed-ms"})


def raw(bootstrap: str, topic: str) -> dict[Place, Raw]:
    """Return every record of the raw topic."""
    found = {}
    for record in _records(bootstrap, topic):
        number = dict(record.headers).get(NUMBER_HEADER)
        place = record.partition, record.offset
        found[place] = Raw(None if number is None else int(number), record.timestamp)
    return found


def outputs(bootstrap: str, topics: Mapping[str, str], reading: int = 0) -> dict[Role, list[Out]]:
    """Return every record of the three output topics. reading: rises when a topic has been made anew."""
    roles: tuple[Role, ...] = ("enriched", "escalated", "dead")
    return {role: output(bootstrap, topics[role], role, topics["raw"], reading) for role in roles}


def output(bootstrap: str, topic: str, role: Role, raw_topic: str, reading: int) -> list[Out]:
    """Return every record of one output topic."""
    make = _letter if role == "dead" else _event
    return [make(record, raw_topic, reading) for record in _records(bootstrap, topic)]


def digest(key: bytes | None, value: bytes, headers: Iterable[tuple[str, bytes]]) -> str:
    """Return a hash of all of a record but the wall clock."""
    own = [(name, content) for name, content in headers if name not in CLOCKS]
    return blake2b(repr((key, value, own)).encode(), digest_size=12).hexdigest()


def _event(record: Any, raw_topic: str, reading: int) -> Out:
    headers = dict(record.headers)
    told = headers.get("millrace-uid", b"").decode()
    source, route, unscored = None, "", False
    try:
        event = orjson.loads(record.value)
        own = event["unmapped"]["millrace"]
        route = own["decision"]["route"]
        unscored = any(each["code"] == "score_failed" for each in own["quality"])
        # An event that contradicts its own headers is of no raw record.
        if (event["metadata"]["uid"], own["context_id"]) == (told, headers["millrace-context"].decode()):
            source = (own["record"]["partition"], own["record"]["offset"])
    except (ValueError, KeyError, TypeError):
        pass
    return Out(
        source=source,
        uid=told,
        context=headers.get("millrace-context", b"").decode(),
        digest=digest(record.key, record.value or b"", record.headers),
        key=record.key or b"",
        at=(reading, record.partition, record.offset),
        time_ms=record.timestamp,
        route=route,
        unscored=unscored,
    )


def _letter(record: Any, raw_topic: str, reading: int) -> Out:
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    source = None
    if headers.get("millrace-topic") == raw_topic:
        source = (int(headers["millrace-partition"]), int(headers["millrace-offset"]))
    return Out(
        source=source,
        uid=headers.get("millrace-uid", ""),
        context="",
        digest=digest(record.key, record.value or b"", record.headers),
        key=record.key or b"",
        at=(reading, record.partition, record.offset),
        time_ms=record.timestamp,
        code=headers.get("millrace-code", ""),
    )


def _records(bootstrap: str, topic: str) -> Iterable[Any]:
    with KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
        max_poll_records=5_000,
    ) as consumer:
        places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic) or ())]
        assert places, f"topic {topic} cannot be read"
        ends = consumer.end_offsets(places)
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=POLL_MS).values():
                yield from records


def lag(bootstrap: str, group: str, topic: str) -> int:
    """Return how many records of the topic the group has not committed."""
    servers = bootstrap.split(",")
    with KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False) as consumer:
        places = [TopicPartition(topic, n) for n in sorted(consumer.partitions_for_topic(topic) or ())]
        ends = consumer.end_offsets(places)
    with KafkaAdminClient(bootstrap_servers=servers) as admin:
        done = admin.list_group_offsets({group: places}).get(group, {})
    return sum(end - max(0, done[place].offset if place in done else 0) for place, end in ends.items())
