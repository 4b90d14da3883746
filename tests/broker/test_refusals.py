"""What goes wrong between us and the brokers is one line that says what to do, in time, and loses nothing."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.range import RangePartitionAssignor

from tests.broker.installation import Installation, eve, wait_for
from tests.broker.secure import KEY_PHRASE, PHRASE, Right, Secured, rights, secured

pytestmark = pytest.mark.broker

WRONG = "another horse entirely"
BOUND_S = 15.0

Given = Callable[[Secured], dict[str, object]]


def plain(cluster: Secured) -> dict[str, object]:
    return {}


def unknown_ca(cluster: Secured) -> dict[str, object]:
    return {**cluster.tls(), "ssl_ca_file": cluster.certificates.other_ca}


def locked(cluster: Secured, **more: object) -> dict[str, object]:
    return cluster.tls(**cluster.certificates.client(phrase=KEY_PHRASE), **more)


# what is wrong: the listener, the settings, words of the line
REFUSED: dict[str, tuple[str, Given, str]] = {
    "a wrong password (PLAIN)": (
        "SASL_TLS",
        lambda cluster: cluster.sasl("PLAIN", phrase=WRONG),
        "it refuses this user or password, SASL_SSL): check sasl_username, sasl_password_file",
    ),
    "a wrong password (SCRAM)": (
        "SASL_TLS",
        lambda cluster: cluster.sasl("SCRAM-SHA-256", phrase=WRONG),
        "it refuses this user or password, SASL_SSL): check sasl_username, sasl_password_file",
    ),
    "a user that there is not": (
        "SASL_TLS",
        lambda cluster: cluster.sasl("SCRAM-SHA-512", user="nobody", phrase=WRONG),
        "it refuses this user or password, SASL_SSL): check sasl_username, sasl_password_file",
    ),
    "a mechanism that the listener has not": (
        "SASL_SCRAM",
        lambda cluster: cluster.sasl("PLAIN", protocol="SASL_PLAINTEXT"),
        "the listener does not offer PLAIN, SASL_PLAINTEXT): set sasl_mechanism",
    ),
    "a CA that is not ours": (
        "TLS",
        unknown_ca,
        "its certificate is of a CA that is not trusted here, SSL): set ssl_ca_file",
    ),
    "no CA at all": (
        "TLS",
        lambda cluster: {"security_protocol": "SSL"},
        "its certificate is of a CA that is not trusted here, SSL): set ssl_ca_file",
    ),
    "a certificate for another host": (
        "ELSEWHERE",
        lambda cluster: cluster.tls(),
        "its certificate does not name it, SSL): set bootstrap to a name",
    ),
    "an expired certificate": (
        "EXPIRED",
        lambda cluster: cluster.tls(),
        "its certificate has expired, SSL): have it renewed",
    ),
    "no client certificate": (
        "MTLS",
        lambda cluster: cluster.tls(),
        "the listener wants a client certificate, SSL): set ssl_cert_file and ssl_key_file",
    ),
    "a client certificate of another CA": (
        "MTLS",
        lambda cluster: cluster.tls(**cluster.certificates.client("unknown")),
        "it refuses our client certificate, SSL): check ssl_cert_file",
    ),
    "PLAINTEXT to a TLS listener": (
        "TLS",
        plain,
        "the listener speaks TLS, PLAINTEXT): set security_protocol to SSL or SASL_SSL",
    ),
    "SASL in the clear to a TLS listener": (
        "SASL_TLS",
        lambda cluster: cluster.sasl("PLAIN", protocol="SASL_PLAINTEXT"),
        "the listener speaks TLS, SASL_PLAINTEXT): set security_protocol to SSL or SASL_SSL",
    ),
    "TLS to a PLAINTEXT listener": (
        "PLAINTEXT",
        lambda cluster: cluster.tls(),
        "the listener does not speak TLS, SSL): set security_protocol to PLAINTEXT",
    ),
    "no user to a SASL listener": (
        "SASL",
        plain,
        "it closes the connection, PLAINTEXT): check that security_protocol",
    ),
    "a user to a listener without SASL": (
        "TLS",
        lambda cluster: cluster.sasl("PLAIN"),
        "the listener wants no user, SASL_SSL): set security_protocol without SASL",
    ),
    "an encrypted key without its password": (
        "MTLS",
        locked,
        "the key of ssl_key_file is encrypted: set ssl_key_password_file",
    ),
    "an encrypted key with another password": (
        "MTLS",
        lambda cluster: locked(cluster, ssl_key_password_file=cluster.secret("wrong-key", WRONG)),
        "the password of ssl_key_password_file does not open ssl_key_file",
    ),
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def far(cluster: Secured, prefix: str, tmp_path: Path) -> Installation:
    """The same installation through the open door, with topics of one partition."""
    return Installation(cluster.bootstrap, prefix, tmp_path, partitions=1).with_topics()


def refused(line: Installation, *args: str) -> str:
    """Run a command that ends with 2 and one line, in time; return the line."""
    began = time.monotonic()
    done = line.run(*args)
    took_s = time.monotonic() - began
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, len(lines), done.stdout) == (2, 1, b""), done.stderr
    assert took_s < BOUND_S
    assert not [secret for secret in (PHRASE, WRONG, KEY_PHRASE) if secret in lines[0]]
    return lines[0]


@pytest.mark.parametrize("case", REFUSED)
def test_a_worker_says_why_it_is_refused(case: str, cluster: Secured, prefix: str, tmp_path: Path) -> None:
    listener, given, words = REFUSED[case]
    bound = {"connect_timeout_s": 2, "log_level": "debug", "http": "false"}
    line = Installation(cluster.address(listener), prefix, tmp_path, **bound, **given(cluster))
    assert words in refused(line, "worker")


@pytest.mark.parametrize("command", [["topics"], ["status"], ["watch", "dead"], ["send", "-"]], ids=" ".join)
def test_every_command_says_it_alike(
    command: list[str], cluster: Secured, prefix: str, tmp_path: Path
) -> None:
    listener, given, words = REFUSED["a wrong password (SCRAM)"]
    line = Installation(cluster.address(listener), prefix, tmp_path, connect_timeout_s=2, **given(cluster))
    assert words in refused(line, *command)


# Rights -----------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(cluster: Secured, far: Installation, prefix: str, tmp_path: Path) -> Installation:
    """As the user ``<prefix>worker``, who has what docs/security.md lists."""
    user = f"{prefix}worker"
    cluster.user(user)
    cluster.allow(user, rights("worker", prefix).values())
    settings = cluster.sasl("SCRAM-SHA-256", user, protocol="SASL_PLAINTEXT")
    return Installation(
        cluster.address("SASL"), prefix, tmp_path, http="false", produce_timeout_s=20, **settings
    )


# the right that is missing: the line
AT_START = {
    "READ raw": "topic {}raw: this user may not READ it",
    "WRITE enriched": "topic {}enriched: this user may not WRITE it",
    "WRITE escalated": "topic {}escalated: this user may not WRITE it",
    "WRITE dead": "topic {}dead: this user may not WRITE it",
    "READ state": "topic {}state: this user may not READ it",
    "WRITE state": "topic {}state: this user may not WRITE it",
    "READ group": "group {}group: this user may not READ it",
}


@pytest.mark.parametrize("right", AT_START)
def test_a_right_that_is_missing_at_start_is_a_line_that_names_it(
    right: str, cluster: Secured, worker: Installation, prefix: str
) -> None:
    cluster.forbid(f"{prefix}worker", rights("worker", prefix)[right])
    told = refused(worker, "worker")
    assert told.removeprefix("millrace: ").startswith(AT_START[right].format(prefix))
    assert told.endswith("(docs/security.md has the list)")


def test_every_right_that_a_worker_needs_has_a_line_of_its_own() -> None:
    assert set(AT_START) == {name for name in rights("worker", "") if not name.startswith("DESCRIBE_CONFIGS")}


def test_without_any_right_there_is_a_line_for_each_topic_and_the_group(
    cluster: Secured, worker: Installation, prefix: str
) -> None:
    for right in rights("worker", prefix).values():
        cluster.forbid(f"{prefix}worker", right)
    done = worker.run("worker")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 6)


def test_without_a_look_at_the_settings_a_worker_starts_and_says_what_it_could_not_check(
    cluster: Secured, worker: Installation, far: Installation, prefix: str
) -> None:
    for name, right in rights("worker", prefix).items():
        if name.startswith("DESCRIBE_CONFIGS"):
            cluster.forbid(f"{prefix}worker", right)
    far.produce([eve(1)])
    with worker.process("worker"):
        wait_for(lambda: far.count("enriched") == 1)
    assert "DESCRIBE_CONFIGS" in worker.log()


# the right that is taken away while the worker runs: words of its last error, and what is produced then
AT_RUN_TIME: dict[str, tuple[str, str, Any]] = {
    "READ raw": ("{}raw", "TopicAuthorizationFailedError", eve(1)),
    "WRITE enriched": ("{}enriched", "TopicAuthorizationFailedError", eve(1)),
    "WRITE dead": ("{}dead", "TopicAuthorizationFailedError", b"not json"),
    "READ group": ("{}group", "GroupAuthorizationFailedError", eve(1)),
}


@pytest.mark.parametrize("right", AT_RUN_TIME)
def test_a_right_that_is_taken_away_ends_the_worker_with_nothing_acknowledged(
    right: str, cluster: Secured, worker: Installation, far: Installation, prefix: str
) -> None:
    place, error, value = AT_RUN_TIME[right]
    with worker.process("worker") as process:
        wait_for(lambda: '"restored"' in worker.log())
        cluster.forbid(f"{prefix}worker", rights("worker", prefix)[right])
        far.produce([value])
        assert process.wait(60) == 1
    told = [text for text in worker.log().splitlines() if place.format(prefix) in text and error in text]
    assert (bool(told), "Traceback" in worker.log(), far.json("status")["lag"]) == (True, False, 1)


def test_a_right_that_is_given_back_lets_the_next_worker_do_what_was_left(
    cluster: Secured, worker: Installation, far: Installation, prefix: str
) -> None:
    user, right = f"{prefix}worker", rights("worker", prefix)["WRITE enriched"]
    with worker.process("worker") as process:
        wait_for(lambda: '"restored"' in worker.log())
        cluster.forbid(user, right)
        far.produce([eve(1), b"not json", eve(2)])
        assert process.wait(60) == 1
    cluster.allow(user, [right])
    with worker.process("worker"):
        wait_for(far.drained)
    assert (far.count("enriched"), far.count("dead") > 0) == (2, True)


def test_a_sender_without_the_right_says_so_before_it_sends(
    cluster: Secured, far: Installation, prefix: str, tmp_path: Path
) -> None:
    user = f"{prefix}sender"
    cluster.user(user)
    cluster.allow(user, [Right("topic", f"{prefix}raw", "describe")])
    settings = cluster.sasl("SCRAM-SHA-256", user, protocol="SASL_PLAINTEXT")
    told = refused(Installation(cluster.address("SASL"), prefix, tmp_path, **settings), "send", "-")
    assert told.startswith(f"millrace: topic {prefix}raw: this user may not WRITE it")


def test_a_worker_in_the_group_of_another_kind_of_consumer_says_so_and_ends(
    cluster: Secured, far: Installation
) -> None:
    group = far.env["MILLRACE_GROUP"]
    with KafkaConsumer(
        far.topics["raw"],
        bootstrap_servers=cluster.bootstrap,
        group_id=group,
        partition_assignment_strategy=[RangePartitionAssignor],
    ) as other:
        wait_for(lambda: bool(other.poll(timeout_ms=200)) or bool(other.assignment()))
        with far.process("worker") as process:
            assert process.wait(60) == 1
    words = f"group {group} refuses us: [Error 23] InconsistentGroupProtocolError: another kind of consumer"
    assert words in far.log()


# Header names -----------------------------------------------------------------------------------------------


class Name(str):
    """A header's name as a producer in another language writes it."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        """Return its bytes as they are."""
        return super().encode("latin-1")


@pytest.mark.parametrize("codec", [None, "gzip"])
def test_a_header_whose_name_is_not_utf_8_holds_up_nobody(
    codec: str | None, cluster: Secured, far: Installation
) -> None:
    with KafkaProducer(
        bootstrap_servers=cluster.bootstrap, compression_type=codec, linger_ms=200
    ) as producer:
        for n in range(20):
            headers = [(Name("tr\xff\xfece"), b"v")] if n % 3 == 1 else []
            producer.send(far.topics["raw"], value=eve(n), headers=headers)
        producer.send(far.topics["raw"], value=b"not json", headers=[(Name("\xff"), b"v")])
    with far.process("worker") as process:
        wait_for(far.drained)
        assert process.poll() is None
    assert (far.count("enriched"), far.count("dead")) == (20, 1)
    scored = far.run("score", "--topic", far.topics["raw"], "--cold")
    assert (scored.returncode, len(scored.stdout.splitlines())) == (0, 20)
