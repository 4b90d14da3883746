"""What the sink has on its way: chunks of records for one output partition, which belong to parcels."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from aiokafka.partitioner import murmur2

from enrich.record import Header, Record, Route

UID: Final = "millrace-uid"
# Entities repeat; the clients' murmur2 is Python and takes 10 us for a short key.
KEYS: Final = 20_000
KEY_BYTES: Final = 256


@dataclass(eq=False, slots=True)
class Parcel:
    """The records of one ``put``. receipts: resolved when the last chunk has its receipt."""

    receipts: "asyncio.Future[None]"
    chunks: int = 0


@dataclass(eq=False, slots=True)
class Chunk:
    """Records for one partition, in order, that are produced as one record batch.

    number: its place among all; what takes its place after a failure has numbers below it, (5, 0) and (5, 1).
    error: why the last try failed; None: it is on its way or done. builder: record batch for the next try.
    """

    number: tuple[int, ...]
    topic: str
    partition: int
    records: list[Record]
    headers: tuple[Header, ...]
    parcels: list[Parcel]
    route: Route
    error: Exception | None = None
    receipt: "asyncio.Future[Any] | None" = field(default=None)
    builder: Any = None

    def halves(self) -> tuple[list[Record], list[Record]]:
        """Return the records in two."""
        middle = len(self.records) // 2
        return self.records[:middle], self.records[middle:]


def grouped(
    records: Iterable[Record], topics: Mapping[Route, str], partitions: Callable[[str], int]
) -> dict[tuple[Route, int], list[Record]]:
    """Sort records by route and partition; the order of each partition's records is theirs."""
    counts = {route: partitions(topic) for route, topic in topics.items()}
    groups: dict[tuple[Route, int], list[Record]] = {}
    for record in records:
        place = record.route, placed(record) % counts[record.route]
        group = groups.get(place)
        if group is None:
            groups[place] = [record]
        else:
            group.append(record)
    return groups


def cut(records: Sequence[Record], limit: int, framing: int) -> Iterator[list[Record]]:
    """Yield runs of records of at most ``limit`` bytes, a larger record by itself."""
    run: list[Record] = []
    size = 0
    for record in records:
        weight = len(record.value) + len(record.key or b"") + framing
        if record.route == "dead":
            weight += sum(len(name) + len(value) for name, value in record.headers)
        if run and size + weight > limit:
            yield run
            run, size = [], 0
        run.append(record)
        size += weight
    if run:
        yield run


def placed(record: Record) -> int:
    """Return the number that every client's default partitioner takes modulo the partitions.

    A dead letter without a key, or with one so long that it costs milliseconds, goes by its uid: the same for
    each try.
    """
    key = record.key
    if not key or (record.route == "dead" and len(key) > KEY_BYTES):
        key = _uid(record)
    return hashed(key) if len(key) <= KEY_BYTES else hashed.__wrapped__(key)


@lru_cache(KEYS)
def hashed(key: bytes) -> int:
    """Return the murmur2 of a key, as a positive number."""
    return int(murmur2(key)) & 0x7FFFFFFF


def _uid(record: Record) -> bytes:
    """Return the id, b"" without one."""
    return next((value for name, value in record.headers if name == UID), b"")
