"""One CPU for a busy process: its threads take turns at the interpreter, so two CPUs only pass memory about.

Under load the core's thread uses the interpreter four fifths of the time, the event loop and Faust's consumer
the rest. On two CPUs each reads and frees what the other has just written, and every such line of memory is
fetched from the other's cache (docs/decisions/0011-one-cpu.md). So while batches are at least half full, all
threads are kept where the core's thread is. Once a second they are let go for one batch, so that the kernel
can move the core's to a CPU that is idle, and the others follow. With smaller batches nothing is held.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

from worker.log import log

HOLD_S: Final = 1.0
TASKS: Final = Path("/proc/self/task")


class Together:
    """See the module. Used by one thread, the core's; does nothing where the system is not Linux."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted and sys.platform == "linux"
        self._start: Final = os.sched_getaffinity(0) if self._wanted else set()
        self._free: set[int] | None = None  # the CPUs that we may use, while we use one
        self._until_s = 0.0

    @property
    def held(self) -> bool:
        """Whether the process is kept on one CPU now."""
        return self._free is not None

    def turn(self, *, busy: bool) -> None:
        """Tell that a batch begins, and whether it is a large one. Never raises: only speed is at stake."""
        if self._free is not None:
            if not busy or monotonic() > self._until_s:
                self.let_go()
        elif busy and self._wanted:
            with self._harmless():
                allowed = os.sched_getaffinity(0)
                here = ctypes.CDLL(None).sched_getcpu()
                if len(allowed) > 1 and here in allowed:
                    # What was ours at the start, too: a CPU set that was smaller for a while may have grown
                    # again. The kernel takes of it what the process may have.
                    self._free, self._until_s = allowed | self._start, monotonic() + HOLD_S
                    _keep({here})

    def let_go(self) -> None:
        """Let every thread run wherever it may. Never raises."""
        free, self._free = self._free, None
        if free is not None:
            with self._harmless():
                _keep(free)

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except (OSError, AttributeError) as error:  # no /proc, no such call, not allowed, no file left
            self._wanted = False
            log.warning("one_cpu_off", error=type(error).__name__)


def _keep(cpus: set[int]) -> None:
    for task in TASKS.iterdir():
        try:
            os.sched_setaffinity(int(task.name), cpus)
        except ProcessLookupError:
            continue  # it has ended meanwhile
