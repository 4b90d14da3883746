"""The guard ends its command when the starter goes, however it goes. Commands here are shells, not java."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from worker.broker.directory import claim
from worker.broker.process import Guarded

# Writes its process id, then waits for good. Refusing SIGTERM shows that force follows.
WAITING = ["sh", "-c", "echo $$ > pid; exec sleep 1000"]
ENDING = ["sh", "-c", "echo words; exit 3"]

# A starter: a guarded command in the directory given, one line when it runs, then it waits.
STARTER = """
import os, sys, threading
from pathlib import Path
from worker.broker.directory import claim
from worker.broker.process import Guarded
here = Path(sys.argv[1])
lock = claim(here)
started = []
def start():
    started.append(Guarded({command!r}, here, here / "log", lock, [here / "dropped"]))
thread = threading.Thread(target=start)
thread.start()
thread.join()
{fork}
print("started", flush=True)
sys.stdin.read()
"""


def until(true: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def command_pid(here: Path) -> int:
    until(lambda: (here / "pid").exists() and (here / "pid").read_text().strip())
    return int((here / "pid").read_text())


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        if not Path("/proc/self").exists():
            return False
        status = Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):  # also between the two looks
        return True
    return status.rsplit(")", 1)[1].split()[0] == "Z"  # a zombie that nobody has waited for yet


def starter(here: Path, fork: str = "") -> "subprocess.Popen[bytes]":
    """A process that has started a guarded command from a thread that is over."""
    (here / "dropped").mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", STARTER.format(command=WAITING, fork=fork), str(here)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


@pytest.fixture
def lock(tmp_path: Path) -> int:
    return claim(tmp_path)


def test_stop_ends_the_command(tmp_path: Path, lock: int) -> None:
    guarded = Guarded(WAITING, tmp_path, tmp_path / "log", lock)
    pid = command_pid(tmp_path)
    guarded.stop()
    assert gone(pid)


def test_a_stopped_command_had_the_chance_to_end_in_order(tmp_path: Path, lock: int) -> None:
    orderly = ["sh", "-c", "trap 'echo in order; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done"]
    guarded = Guarded(orderly, tmp_path, tmp_path / "log", lock)
    command_pid(tmp_path)
    guarded.stop()
    assert (tmp_path / "log").read_text() == "in order\n"


def test_what_is_to_be_removed_goes_with_a_stop(tmp_path: Path, lock: int) -> None:
    (tmp_path / "dropped").mkdir()
    guarded = Guarded(WAITING, tmp_path, tmp_path / "log", lock, [tmp_path / "dropped", tmp_path / "log"])
    command_pid(tmp_path)
    guarded.stop()
    assert not (tmp_path / "dropped").exists()
    assert not (tmp_path / "log").exists()


def test_what_is_to_be_removed_stays_when_the_command_ended_by_itself(tmp_path: Path, lock: int) -> None:
    (tmp_path / "dropped").mkdir()
    Guarded(ENDING, tmp_path, tmp_path / "log", lock, [tmp_path / "dropped"]).wait()
    assert (tmp_path / "dropped").exists()


def test_the_commands_exit_code_comes_back(tmp_path: Path, lock: int) -> None:
    assert Guarded(ENDING, tmp_path, tmp_path / "log", lock).wait() == 3


def test_what_the_command_says_is_in_the_log(tmp_path: Path, lock: int) -> None:
    Guarded(ENDING, tmp_path, tmp_path / "log", lock).wait()
    assert (tmp_path / "log").read_text() == "words\n"


def test_stop_may_be_called_again(tmp_path: Path, lock: int) -> None:
    guarded = Guarded(ENDING, tmp_path, tmp_path / "log", lock)
    guarded.stop()
    guarded.stop()


def test_the_command_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    with starter(tmp_path) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"started\n"
        assert not gone(command_pid(tmp_path))
        running.kill()


def test_kill_9_of_the_starter_ends_the_command(tmp_path: Path) -> None:
    with starter(tmp_path) as running:
        pid = command_pid(tmp_path)
        running.kill()
    until(lambda: gone(pid))


def test_kill_9_of_the_starter_ends_the_command_though_a_fork_holds_the_pipe(tmp_path: Path) -> None:
    fork = "(fork := os.fork()) or (os.close(0), os.close(1), threading.Event().wait(60), os._exit(0))"
    fork += "\n(here / 'fork').write_text(str(fork))"
    with starter(tmp_path, fork) as running:
        pid = command_pid(tmp_path)
        assert running.stdout is not None
        running.stdout.readline()
        running.kill()
    until(lambda: gone(pid))
    os.kill(int((tmp_path / "fork").read_text()), signal.SIGKILL)


def test_kill_9_of_the_starter_removes_what_was_to_be_removed(tmp_path: Path) -> None:
    with starter(tmp_path) as running:
        command_pid(tmp_path)
        running.kill()
    until(lambda: not (tmp_path / "dropped").exists())


def test_kill_9_of_the_starter_frees_the_lock(tmp_path: Path) -> None:
    with starter(tmp_path) as running:
        pid = command_pid(tmp_path)
        running.kill()
    until(lambda: gone(pid) and not (tmp_path / "dropped").exists())
    until(lambda: _claimable(tmp_path))


def _claimable(directory: Path) -> bool:
    try:
        os.close(claim(directory))
    except Exception:  # noqa: BLE001  # SettingsWrong while it is held
        return False
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_kill_9_of_the_guard_ends_the_command(tmp_path: Path, lock: int) -> None:
    guarded = Guarded(WAITING, tmp_path, tmp_path / "log", lock)
    pid = command_pid(tmp_path)
    os.kill(os.getpgid(pid), signal.SIGKILL)  # the guard leads the command's group
    until(lambda: gone(pid))
    guarded.stop()


def test_the_commands_process_id_is_told(tmp_path: Path, lock: int) -> None:
    guarded = Guarded(WAITING, tmp_path, tmp_path / "log", lock)
    assert guarded.pid == command_pid(tmp_path)
    guarded.stop()


def test_a_killed_command_gets_no_chance_to_end_in_order(tmp_path: Path, lock: int) -> None:
    orderly = ["sh", "-c", "trap 'echo in order; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done"]
    guarded = Guarded(orderly, tmp_path, tmp_path / "log", lock)
    pid = command_pid(tmp_path)
    guarded.kill()
    assert gone(pid)
    assert (tmp_path / "log").read_text() == ""


def test_the_directory_of_a_killed_command_is_free(tmp_path: Path) -> None:
    lock = claim(tmp_path)
    guarded = Guarded(WAITING, tmp_path, tmp_path / "log", lock)
    os.close(lock)
    command_pid(tmp_path)
    guarded.kill()
    os.close(claim(tmp_path))
