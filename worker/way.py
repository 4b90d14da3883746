"""The chunks that are on their way: handed over, not yet with a receipt, in the order of their numbers."""

import asyncio
from typing import Final

from worker.parcel import Chunk

# How often is looked whether a record batch has been handed over.
HANDED_S: Final = 0.005


class Way:
    """See the module. Of one event loop."""

    def __init__(self) -> None:
        self._chunks: Final[dict[tuple[int, ...], Chunk]] = {}

    def put(self, chunk: Chunk) -> None:
        """It is on its way now, or once more."""
        self._chunks[chunk.number] = chunk
        chunk.error = chunk.receipt = None

    def arrives(self, chunk: Chunk) -> None:
        """It has its receipt, or others have taken its place; a parcel that has all of its own is done."""
        del self._chunks[chunk.number]
        for parcel in chunk.parcels:
            parcel.chunks -= 1
            if parcel.chunks == 0 and not parcel.receipts.done():
                parcel.receipts.set_result(None)

    def chunks(self) -> list[Chunk]:
        """Return all of them, the lowest number first."""
        return [self._chunks[number] for number in sorted(self._chunks)]

    def ahead(self, chunk: Chunk) -> list[Chunk]:
        """Return those for the same partition that go before it."""
        place = chunk.topic, chunk.partition
        return [
            each
            for each in self._chunks.values()
            if (each.topic, each.partition) == place and each.number < chunk.number
        ]

    async def settled(self) -> None:
        """Wait until each has its receipt or its error, also one that is being handed over now."""
        while left := [chunk for chunk in self._chunks.values() if chunk.error is None]:
            waiting = [chunk.receipt for chunk in left if chunk.receipt and not chunk.receipt.done()]
            if waiting:
                await asyncio.wait(waiting)
            await asyncio.sleep(0 if waiting else HANDED_S)  # for their callbacks

    def fail(self, error: Exception) -> None:
        """Fail every parcel that has something on its way."""
        for chunk in list(self._chunks.values()):
            for parcel in chunk.parcels:
                if not parcel.receipts.done():
                    parcel.receipts.set_exception(error)
