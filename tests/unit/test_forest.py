"""Both forests answer as scikit-learn does, bit for bit, whatever the rows and however they lie in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.ensemble import IsolationForest

from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Isolation, Matrix, Shares
from enrich.score import score
from tests.unit import rows, tiny

floats = st.floats(width=32) | st.sampled_from([0.0, 1.0, float("nan"), 22.0, 443.0])
WIDTH = len(tiny.models().heads[0].vocabulary) + len(NAMES)
wide = st.integers(1, 5).flatmap(lambda n: arrays.arrays(np.float32, (n, WIDTH), elements=floats))


@given(wide)
def test_class_shares_are_those_of_predict_proba(X: Matrix) -> None:
    X = np.where(np.isinf(X), np.float32(7.0), X)
    forest = tiny.models().heads[0].severity
    expected = forest.predict_proba(X).tobytes()
    assert Shares(forest).of(X).tobytes() == expected
    assert Shares(forest).of(np.asfortranarray(X)).tobytes() == expected


@given(wide)
def test_isolation_is_that_of_score_samples(X: Matrix) -> None:
    X = np.where(np.isinf(X), np.float32(7.0), X)[:, ANOMALY_COLUMNS]
    forest = tiny.models().anomaly
    expected = (-forest.score_samples(X)).tobytes()
    assert Isolation(forest).of(X).tobytes() == expected
    assert Isolation(forest).of(np.ascontiguousarray(X)).tobytes() == expected


@pytest.mark.parametrize("count", [1, 2, 3, 40])
@pytest.mark.parametrize("columns", [1.0, 0.5])
def test_isolation_is_the_same_for_forests_of_any_size_that_read_any_columns(
    count: int, columns: float
) -> None:
    X = np.linspace(-3, 9, count * 6, dtype=np.float32).reshape(count, 6)
    X = np.sin(X * X).astype(np.float32)
    forest = IsolationForest(n_estimators=9, max_features=columns, random_state=3).fit(X)
    assert Isolation(forest).of(X).tobytes() == (-forest.score_samples(X)).tobytes()


def test_a_model_that_is_no_forest_is_asked_itself() -> None:
    class Fixed:
        def predict_proba(self, X: Matrix) -> Matrix:
            return X[:, :2]

    X = np.ones((3, 4), dtype=np.float32)
    assert (Shares(Fixed()).of(X) == 1.0).all()


@given(st.permutations(range(30)))
def test_scores_come_back_in_the_order_of_the_rows(order: list[int]) -> None:
    rng = np.linspace(0, 5, 30 * len(NAMES)).reshape(30, len(NAMES)).astype(np.float32)
    texts = [f"SCAN inbound connection rate variant {i % 7}\nb" for i in range(30)]
    whole = score([rows.row()] * 30, texts, rng, tiny.models())
    mixed = score([rows.row()] * 30, [texts[i] for i in order], rng[order], tiny.models())
    assert mixed == [whole[i] for i in order]
