"""Work that may never come to an end: a file system that hangs, say, in a call that nothing can break off.

A thread of an executor would be waited for when the process ends. This one is left behind.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T], name: str) -> Future[T]:
    """Do this in a thread of its own, which no one waits for when the process ends."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()  # from now on whoever gives up waiting cannot cancel it
    threading.Thread(target=_done, args=(work, future), name=name, daemon=True).start()
    return future


def _done(work: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        future.set_exception(error)
        # The error holds this frame and what the work had in hand, a bundle's bytes say. In a ring with its
        # error that stayed until the collector came, and to an idle worker it never does.
        del future


async def awaited(future: Future[T], again_s: float, late: Callable[[], None]) -> T:
    """Return what the work gives, however late. late: called each time it has taken so long again."""
    answer = asyncio.wrap_future(future)
    try:
        while not (await asyncio.wait({answer}, timeout=again_s))[0]:
            late()
        return answer.result()
    finally:
        answer.cancel()  # what comes when nobody asks any more is no error that nobody has looked at
        del future, answer  # what was raised holds this frame, too
