"""Throughput of the core with two bundles, in turns: `python -m benchmarks.bundles ONE OTHER`.

Each is a bundle's directory; ``-`` stands for a bootstrap bundle, trained on the spot. Generated alerts in
batches of 1,000, one core, each bundle with a history of its own; of the passes the fastest is told.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Final

from enrich.context import Context
from enrich.pipeline import States, process
from enrich.record import RawRecord
from enrich.score import Models
from models import load, trusted_keys
from training.bootstrap import ROWS, bootstrap_split, trained
from training.dataset import context
from training.generate import Parameters, samples
from training.trial import without_memory
from worker.current import with_models
from worker.memory import settle
from worker.settings import load_settings

ALERTS: Final = 20_000
BATCH: Final = 1_000
PASSES: Final = 5
TARGET: Final = 0.8


def main() -> int:
    """Print the table. Exit code 1: the second is slower than TARGET of the first."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.bundles", description=__doc__)
    options.add_argument("bundles", nargs=2, help="directories, - for a bootstrap bundle")
    given = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    both = [_models(name) for name in given.bundles]
    alerts = samples(Parameters(seed=3, count=ALERTS, days=2))
    records = [RawRecord("bench", 0, i, each.time_ms, None, each.line) for i, each in enumerate(alerts)]
    settle()
    best = [float("inf")] * 2
    for _ in range(PASSES):
        for place, models in enumerate(both):
            best[place] = min(best[place], _pass(records, models, context()))
    print(f"{len(records):,} generated alerts, one core, CPU time, fastest of {PASSES} passes in turns\n")
    print("| bundle | heads | µs per alert | alerts/s |\n|---|---|--:|--:|")
    for name, models, seconds in zip(given.bundles, both, best, strict=True):
        heads = ", ".join(f"{head.label_source} ({head.kind})" for head in models.heads)
        each = seconds / len(records)
        print(f"| {Path(name).name} | {heads} | {each * 1e6:.1f} | {1 / each:,.0f} |")
    ratio = best[0] / best[1]
    met = ratio >= TARGET
    said = "met" if met else "NOT MET"
    print(f"\nsecond by first: {ratio:.2f} of its throughput (asked for: {TARGET}), {said}")
    return 0 if met else 1


def _models(name: str) -> Models:
    if name == "-":
        return trained(bootstrap_split(1, ROWS, 0.05), 1)[0]
    settings = load_settings()
    return load(Path(name), trusted_keys(settings.trust_dir, settings.production))


def _pass(records: list[RawRecord], models: Models, within: Context) -> float:
    """Return CPU seconds of all records."""
    states: States = {}
    fresh = without_memory(models)
    using = with_models(within, models)
    began = time.process_time()
    for start in range(0, len(records), BATCH):
        process(records[start : start + BATCH], states, using, fresh)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
