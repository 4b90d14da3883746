"""After a silence nothing is read until the group has answered."""

import asyncio
from typing import Any

import pytest

from worker import heartbeats
from worker.heartbeats import Heartbeats

SESSION_S = 6.0


class Clock:
    """Seconds, by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Coordinator:
    """Of aiokafka, as far as this looks at it: heartbeats are answered when ``answer`` is set."""

    coordinator_id: int | None = 1

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.error: Exception | None = None
        self.answered = True

    async def _do_heartbeat(self) -> bool:
        await self.answer.wait()
        if self.error is not None:
            raise self.error
        return self.answered


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(heartbeats, "monotonic", clock)
    return clock


def test_one_that_hangs_is_waited_for(clock: Clock) -> None:
    async def story() -> None:
        coordinator: Any = Coordinator()
        group = Heartbeats(SESSION_S)
        assert not group.unanswered()  # nothing was assigned yet
        group.begin(coordinator)
        hangs = asyncio.create_task(coordinator._do_heartbeat())
        await asyncio.sleep(0)
        clock.now_s += SESSION_S - 1
        assert not group.unanswered()
        clock.now_s += 2
        assert group.unanswered()
        coordinator.answer.set()
        assert await hangs
        assert not group.unanswered()

    asyncio.run(story())


@pytest.mark.parametrize("error", [None, RuntimeError("out of the group")])
def test_a_failure_is_no_answer(clock: Clock, error: Exception | None) -> None:
    """Not answered in time, or out of the group: an assignment, or another coordinator, comes first."""

    async def story() -> None:
        coordinator: Any = Coordinator()
        coordinator.answered, coordinator.error = False, error
        coordinator.answer.set()
        group = Heartbeats(SESSION_S)
        group.begin(coordinator)
        clock.now_s += 2 * SESSION_S
        await asyncio.wait([asyncio.create_task(coordinator._do_heartbeat())])
        assert group.unanswered()
        group.begin(coordinator)
        assert not group.unanswered()

    asyncio.run(story())


def test_a_stopped_process_waits_for_its_first(clock: Clock) -> None:
    async def story() -> None:
        coordinator: Any = Coordinator()
        coordinator.answer.set()
        group = Heartbeats(SESSION_S)
        group.begin(coordinator)
        clock.now_s += 2 * SESSION_S  # SIGSTOP, SIGCONT
        assert group.unanswered()
        assert await coordinator._do_heartbeat()
        assert not group.unanswered()

    asyncio.run(story())


def test_without_a_coordinator_work_goes_on(clock: Clock) -> None:
    async def story() -> None:
        coordinator: Any = Coordinator()
        group = Heartbeats(SESSION_S)
        group.begin(coordinator)
        coordinator.coordinator_id = None
        clock.now_s += 10 * SESSION_S
        assert not group.unanswered()

    asyncio.run(story())


def test_an_assignment_begins_anew_and_listens_once(clock: Clock) -> None:
    async def story() -> None:
        coordinator: Any = Coordinator()
        group = Heartbeats(SESSION_S)
        group.begin(coordinator)
        noted = coordinator._do_heartbeat
        clock.now_s += 2 * SESSION_S
        group.begin(coordinator)
        assert not group.unanswered()
        assert coordinator._do_heartbeat is noted

    asyncio.run(story())
