"""A worker's watch over its bundles, around a store that the test promotes in."""

import asyncio
import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from tests.unit.models_fixture import House, house
from worker import compose
from worker.bundles_watch import Watch
from worker.current import Current, Noted, with_models
from worker.health_conditions import degraded
from worker.log import configure
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings


@contextmanager
def log_lines() -> Iterator[io.StringIO]:
    """Everything that goes to the log, as JSON lines."""
    configure(Settings(), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    handler.setStream(sys.stderr)


def promoted_house(root: Path) -> House:
    """Return a state directory with one bundle, promoted."""
    made = house(root)
    made.promoted(made.bundle.name)
    return made


def told(logged: io.StringIO, *events: str) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in lines if line["event"] in events]


class Notes:
    """The state topic's part in this, in memory. fails: what the next calls raise. before: at each note."""

    def __init__(self) -> None:
        self.promotion = Noted()
        self.reads = 0
        self.fails: Exception | None = None
        self.before: list[int] = []
        self.worker: Worker | None = None

    async def promotions(self) -> Noted:
        self.reads += 1
        return self.promotion

    async def note_promotion(self, sequence: int, bundle_id: str) -> None:
        if self.fails is not None:
            raise self.fails
        if self.worker is not None:
            self.before.append(self.worker.current.now.promotion)
        self.promotion = max(self.promotion, Noted(sequence, bundle_id))


class Worker:
    """What a running worker has beside its core, around a store that the test promotes in."""

    def __init__(self, home: House, notes: Notes | None = None, **more: Any) -> None:
        self.settings = Settings(state=home.root, **more)
        self.notes = notes or Notes()
        self.notes.worker = self
        context = compose.context(self.settings, 1, None)
        found = compose.promoted(self.settings, self.notes.promotion, context)
        self.current = Current(with_models(context, found.models), found.models, found.sequence)
        now = self.current.now.context
        self.pulse = Pulse(now.bundle_id, now.context_id)
        self.metrics = Metrics(self.pulse)
        self.watch = Watch(
            self.settings,
            self.current,
            self.notes,  # type: ignore[arg-type]
            self.pulse,
            self.metrics,
            found.reason,
        )

    def look(self, times: int = 1) -> tuple[str, int]:
        """Look so often; return bundle and promotion that are in force then."""

        async def looks() -> None:
            for _ in range(times):
                await self.watch.look()

        asyncio.run(looks())
        return self.current.now.context.bundle_id, self.current.now.promotion

    def swaps(self, result: str) -> float:
        name = f'millrace_bundle_swaps_total{{result="{result}"}} '
        lines = self.metrics.text().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])


def spoil(directory: Path) -> bytes:
    """Change a byte of the largest file in place; return what it held."""
    path = max(directory.iterdir(), key=lambda each: each.stat().st_size)
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    return before


def mend(directory: Path, content: bytes) -> None:
    max(directory.iterdir(), key=lambda each: each.stat().st_size).write_bytes(content)


def refused(worker: Worker) -> bool:
    return bool(degraded(worker.pulse)) and "millrace_bundle_refused 1.0" in worker.metrics.text().decode()
