"""Speed and memory of the core, every model on, one core: `make bench` or `python -m benchmarks.score`.

Prints alerts/s of `millrace score` as a user runs it, µs per alert and stage in process, the plain loop that
people write first (one model call per alert) as a rival, and the models alone as a limit, all in one run.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from millrace.commands.score import BATCH

BUDGET_US = {"parse": 15.0, "enrich + fold + features": 25.0, "models": 45.0, "decide + encode": 25.0}


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
        generate = [
            "generate",
            "--count",
            str(given.count),
            "--days",
            "7",
            "--seed",
            "11",
            "--out",
            str(file),
        ]
        run([sys.executable, "-m", "millrace", *generate])
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
    """Print µs per alert and stage over the whole file, and return rates of the limits."""
    import numpy as np

    from enrich.formats import alert_from
    from enrich.pipeline import finish, prepare, process, scored
    from enrich.record import RawRecord
    from enrich.score import anomaly, text_matrix
    from worker import compose
    from worker.memory import settle
    from worker.settings import load_settings

    settings = load_settings()
    models = compose.models(settings)
    if models is None:
        raise SystemExit("no bundle: millrace train --bootstrap")
    context = compose.context(settings, 1, models)
    records = [RawRecord("bench", 0, i, None, None, line) for i, line in enumerate(lines)]
    batches = [records[i : i + BATCH] for i in range(0, len(records), BATCH)]
    spent = dict.fromkeys(BUDGET_US, 0.0)
    forest = isolation = 0.0
    states: dict[int, Any] = {}

    def timed(work: Callable[[], Any]) -> tuple[float, Any]:
        began = time.perf_counter()
        result = work()
        return time.perf_counter() - began, result

    settle()
    process(batches[0], {}, context, models)  # caches of code, not of data
    models._texts.clear()
    for batch in batches:
        parse, _ = timed(lambda batch=batch: [_parse(alert_from, r.value, context) for r in batch])
        whole, ready = timed(lambda batch=batch: prepare(batch, states, context))
        model, scores = timed(lambda ready=ready: scored(ready, models))
        last, _ = timed(lambda b=batch, r=ready, s=scores: finish(b, r, s, states, context))
        spent["parse"] += parse
        spent["enrich + fold + features"] += whole - parse
        spent["models"] += model
        spent["decide + encode"] += last
        # Once more, alone, to split the models' time; the text is remembered by now, so it is what is left.
        both = np.hstack([text_matrix(ready.texts, models)[0], ready.X])
        forest += timed(lambda both=both: models.severity.predict_proba(both))[0]
        isolation += timed(lambda ready=ready: anomaly(ready.X, models))[0]
    print("\n| stage | µs per alert | budget |\n|---|---|---|")
    for name, seconds in spent.items():
        print(f"| {name} | {seconds / len(lines) * 1e6:.1f} | {BUDGET_US[name]:.0f} |")
    for name, seconds in {
        "– severity forest": forest,
        "– isolation forest and its reasons": isolation,
        "– text": spent["models"] - forest - isolation,
    }.items():
        print(f"| {name} | {seconds / len(lines) * 1e6:.1f} | |")
    total = sum(spent.values())
    print(f"| all | {total / len(lines) * 1e6:.1f} | {sum(BUDGET_US.values()):.0f} |")
    return {
        "in process, no files": len(lines) / total,
        "limit: the models alone": len(lines) / spent["models"],
    }


def _parse(parse: Callable[..., Any], value: bytes, context: Any) -> Any:
    from enrich.errors import Rejected

    try:
        return parse(value, context.formats)
    except Rejected:
        return None


def plain(lines: list[bytes]) -> float:
    """The loop that people write first: json, a DataFrame row, both models called for each alert."""
    import json

    import numpy as np
    import pandas as pd

    from enrich.features import ANOMALY_COLUMNS, NAMES
    from worker import compose
    from worker.settings import load_settings

    models = compose.models(load_settings())
    assert models is not None  # noqa: S101 - stages() has ended the run before
    out = []
    began = time.perf_counter()
    for line in lines:
        doc = json.loads(line)
        numbers = pd.DataFrame([dict.fromkeys(NAMES, 0.0)]).to_numpy(dtype=np.float32)
        text = models.vectorizer.transform([str(doc.get("rule", doc.get("alert", doc)))]).toarray()
        severity = models.severity.predict_proba(np.hstack([text.astype(np.float32), numbers]))
        unusual = models.anomaly.score_samples(numbers[:, ANOMALY_COLUMNS])
        out.append(json.dumps({**doc, "severity": severity[0].tolist(), "anomaly": float(unusual[0])}))
    return len(lines) / (time.perf_counter() - began)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
