"""A java process under the guard."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from worker.broker import guard


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
        ours, theirs = os.pipe()[::-1]
        try:
            with log.open("ab") as output:
                self._guard = subprocess.Popen(  # noqa: S603  # fixed words and our own paths
                    [*watch, *removed, *command],
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

    def ended(self) -> bool:
        return self._guard.poll() is not None

    def wait(self) -> int:
        """Blocks until the command has ended by itself; its exit code."""
        return self._guard.wait()

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
