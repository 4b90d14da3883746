"""Offsets that do not go on from where we were: when that is believed, and what is told of it."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from faust.transport.consumer import ensure_TP
from faust.types import TP

from worker.delivery import Ledger
from worker.log import log


class Positions(Protocol):
    """What this needs of ``worker.transport.Consumer``. epoch: of the assignment."""

    app: Any
    epoch: int

    @property
    def ledger(self) -> Ledger:
        """What was read and is not yet acknowledged."""

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go to these offsets."""

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Return where the logs begin."""

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return where the logs end, exclusive."""


class Gaps:
    """A gap is believed only when it is still there after a seek to the expected offset.

    A fetch that began before a rebalance can come back after it, and would look like one.
    """

    def __init__(self, consumer: Positions) -> None:
        self._consumer: Final = consumer
        self._doubted: Final[dict[TP, int]] = {}

    def forget(self) -> None:
        """Doubt nothing: the partitions may be others."""
        self._doubted.clear()

    async def believed(self, tp: TP, rows: list[Any], expected: int) -> list[Any]:
        """Return the rows that go on from the expected offset; none: they are asked for again.

        Whoever calls looks whether the epoch is still the same.
        """
        epoch = self._consumer.epoch
        first, last = rows[0].offset, rows[-1].offset
        doubted = self._doubted.pop(tp, None) == expected
        if first == expected:
            if doubted:
                self._consumer.app.metrics.gap("caught", 0)
                log.info("gap_caught", partition=tp.partition, offset=expected)
            return rows
        if first < expected <= last:
            return [row for row in rows if row.offset >= expected]
        if not doubted:
            self._doubted[tp] = expected
            await self._consumer.seek_wait({tp: expected})
            return []
        if first > expected:
            begin = by_tp(await self._consumer.earliest_offsets(tp))[tp]
            if epoch != self._consumer.epoch:
                return []  # of an assignment that is over
            if begin > expected:
                self._expired(tp, expected, min(begin, first))
            if first > max(begin, expected):
                # Compaction and transaction markers do this rightly.
                self._consumer.app.metrics.gap("compacted", first - max(begin, expected))
                log.warning("offsets_skipped", partition=tp.partition, due=expected, offset=first)
            return rows
        end = by_tp(await self._consumer.highwaters(tp))[tp]
        if epoch != self._consumer.epoch:
            return []
        if end >= expected:
            await self._consumer.seek_wait({tp: expected})
            return []
        self._went_back(tp, expected, end, first)
        self._consumer.ledger.begin(tp, first)
        self._consumer.app.recovery.began_anew(tp.partition, first)
        return rows

    def start(self, tp: TP, committed: int | None, begin: int, end: int) -> int:
        """Return where a partition goes on whose log has begin and end (exclusive); None: never committed."""
        if committed is None:
            return begin
        if committed < begin:
            self._expired(tp, committed, begin)
            return begin
        if committed > end:
            self._went_back(tp, committed, end, begin)
            return begin
        return committed

    def _expired(self, tp: TP, due: int, begin: int) -> None:
        self._consumer.app.metrics.gap("expired", begin - due)
        log.error("expired", partition=tp.partition, due=due, log_start=begin, records=begin - due)

    def _went_back(self, tp: TP, due: int, end: int, start: int) -> None:
        # The log was cut or made anew: what was folded is gone, and nothing may pass for a replay.
        self._consumer.app.metrics.gap("went_back", due - end)
        log.error("offsets_went_back", partition=tp.partition, due=due, log_end=end, reads_from=start)


def by_tp(offsets: Mapping[Any, int]) -> dict[TP, int]:
    """Return offsets by Faust's names of partitions."""
    return {ensure_TP(tp): offset for tp, offset in offsets.items()}
