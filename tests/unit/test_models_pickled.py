"""Bytes of models: the same for the same models, also after a way through a file, and nothing of memory."""

import io

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
