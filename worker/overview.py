"""How an installation is doing, as Kafka tells it: members, lag, dead letters, keys of raw records."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from kafka.errors import KafkaError

from enrich.errors import MillraceError
from enrich.record import RawRecord
from worker import reader
from worker.kafka_client import admin, consumer, message
from worker.settings import Settings

# How many of the newest records are looked at for what no counter tells.
TAIL: Final = 1_000
SAMPLE: Final = 200
# A coordinator that has just begun says so for a moment: the first question of a new cluster makes its topic.
COORDINATOR_S: Final = 10.0
COORDINATING: Final = (
    "CoordinatorNotAvailableError",
    "CoordinatorLoadInProgressError",
    "NotCoordinatorError",
)


class Member(NamedTuple):
    """A worker. partitions: of the raw topic, that it reads now."""

    client_id: str
    host: str
    partitions: tuple[int, ...]


class Partition(NamedTuple):
    """A partition of the raw topic. committed: None where the group never did: it begins at the start."""

    partition: int
    end: int
    committed: int | None
    lag: int


class Overview(NamedTuple):
    """group_state: as Kafka calls it ("Stable", "Empty", "Dead"). dead: letters held now.

    dead_tail, enriched_tail, raw_tail: the newest records of these topics, oldest first.
    """

    group_state: str
    members: tuple[Member, ...]
    partitions: tuple[Partition, ...]
    dead: int
    dead_tail: tuple[RawRecord, ...]
    enriched_tail: tuple[RawRecord, ...]
    raw_tail: tuple[RawRecord, ...]


def overview(settings: Settings) -> Overview:
    """Ask the cluster. Raises KafkaUnreachable, and SettingsWrong for a topic that is missing."""
    with admin(settings) as asking, consumer(settings) as reading:
        raw = reader.partitions(reading, settings.topic_raw)
        dead = reader.partitions(reading, settings.topic_dead)
        group = _patiently(lambda: asking.describe_groups([settings.group])[settings.group])
        ends = reading.end_offsets(raw)
        begins = reading.beginning_offsets(raw)
        done = _patiently(lambda: reader.committed(asking, settings.group, raw))
        lag = _patiently(lambda: reader.lag(asking, settings.group, ends, begins))
        first, last = reading.beginning_offsets(dead), reading.end_offsets(dead)
        return Overview(
            group_state=str(group.get("group_state") or "Dead"),
            members=tuple(_member(each, settings.topic_raw) for each in group.get("members", ())),
            partitions=tuple(
                Partition(place.partition, ends[place], done[place], lag[place]) for place in raw
            ),
            dead=sum(last[place] - first[place] for place in dead),
            dead_tail=tuple(reader.tail(reading, settings.topic_dead, TAIL)),
            enriched_tail=tuple(reader.tail(reading, settings.topic_enriched, TAIL)),
            raw_tail=tuple(reader.tail(reading, settings.topic_raw, SAMPLE)),
        )


def dead_codes(records: tuple[RawRecord, ...]) -> Counter[str]:
    """Count dead letters by their code."""
    codes = (dict(record.headers).get("millrace-code", b"?") for record in records)
    return Counter(code.decode("utf-8", "replace") for code in codes)


def keyed_share(records: tuple[RawRecord, ...], entity_of: Callable[[bytes], bytes | None]) -> float | None:
    """Return the share of records whose key is their entity, 0-1; None where no record has an entity.

    Where it is not 1, the alerts of one entity may lie in several partitions, and its counts with them.
    """
    entities = [(record.key, entity_of(record.value)) for record in records if record.value is not None]
    known = [key == about for key, about in entities if about is not None]
    return sum(known) / len(known) if known else None


def _member(member: dict[str, Any], topic: str) -> Member:
    assigned = (member.get("member_assignment") or {}).get("assigned_partitions", ())
    numbers = [n for each in assigned if each.get("topic") == topic for n in each.get("partitions", ())]
    host = str(member.get("client_host", "")).removeprefix("/")
    return Member(str(member.get("client_id", "")), host, tuple(sorted(numbers)))


def _patiently(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + COORDINATOR_S
    while True:
        try:
            return ask()
        except KafkaError as error:
            if type(error).__name__ not in COORDINATING or time.monotonic() > deadline:
                raise MillraceError(f"the group cannot be described: {message(error)}") from None
        time.sleep(0.2)
