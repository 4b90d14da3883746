"""Health: what a worker answers, and where it listens."""

import asyncio
import io
import socket

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from enrich.errors import SettingsWrong
from tests.unit.health_served import NOW_S, PATHS, Answer, ask, asked, pulse, serving, settings
from worker.health import Health
from worker.health_doors import listen
from worker.metrics import Metrics


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
