"""What the pump has on its way: deliveries scored, sent and acknowledged together; and its neighbours."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from enrich.pipeline import Batch
from enrich.record import RawRecord, Record
from worker.delivery import Delivery
from worker.parcel import Chunk


class Acknowledges(Protocol):
    """What the pump needs of ``worker.transport.Consumer``."""

    epoch: int

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """All of these have their receipts."""


class Sends(Protocol):
    """What the pump needs of ``worker.sink.Sink``."""

    def packed(self, records: Sequence[Record]) -> list[Chunk]:
        """Make chunks of records, in the core's thread."""

    async def put(self, chunks: Sequence[Chunk]) -> "asyncio.Future[None]":
        """Send on their way; the future ends with the receipts."""


@dataclass(eq=False, slots=True)
class Round:
    """Deliveries of one epoch. What else it holds comes as it is made; error: why the core gave none."""

    deliveries: list[Delivery]
    epoch: int
    records: list[RawRecord] = field(default_factory=list)
    batch: Batch | None = None
    chunks: list[Chunk] = field(default_factory=list)
    error: BaseException | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def spans(records: Sequence[RawRecord]) -> str:
    """Return the coordinates of records: "alerts.raw 0:17-42 3:5-5"."""
    ends: dict[int, list[int]] = {}
    for record in records:
        ends.setdefault(record.partition, [record.offset, record.offset])[1] = record.offset
    told = (f"{partition}:{first}-{last}" for partition, (first, last) in sorted(ends.items()))
    return f"{records[0].topic} {' '.join(told)}" if records else ""
