"""A java process under the guard."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from worker.broker import guard
from worker.broker.errors import BrokerFailed

PID_S: Final = 20.0  # the guard is a Python that starts: well under a second, more on a loaded machine


class Guarded:
    """One command, started in ``directory``, all it prints appended to ``log``; gone when this process is.

    ``lock``: a descriptor that guard and command inherit. ``remove``: paths to delete when it has been
    stopped (also by this process's death), but not when the command ended by itself.
    """

    def __init__(
        self, command: Sequence[str], directory: Path, log: Path, lock: int, remove: Sequence[Path] = ()
    ) -> None:
        watch = [sys.executable, "-I", "-S", str(Path(guard.__file__).absolute())]
        removed = [word for path in remove for word in ("--remove", str(path))]
        self._pid: Final = directory / "command.pid"
        self._pid.unlink(missing_ok=True)  # of the one before
        ours, theirs = os.pipe()[::-1]
        try:
            with log.open("ab") as output:
                self._guard = subprocess.Popen(  # noqa: S603  # fixed words and our own paths
                    [*watch, "--pid", str(self._pid), *removed, *command],
                    stdin=theirs,
                    stdout=output,
                    stderr=output,
                    cwd=directory,
                    pass_fds=[lock],
                    start_new_session=True,
                )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._pipe: int | None = ours

    @property
    def pid(self) -> int:
        """Of the command itself. Raises BrokerFailed when the guard did not get to starting it."""
        deadline = time.monotonic() + PID_S
        while not self._pid.exists():
            if self.ended() or time.monotonic() > deadline:
                raise BrokerFailed("the command was not started")
            time.sleep(0.01)
        return int(self._pid.read_text())

    def ended(self) -> bool:
        return self._guard.poll() is not None

    def wait(self) -> int:
        """Blocks until the command has ended by itself; its exit code."""
        return self._guard.wait()

    def kill(self) -> None:
        """SIGKILL to the command; returns when it has gone."""
        with suppress(ProcessLookupError, BrokerFailed):
            if not self.ended():
                os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Ends the command: gracefully, then by force. Returns when it has gone; may be called again."""
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        try:
            self._guard.wait(guard.GRACE_S + 5.0)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._guard.pid, signal.SIGKILL)  # its own session: guard and command, nobody else
            self._guard.wait()
