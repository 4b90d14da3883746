"""The fuzzer runs, and would say what it found. A minute for each format is `make fuzz`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("atheris", reason="atheris has wheels for Linux on x86-64 only")


def fuzz(*words: str, findings: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *words, "--findings", str(findings)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_some_seconds_of_fuzzing_find_nothing(tmp_path: Path) -> None:
    done = fuzz("suricata", "syslog", "--seconds", "2", findings=tmp_path)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "suricata: nothing found" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_format_without_samples_is_one_line(tmp_path: Path) -> None:
    done = fuzz("nonsense", findings=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("no samples of nonsense; there are: nothing, ")
