"""Size and speed of tables in a process of its own: ``python -m tests.quality.tables_figures ASN.mmdb``.

Beside that database: one with 1,048,576 networks and a list of 120,000 entries, made here. Prints JSON.
"""

import gzip
import json
import random
import resource
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from time import perf_counter, sleep, thread_time
from typing import Any

import numpy as np

from enrich.address import DEFAULT_NETWORKS, canonical
from enrich.alert import Alert, Endpoint
from enrich.tables import Tables
from tests.unit import mmdb_writer as mmdb
from worker.tables import Source, load

DEPTH = 20
LISTED = 120_000
ASKED = 100_000


def resident_mib() -> float:
    """Memory of this process now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def database() -> bytes:
    """Return a database of 2 ** 20 networks of IPv4, each unlike its neighbours, with 65,000 systems."""
    records = [mmdb.value(mmdb.system(n + 1, f"Example Network {n} of Somebody")) for n in range(65_000)]
    starts = np.cumsum([0, *(len(each) for each in records[:-1])])
    nodes = 2**DEPTH - 1
    children = np.arange(1, 2 * nodes + 1, dtype=np.uint32)  # of node n: 2n + 1, 2n + 2
    leaves = children >= nodes
    children[leaves] = nodes + 16 + starts[np.arange(leaves.sum()) * 7919 % len(records)]
    tree = children.astype(">u4").tobytes()
    return tree + bytes(16) + b"".join(records) + mmdb.metadata(nodes, 32, 4, database_type="Made-ASN")


def stall_ms(work: Callable[[], object]) -> float:
    """Return the longest time for which a thread that wants to run every millisecond did not, meanwhile."""
    longest, ended = 0.0, threading.Event()

    def tick() -> None:
        nonlocal longest
        last = perf_counter()
        while not ended.is_set():
            sleep(0.001)
            now = perf_counter()
            longest, last = max(longest, now - last), now

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        work()
    finally:
        ended.set()
        thread.join()
    return (longest - 0.001) * 1000


def each_us(ask: Callable[[Any], object], asked: list[Any]) -> float:
    """Return the CPU time of one, the best of five rounds: others may use the machine."""
    best = 1e9
    for _ in range(5):
        began = thread_time()
        for one in asked:
            ask(one)
        best = min(best, thread_time() - began)
    return best / len(asked) * 1e6


def main(asn: Path) -> dict[str, float]:
    """Return the figures."""
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as room:
        real, made, listed = (Path(room) / name for name in ("real.mmdb", "made.mmdb", "list.txt"))
        real.write_bytes(gzip.decompress(asn.read_bytes()))
        made.write_bytes(database())
        some = rng.sample(range(0x0B000000, 0xDF000000), LISTED)
        listed.write_text("".join(f"{IPv4Address(n)}{'/28' if n % 9 == 0 else ''}\t{n % 8}\n" for n in some))
        sources = [Source("asn", "asn", made), Source("blocklist", "made", listed)]
        real_table = load(Source("asn", "asn", real))
        before = resident_mib()
        tables = [load(source) for source in sources]
        held = Tables(tables, DEFAULT_NETWORKS)
        after = resident_mib()
        stalls = [min(stall_ms(partial(load, source)) for _ in range(5)) for source in sources]
        began = perf_counter()
        load(sources[0])
        took_s = perf_counter() - began
    numbers = [rng.randrange(2**32) for _ in range(ASKED)]
    texts = [str(IPv4Address(n)) for n in numbers]
    alerts = [
        Alert(format="f", vendor="v", product="p", detector="d", time_ms=0, rule_id="r", title="t",
              src=Endpoint(ip=canonical(text)))
        for text in texts
    ]  # fmt: skip
    again = alerts[:1_000] * 100
    return {
        "networks": tables[0].facts.entries,
        "listed": tables[1].facts.entries,
        "real_networks": real_table.facts.entries,
        "resident_mib": round(after - before, 1),
        "child_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
        "build_s": round(took_s, 2),
        "stall_asn_ms": round(stalls[0], 1),
        "stall_list_ms": round(stalls[1], 1),
        "idle_stall_ms": round(min(stall_ms(lambda: sleep(1)) for _ in range(3)), 1),
        "asn_us": round(each_us(lambda n: tables[0].index.at(4, n), numbers), 2),
        "real_asn_us": round(each_us(lambda n: real_table.index.at(4, n), numbers), 2),
        "list_us": round(each_us(lambda n: tables[1].index.at(4, n), numbers), 2),
        "alert_new_us": round(each_us(held.found, alerts), 2),
        "alert_known_us": round(each_us(held.found, again), 2),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
