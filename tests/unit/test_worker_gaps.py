"""Records that do not go on from the expected offset: believed after a seek, never of an old assignment."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from worker.delivery import Ledger
from worker.gaps import Gaps
from worker.transport import Consumer

PLACE = TP("raw", 0)


class Fake(Consumer):
    """Our consumer without Faust's: a log from begin to end, and what it was asked and has told."""

    def __init__(self, expected: int, begin: int = 0, end: int = 1000) -> None:
        self.epoch, self._gaps = 1, Gaps(self)  # type: ignore[misc]
        self.ledger = Ledger(1000, 1_000_000)  # type: ignore[misc]
        self.ledger.begin(PLACE, expected)
        self.begins, self.ends, self.sought = begin, end, []  # type: ignore[var-annotated]
        self.told: list[tuple[str, int]] = []
        self.anew: list[tuple[int, int]] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.app = SimpleNamespace(
            metrics=SimpleNamespace(gap=lambda kind, rows: self.told.append((kind, rows))),
            recovery=SimpleNamespace(began_anew=lambda *place: self.anew.append(place)),
        )

    async def seek_wait(self, partitions: Any) -> None:
        self.sought.append(dict(partitions)[PLACE])

    async def earliest_offsets(self, *partitions: Any) -> Any:
        self.meanwhile()
        return {PLACE: self.begins}

    async def highwaters(self, *partitions: Any) -> Any:
        self.meanwhile()
        return {PLACE: self.ends}

    def believed(self, *offsets: int) -> list[int]:
        rows = [SimpleNamespace(offset=offset) for offset in offsets]
        expected = self.ledger.expected(PLACE)
        assert expected is not None
        return [row.offset for row in asyncio.run(self._gaps.believed(PLACE, rows, expected))]


def test_what_goes_on_is_taken() -> None:
    consumer = Fake(5)
    assert (consumer.believed(5, 6), consumer.sought) == ([5, 6], [])


def test_a_gap_is_not_believed_but_asked_for_again() -> None:
    consumer = Fake(5)
    assert (consumer.believed(8, 9), consumer.sought, consumer.told) == ([], [5], [])


def test_a_gap_that_a_seek_closes_was_none() -> None:
    consumer = Fake(5)
    consumer.believed(8)
    assert (consumer.believed(5, 6), consumer.told) == ([5, 6], [("caught", 0)])


def test_a_gap_that_is_still_there_is_compaction() -> None:
    consumer = Fake(5)
    consumer.believed(8)
    assert (consumer.believed(8, 9), consumer.told) == ([8, 9], [("compacted", 3)])


def test_a_gap_below_the_start_of_the_log_is_expired() -> None:
    consumer = Fake(5, begin=7)
    consumer.believed(8)
    assert (consumer.believed(8), consumer.told) == ([8], [("expired", 2), ("compacted", 1)])


def test_a_seek_that_was_for_another_gap_proves_nothing() -> None:
    consumer = Fake(5)
    consumer.believed(8)
    consumer.ledger.begin(PLACE, 6)
    assert (consumer.believed(8), consumer.sought) == ([], [5, 6])


def test_what_was_read_before_is_cut_off() -> None:
    assert Fake(5).believed(3, 4, 5, 6) == [5, 6]


def test_old_records_alone_are_asked_again_while_the_log_is_long_enough() -> None:
    consumer = Fake(5)
    consumer.believed(1, 2)
    assert (consumer.believed(1, 2), consumer.sought, consumer.anew) == ([], [5, 5], [])


def test_a_log_that_ends_before_the_expected_offset_is_read_anew_and_its_commit_forgotten() -> None:
    consumer = Fake(500, end=10)
    consumer.ledger.confirm(PLACE, 500)
    consumer.believed(0, 1)
    assert (consumer.believed(0, 1), consumer.anew) == ([0, 1], [(0, 0)])
    assert (consumer.ledger.head(PLACE), consumer.ledger.is_due(PLACE, 0)) == (0, True)


@pytest.mark.parametrize(("expected", "offsets", "end"), [(5, (8, 9), 1000), (500, (0, 1), 10)])
def test_an_assignment_that_comes_while_we_ask_makes_them_rows_of_before(
    expected: int, offsets: tuple[int, ...], end: int
) -> None:
    consumer = Fake(expected, end=end)
    consumer.believed(*offsets)

    def assigned() -> None:
        consumer.epoch += 1
        consumer.ledger.begin(PLACE, 7)

    consumer.meanwhile = assigned
    assert (consumer.believed(*offsets), consumer.told, consumer.anew) == ([], [], [])
    assert consumer.ledger.expected(PLACE) == 7
