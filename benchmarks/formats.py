"""Speed of everything but the models, on a mix of formats, one core: `python -m benchmarks.formats`.

The golden samples of the formats, each row with addresses of its own, so that no row is a repeat (real
streams repeat a third and more, which is cheaper). Prints CPU µs per alert: by format, by step, and of the
whole beside a plain rival (json, a dictionary of renamed fields, json) and the limit (orjson there and
back), in one run.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from enrich.address import canonical
from enrich.formats import alert_from
from enrich.pipeline import States, finish, prepare, scored
from enrich.record import RawRecord
from tests.fuzz.seeds import seeds
from tests.unit.rows import context
from worker.memory import settle

MIX: Final = ("suricata", "wazuh", "zeek", "windows", "guardduty", "cef")
BATCH: Final = 1_000
TARGET: Final = 20_000
PASSES: Final = 3
HOSTS: Final = 5_000
SEED: Final = 11
RECORD_MS: Final = 1_790_000_000_000


def main() -> int:
    """Print the tables. Exit code 1: the target is not met."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.formats", description=__doc__)
    options.add_argument("--count", type=int, default=30_000, help="alerts of the mix (default: %(default)s)")
    options.add_argument("--all", action="store_true", help="parse each format there is, too")
    given = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    chance = random.Random(SEED)
    samples = {name: values for name, values in seeds().items() if name != "nothing"}
    each = given.count // len(MIX)
    rows = {name: varied(samples[name], each, chance) for name in (samples if given.all else MIX)}
    here = context()
    settle()  # as the worker does it
    print("| format | bytes | parse, µs |\n|---|--:|--:|")
    for name, values in rows.items():
        size = sum(map(len, values)) / len(values)
        us = best(lambda values=values: [alert_from(each, here.formats) for each in values], len(values))
        print(f"| {name} | {size:.0f} | {us:.1f} |")
    mixed = [value for name in MIX for value in rows[name]]
    chance.shuffle(mixed)
    records = [RawRecord("bench", 0, i, RECORD_MS, None, value) for i, value in enumerate(mixed)]
    told = steps(records, here)
    whole = sum(told.values())
    told |= {
        "all": whole,
        "rival: json, a renamed copy, json": best(lambda: plain(mixed), len(mixed)),
        "limit: orjson there and back": best(lambda: [orjson.dumps(_object(x)) for x in mixed], len(mixed)),
    }
    print(f"\n{len(mixed):,} alerts of {len(MIX)} formats, no repeats, no models, one core\n")
    print("| step | µs per alert | alerts/s | × all |\n|---|--:|--:|--:|")
    for name, us in told.items():
        print(f"| {name} | {us:.1f} | {1e6 / us:,.0f} | {us / whole:.2f} |")
    met = 1e6 / whole >= TARGET
    print(f"\nat least {TARGET:,} alerts/s: {1e6 / whole:,.0f}, {'met' if met else 'NOT MET'}")
    return 0 if met else 1


def varied(values: Sequence[bytes], number: int, chance: random.Random) -> list[bytes]:
    """Return so many records made of these: other addresses, and a key or token of its own in each."""
    hosts = [
        f"{chance.choice((10, 192, 203))}.{chance.randrange(256)}.{chance.randrange(256)}.{n % 250 + 1}"
        for n in range(HOSTS)
    ]
    made = []
    for n in range(number):
        value = values[n % len(values)]
        if value[:1] == b"{":
            doc = _changed(orjson.loads(value), chance, hosts)
            doc["bench"] = n
            made.append(orjson.dumps(doc))
        else:
            words = [
                chance.choice(hosts) if _is_address(word) else word for word in value.decode().split(" ")
            ]
            made.append(" ".join([*words, f"bench={n}"]).encode())
    return made


def _changed(value: Any, chance: random.Random, hosts: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {key: _changed(item, chance, hosts) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, chance, hosts) for item in value]
    return chance.choice(hosts) if isinstance(value, str) and _is_address(value) else value


def _is_address(text: str) -> bool:
    return "." in text and text[-1:].isdigit() and canonical(text) is not None


def steps(records: Sequence[RawRecord], here: Any) -> dict[str, float]:
    """Return CPU µs per alert of each step, of the pass that took least."""
    found: list[dict[str, float]] = []
    for _ in range(PASSES):
        states: States = {}
        spent = {"parse, enrich, fold, features": 0.0, "no models": 0.0, "decide, encode": 0.0}
        for start in range(0, len(records), BATCH):
            batch = records[start : start + BATCH]
            began = time.process_time()
            prepared = prepare(batch, states, here)
            at_models = time.process_time()
            scores = scored(prepared, None)
            at_finish = time.process_time()
            finish(batch, prepared, scores, states, here)
            ended = time.process_time()
            for name, seconds in zip(
                spent, (at_models - began, at_finish - at_models, ended - at_finish), strict=True
            ):
                spent[name] += seconds * 1e6 / len(records)
        found.append(spent)
    return min(found, key=lambda spent: sum(spent.values()))


def plain(values: Sequence[bytes]) -> list[str]:
    """What people write: parse, a flat copy under other names, serialise."""
    made = []
    for value in values:
        text = value.decode()
        doc = json.loads(text) if text[:1] == "{" else dict(p.split("=", 1) for p in text.split() if "=" in p)
        made.append(json.dumps({**_flat(doc, "event"), "raw": text}))
    return made


def _flat(doc: dict[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in doc.items():
        if isinstance(item, dict):
            flat |= _flat(item, f"{prefix}.{key}")
        else:
            flat[f"{prefix}.{key}"] = item
    return flat


def _object(value: bytes) -> Any:
    return orjson.loads(value) if value[:1] == b"{" else value.decode()


def best(work: Callable[[], object], number: int) -> float:
    """Return CPU µs each, of the pass that took least."""
    took = []
    for _ in range(PASSES):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took) * 1e6 / number


if __name__ == "__main__":
    sys.exit(main())
