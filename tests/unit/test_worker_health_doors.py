"""Health: no client can hold on to the service, and what is too large is refused."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from tests.unit.health_served import DEADLINE_S, ask, pulse, serving, to_the_end
from worker.health_doors import Doors, listen


@asynccontextmanager
async def doors(
    body: bytes = b"well", limit: int = 100, lasts_s: float = DEADLINE_S * 10
) -> AsyncIterator[tuple[tuple[str, int], Doors]]:
    """The bounded server with an answer of our own."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body)

    listening = listen("127.0.0.1", 0)
    server = Doors(answer, limit, lasts_s)
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield listening.getsockname(), server
    finally:
        await runner.cleanup()


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /health/live HTTP/1.1\r\nHost:", b"POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\nx", GET],
    ids=["nothing", "half a request", "half a body", "a request, and then nothing"],
)
def test_a_client_that_sends_no_more_is_cut(sent: bytes) -> None:
    async def held() -> None:
        async with doors(lasts_s=0.1) as (address, _):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(sent)
            await to_the_end(reader)
            writer.close()

    asyncio.run(held())


def test_a_client_that_does_not_read_its_answer_is_cut() -> None:
    async def held() -> None:
        async with doors(b"x" * 50_000_000, lasts_s=0.3) as (address, server):
            with socket.create_connection(address) as client:
                client.sendall(GET)
                await until(lambda: server.requests_count == 1)
                await until(lambda: not server.connections)

    asyncio.run(held())


async def until(so: Callable[[], bool]) -> None:
    """Wait until it is so; the block that the server stands in has the deadline."""
    while not so():
        await asyncio.sleep(0.01)


def test_beyond_the_limit_the_oldest_connection_makes_room() -> None:
    async def crowd() -> list[bytes]:
        async with doors(limit=3) as (address, _):
            idle = [await asyncio.open_connection(*address) for _ in range(5)]
            cut = [await to_the_end(reader) for reader, _ in idle[:2]]
            answers = []
            for reader, writer in idle[2:]:
                writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                answers.append((await reader.read())[-4:])
            for _, writer in idle:
                writer.close()
            return cut + answers

    assert asyncio.run(crowd()) == [b"", b"", b"well", b"well", b"well"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(100)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["long line", "long header", "many headers", "TLS"],
)
def test_what_is_too_large_or_no_http_is_refused_and_not_logged(sent: bytes, logged: io.StringIO) -> None:
    async def refused() -> bytes:
        async with serving(pulse()) as health:
            reader, writer = await asyncio.open_connection(*health.address)
            writer.write(sent)
            said = await to_the_end(reader)
            writer.close()
            return said

    assert asyncio.run(refused()).startswith(b"HTTP/1.0 400 ")
    assert [orjson.loads(line)["event"] for line in logged.getvalue().splitlines()] == ["http"]


def test_stopping_does_not_wait_for_a_client_that_holds_on() -> None:
    async def stopped() -> None:
        async with serving(pulse()) as health:
            _, writer = await asyncio.open_connection(*health.address)
            await ask(health, "/health/live")
            async with asyncio.timeout(3):
                await health.stop()
            writer.close()

    asyncio.run(stopped())


def test_two_requests_on_one_connection_get_one_answer() -> None:
    async def piped() -> bytes:
        async with serving(pulse()) as health:
            reader, writer = await asyncio.open_connection(*health.address)
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            said = await to_the_end(reader)
            writer.close()
            return said

    assert asyncio.run(piped()).count(b"HTTP/1.1 200") == 1
