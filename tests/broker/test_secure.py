"""The whole line over secured listeners: SASL with each mechanism, mutual TLS, and the rights it needs."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.broker.installation import Installation, eve, wait_for
from tests.broker.secure import BRIEF_MS, KEY_PHRASE, PHRASE, USER, Secured, rights, secured

pytestmark = pytest.mark.broker

# listener, and the settings of a client
WAYS: dict[str, tuple[str, Callable[[Secured], dict[str, object]]]] = {
    "PLAIN over TLS": ("SASL_TLS", lambda cluster: cluster.sasl("PLAIN")),
    "SCRAM-SHA-256 over TLS": ("SASL_TLS", lambda cluster: cluster.sasl("SCRAM-SHA-256")),
    "SCRAM-SHA-512 over TLS": ("SASL_TLS", lambda cluster: cluster.sasl("SCRAM-SHA-512")),
    "SCRAM-SHA-512 in the clear": (
        "SASL",
        lambda cluster: cluster.sasl("SCRAM-SHA-512", protocol="SASL_PLAINTEXT"),
    ),
    "TLS": ("TLS", lambda cluster: cluster.tls()),
    "mutual TLS": ("MTLS", lambda cluster: cluster.tls(**cluster.certificates.client())),
    "mutual TLS with an encrypted key": (
        "MTLS",
        lambda cluster: cluster.tls(
            **cluster.certificates.client(phrase=KEY_PHRASE),
            ssl_key_password_file=cluster.secret("key-password", KEY_PHRASE),
        ),
    ),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def far(cluster: Secured, prefix: str, tmp_path: Path) -> Installation:
    """The same installation through the open door."""
    return Installation(cluster.bootstrap, prefix, tmp_path, partitions=2)


def over(cluster: Secured, listener: str, prefix: str, home: Path, **settings: object) -> Installation:
    return Installation(cluster.address(listener), prefix, home, partitions=2, http="false", **settings)


@pytest.mark.parametrize("way", WAYS)
def test_an_alert_goes_in_and_its_event_comes_out(
    way: str, cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    listener, settings = WAYS[way]
    line = over(cluster, listener, prefix, tmp_path, **settings(cluster))
    assert line.run("topics", "--apply").returncode == 0
    assert line.json("send", "-", given=eve(1) + b"\nnot json\n")["sent"] == 2
    with line.process("worker"):
        wait_for(lambda: (far.count("enriched"), far.count("dead")) == (1, 1))
        wait_for(line.drained)


def test_every_command_works_over_a_secured_listener_and_none_says_the_password(
    cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    settings = cluster.sasl("SCRAM-SHA-512")
    line = over(cluster, "SASL_TLS", prefix, tmp_path, log_level="debug", **settings)
    done = [line.run("topics", "--apply"), line.run("topics"), line.run("send", "-", given=eve(1) + b"\n")]
    with line.process("worker"):
        wait_for(lambda: far.count("enriched") == 1)
        done.append(line.run("status", "--json"))
        watched = ("watch", "enriched", "--json", "--from-beginning", "--count", "1", "--timeout", "40")
        done.append(line.run(*watched))
    done.append(line.run("score", "--topic", line.topics["raw"], "--cold"))
    assert [each.returncode for each in done] == [0] * len(done)
    assert json.loads(done[-2].stdout)["metadata"]["uid"] == json.loads(done[-1].stdout)["metadata"]["uid"]
    said = line.log() + b"".join(each.stdout + each.stderr for each in done).decode()
    assert PHRASE not in said


def test_a_password_in_any_script_with_spaces_is_the_same_to_client_and_broker(
    cluster: Secured, prefix: str, tmp_path: Path
) -> None:
    phrase = '  grüße → 東京 \\ "quoted" = '
    cluster.user("anyone", phrase)
    settings = cluster.sasl("SCRAM-SHA-256", "anyone", phrase)
    done = over(cluster, "SASL_TLS", prefix, tmp_path, **settings).run("topics")
    assert b"it refuses this user" not in done.stderr


def test_a_worker_needs_no_more_rights_than_the_list_says(
    cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    user = f"{prefix}worker"
    cluster.user(user)
    cluster.allow(user, rights("worker", prefix).values())
    far.run("topics", "--apply")
    far.produce([eve(1), b"not json"])
    settings = cluster.sasl("SCRAM-SHA-512", user, protocol="SASL_PLAINTEXT")
    line = over(cluster, "SASL", prefix, tmp_path, snapshot_s=1, **settings)
    with line.process("worker"):
        wait_for(lambda: (far.count("enriched"), far.count("dead")) == (1, 1))
        wait_for(far.drained)
        wait_for(lambda: far.count("state") > 0)
    assert "Authorization" not in line.log()


# role: what it does, in its order, and the exit codes that are right
ROLES: dict[str, list[tuple[int, list[str]]]] = {
    "operator": [
        (0, ["topics", "--apply"]),
        (0, ["topics"]),
        (0, ["status"]),
        (0, ["watch", "dead", "--from-beginning", "--count", "1", "--timeout", "40"]),
        (0, ["dead", "list"]),
        (0, ["score", "--topic", "{}raw", "--cold"]),
        (0, ["dead", "redrive", "--all", "--yes"]),
    ],
    "sender": [(0, ["send", "-"])],
    "analyst": [
        (0, ["watch", "enriched", "--from-beginning", "--count", "1", "--timeout", "40"]),
        (1, ["watch", "escalated", "--count", "1", "--timeout", "1"]),
    ],
}


def test_each_role_can_do_its_work_with_the_rights_of_the_list(
    cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    lines = {}
    for role in ROLES:
        user = f"{prefix}{role}"
        cluster.user(user)
        cluster.allow(user, rights(role, prefix).values())
        settings = cluster.sasl("SCRAM-SHA-512", user, protocol="SASL_PLAINTEXT")
        lines[role] = over(cluster, "SASL", prefix, tmp_path, **settings)
    assert lines["operator"].run("topics", "--apply").returncode == 0
    far.produce([eve(1), b"not json"])
    with far.process("worker"):
        wait_for(lambda: (far.count("enriched"), far.count("dead")) == (1, 1))
    for role, work in ROLES.items():
        for code, args in work:
            done = lines[role].run(*(word.format(prefix) for word in args), given=eve(2) + b"\n")
            assert (done.returncode, b"Authorization" in done.stderr) == (code, False), done


def test_a_broker_that_ends_each_login_after_seconds_loses_nothing(
    cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    far.run("topics", "--apply")
    settings = cluster.sasl("SCRAM-SHA-256", USER, protocol="SASL_PLAINTEXT")
    line = over(cluster, "SASL_BRIEF", prefix, tmp_path, **settings)
    over_by = time.monotonic() + 3 * BRIEF_MS / 1000
    sent = 0
    with (
        line.process("worker") as worker,
        KafkaProducer(bootstrap_servers=cluster.bootstrap) as producer,
    ):
        while time.monotonic() < over_by:
            producer.send(line.topics["raw"], value=eve(sent)).get(30)
            sent += 1
            wait_for(lambda least=sent: far.count("enriched") >= least)  # type: ignore[misc]
        wait_for(far.drained)
        assert worker.poll() is None
