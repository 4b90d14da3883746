"""Builds a table in a process of its own: ``python -m worker.tables_child KIND NAME PATH``.

A worker's threads share one interpreter: one of them that read 700,000 networks would hold up the others. And
what a hostile file does, it does here.
"""

import os
import sys
from pathlib import Path
from typing import Final

import orjson

from enrich.errors import TableRefused
from enrich.tables import Built, built, sent

# Larger than any database there is; what is read is held in memory.
FILE_MAX: Final = 1_073_741_824
NICE: Final = 10
REFUSED: Final = 3


def read(kind: str, name: str, path: Path) -> Built:
    """Return the table of a file. Raises TableRefused: it is missing, changed while it was read, or wrong."""
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            data = file.read(FILE_MAX + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise TableRefused(f"{path}: {error.strerror}") from None
    if len(data) > FILE_MAX:
        raise TableRefused(f"{path}: larger than {FILE_MAX} bytes")
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or len(data) != after.st_size:
        raise TableRefused(f"{path}: it changed while it was read")
    try:
        return built(kind, name, data, max(after.st_mtime_ns // 1_000_000, 0))
    except TableRefused as error:
        raise TableRefused(f"{path}: {error}") from None


def main(kind: str, name: str, path: str) -> int:
    """Write the table, or why there is none."""
    os.nice(NICE)
    if sys.platform == "linux":
        # The worker that starts us may keep itself on one CPU: we are not part of that.
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        answer = sent(read(kind, name, Path(path)))
    except TableRefused as error:
        sys.stdout.buffer.write(orjson.dumps(str(error)))
        return REFUSED
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
