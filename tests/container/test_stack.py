"""docker compose up --build --scale worker=3: everything that goes in comes out, shared among three."""

from collections import defaultdict
from hashlib import sha256
from typing import Any, Final, NamedTuple

import pytest

from tests.broker.installation import Coordinates, source_of, wait_for
from tests.container.engine import docker, inspect, log_lines
from tests.container.stack import Stack

# In this order: one puts alerts in, a later one kills a worker, the last one stops them all.
pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]

ALERTS: Final = 50_000
DRAIN_S: Final = 300.0
OUT: Final = ("alerts.enriched", "alerts.dead")


class Made(NamedTuple):
    """What a worker made of a raw record. digest: SHA-256 of the event or dead letter."""

    context: bytes
    digest: bytes


def made(stack: Stack) -> dict[Coordinates, list[Made]]:
    """What came out, by the raw record that it came from."""
    found: dict[Coordinates, list[Made]] = defaultdict(list)
    for topic in OUT:
        for record in stack.read(topic):
            context = dict(record.headers).get("millrace-context", b"")
            found[source_of(record)].append(Made(context, sha256(record.value).digest()))
    return found


def sent(stack: Stack) -> set[Coordinates]:
    """Where every raw record lies."""
    return {(number, at) for number, end in stack.ends("alerts.raw").items() for at in range(end)}


def taken(stack: Stack, container: str) -> float:
    """How many raw records this worker's core has taken."""
    return stack.metric(container, "millrace_records_in_total")


def starts(stack: Stack) -> list[dict[str, Any]]:
    """What each worker said when it started."""
    lines = (line for name in stack.containers("worker") for line in log_lines(name))
    return [line for line in lines if line["event"] == "start"]


def test_three_workers_are_ready(stack: Stack) -> None:
    workers = stack.containers("worker")
    assert [inspect(name)["State"]["Health"]["Status"] for name in workers] == ["healthy"] * 3


def test_all_three_have_one_bundle_and_one_context(stack: Stack) -> None:
    assert len(starts(stack)) == 3
    assert len({(line["bundle"], line["context"]) for line in starts(stack)}) == 1


def test_nothing_can_be_written_but_tmp(stack: Stack) -> None:
    code = (
        "import os; print([at for at in ('/', '/etc/millrace', '/opt/millrace', '/var/lib/millrace',"
        "'/var/lib/millrace/bundles', '/var/lib/millrace/trust', '/tmp') if os.access(at, os.W_OK)])"
    )
    assert docker("exec", stack.containers("worker")[0], "python", "-c", code).strip() == "['/tmp']"


def test_what_goes_in_comes_out_once_shared_among_three(stack: Stack) -> None:
    said = stack.compose("run", "--rm", "--no-TTY", "--no-deps", "feed")
    assert f"{ALERTS:,} sent to alerts.raw" in said
    wait_for(lambda: stack.lag() == 0, DRAIN_S)
    out = made(stack)
    assert set(out) == sent(stack)
    assert {len(events) for events in out.values()} == {1}
    assert {event.context.decode() for (event,) in out.values()} == {starts(stack)[0]["context"]}
    shares = [taken(stack, name) for name in stack.containers("worker")]
    assert (sum(shares), min(shares) > 0) == (ALERTS, True)


def test_up_again_leaves_bundle_topics_and_workers_as_they_are(stack: Stack) -> None:
    before = [inspect(name)["State"]["StartedAt"] for name in stack.containers("worker")]
    stack.up("--no-build")
    assert [inspect(name)["State"]["StartedAt"] for name in stack.containers("worker")] == before
    assert docker("logs", stack.containers("bundle")[0]).count("signed and promoted") == 1


def test_a_worker_that_is_killed_under_load_loses_nothing_and_its_duplicates_are_twins(stack: Stack) -> None:
    victim = stack.containers("worker")[1]
    before, done = taken(stack, victim), stack.count(*OUT)
    stack.compose("run", "--rm", "--detach", "--no-deps", "feed")
    wait_for(lambda: taken(stack, victim) > before + 500)
    docker("kill", victim)
    assert stack.count(*OUT) < done + ALERTS, "all was done before the worker was killed"
    wait_for(lambda: stack.count("alerts.raw") == 2 * ALERTS and stack.lag() == 0, DRAIN_S)
    out = made(stack)
    assert set(out) == sent(stack)
    assert [place for place, events in out.items() if len(set(events)) > 1] == []


def test_a_worker_that_is_told_to_stop_ends_with_0_within_its_grace(stack: Stack) -> None:
    last = stack.containers("worker")[2]
    stack.compose("stop", "worker")
    assert inspect(last)["State"]["ExitCode"] == 0
    assert [line["event"] for line in log_lines(last)][-1] == "stopped"
