"""Records of a batch as record batches for output partitions. This is the core's thread's work.

Whoever makes the events also writes them into the record batch: their memory is in its CPU's cache.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from enrich.record import Record, Route
from worker.parcel import Chunk, cut, grouped

PROCESSED_HEADER: Final = "millrace-processed-ms"
# Bytes of one record batch: below the 1 MiB that a topic with the default max.message.bytes accepts.
BATCH_BYTES: Final = 524_288
# Of an event beside key and value: headers and lengths.
BESIDE: Final = 224


class Packer:
    """See the module. limits: bytes of one record batch, less where a topic has turned out to take less;
    what is packed already at that time still has the old one, and goes in halves.

    partitions: of a topic, at least 1. builder: an empty record batch of aiokafka, None: no producer now.
    clock_ms: wall clock, for ``millrace-processed-ms``.
    """

    def __init__(
        self,
        topics: Mapping[Route, str],
        partitions: Callable[[str], int],
        builder: Callable[[], Any],
        clock_ms: Callable[[], int],
    ) -> None:
        self.limits: Final[dict[Route, int]] = dict.fromkeys(topics, BATCH_BYTES)
        self.topics: Final = topics
        self._partitions: Final = partitions
        self._builder: Final = builder
        self._clock_ms: Final = clock_ms

    def packed(self, records: Sequence[Record]) -> list[Chunk]:
        """Return chunks, written where there is a producer; each partition's in order."""
        headers = ((PROCESSED_HEADER, str(self._clock_ms()).encode()),)
        chunks = [
            Chunk((), self.topics[route], partition, run, headers, [], route)
            for (route, partition), group in grouped(records, self.topics, self._partitions).items()
            for run in cut(group, self.limits[route], BESIDE)
        ]
        for chunk in chunks:
            chunk.builder = self.written(chunk)
        return chunks

    def written(self, chunk: Chunk) -> Any:
        """Return a record batch that can be sent once; None: its records do not fit, or no producer is up."""
        builder = self._builder()
        if builder is None:
            return None
        stamp = chunk.headers if chunk.route != "dead" else ()
        for record in chunk.records:
            headers = [*record.headers, *stamp]
            if builder.append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
                return None
        builder.close()
        return builder

    def place(self, record: Record) -> tuple[Route, int]:
        """Return where one record goes."""
        return next(iter(grouped([record], self.topics, self._partitions)))
