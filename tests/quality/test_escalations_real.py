"""What an analyst would see of real attacks, and how well flows that nobody saw before stand out.

Prints the figures beside those of methods that need no model (``pytest -s``).
"""

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.attack_phases import CAPACITIES, known, models, of_models, policy, rivals, scenario
from benchmarks.phases import Caught, by_points, by_scores, caught, tail_points
from enrich.forest import Floats
from enrich.pipeline import PartitionState, finish
from training.anomaly import Components, FlowColumns, Prototypes, forest
from training.dataset import context
from training.evaluate import auc
from training.worth import learnt

pytestmark = pytest.mark.quality


def test_unseen_attack_types_stand_out_among_flows(data: Path) -> None:
    with gzip.open(data / "flows/nsl_kdd_train20.csv.gz", "rt") as lines:
        table = list(csv.DictReader(lines))
    label = np.array([row.pop("label") for row in table])
    documents = [{name: cell for name, cell in row.items() if name != "difficulty"} for row in table]
    usual = np.flatnonzero(label == "normal")
    np.random.default_rng(0).shuffle(usual)
    fitted, tuned, tested = np.split(usual, [int(0.6 * len(usual)), int(0.8 * len(usual))])
    names, often = np.unique(label[label != "normal"], return_counts=True)
    # By size, every other type: half choose the method, and the others are never seen before it is judged.
    by_size = names[np.argsort(-often, kind="stable")]
    columns = FlowColumns.of_documents([documents[i] for i in fitted])
    X = columns(documents)
    plain = X[:, : len(columns.figures)]

    def judged(score: Floats, types: np.ndarray, quiet: np.ndarray) -> float:
        strange = np.flatnonzero(np.isin(label, types))
        both = np.concatenate([strange, quiet])
        return auc(np.arange(len(both)) < len(strange), score[both])

    def trees(X: Floats, count: int, rows: int) -> Floats:
        own = X.astype(np.float32)
        unusual: Floats = -forest(own[fitted], 1, count, rows).score_samples(own)
        return unusual

    scores = {
        "floor: forest on the figures": trees(plain, 100, 256),
        "floor: PCA of the figures": Components.of_rows(plain[fitted], 8).of(plain),
        "forest": trees(X, 100, 256),
        "forest, 200 trees of 1,024": trees(X, 200, 1024),
        "PCA": Components.of_rows(X[fitted]).of(X),
        "prototypes": Prototypes.of_rows(X[fitted], 1).of(X),
    }
    found = {
        name: (judged(each, by_size[0::2], tuned), judged(each, by_size[1::2], tested))
        for name, each in scores.items()
    }
    for name, (chosen_on, unseen) in found.items():
        print(f"NSL-KDD | {name} | AUC where chosen {chosen_on:.3f} | types held out {unseen:.3f}")
    assert max(found, key=lambda name: found[name][0]) == "prototypes"
    assert found["prototypes"][1] >= 0.96
    assert min(found["prototypes"][1], found["forest"][1]) > found["floor: forest on the figures"][1]


@pytest.mark.figures
def test_attack_phases_of_another_run_are_caught_with_fewer_false_escalations(data: Path) -> None:
    within = context()
    trained = scenario(data / "ait_ads/russellmitchell.jsonl.gz", within)
    found = learnt(known(trained)[0], "ait-ads")
    tried = scenario(data / "ait_ads/santos.jsonl.gz", within)
    contestants = of_models(tried, models(trained, found.worth))
    begins = tried.stream.begins
    got: dict[tuple[str, int], Caught] = {}
    for capacity in CAPACITIES:
        for name, scores in contestants.items():
            flags = by_scores(tried.batch, scores, policy(capacity, 40.0))
            got[name, capacity] = caught(tried.stream, flags, begins, tried.days)
        for name, score in rivals(tried).items():
            flags = by_points(tried.batch, tail_points(score), policy(capacity, 0.0))
            got[name, capacity] = caught(tried.stream, flags, begins, tried.days)
    for (name, capacity), each in got.items():
        print(
            f"santos | {name} | {capacity} a day | {each.phases} of {each.of} phases, {each.caused} by an "
            f"alert of the attack | delay {each.median_delay_s} s | {each.false_a_day:.1f} false a day"
        )
    for capacity in CAPACITIES:
        ours = got["Millrace", capacity]
        rare = got["rarity of host and name, in hindsight", capacity]
        assert ours.phases >= rare.phases
        assert ours.false_a_day < rare.false_a_day
        assert ours.false_a_day <= capacity


def test_the_workers_last_step_escalates_the_same(data: Path) -> None:
    within = context()
    run = scenario(data / "ait_ads/russellmitchell.jsonl.gz", within)
    scores = of_models(run, models(run, learnt(known(run)[0], "ait-ads").worth))["Millrace"]
    ruled = policy(40, 40.0)
    out = finish(run.records, run.batch, scores, {0: PartitionState()}, replace(within, policy=ruled))
    assert [len(records) > 1 for records in out.outputs] == by_scores(run.batch, scores, ruled).tolist()
