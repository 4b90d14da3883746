"""Anomaly models find what was not among the rows they were fitted on."""

import numpy as np
import pytest

from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Isolation
from training.anomaly import Components, FlowColumns, Prototypes, Scale, forest, forest_of_alerts
from training.evaluate import auc

RNG = np.random.default_rng(3)
# Usual rows lie in three clouds; the strange ones between them.
CLOUDS = np.array([[0.0, 0.0, 5.0], [9.0, 0.0, 5.0], [0.0, 9.0, 5.0]])
USUAL = CLOUDS[RNG.integers(0, 3, 900)] + RNG.normal(0, 0.5, (900, 3))
STRANGE = np.array([4.5, 4.5, 5.0]) + RNG.normal(0, 0.5, (60, 3))
BOTH = np.vstack([USUAL[600:], STRANGE])
IS_STRANGE = np.arange(len(BOTH)) >= 300


def test_prototypes_find_what_lies_between_the_usual_clouds() -> None:
    assert auc(IS_STRANGE, Prototypes.of_rows(USUAL[:600], seed=1, count=8).of(BOTH)) > 0.99


def test_the_forest_finds_most_of_it() -> None:
    trees = forest(USUAL[:600].astype(np.float32), seed=1)
    assert auc(IS_STRANGE, Isolation(trees).of(BOTH.astype(np.float32))) > 0.8


def test_components_find_a_broken_relation() -> None:
    base = RNG.normal(0, 1, (600, 1))
    usual = np.hstack([base, base, -base]) + RNG.normal(0, 0.05, (600, 3))
    broken = np.vstack([usual[:100], usual[100:200] * [1, -1, 1]])
    assert auc(np.arange(200) >= 100, Components.of_rows(usual[200:], 1).of(broken)) > 0.9


def test_a_missing_value_is_average_and_an_empty_column_says_nothing() -> None:
    rows = np.array([[1.0, np.nan, 2.0], [3.0, np.nan, 2.0], [np.nan, np.nan, 2.0]])
    assert Scale.of_rows(rows)(rows).tolist() == [[-1, 0, 0], [1, 0, 0], [0, 0, 0]]


def test_one_wild_value_does_not_outshout_all_columns() -> None:
    rows = np.vstack([USUAL, [[1e12, 0.0, 5.0]]])
    assert np.isfinite(Prototypes.of_rows(USUAL, 1, 8).of(rows)).all()
    assert np.abs(Scale.of_rows(USUAL)(rows)).max() == 10.0


def test_a_flood_does_not_become_what_is_usual() -> None:
    X = np.zeros((2_000, len(NAMES)), dtype=np.float32)
    X[:200] = RNG.normal(0, 1, (200, len(NAMES)))
    X[200:] = 4.0 + RNG.normal(0, 0.1, (1_800, len(NAMES)))
    unit = np.concatenate([np.arange(200), np.full(1_800, 200)])
    trees = forest_of_alerts(X, unit, seed=1)
    assert trees.n_features_in_ == len(ANOMALY_COLUMNS)
    unusual = Isolation(trees).of(X[:, ANOMALY_COLUMNS])
    assert unusual[200:].min() > np.quantile(unusual[:200], 0.9)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_rows_and_seed_give_the_same_bits(seed: int) -> None:
    one, two = (Prototypes.of_rows(USUAL, seed, 16).of(BOTH) for _ in range(2))
    assert one.tobytes() == two.tobytes()


def test_flows_become_numbers_logarithms_and_a_column_for_each_word() -> None:
    documents = [
        {"proto": "tcp", "bytes": "1000", "rate": "0.5", "ts": None},
        {"proto": "udp", "bytes": "0", "rate": "1", "ts": None},
    ]
    columns = FlowColumns.of_documents(documents)
    assert columns.figures == (("bytes", True), ("rate", False))
    assert columns.words == (("proto", "tcp"), ("proto", "udp"))
    other = {"proto": "icmp", "bytes": "x", "rate": "2"}
    table = columns([*documents, other])
    assert table[:2].round(2).tolist() == [[6.91, 0.5, 1, 0], [0, 1, 0, 1]]
    assert np.isnan(table[2, 0])
    assert table[2, 1:].tolist() == [2, 0, 0]
