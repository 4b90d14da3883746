"""The health service on a free port, and what it answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import ClientSession, ClientTimeout

from worker.health import Health
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings

NOW_S = 5000.0
DEADLINE_S = 20.0
PATHS = ("/health/live", "/health/ready", "/metrics")


def pulse(**fields: Any) -> Pulse:
    """Of a worker that reads two partitions and is well, but for what is given."""
    well: dict[str, Any] = {"joined": True, "reading": {0, 1}, "polled_s": NOW_S - 0.5}
    return Pulse("b1", "c1", **{**well, **fields})


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def settings(**given: Any) -> Settings:
    return Settings(**{"http_port": 0, **given})


@asynccontextmanager
async def serving(of: Pulse, **given: Any) -> AsyncIterator[Health]:
    """The real service on a free port, for as long as the block lasts."""
    health = Health(settings(**given), of, Metrics(of), monotonic=lambda: NOW_S)
    await health.start()
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield health
    finally:
        await health.stop()


async def ask(health: Health, path: str, method: str = "GET") -> Answer:
    host, port = health.address
    async with (
        ClientSession(timeout=ClientTimeout(DEADLINE_S)) as session,
        session.request(method, f"http://{host}:{port}{path}") as response,
    ):
        return Answer(response.status, dict(response.headers), await response.read())


def asked(of: Pulse, path: str, method: str = "GET", **given: Any) -> Answer:
    async def once() -> Answer:
        async with serving(of, **given) as health:
            return await ask(health, path, method)

    return asyncio.run(once())


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server ends the connection, the way it does."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""
