"""(e) The in-process limit: the core alone on the same records, in one thread, no Kafka.

Reads the raw topic first, as many records as asked for, an equal share of each partition per batch, and then
calls ``process`` batch by batch. Only these calls are timed. Prints one JSON document; ``--digests FILE``
also writes what every event's bytes were, so that the others can be held against them.
"""

import argparse
import sys
import time
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.rivals import core
from enrich.record import RawRecord
from worker.kafka_client import consumer
from worker.reader import partitions, stretch
from worker.settings import Settings

ROWS: Final = 1_000


def main() -> None:
    """Work through the records once."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--alerts", type=int, required=True)
    options.add_argument("--digests", type=Path)
    given = options.parse_args()
    settings, context, models = core.ready()
    records = read(settings)[: given.alerts]
    work = core.working(context, models)
    digests: dict[str, str] = {}
    wall = cpu = 0.0
    size = outputs = 0
    for start in range(0, len(records), ROWS):
        batch = records[start : start + ROWS]
        wall_began, cpu_began = time.perf_counter(), time.process_time()
        made = work(batch)
        wall += time.perf_counter() - wall_began
        cpu += time.process_time() - cpu_began
        for output in made:
            for each in output:
                outputs += 1
                size += len(each.value)
                if each.route == "enriched" and given.digests:
                    uid = dict(each.headers)["millrace-uid"].decode()
                    digests[uid] = blake2b(each.value, digest_size=8).hexdigest()
    if given.digests:
        given.digests.write_bytes(orjson.dumps(digests))
    doc = {"alerts": len(records), "wall_s": wall, "cpu_s": cpu, "outputs": outputs, "bytes": size}
    sys.stdout.buffer.write(orjson.dumps(doc))


def read(settings: Settings) -> list[RawRecord]:
    """Return the whole raw topic, the partitions' records by turns, each partition's in order."""
    found: dict[int, list[RawRecord]] = {}
    with consumer(settings) as client:
        places: list[Any] = partitions(client, settings.topic_raw)
        ends = client.end_offsets(places)
        for records in stretch(client, dict.fromkeys(places, 0), ends):
            for record in records:
                found.setdefault(record.partition, []).append(record)
    return [each for turn in zip_longest(*found.values()) for each in turn if each is not None]


if __name__ == "__main__":
    main()
