"""Reads events as they come, in a process of its own, and notes when each had arrived: uid and nanoseconds.

Prints ``ready`` when it reads, and ends when it has as many different events as asked for, or some time after
its stdin said that the last alert was sent: what has not come by then is missing.
"""

import argparse
import select
import sys
import time
from pathlib import Path
from typing import Final

import orjson

from benchmarks.readback import assign_from_now, header, reading

PATIENCE_S: Final = 30.0
POLL_S: Final = 0.05
LOOK_NS: Final = 50_000_000


def main() -> None:
    """Listen, then write ``{uid: nanoseconds}``; the first time counts where an event came twice."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bootstrap", required=True)
    options.add_argument("--topic", required=True)
    options.add_argument("--count", type=int, required=True)
    options.add_argument("--file", type=Path, required=True)
    given = options.parse_args()
    # Each event as soon as it is there: no waiting for a fuller answer.
    consumer = reading(given.bootstrap, **{"fetch.wait.max.ms": 500, "fetch.min.bytes": 1})
    assign_from_now(consumer, given.topic)
    consumer.poll(1.0)
    print("ready", flush=True)
    arrived: dict[str, int] = {}
    looked = 0
    deadline = float("inf")
    while len(arrived) < given.count and time.monotonic() < deadline:
        message = consumer.poll(POLL_S)
        now = time.monotonic_ns()
        if deadline == float("inf") and now > looked + LOOK_NS:
            looked = now
            if select.select([0], [], [], 0)[0]:
                deadline = now / 1e9 + PATIENCE_S
        if message is None:
            continue
        if message.error() is not None:
            sys.exit(f"not read: {message.error()}")
        arrived.setdefault(header(message, "millrace-uid").decode(), now)
    given.file.write_bytes(orjson.dumps(arrived))
    consumer.close()


if __name__ == "__main__":
    main()
