"""What goes out instead of a record batch that its topic refuses: less at once, then a smaller record."""

from typing import Protocol

from aiokafka import errors as kafka_errors

from enrich.record import Record, Route
from enrich.refused import cut_raw, undeliverable
from worker.log import log
from worker.pack import BESIDE, Packer
from worker.parcel import Chunk
from worker.produce_errors import TOO_LARGE, UNKNOWN_TRIES, SinkFailed, name_of


class Notes(Protocol):
    """What the sink needs of ``worker.metrics.Metrics``."""

    def retried(self, records: int, error: str) -> None:
        """So many records go once more."""

    def undeliverable(self) -> None:
        """A record that its topic does not take goes as a dead letter."""


def narrowed(chunk: Chunk, tries: int, packer: Packer, notes: Notes | None) -> list[Chunk]:
    """Return chunks to send instead, without number or parcels; []: the same again.

    Raises SinkFailed where not even an empty dead letter is taken.
    """
    large = isinstance(chunk.error, TOO_LARGE)
    # aiokafka has no name for a record that a broker finds invalid (a compacted topic, say).
    if not large and not (tries >= UNKNOWN_TRIES and type(chunk.error) is kafka_errors.UnknownError):
        return []
    if len(chunk.records) > 1:
        if large:
            size = sum(len(record.value) + BESIDE for record in chunk.records)
            packer.limits[chunk.route] = min(packer.limits[chunk.route], max(size // 2, BESIDE))
        return [_instead(chunk, chunk.route, chunk.partition, half, packer) for half in chunk.halves()]
    smaller = _smaller(chunk, notes)
    route, partition = chunk.route, chunk.partition
    if smaller.route != route:
        route, partition = packer.place(smaller)
    return [_instead(chunk, route, partition, [smaller], packer)]


def _smaller(chunk: Chunk, notes: Notes | None) -> Record:
    record = chunk.records[0]
    smaller = cut_raw(record)
    if smaller is not None:
        return smaller
    if record.route == "dead" and not record.value:
        raise SinkFailed(f"{chunk.topic} refuses even {len(record.value)} bytes: {name_of(chunk.error)}")
    log.error("undeliverable", topic=chunk.topic, bytes=len(record.value))
    if notes is not None:
        notes.undeliverable()
    return undeliverable(record, chunk.topic)


def _instead(chunk: Chunk, route: Route, partition: int, records: list[Record], packer: Packer) -> Chunk:
    return Chunk((), packer.topics[route], partition, records, chunk.headers, [], route)
