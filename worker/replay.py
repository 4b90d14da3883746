"""Reads a stretch of a topic with its own coordinates and times, joins no group and commits nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kafka import TopicPartition

from enrich.errors import SettingsWrong
from enrich.record import RawRecord
from worker.reader import partitions, stretch


class Bound(NamedTuple):
    """One end of a stretch: an offset in every partition, or a record time; neither is the log's own end."""

    offset: int | None = None
    time_ms: int | None = None

    @classmethod
    def parse(cls, text: str | None, option: str) -> "Bound":
        """Read an offset ("0", "12000") or a time ("2026-11-21T07:00:00Z"); None: the log's own end."""
        if text is None:
            return cls()
        if text.isascii() and text.isdigit():
            return cls(offset=int(text))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise SettingsWrong(
                f"{option} {text!r}: give an offset, or a time such as 2026-11-21T07:00:00Z"
            ) from None
        time_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
        return cls(time_ms=max(time_ms, 0))


def replay(
    consumer: Any, topic: str, start: Bound, end: Bound, cold: bool
) -> Iterator[tuple[list[RawRecord], bool]]:
    """Yield (records, whether their events are asked for), one partition after the other.

    consumer: a KafkaConsumer without a group. start is inclusive, end exclusive. cold: begin at ``start``.
    Else the log is read from its beginning, only to fold what lies before, so that the history is that which
    the worker had. Raises SettingsWrong when there is no such topic.
    """
    for place in partitions(consumer, topic):
        low, first, last = _span(consumer, place, start, end)
        if not cold:
            for records in stretch(consumer, {place: low}, {place: min(first, last)}):
                yield records, False
        for records in stretch(consumer, {place: first}, {place: last}):
            yield records, True


def spans(
    consumer: Any, topic: str, start: Bound, end: Bound, newest: int | None = None
) -> dict[TopicPartition, tuple[int, int]]:
    """Return first and end offset of each partition's stretch, not the empty ones.

    newest: about so many records at the end of it, shared out among the partitions. Raises SettingsWrong when
    there is no such topic.
    """
    own = partitions(consumer, topic)
    found = {}
    for place in own:
        _, first, last = _span(consumer, place, start, end)
        if newest is not None:
            first = max(first, last - -(-newest // len(own)))
        if first < last:
            found[place] = first, last
    return found


def _span(consumer: Any, place: TopicPartition, start: Bound, end: Bound) -> tuple[int, int, int]:
    """Return the log's first offset, that of the stretch, and the stretch's end."""
    low = consumer.beginning_offsets([place])[place]
    high = consumer.end_offsets([place])[place]
    first = min(max(_offset(consumer, place, start, low, high), low), high)
    return low, first, min(_offset(consumer, place, end, high, high), high)


def _offset(consumer: Any, place: Any, bound: Bound, default: int, high: int) -> int:
    if bound.offset is not None:
        return bound.offset
    if bound.time_ms is not None:
        found = consumer.offsets_for_times({place: bound.time_ms})[place]
        return high if found is None else int(found.offset)
    return default
