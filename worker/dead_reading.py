"""Reads dead letters from the newest back, and says which have gone back to the raw topic already.

The note on letters that were sent back lies behind them, in their own partition: going back it is met before
them, however little of the topic is read.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kafka import TopicPartition

from enrich.record import RawRecord
from worker.dead import Letter, Sent, noted, of_record
from worker.reader import partitions, stretch

# Offsets read at once, going back: few at first, for most want the newest; the facts of a window are held.
WINDOW: Final = 512
WINDOW_MAX: Final = 4_096


class Choice(NamedTuple):
    """Which letters. Empty and None: all. since_ms is inclusive, until_ms exclusive; offsets are inclusive.

    places, uids: one of these.
    """

    codes: frozenset[str] = frozenset()
    partitions: frozenset[int] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None
    first: int | None = None
    last: int | None = None
    places: frozenset[tuple[int, int]] = frozenset()
    uids: frozenset[str] = frozenset()

    def has(self, letter: Letter) -> bool:
        """Return whether a letter is one of them."""
        named = not (self.places or self.uids) or (
            (letter.partition, letter.offset) in self.places or letter.uid in self.uids
        )
        return (
            named
            and (not self.codes or letter.code in self.codes)
            and (not self.partitions or letter.partition in self.partitions)
            and (self.since_ms is None or (letter.time_ms or 0) >= self.since_ms)
            and (self.until_ms is None or (letter.time_ms or 0) < self.until_ms)
            and (self.first is None or letter.offset >= self.first)
            and (self.last is None or letter.offset <= self.last)
        )


class Found(NamedTuple):
    """sent: the last time that it was redriven. newer: whether the topic has a newer letter of its record."""

    letter: Letter
    sent: Sent | None
    newer: bool


def stretches(consumer: Any, topic: str, choice: Choice) -> dict[TopicPartition, tuple[int, int]]:
    """Return what must be read to find a choice: first and end offset of each partition, not the empty ones.

    It goes to the end of the log, for notes; and over all partitions, for newer letters of the same record,
    unless places name the letters. Raises SettingsWrong when there is no such topic.
    """
    own = partitions(consumer, topic)
    begins, ends = consumer.beginning_offsets(own), consumer.end_offsets(own)
    since = choice.since_ms
    at = {} if since is None else consumer.offsets_for_times(dict.fromkeys(own, since))
    lows: dict[TopicPartition, int] = {}
    for place in own:
        low = begins[place]
        if choice.first is not None:
            low = max(low, choice.first)
        if since is not None:
            low = max(low, ends[place] if at.get(place) is None else at[place].offset)
        if choice.places and not choice.uids:
            named = [offset for partition, offset in choice.places if partition == place.partition]
            low = max(low, min(named, default=ends[place]))
        lows[place] = low
    return {place: (lows[place], ends[place]) for place in own if lows[place] < ends[place]}


def newest_first(
    consumer: Any,
    read: Mapping[TopicPartition, tuple[int, int]],
    choice: Choice,
    tell: Callable[[int], None] = lambda _: None,
) -> Iterator[Found]:
    """Yield the letters of a choice, by the time that they were written. tell: is told offsets read."""
    seen: set[str] = set()
    each = [_backwards(consumer, place, low, high, tell) for place, (low, high) in read.items()]
    for letter, sent in heapq.merge(*each, key=lambda found: -(found[0].time_ms or 0)):
        if choice.has(letter):
            yield Found(letter, sent, letter.uid in seen)
        if letter.uid is not None:
            seen.add(letter.uid)


def _backwards(
    consumer: Any, place: TopicPartition, low: int, high: int, tell: Callable[[int], None]
) -> Iterator[tuple[Letter, Sent | None]]:
    sent: dict[int, Sent] = {}
    size = WINDOW
    while low < high:
        begin = max(low, high - size)
        facts: list[Letter | dict[int, Sent]] = []
        for records in stretch(consumer, {place: begin}, {place: high}):
            facts += [_fact(record) for record in records]
        tell(high - begin)
        high, size = begin, min(2 * size, WINDOW_MAX)
        for fact in reversed(facts):
            if isinstance(fact, Letter):
                yield fact, sent.pop(fact.offset, None)
            else:
                for offset, gone in fact.items():
                    sent.setdefault(offset, gone)  # of two notes the newer counts, which was met first


def _fact(record: RawRecord) -> Letter | dict[int, Sent]:
    said = noted(record)
    return of_record(record) if said is None else said


def records_at(consumer: Any, topic: str, partition: int, offsets: Sequence[int]) -> Iterator[RawRecord]:
    """Yield the records at these offsets, ascending, that are still there."""
    place = TopicPartition(topic, partition)
    begin, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    wanted = [offset for offset in offsets if begin <= offset < end]
    start = 0
    for i in range(1, len(wanted) + 1):
        if i < len(wanted) and wanted[i] - wanted[i - 1] < WINDOW:
            continue
        run = frozenset(wanted[start:i])
        for records in stretch(consumer, {place: wanted[start]}, {place: wanted[i - 1] + 1}):
            yield from (record for record in records if record.offset in run)
        start = i
