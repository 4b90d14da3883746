"""The core's thread: what is done with is let go of there, and an idle process is held nowhere."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from worker.core_thread import CoreThread
from worker.pulse import Pulse


class Thing:
    """Something that can be seen to end."""


@pytest.fixture
def thread() -> CoreThread:
    return CoreThread(Pulse("b", "c"), 60.0, True)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not what():
            await asyncio.sleep(0.001)


def buried(thread: CoreThread) -> "weakref.ref[Thing]":
    thing = Thing()
    thread.bury(thing)
    return weakref.ref(thing)


def test_what_is_buried_goes_with_the_next_work(thread: CoreThread) -> None:
    left = buried(thread)
    assert left() is not None
    asyncio.run(thread.run(lambda: None))
    assert left() is None


def test_what_is_buried_goes_when_nothing_waits(thread: CoreThread) -> None:
    async def rest() -> None:
        left = buried(thread)
        thread.rest()
        await until(lambda: left() is None)

    asyncio.run(rest())


@pytest.mark.parametrize("end", ["rest", "stop"])
def test_an_idle_or_ended_thread_holds_no_cpu(thread: CoreThread, end: str) -> None:
    async def work() -> None:
        await thread.run(lambda: thread.keep_together(busy=True))
        getattr(thread, end)()
        await until(lambda: not thread._together.held)

    asyncio.run(work())


def test_work_is_timed_while_it_runs() -> None:
    pulse = Pulse("b", "c")
    thread = CoreThread(pulse, 60.0, False)
    seen = asyncio.run(thread.run(lambda: pulse.core_since_s))
    assert (seen is not None, pulse.core_since_s) == (True, None)
