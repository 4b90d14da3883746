"""One CPU for a busy process: its threads take turns at the interpreter, so two CPUs only pass memory about.

Under load the core's thread uses the interpreter four fifths of the time, the event loop and Faust's consumer
the rest. On two CPUs each reads and frees what the other has just written, and every such line of memory is
fetched from the other's cache: a fifth more CPU per alert (docs/benchmarks.md). So while batches are full,
all threads are kept where the core's thread is. Once a second it is let go for one batch, so that the kernel
can move it to a CPU that is idle, and the others follow. When batches are not full nothing is pinned.
"""

import ctypes
import os
import sys
from pathlib import Path
from time import monotonic
from typing import Final

HOLD_S: Final = 1.0
TASKS: Final = Path("/proc/self/task")


class Together:
    """See the module. Used by one thread, the core's; does nothing where the system is not Linux."""

    def __init__(self, wanted: bool) -> None:
        self._libc: Final = ctypes.CDLL(None) if wanted and sys.platform == "linux" else None
        self._free: set[int] | None = None  # the CPUs that we may use, while we use one
        self._until_s = 0.0

    @property
    def held(self) -> bool:
        """Whether the process is kept on one CPU now."""
        return self._free is not None

    def turn(self, *, busy: bool) -> None:
        """Tell that a batch begins, and whether more than it waits."""
        if self._libc is None:
            return
        if self._free is not None:
            if not busy or monotonic() > self._until_s:
                self.let_go()
        elif busy:
            allowed = os.sched_getaffinity(0)
            here = self._libc.sched_getcpu()
            if len(allowed) > 1 and here in allowed:
                self._free, self._until_s = allowed, monotonic() + HOLD_S
                _keep({here})

    def let_go(self) -> None:
        """Let every thread run wherever it may."""
        if self._free is not None:
            _keep(self._free)
            self._free = None


def _keep(cpus: set[int]) -> None:
    for task in TASKS.iterdir():
        try:
            os.sched_setaffinity(int(task.name), cpus)
        except OSError:
            continue  # it has ended meanwhile, or the system does not let us: only speed is lost
