"""The core as the pump calls it, in the core's thread: on records of partitions whose history is there."""

from collections.abc import Callable, Sequence
from typing import Final

from enrich.errors import MillraceError
from enrich.pipeline import Batch, PartitionState, States
from enrich.record import RawRecord
from worker.round import Round, Sends

# (records, states) -> Batch: ``enrich.pipeline.process`` with the context and the models bound.
Core = Callable[[Sequence[RawRecord], States], Batch]


class CoreFailed(MillraceError):
    """The core raised, or works without end: a bug, or a record that is one. Nothing is acknowledged."""


class Scoring:
    """See the module. at: partitions of the records that the core has at this moment."""

    def __init__(self, core: Core, sink: Sends) -> None:
        self.core: Final = core
        self.states: Final[dict[int, PartitionState]] = {}
        self.at: frozenset[int] = frozenset()
        self._sink: Final = sink

    def work(self, one: Round) -> None:
        """Read the records of a round, score them, and write what comes out into record batches."""
        for delivery in one.deliveries:
            one.records += delivery.taken()
        one.batch = self.batch(one.records)
        one.chunks = self._sink.packed([record for output in one.batch.outputs for record in output])

    def batch(self, records: Sequence[RawRecord]) -> Batch:
        """Score. Where the history is not restored there is no fold, and must be none: raises CoreFailed."""
        at = frozenset([record.partition for record in records])
        if not at <= self.states.keys():
            raise CoreFailed("records of a partition whose history is not there")
        self.at = at
        try:
            return self.core(records, self.states)
        finally:
            self.at = frozenset()
