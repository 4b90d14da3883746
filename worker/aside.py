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

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


async def awaited(future: Future[T], again_s: float, late: Callable[[], None]) -> T:
    """Return what the work gives, however late. late: called each time it has taken so long again."""
    answer = asyncio.wrap_future(future)
    while not (await asyncio.wait({answer}, timeout=again_s))[0]:
        late()
    return answer.result()
