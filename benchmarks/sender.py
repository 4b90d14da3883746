"""Sends alerts at a steady rate, whatever happens to them: an open loop, in a process of its own.

Alert n is due at start + n / rate, and says so in its header ``due`` (monotonic nanoseconds: one clock for
all processes of a machine). A sender that is late sends at once and keeps the due time, so that what waits is
counted as waiting. Reads ``key TAB value`` lines; prints one JSON document.

aiokafka, because it puts the batches of all partitions into one request: librdkafka makes a request of each,
and with 24 partitions at 2,000/s one embedded broker then spends half a core on the sender alone.
"""

import argparse
import asyncio
import base64
import sys
import time
from pathlib import Path
from typing import Final

import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.figures import percentile

# As librdkafka has it by default: what a sensible sender does, and it counts against us.
LINGER_MS: Final = 5
NAP_S: Final = 0.0005
START_S: Final = 0.2


def main() -> None:
    """Send, wait for the receipts, tell how late the sending was."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bootstrap", required=True)
    options.add_argument("--topic", required=True)
    options.add_argument("--file", type=Path, required=True)
    options.add_argument("--rate", type=float, required=True)
    options.add_argument("--count", type=int, required=True)
    given = options.parse_args()
    lines = []
    with given.file.open("rb") as file:
        for line, _ in zip(file, range(given.count), strict=False):
            key, _, value = line.rstrip(b"\n").partition(b"\t")
            lines.append((base64.b64decode(key) or None, value))
    late, failed = asyncio.run(sent(given.bootstrap, given.topic, lines, given.rate))
    shares = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    late_ms = {name: round(percentile(late, share), 2) for name, share in shares}
    doc = {"sent": len(lines), "failed": len(failed), "reason": failed[:1], "late_ms": late_ms}
    sys.stdout.buffer.write(orjson.dumps(doc))


async def sent(
    bootstrap: str, topic: str, lines: list[tuple[bytes | None, bytes]], rate: float
) -> tuple[list[float], list[str]]:
    """Send all lines, each when it is due; return by how many ms each was late, and what has no receipt."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=LINGER_MS
    )
    await producer.start()
    await producer.partitions_for(topic)
    step = 1e9 / rate
    start = time.monotonic_ns() + int(START_S * 1e9)
    late: list[float] = []
    receipts = []
    for number, (key, value) in enumerate(lines):
        due = start + int(number * step)
        while time.monotonic_ns() < due:
            await asyncio.sleep(NAP_S)
        receipts.append(await producer.send(topic, value, key=key, headers=[("due", str(due).encode())]))
        late.append((time.monotonic_ns() - due) / 1e6)
    told = await asyncio.gather(*receipts, return_exceptions=True)
    await producer.stop()
    return late, [str(each) for each in told if isinstance(each, BaseException)]


if __name__ == "__main__":
    main()
