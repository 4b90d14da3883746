"""Attack phases that an analyst would see: `python -m benchmarks.attack_phases ../shared/data/ait_ads`.

Fits anomaly and worth on one scenario of the AIT Alert Data Set, and runs another through the worker's own
code, its labels taken off before the first byte is read. Rivals get the same rules of capacity, and their
scale from the stream they are tried on.
"""

import gzip
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.phases import DAY_MS, Caught, Stream, by_points, by_scores, caught, tail_points
from enrich.alert import rule_key
from enrich.context import Context
from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Floats
from enrich.pipeline import Prepared, prepare, scored
from enrich.policy import Policy
from enrich.record import RawRecord
from enrich.row import Score
from enrich.score import Models
from enrich.worth import Worth
from training.anomaly import forest_of_alerts
from training.calibrate import REFERENCE_STEPS, feature_quantiles
from training.dataset import context
from training.units import Flags, Places, positions, units
from training.worth import Known, learnt

LABELS = ("phase", "event", "scenario")
NONE = "false_positive"
CAPACITIES = (20, 40, 100)
# Rows of one rule on one entity in an hour: more are a flood, of an attack or not.
FLOOD = 100
TRAINED_ON, TRIED_ON = "russellmitchell", "santos"


@dataclass(frozen=True)
class Scenario:
    """A run of the testbed, prepared. keys: (host, name) of each alert."""

    records: Sequence[RawRecord]
    batch: Prepared
    stream: Stream
    unit: Places
    keys: Sequence[tuple[str, str]]

    @property
    def days(self) -> float:
        """How long it lasts."""
        return (self.stream.time_ms[-1] - self.stream.time_ms[0]) / DAY_MS

    @property
    def flood(self) -> Flags:
        """Rows of floods, by their number alone."""
        return np.bincount(self.unit)[self.unit] > FLOOD


def scenario(path: Path, within: Context) -> Scenario:
    """Read one, without its labels."""
    with gzip.open(path) as lines:
        return of_rows([orjson.loads(line) for line in lines], within)


def of_rows(rows: Sequence[Mapping[str, Any]], within: Context) -> Scenario:
    """Prepare the alerts of one partition. rows: with labels, which none of the alerts has."""
    records = [
        RawRecord("ait", 0, i, None, None, orjson.dumps({k: v for k, v in row.items() if k not in LABELS}))
        for i, row in enumerate(rows)
    ]
    batch = prepare(records, {}, within)
    time_ms = [row.time_ms for row in batch.rows]
    stream = Stream(
        ["" if row["phase"] == NONE else row["phase"] for row in rows],
        np.array([row["event"] is not None for row in rows], dtype=np.bool_),
        time_ms,
    )
    unit = units(
        [rule_key(row.alert) for row in batch.rows], [row.entity for row in batch.rows], np.array(time_ms)
    )
    return Scenario(records, batch, stream, unit, [(row["host"], row["name"]) for row in rows])


def known(run: Scenario) -> tuple[Known, Flags]:
    """Return the rows of which somebody knows, and which those are.

    True is what a step of the attack caused; false what no step caused, outside all phases. Of the rest,
    alerts that fell into a phase by chance or were caused by it, nobody says which is which.
    """
    outside = np.array([not name for name in run.stream.phase], dtype=np.bool_)
    sure: Flags = run.stream.caused | outside
    whole = Known(
        run.batch.texts,
        run.batch.X,
        run.stream.caused,
        run.stream.phase,
        run.unit,
        np.array(run.stream.time_ms),
    )
    return whole.where(sure), sure


def models(run: Scenario, worth: Worth | None) -> Models:
    """Return the models of a bundle that was fitted on this run: no head knows a severity."""
    first = positions(run.unit) == 0
    trees = forest_of_alerts(run.batch.X, run.unit, seed=1)
    unusual = -trees.score_samples(run.batch.X[first][:, ANOMALY_COLUMNS])
    return Models(
        heads=(),
        formats={},
        anomaly=trees,
        anomaly_reference=np.quantile(unusual, np.linspace(0, 1, REFERENCE_STEPS)),
        feature_quantiles=feature_quantiles(run.batch.X[first]),
        missing_share=np.isnan(run.batch.X[first]).mean(axis=0, dtype=np.float64),
        bundle_id="",
        bootstrap=False,
        worth=worth,
    )


def policy(capacity: int, floor: float) -> Policy:
    """Return the packaged policy with a capacity in place of its threshold."""
    packaged = tomllib.loads(files("enrich").joinpath("policy.toml").read_text("utf-8"))
    return Policy.parse({**packaged, "escalate": {"capacity_per_day": capacity, "floor": floor}})


def rivals(run: Scenario) -> dict[str, Floats]:
    """Return a score (n,) of each method that needs no model."""
    often = Counter(run.keys)
    so_far: Counter[tuple[str, str]] = Counter()
    rare = []
    for key in run.keys:
        so_far[key] += 1
        rare.append(-float(so_far[key]))
    burst = run.batch.X[:, NAMES.index("entity_1m")].astype(np.float64)
    return {
        "rarity of host and name, in hindsight": np.array([-float(often[key]) for key in run.keys]),
        "rarity of host and name, so far": np.array(rare),
        "burst: alerts of the host in 60 s": np.nan_to_num(burst, nan=0.0),
        "random": np.random.default_rng(0).random(len(run.keys)),
        "stated severity alone": np.zeros(len(run.keys)),
    }


def table(run: Scenario, contestants: Mapping[str, Sequence[Score]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, floods in and floods out."""
    yield (
        "| floods | ranked by | a day | escalations | phases caught | by an alert of the attack | "
        "median delay | false a day |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    begins = run.stream.begins
    for floods, keep in (("in", np.ones(len(run.keys), dtype=np.bool_)), ("out", ~run.flood)):
        part = only(run, keep)
        there = {name: begins[name] for name in part.stream.begins}
        for capacity in CAPACITIES:
            for name, scores in contestants.items():
                some = [score for score, kept in zip(scores, keep.tolist(), strict=True) if kept]
                for floor in (40.0, 0.0):
                    got = by_scores(part.batch, some, policy(capacity, floor))
                    label = name if floor else f"{name}, floor 0"
                    yield line(floods, label, capacity, caught(part.stream, got, there, run.days))
            for name, score in rivals(run).items():
                got = by_points(part.batch, tail_points(score[keep]), policy(capacity, 0.0))
                yield line(floods, name, capacity, caught(part.stream, got, there, run.days))


def only(run: Scenario, keep: Flags) -> Scenario:
    """Return the run with some alerts only, as they were prepared among all."""
    places = np.flatnonzero(keep).tolist()
    batch = replace(
        run.batch,
        rows=[run.batch.rows[i] for i in places],
        places=list(range(len(places))),
        texts=[run.batch.texts[i] for i in places],
        now_ms=[run.batch.now_ms[i] for i in places],
        X=run.batch.X[keep],
    )
    records, keys = [run.records[i] for i in places], [run.keys[i] for i in places]
    return Scenario(records, batch, run.stream.where(keep), run.unit[keep], keys)


def line(floods: str, name: str, capacity: int, found: Caught) -> str:
    """Return one row of the table."""
    delay = found.median_delay_s
    told = "–" if delay is None else f"{delay:.0f} s"
    return (
        f"| {floods} | {name} | {capacity} | {found.escalated} | {found.phases} of {found.of} | "
        f"{found.caused} | {told} | {found.false_a_day:.1f} |"
    )


def main() -> None:
    """Print the table for the run that nothing was fitted to."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m benchmarks.attack_phases DIRECTORY (with the runs' .jsonl.gz)")
    directory, within = Path(sys.argv[1]), context()
    trained = scenario(directory / f"{TRAINED_ON}.jsonl.gz", within)
    found = learnt(known(trained)[0], "ait-ads")
    fitted = models(trained, found.worth)
    tried = scenario(directory / f"{TRIED_ON}.jsonl.gz", within)
    print("\n".join(table(tried, of_models(tried, fitted))))


def of_models(run: Scenario, fitted: Models) -> dict[str, list[Score]]:
    """Return the scores of the run, with and without worth."""
    scores = scored(run.batch, fitted)
    return {
        "Millrace": scores,
        "Millrace without worth": [score._replace(worth=None) for score in scores],
    }


if __name__ == "__main__":
    main()
