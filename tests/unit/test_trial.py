"""Trials of a candidate: sound models pass, and each way of failing is seen."""

from dataclasses import replace
from typing import Any

import numpy as np

from enrich.pipeline import PartitionState, prepare
from tests.unit import heads, tiny
from training.trial import batches, canned


class Raising:
    """A forest that raises."""

    classes_ = np.array([1, 2, 3])

    def predict_proba(self, X: Any) -> Any:
        raise ValueError("no")


class Batched(Raising):
    """A model whose answer for a row hangs on how many rows there are."""

    def predict_proba(self, X: Any) -> Any:
        return np.tile([1.0 / len(X), 0.0, 1.0 - 1.0 / len(X)], (len(X), 1))


def with_severity(model: Any) -> Any:
    models = heads.models()
    return replace(models, heads=(replace(models.heads[0], severity=model, _texts={}), *models.heads[1:]))


def test_sound_models_score_every_canned_alert() -> None:
    found = canned(heads.models(), tiny.context())
    assert found.failed == ()
    assert found.alerts == 120


def test_models_that_raise_are_named() -> None:
    found = canned(with_severity(Raising()), tiny.context())
    assert found.failed
    assert "a model raised" in found.failed[0]


def test_rows_of_sound_models_do_not_hang_on_their_batch_and_others_do() -> None:
    batch = prepare(
        tiny.records([tiny.line(i) for i in range(1, 150)]), {0: PartitionState()}, tiny.context()
    )
    assert batches(heads.models(), batch.rows, batch.texts, batch.X).different == ()
    told = batches(with_severity(Batched()), batch.rows, batch.texts, batch.X)
    assert set(told.different) >= {1, 7, 64}
