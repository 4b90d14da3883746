"""What the raw topic gives when nothing disturbs it, made by ``reference`` in a process of its own.

The far end's process imports nothing of the worker.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from tests.faults.counting import Place, Reference, Role

TIMEOUT_S: Final = 900.0


def reference(kind: str, env: Mapping[str, str], home: Path) -> Reference:
    """Run it with the workers' environment. kind: as ``reference`` takes it."""
    out = home / "reference.jsonl"
    command = [sys.executable, "-m", "tests.faults.reference", kind, str(out)]
    done = subprocess.run(
        command, cwd=home, env=dict(env), stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"no undisturbed run: {done.stderr.decode()[-500:]}"
    head, *lines = out.read_bytes().splitlines()
    digests: dict[Role, dict[Place, str]] = {"enriched": {}, "escalated": {}, "dead": {}}
    for line in lines:
        role, partition, offset, value = orjson.loads(line)
        digests[role][(partition, offset)] = value
    out.unlink()
    return Reference(orjson.loads(head), digests)
