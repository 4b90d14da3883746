"""Bytes of models: the same for the same models, also after a way through a file, and nothing of memory."""

import io
import subprocess
import sys
from pathlib import Path

import joblib

from models.pickled import dumped
from tests.unit import tiny


def through(value: object) -> object:
    return joblib.load(io.BytesIO(dumped(value)))


def test_a_forest_that_was_read_back_has_the_same_bytes_each_time() -> None:
    # A fresh one may share strings with the rest of the process, which a pickle tells: ``Stages`` reads back.
    forest = tiny.models().anomaly
    once = dumped(through(forest))
    assert dumped(through(forest)) == once
    assert dumped(through(through(forest))) == once


def test_what_lay_in_memory_does_not_get_into_a_forest_that_was_read_back() -> None:
    forest = tiny.models().anomaly
    marked = [bytes(b"password=hunter2;" * 400 * (1 + i % 8)) for i in range(3_000)]
    del marked
    assert b"hunter2" not in dumped(through(forest))


def test_the_bytes_are_what_joblib_reads() -> None:
    forest = tiny.models().anomaly
    again = through(forest)
    X = [[0.0] * forest.n_features_in_]
    assert again.score_samples(X).tobytes() == forest.score_samples(X).tobytes()  # type: ignore[attr-defined]


def test_a_process_that_made_no_forest_writes_what_it_read_as_one_that_did(tmp_path: Path) -> None:
    """A training that was cut off goes on in another process, and its content must be the same."""
    (kept := tmp_path / "forest.joblib").write_bytes(dumped(tiny.models().anomaly))
    there = (
        "import sys, joblib\nfrom models.pickled import dumped\n"
        "sys.stdout.buffer.write(dumped(joblib.load(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", there, str(kept)], capture_output=True, check=True, timeout=120
    )
    assert done.stdout == dumped(joblib.load(kept))
