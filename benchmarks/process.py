"""A child process of the benchmark, and what it has cost so far."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil
from confluent_kafka import KafkaException
from kafka.errors import KafkaError

ROOT: Final = Path(__file__).parents[1]
# Longer than a worker's own bound on stopping.
STOP_S: Final = 40.0
LOOK_S: Final = 0.05


class BenchmarkFailed(Exception):
    """A part of the benchmark ended, or was not done in time; one line with its last words."""


# What ends one part of the benchmark and not all of it.
FAILURES: Final = (BenchmarkFailed, psutil.Error, KafkaError, KafkaException)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no rival outlives a killed benchmark


class Child:
    """A Python process of ours: ``words`` are what follows ``python``. Files: ``home/name.out``, ``.log``."""

    def __init__(self, name: str, words: Sequence[str], env: Mapping[str, str], home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.name: Final = name
        self._out, self._log = home / f"{name}.out", home / f"{name}.log"
        with self._out.open("wb") as out, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *words],
                cwd=home,
                env=env,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=log,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self._seen = psutil.Process(self._process.pid)

    @property
    def log(self) -> str:
        """What it has written to stderr."""
        return self._log.read_text("utf-8", "replace")

    @property
    def out(self) -> bytes:
        """What it has written to stdout."""
        return self._out.read_bytes()

    def cpu_s(self) -> float:
        """CPU seconds so far, all threads, in user and kernel mode."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        """Resident memory now, in MB (10^6 bytes)."""
        return float(self._seen.memory_info().rss) / 1e6

    def check(self) -> None:
        """Raise BenchmarkFailed if it has ended."""
        code = self._process.poll()
        if code is not None:
            raise BenchmarkFailed(f"{self.name} ended with code {code}: {self._last_words()}")

    def wait_out(self, word: bytes, wait_s: float) -> None:
        """Return when it has written this to stdout. Raises BenchmarkFailed."""
        deadline = time.monotonic() + wait_s
        while word not in self.out:
            self.check()
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"{self.name} was not ready within {wait_s:g} s")
            time.sleep(LOOK_S)

    def tell(self, line: str) -> None:
        """Write a line to its stdin, if it still listens."""
        pipe = self._process.stdin
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.write(line.encode() + b"\n")
                pipe.flush()

    def finished(self, wait_s: float) -> bytes:
        """Wait for its end with code 0 and return its stdout. Raises BenchmarkFailed."""
        try:
            code = self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BenchmarkFailed(f"{self.name} was not done within {wait_s:g} s") from None
        if code:
            raise BenchmarkFailed(f"{self.name} ended with code {code}: {self._last_words()}")
        return self.out

    def stop(self) -> int:
        """Send SIGTERM and return the exit code; -9 when it had to be killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"


def environment(**settings: object) -> dict[str, str]:
    """Return this process's environment with none but these settings of Millrace.

    One BLAS thread for everybody: the worker sets that for itself, and rivals must not lose by it.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    ours = {f"MILLRACE_{name.upper()}": str(value) for name, value in settings.items()}
    return {**clean, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **ours}
