"""Health: when a worker is alive and ready, what it answers, and that no client can hold on to it."""

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import orjson
import pytest
from aiohttp import ClientSession, ClientTimeout, web
from prometheus_client.parser import text_string_to_metric_families

from enrich.errors import SettingsWrong
from worker.health import Health
from worker.health_conditions import Bounds, not_alive, not_ready, passthrough
from worker.health_doors import Doors, listen
from worker.log import configure
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings

NOW_S = 5000.0
BOUNDS = Bounds.of(60.0)
DEADLINE_S = 20.0
PATHS = ("/health/live", "/health/ready", "/metrics")


def pulse(**fields: Any) -> Pulse:
    """Of a worker that reads two partitions and is well, but for what is given."""
    well: dict[str, Any] = {"joined": True, "reading": {0, 1}, "polled_s": NOW_S - 0.5}
    return Pulse("b1", "c1", **{**well, **fields})


# When it is ready


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reading": set(), "polled_s": None},
        {"reading": set(), "polled_s": NOW_S - 3600},
        {"lag": lambda: {0: 10**9, 1: 10**9}, "waiting_rows": 8000, "outstanding_rows": 8000},
        {"oldest": lambda: NOW_S - 29, "core_since_s": NOW_S - 29},
        {"oldest": lambda: NOW_S - 29, "polled_s": NOW_S - 25},
    ],
    ids=["well", "idle and never polled", "idle", "far behind", "slow", "full: not polled for a while"],
)
def test_a_worker_is_ready_that(fields: dict[str, Any]) -> None:
    assert not_ready(pulse(**fields), BOUNDS, NOW_S) == []


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({"joined": False, "reading": set()}, ["joined"]),
        ({"restoring": {4, 5}}, ["restored"]),
        ({"polled_s": None}, ["polled"]),
        ({"polled_s": NOW_S - 11}, ["polled"]),
        ({"oldest": lambda: NOW_S - 31}, ["acknowledged"]),
        ({"stopping": True}, ["stopping"]),
        ({"core_since_s": NOW_S - 61}, ["core"]),
        ({"stopping": True, "joined": False}, ["stopping", "joined"]),
    ],
)
def test_each_condition_that_is_not_met_is_named(fields: dict[str, Any], conditions: list[str]) -> None:
    unmet = not_ready(pulse(**fields), BOUNDS, NOW_S)
    assert [each.condition for each in unmet] == conditions


def test_a_worker_without_a_bundle_is_not_ready_and_one_in_passthrough_is() -> None:
    none, through = pulse(), pulse()
    none.bundle_id, through.bundle_id = "", "none"
    assert [each.condition for each in not_ready(none, BOUNDS, NOW_S)] == ["bundle"]
    assert (not_ready(through, BOUNDS, NOW_S), passthrough(through), passthrough(pulse())) == (
        [],
        True,
        False,
    )


def test_a_new_pulse_is_alive_and_not_ready() -> None:
    new = Pulse("b1", "c1")
    assert not_alive(new, BOUNDS, NOW_S) == []
    assert [each.condition for each in not_ready(new, BOUNDS, NOW_S)] == ["joined"]


def test_only_a_core_beyond_its_time_is_not_alive() -> None:
    ill = pulse(joined=False, restoring={1}, polled_s=None, oldest=lambda: 0.0, stopping=True)
    assert not_alive(ill, BOUNDS, NOW_S) == []
    ill.core_since_s = NOW_S - 60
    assert not_alive(ill, BOUNDS, NOW_S) == []
    ill.core_since_s = NOW_S - 60.5
    assert [each.condition for each in not_alive(ill, BOUNDS, NOW_S)] == ["core"]


@pytest.mark.parametrize(("core_timeout_s", "oldest_s"), [(5.0, 30.0), (60.0, 30.0), (200.0, 100.0)])
def test_a_list_may_wait_for_half_the_cores_time_but_thirty_seconds_at_least(
    core_timeout_s: float, oldest_s: float
) -> None:
    assert Bounds.of(core_timeout_s).oldest_s == oldest_s


# The server


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


@pytest.fixture
def logged() -> Any:
    """Everything that goes to the log, as JSON lines."""
    configure(Settings(), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    return stream


def test_a_ready_worker_says_so_with_its_bundle_and_context() -> None:
    answer = asked(pulse(), "/health/ready")
    assert (answer.status, orjson.loads(answer.body)) == (
        200,
        {
            "ready": True,
            "unmet": [],
            "bundle": "b1",
            "passthrough": False,
            "promotion": 0,
            "context": "c1",
            "degraded": [],
            "partitions": {"reading": 2, "restoring": 0},
            "outstanding_rows": 0,
        },
    )


def test_a_worker_whose_promoted_bundle_was_refused_is_ready_and_says_which_one_stays() -> None:
    answer = asked(pulse(bundle_refused=True, promotion=3), "/health/ready")
    body = orjson.loads(answer.body)
    (degraded,) = body["degraded"]
    assert (answer.status, body["ready"], body["promotion"], degraded["condition"]) == (
        200,
        True,
        3,
        "bundle",
    )
    assert "bundle b1 stays" in degraded["why"]


def test_one_that_is_not_ready_says_why() -> None:
    answer = asked(pulse(restoring={4, 5}), "/health/ready")
    body = orjson.loads(answer.body)
    assert (answer.status, body["ready"]) == (503, False)
    assert body["unmet"] == [{"condition": "restored", "why": "2 partitions wait for their history"}]


def test_a_worker_is_alive_until_its_core_has_had_its_time() -> None:
    assert asked(pulse(joined=False), "/health/live").status == 200
    answer = asked(pulse(core_since_s=NOW_S - 8), "/health/live", core_timeout_s=7)
    assert (answer.status, orjson.loads(answer.body)["live"]) == (503, False)
    assert asked(pulse(core_since_s=NOW_S - 8), "/health/live").status == 200


def test_the_metrics_are_what_prometheus_reads() -> None:
    answer = asked(pulse(lag=lambda: {0: 41}), "/metrics")
    found = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [(sample.labels, sample.value) for sample in found["millrace_lag"].samples] == [
        ({"partition": "0"}, 41)
    ]


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(path: str) -> None:
    answer = asked(pulse(), path, "HEAD")
    assert (answer.status, answer.body, int(answer.headers["Content-Length"]) > 20) == (200, b"", True)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_else_than_get_and_head_is_served(method: str) -> None:
    answer = asked(pulse(), "/metrics", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/health", "/metrics/", "/health/live/..%2f..%2fetc/passwd"])
def test_an_unknown_path_is_answered_with_the_known_ones(path: str) -> None:
    answer = asked(pulse(), path)
    assert (answer.status, orjson.loads(answer.body)) == (404, {"paths": list(PATHS)})


def test_the_answers_do_not_tell_what_software_it_is_and_are_not_kept() -> None:
    headers = asked(pulse(), "/health/live").headers
    assert (headers["Server"], headers["Cache-Control"], headers["Connection"]) == (
        "millrace",
        "no-store",
        "close",
    )


def test_a_bug_behind_an_answer_is_logged_without_its_text_and_ends_nothing(logged: io.StringIO) -> None:
    def broken() -> dict[int, int]:
        raise KeyError("4111-1111")

    async def three() -> list[Answer]:
        async with serving(pulse(lag=broken)) as health:
            return [await ask(health, path) for path in PATHS]

    answers = asyncio.run(three())
    assert [answer.status for answer in answers] == [200, 200, 500]
    said = logged.getvalue() + "".join(answer.body.decode() for answer in answers)
    assert ('"http_failed"' in said, "KeyError" in said, "4111" in said) == (True, True, False)


def test_the_log_tells_the_port_that_it_was_given(logged: io.StringIO) -> None:
    async def port() -> int:
        async with serving(pulse()) as health:
            return health.address[1]

    asked_for = asyncio.run(port())
    lines = [orjson.loads(line) for line in logged.getvalue().splitlines()]
    assert [(line["event"], line["host"], line["port"]) for line in lines] == [
        ("http", "127.0.0.1", asked_for)
    ]


def test_an_address_that_others_reach_is_warned_of(logged: io.StringIO) -> None:
    asked(pulse(), "/health/live", http_host="0.0.0.0")  # noqa: S104 - that is the test
    events = [orjson.loads(line)["event"] for line in logged.getvalue().splitlines()]
    assert events == ["http", "http_open"]


def test_it_lets_go_of_its_port() -> None:
    async def twice() -> None:
        async with serving(pulse()) as health:
            port = health.address[1]
        async with serving(pulse(), http_port=port) as health:
            assert (await ask(health, "/health/live")).status == 200

    asyncio.run(twice())


# When it cannot listen


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsWrong) as raised:
            Health(settings(http_port=port), pulse(), Metrics(pulse())).bind()
    assert str(raised.value) == (f"port {port} on 127.0.0.1 is taken: set MILLRACE_HTTP_PORT (0: a free one)")


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_one_line_that_says_what_to_do(host: str) -> None:
    with pytest.raises(SettingsWrong) as raised:
        listen(host, 0)
    assert str(raised.value) == f"{host} is no address of this machine: set MILLRACE_HTTP_HOST"


# Clients that hold on


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server ends the connection, the way it does."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


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
