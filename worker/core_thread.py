"""The thread in which the core works: one job after the other, each within a bound that can be watched.

What is made here also ends here: memory that one thread takes and another gives back goes from one CPU's
cache to the other's each time.
"""

import asyncio
import faulthandler
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final, TypeVar

from worker.affinity import Together
from worker.pulse import Pulse

T = TypeVar("T")
# Code in C that does not let go of the interpreter stops every thread of Python: so long after the bound the
# process is ended from outside of them. What is written then is names of functions, no values.
SEIZED_S: Final = 5.0


class CoreThread:
    """See the module. one_cpu: keep the process on one CPU while it is busy (``worker.affinity``)."""

    def __init__(self, pulse: Pulse, timeout_s: float, one_cpu: bool) -> None:
        self._pulse: Final = pulse
        self._timeout_s: Final = timeout_s
        self._together: Final = Together(one_cpu)
        self._executor: Final = ThreadPoolExecutor(1, "core")
        self._buried: Final[deque[object]] = deque()

    def submit(self, work: Callable[[], None]) -> None:
        """Have this done, in its turn. It must not raise: nobody would see it."""
        self._executor.submit(work)

    async def run(self, work: Callable[[], T]) -> T:
        """Have this done in its turn, within the bound, and return what it gives."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self.bounded, work)

    def stop(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._together.let_go()

    def bury(self, one: object) -> None:
        """Take what is done with, and let go of it in the thread, before the next work."""
        self._buried.append(one)

    def rest(self) -> None:
        """Nothing waits: let go of what is done with, and of the one CPU."""
        if self._buried or self._together.held:
            self.submit(self._rest)

    # In the thread itself ---------------------------------------------------------------------------------

    def keep_together(self, *, busy: bool) -> None:
        """Before a batch. busy: it is at least half full."""
        self._together.turn(busy=busy)

    def bounded(self, work: Callable[[], T]) -> T:
        """Do it, timed for the pump to watch and, if the interpreter is seized, by a thread in C."""
        self._buried.clear()
        self._pulse.core_since_s = monotonic()
        faulthandler.dump_traceback_later(self._timeout_s + SEIZED_S, exit=True)
        try:
            return work()
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._pulse.core_since_s = None

    def _rest(self) -> None:
        self._buried.clear()
        self._together.let_go()
