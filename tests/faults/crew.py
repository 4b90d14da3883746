"""Workers as a container platform runs them: ``restart: always``, with a second before it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from tests.faults import leash
from tests.faults.cluster import wait_until

BACK_OFF_S: Final = 1.0
LOOK_S: Final = 0.05
STOP_S: Final = 60.0
READY_S: Final = 180.0


class Worker:
    """One replica. Its log keeps what all its processes said."""

    def __init__(self, number: int, log: Path) -> None:
        self.number: Final = number
        self.log: Final = log
        self.wanted = True  # whether it is started again
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self.told = 0  # signal that the harness has ended it with, 0 if none
        self.since = 0  # where the log of this process begins

    def alive(self) -> bool:
        """Whether a process runs."""
        return self.process is not None and self.process.poll() is None

    def events(self) -> list[dict[str, Any]]:
        """What this process has logged."""
        lines = self.log.read_bytes()[self.since :].splitlines() if self.log.exists() else []
        found = []
        for line in lines:
            with suppress(orjson.JSONDecodeError):
                found.append(orjson.loads(line))
        return [each for each in found if isinstance(each, dict)]

    def assigned(self) -> frozenset[int] | None:
        """Return the partitions that it was given last, None before the first assignment."""
        for event in reversed(self.events()):
            if event.get("event") == "assigned":
                return frozenset(event["partitions"])
            if event.get("event") in ("idle", "start"):
                return frozenset() if event["event"] == "idle" else None
        return None


class Crew:
    """``count`` workers, each restarted when it ends, until it leaves or the crew is closed.

    ended: exit codes of processes that nobody here had told to end. restarts: how often one was started
    again, for whatever reason. unclean: ends after SIGTERM with another code than 0.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], home: Path, count: int) -> None:
        self.ended: Final[Counter[int]] = Counter()
        self.unclean: Final[Counter[int]] = Counter()
        self.restarts = 0
        self._command: Final = [sys.executable, *command]
        self._env: Final = dict(env)
        self._home: Final = home
        self._lock: Final = threading.RLock()
        self._closing = threading.Event()
        self.workers: Final[list[Worker]] = []
        for _ in range(count):
            self.join()
        self._keeper: Final = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Start them all; ``wait_ready`` tells when they work."""
        self._keeper.start()

    def join(self) -> Worker:
        """One more."""
        with self._lock:
            worker = Worker(len(self.workers), self._home / f"worker-{len(self.workers)}.log")
            self.workers.append(worker)
        return worker

    def alive(self) -> list[Worker]:
        """Return those that run now."""
        with self._lock:
            return [worker for worker in self.workers if worker.alive()]

    def kill(self, worker: Worker) -> None:
        """SIGKILL; it is started again."""
        self._signal(worker, signal.SIGKILL)

    def terminate(self, worker: Worker) -> None:
        """SIGTERM; it is started again."""
        self._signal(worker, signal.SIGTERM)

    def leave(self, worker: Worker) -> None:
        """SIGTERM, and it is not started again."""
        with self._lock:
            worker.wanted = False
        self._signal(worker, signal.SIGTERM)

    def pause(self, worker: Worker) -> None:
        """SIGSTOP."""
        self._signal(worker, signal.SIGSTOP)

    def resume(self, worker: Worker) -> None:
        """SIGCONT."""
        self._signal(worker, signal.SIGCONT)

    def _signal(self, worker: Worker, number: signal.Signals) -> None:
        with self._lock:
            if worker.process is None or worker.process.poll() is not None:
                return
            if number in (signal.SIGKILL, signal.SIGTERM):
                worker.told = number
            worker.process.send_signal(number)

    def wait_ready(self, partitions: int, wait_s: float = READY_S) -> None:
        """Return when all the partitions have been given to workers that run. Raises TimeoutError."""

        def ready() -> bool:
            given = [worker.assigned() for worker in self.alive() if worker.wanted]
            shares = [each for each in given if each is not None]
            everyone = len(shares) == sum(worker.wanted for worker in self.workers)
            return everyone and sorted(n for each in shares for n in each) == list(range(partitions))

        wait_until(ready, wait_s, f"the workers do not share the partitions (logs: {self._home})")

    def close(self) -> None:
        """SIGTERM to all, SIGKILL to what is left after STOP_S."""
        self._closing.set()
        for worker in self.workers:
            self.resume(worker)
            self.leave(worker)
        deadline = time.monotonic() + STOP_S
        while self.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        for worker in self.alive():
            self.unclean[signal.SIGKILL] += 1
            self.kill(worker)
        if self._keeper.is_alive():
            self._keeper.join(STOP_S)

    def _keep(self) -> None:
        # The thread that starts a worker must outlive it: see leash.
        while not self._closing.is_set() or self.alive():
            with self._lock:
                for worker in self.workers:
                    self._look(worker)
            time.sleep(LOOK_S)
        with self._lock:
            for worker in self.workers:
                self._look(worker)

    def _look(self, worker: Worker) -> None:
        if worker.process is None:
            if worker.wanted and not self._closing.is_set() and time.monotonic() >= worker.start_at:
                self._launch(worker)
            return
        code = worker.process.poll()
        if code is None:
            return
        worker.process = None
        worker.start_at = time.monotonic() + BACK_OFF_S
        if not worker.told:
            self.ended[code] += 1
        elif worker.told == signal.SIGTERM and code:
            self.unclean[code] += 1
        worker.told = 0
        if worker.wanted and not self._closing.is_set():
            self.restarts += 1

    def _launch(self, worker: Worker) -> None:
        worker.since = worker.log.stat().st_size if worker.log.exists() else 0
        leashed = [sys.executable, "-I", "-S", str(Path(leash.__file__).absolute()), str(os.getpid())]
        with worker.log.open("ab") as log:
            worker.process = subprocess.Popen(
                [*leashed, *self._command],
                cwd=self._home,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
