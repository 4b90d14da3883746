"""Speed and memory of the core without Kafka, one core: `python -m benchmarks.score`.

Prints alerts/s of `millrace score` as a user runs it, CPU µs per alert and stage in process, the plain loop
that people write first (one model call per alert) as a rival, and the models alone as a limit, in one run.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from millrace.commands.score import BATCH

BUDGET_US: Final = {"parse": 15.0, "enrich + fold + features": 25.0, "models": 45.0, "decide + encode": 25.0}


def main() -> None:
    """Run all parts and print one table each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200_000, help="alerts (default: 200,000)")
    options.add_argument("--plain", type=int, default=300, help="alerts for the plain loop (default: 300)")
    given = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as room, threadpool_limits(1):
        os.environ["MILLRACE_STATE"] = room
        train()
        file = Path(room) / "alerts.jsonl"
        week = ("--days", "7", "--seed", "11")
        run(
            [
                sys.executable,
                "-m",
                "millrace",
                "generate",
                "--count",
                str(given.count),
                *week,
                "--out",
                str(file),
            ]
        )
        size = file.stat().st_size / given.count
        print(f"{given.count:,} generated alerts, {size:.0f} bytes each, one core\n")
        # Before this process grows: on Linux a child's peak memory counts from its parent's.
        whole = command(file, given.count)
        lines = file.read_bytes().splitlines()
        in_process = stages(lines)
        plain_rate = plain(lines[: given.plain])
    print("\n| path | alerts/s | ratio to `millrace score` |\n|---|---|---|")
    rows = {
        "`millrace score`, file to file": whole,
        **in_process,
        "plain loop, one call per alert": plain_rate,
    }
    for name, rate in rows.items():
        print(f"| {name} | {rate:,.0f} | {rate / whole:.2f} |")


def train() -> None:
    """A bootstrap bundle of this run's own, so that the figures do not depend on what lies about."""
    began = time.perf_counter()
    run([sys.executable, "-m", "millrace", "train", "--bootstrap"])
    print(f"bootstrap bundle trained in {time.perf_counter() - began:.1f} s on the same core")


def command(file: Path, count: int) -> float:
    """Run `millrace score` on a quarter and on the whole; print memory of both and return alerts/s."""
    print("| `millrace score` on | seconds | alerts/s | peak memory |\n|---|---|---|---|")
    rate = 0.0
    for part in (count // 4, count):
        piece = file.with_suffix(f".{part}")
        with file.open("rb") as lines:
            piece.write_bytes(b"".join(islice(lines, part)))
        began = time.perf_counter()
        peak = run([sys.executable, "-m", "millrace", "score", str(piece)])
        seconds = time.perf_counter() - began
        rate = part / seconds
        print(f"| {part:,} lines | {seconds:.1f} | {rate:,.0f} | {peak:.0f} MB |")
    return rate


def run(words: list[str]) -> float:
    """Run a command with its output thrown away; return its peak resident memory in MB."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: exit {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def stages(lines: list[bytes]) -> dict[str, float]:
    """Print CPU µs per alert and stage over the whole file, and return rates of the limits."""
    from benchmarks.rivals import core
    from benchmarks.stages import by_stage, warmed

    _, context, models = core.ready()
    warmed(lines, context, models)
    told = by_stage(lines, context, models, BATCH)
    print("\n| stage | µs per alert | budget |\n|---|---|---|")
    for name, each in told.items():
        budget = BUDGET_US.get(name, sum(BUDGET_US.values()) if name == "all" else None)
        print(f"| {name} | {each:.1f} | {'' if budget is None else f'{budget:.0f}'} |")
    return {"in process, no files": 1e6 / told["all"], "limit: the models alone": 1e6 / told["models"]}


def plain(lines: list[bytes]) -> float:
    """The loop that people write first: json, a DataFrame row, both models called for each alert."""
    import json

    import numpy as np
    import pandas as pd

    from benchmarks.rivals import core
    from enrich.features import ANOMALY_COLUMNS, NAMES

    _, _, models = core.ready()
    (head,) = models.heads
    vectorizer = head.vocabulary.parts[0].vectorizer
    out = []
    began = time.perf_counter()
    for line in lines:
        doc = json.loads(line)
        numbers = pd.DataFrame([dict.fromkeys(NAMES, 0.0)]).to_numpy(dtype=np.float32)
        text = vectorizer.transform([str(doc.get("rule", doc.get("alert", doc)))]).toarray()
        severity = head.severity.predict_proba(np.hstack([text.astype(np.float32), numbers]))
        unusual = models.anomaly.score_samples(numbers[:, ANOMALY_COLUMNS])
        out.append(json.dumps({**doc, "severity": severity[0].tolist(), "anomaly": float(unusual[0])}))
    return len(lines) / (time.perf_counter() - began)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
