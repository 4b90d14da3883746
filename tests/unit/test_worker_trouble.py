"""Which record is suspected, and what it takes to call one poison."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from enrich.record import RawRecord
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.reader import marked
from worker.settings import Settings
from worker.state import Attempt
from worker.trouble import GROUP, PATIENCE, Trouble, groups


class State:
    """Keeps the last note of each partition, as the state topic does."""

    def __init__(self) -> None:
        self.noted: dict[int, Attempt] = {}

    async def note(self, place: int, attempt: Attempt) -> None:
        self.noted[place] = attempt


@pytest.fixture
def state() -> State:
    return State()


def began(state: State, start: int, before: Attempt | None, end: int = 1000) -> Trouble:
    async def begin() -> Trouble:
        pump: Any = SimpleNamespace(consumer=None, failed=None, at={0})
        made = Trouble(Settings(), state, pump, Metrics(Pulse("b", "c")))  # type: ignore[arg-type]
        await made.begin(0, start, end, before)
        return made

    return asyncio.run(begin())


def record(offset: int, poison: bool = False) -> RawRecord:
    return RawRecord("raw", 0, offset, 1, None, b"x", (), poison)


def test_a_first_start_is_no_trouble(state: State) -> None:
    began(state, 5, None)
    assert state.noted[0] == Attempt(5, 1, None, ())


def test_starts_at_one_offset_are_counted_and_one_further_on_begins_anew(state: State) -> None:
    began(state, 5, Attempt(5, 2, None, ()))
    assert state.noted[0].starts == 3
    began(state, 6, state.noted[0])
    assert state.noted[0].starts == 1


def test_after_three_that_came_to_nothing_records_are_suspected(state: State) -> None:
    assert began(state, 5, Attempt(5, PATIENCE - 1, None, ()))._until == {}
    assert began(state, 5, Attempt(5, PATIENCE, None, ()))._until == {0: 1000}


def test_one_death_with_a_record_alone_may_be_a_kill_from_outside(state: State) -> None:
    trouble = began(state, 5, Attempt(5, 5, (7, 7), ()))
    assert (state.noted[0].poison, state.noted[0].deaths) == ((), 1)
    assert trouble.poison(0) == frozenset()


def test_a_second_death_with_it_alone_makes_it_poison(state: State) -> None:
    trouble = began(state, 5, Attempt(5, 6, (7, 7), (), 1))
    assert (state.noted[0].poison, state.noted[0].probe) == ((7,), None)
    assert marked([record(6), record(7)], trouble.poison(0)) == [record(6), record(7, poison=True)]


def test_a_probe_that_was_acknowledged_since_convicts_nobody(state: State) -> None:
    began(state, 8, Attempt(5, 6, (7, 7), (), 1))
    assert state.noted[0] == Attempt(8, 1, None, ())


def test_an_orderly_end_is_no_attempt(state: State) -> None:
    async def hand_over() -> None:
        trouble = Trouble(
            Settings(), state, SimpleNamespace(consumer=None, failed=None, at={0}), Metrics(Pulse("b", "c"))
        )  # type: ignore[arg-type]
        await trouble.begin(0, 5, 1000, Attempt(5, 2, None, ()))
        await trouble.handed_over(stuck=False)

    asyncio.run(hand_over())
    assert state.noted[0].starts == 2


def test_an_end_at_which_the_core_still_hangs_wipes_out_nothing(state: State) -> None:
    async def hand_over() -> None:
        trouble = Trouble(
            Settings(), state, SimpleNamespace(consumer=None, failed=None, at={0}), Metrics(Pulse("b", "c"))
        )  # type: ignore[arg-type]
        await trouble.begin(0, 5, 1000, Attempt(5, 4, (7, 7), (), 1))
        await trouble.handed_over(stuck=True)

    asyncio.run(hand_over())
    assert state.noted[0].starts == PATIENCE
    assert state.noted[0].poison == (7,)


def test_a_core_that_is_stuck_in_another_partition_says_nothing_of_this(state: State) -> None:
    async def hand_over() -> None:
        trouble = Trouble(
            Settings(), state, SimpleNamespace(consumer=None, failed=None, at={1}), Metrics(Pulse("b", "c"))
        )  # type: ignore[arg-type]
        await trouble.begin(0, 5, 1000, Attempt(5, 4, (7, 7), (), 0))
        await trouble.handed_over(stuck=True)

    asyncio.run(hand_over())
    assert state.noted[0] == Attempt(5, 4, None, (), 0)


def test_of_a_start_that_hung_the_next_knows(state: State) -> None:
    async def hand_over() -> None:
        trouble = Trouble(
            Settings(), state, SimpleNamespace(consumer=None, failed=None, at={0}), Metrics(Pulse("b", "c"))
        )  # type: ignore[arg-type]
        await trouble.begin(0, 5, 1000, Attempt(5, 2, None, ()))
        await trouble.handed_over(stuck=True)

    asyncio.run(hand_over())
    assert state.noted[0].starts == 3


def test_a_group_that_was_interrupted_while_the_core_had_it_goes_record_by_record(state: State) -> None:
    """As workers that hang take partitions from each other: no start may lose the group again."""

    async def three_starts() -> Attempt:
        known: Attempt | None = Attempt(5, 5, (64, 127), ())
        for _ in range(3):
            trouble = Trouble(
                Settings(),
                state,
                SimpleNamespace(consumer=None, failed=None, at={0}),
                Metrics(Pulse("b", "c")),
            )  # type: ignore[arg-type]
            await trouble.begin(0, 5, 1000, known)
            await trouble.handed_over(stuck=True)
            known = state.noted[0]
        assert known is not None
        return known

    last = asyncio.run(three_starts())
    assert last.probe == (64, 127)
    assert [len(g) for g in groups([record(n) for n in range(60, 70)], last.probe)] == [4, *[1] * 6]


def test_records_go_in_groups_and_those_of_the_probe_alone() -> None:
    rows = [record(n) for n in range(GROUP + 10)]
    assert [len(group) for group in groups(rows, None)] == [GROUP, 10]
    assert [len(group) for group in groups(rows[:10], (3, 4))] == [3, 1, 1, 5]


def test_known_poison_goes_alone() -> None:
    rows = [record(0), record(1, poison=True), record(2)]
    assert [len(group) for group in groups(rows, None)] == [1, 1, 1]
