"""Reading ``alerts.state``: from its beginning to its end as it stands now, the newest value of each key."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from worker.kafka_client import aiokafka_options
from worker.producer import REQUEST_TIMEOUT_MS
from worker.settings import MEBIBYTE, Settings
from worker.state_records import (
    Attempt,
    Owner,
    Place,
    Snapshot,
    Unreadable,
    assembled,
    attempt,
    bundle_of,
    place_of,
    promotion_of,
)

POLL_MS: Final = 500
FETCH_BYTES: Final = 4 * MEBIBYTE
CLOSE_S: Final = 2.0


class Kept(NamedTuple):
    """What is known of a partition. snapshots: newest first, whole ones only, 0 to 2."""

    snapshots: tuple[Snapshot, ...]
    attempt: Attempt | None


class Found(NamedTuple):
    """The same, and what a writer must know.

    newest: the slot of the newest snapshot. chunks: how many lie in each slot, whole or not. skipped: slot,
    None for an attempt, and why it cannot be read.
    """

    kept: Kept
    newest: int | None
    chunks: Mapping[int, int]
    skipped: Sequence[tuple[int | None, str]]


class Newest(NamedTuple):
    """values: the newest of each key of the asked partitions. promotions: noted, sequence to bundle id."""

    values: dict[Place, bytes]
    promotions: dict[int, str]


async def latest(settings: Settings, owner: Owner, asked: frozenset[int], numbers: Collection[int]) -> Newest:
    """Return what is the owner's in these partitions of the state topic.

    asked: raw partitions. Raises KafkaError; TimeoutError when ``produce_timeout_s`` went by without a
    record.
    """
    newest = Newest({}, {})
    loop, bound_s = asyncio.get_running_loop(), settings.produce_timeout_s
    async with asyncio.timeout(bound_s) as bound, _consumer(settings) as consumer:
        left = {TopicPartition(settings.topic_state, each) for each in numbers}
        ends = await consumer.end_offsets(sorted(left))
        consumer.assign(sorted(left))
        # By position, not by the records seen: the last offsets may have been compacted away.
        while left := {place for place in left if await consumer.position(place) < ends[place]}:
            for place, records in (await consumer.getmany(*left, timeout_ms=POLL_MS)).items():
                bound.reschedule(loop.time() + bound_s)
                for record in records:
                    if record.offset < ends[place]:
                        _take(newest, owner, record.key, record.value, asked)
    return newest


def found(owner: Owner, asked: Iterable[int], newest: Mapping[Place, bytes]) -> dict[int, Found]:
    """Make whole what can be, for each of the asked partitions."""
    chunks: defaultdict[tuple[int, int | None], dict[int, bytes]] = defaultdict(dict)
    for place, value in newest.items():
        if place.chunk is not None:
            chunks[place.partition, place.slot][place.chunk] = value
    return {partition: _of_partition(owner, partition, newest, chunks) for partition in asked}


def _of_partition(
    owner: Owner,
    partition: int,
    newest: Mapping[Place, bytes],
    chunks: Mapping[tuple[int, int | None], Mapping[int, bytes]],
) -> Found:
    whole: list[tuple[Snapshot, int]] = []
    skipped: list[tuple[int | None, str]] = []
    slots = {slot: chunks.get((partition, slot), {}) for slot in (0, 1)}
    for slot, parts in slots.items():
        told = newest.get(Place(partition, "fold", slot))
        if told is None and not parts:
            continue
        try:
            whole.append((assembled(owner, partition, told, parts), slot))
        except Unreadable as error:
            skipped.append((slot, str(error)))
    whole.sort(key=lambda each: each[0].offset, reverse=True)
    tried = newest.get(Place(partition, "attempt"))
    known = None
    if tried is not None:
        try:
            known = attempt(tried)
        except Unreadable as error:
            skipped.append((None, str(error)))
    return Found(
        Kept(tuple(snapshot for snapshot, _ in whole), known),
        whole[0][1] if whole else None,
        {slot: max(parts, default=-1) + 1 for slot, parts in slots.items()},
        skipped,
    )


def _take(
    newest: Newest, owner: Owner, key: bytes | None, value: bytes | None, asked: frozenset[int]
) -> None:
    place = place_of(key, owner)
    if place is not None and place.partition in asked:
        if value is None:
            newest.values.pop(place, None)
        else:
            newest.values[place] = value
    elif place is None and (sequence := promotion_of(key, owner)) is not None:
        if value is None:
            newest.promotions.pop(sequence, None)
        else:
            newest.promotions[sequence] = bundle_of(value)


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        **aiokafka_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(consumer.stop(), CLOSE_S)
