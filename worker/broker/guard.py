"""Runs one command and ends it when the process that started this one is gone, however it went.

Run as a script, with nothing but the standard library:

    python -I -S guard.py [--pid FILE] [--remove PATH]… command…

The starter holds the other end of standard input. End of input, another parent process (the starter was
killed while a fork of it still holds the pipe) or SIGTERM end the command: SIGTERM, GRACE_S, SIGKILL. With
``--remove``, nothing that the command leaves is worth a graceful end: SIGKILL, then the paths are deleted;
they stay when the command ended by itself, to be looked at. ``--pid``: the command's process id goes there.

If this process is killed, Linux kills the command (PR_SET_PDEATHSIG). It runs in its own session, so Ctrl-C
at the terminal reaches the starter only. Exit code: the command's, 128 + n for signal n.

A process between, because PR_SET_PDEATHSIG set by the starter fires when the *thread* ends that started the
command, and exists on Linux only.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Final

GRACE_S: Final = 10.0
LOOK_S: Final = 0.25  # how often to see whether the command or the parent has gone
PR_SET_PDEATHSIG: Final = 1


def main(arguments: list[str]) -> int:
    parent = os.getppid()
    remove = []
    file = None
    while arguments[0] in ("--remove", "--pid"):
        if arguments[0] == "--pid":
            file = arguments[1]
        else:
            remove.append(arguments[1])
        del arguments[:2]
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda caught, _frame: stopped.append(caught))
    # The lock of the data directory comes in as a descriptor and must live as long as the command.
    child = subprocess.Popen(  # noqa: S603  # what the starter wrote on our command line
        arguments, stdin=subprocess.DEVNULL, close_fds=False, preexec_fn=end_with_parent()
    )
    if file:
        with open(file + ".new", "w") as written:
            written.write(str(child.pid))
        os.replace(file + ".new", file)
    while child.poll() is None and not stopped and os.getppid() == parent:
        if select.select([0], [], [], LOOK_S)[0] and not os.read(0, 4096):
            break
    if child.poll() is None:
        end(child, 0.0 if remove else GRACE_S)
        for path in remove:
            discard(path)
    code = child.wait()
    return code if code >= 0 else 128 - code


def end(child: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """SIGTERM, ``grace_s`` seconds (0: none), SIGKILL."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if grace_s:
            child.terminate()
            child.wait(grace_s)
    if child.poll() is None:
        child.kill()
    child.wait()


def discard(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)


def end_with_parent() -> Callable[[], None] | None:
    """What the command's process does between fork and exec: asks Linux to be killed with this one."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    guard = os.getpid()

    def between() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != guard:  # it was killed before the call
            os._exit(1)

    return between


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
