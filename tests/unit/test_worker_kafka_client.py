"""How the clients are told to connect: secrets from files, and never in a message."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.broker.secure import Certificates
from worker.kafka_client import (
    KafkaUnreachable,
    admin,
    aiokafka_options,
    consumer,
    credentials,
    options,
    unreachable,
)
from worker.settings import Settings

PHRASE = "correct horse"


@pytest.fixture
def sasl(tmp_path: Path) -> Settings:
    file = tmp_path / "password"
    file.write_text(PHRASE + "\n")
    return Settings(
        bootstrap=("kafka:9092",),
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username="millrace",
        sasl_password_file=file,
    )


def test_plaintext_needs_nothing_else() -> None:
    given = options(Settings(bootstrap=("a:1", "b:2")))
    assert (given["bootstrap_servers"], given["security_protocol"]) == (["a:1", "b:2"], "PLAINTEXT")
    assert credentials(Settings()) is None


def test_the_password_is_the_file_without_its_line_end(sasl: Settings) -> None:
    for given in (options(sasl), aiokafka_options(sasl)):
        assert (given["sasl_mechanism"], given["sasl_plain_password"]) == ("SCRAM-SHA-256", PHRASE)


def test_faust_is_given_the_same(sasl: Settings) -> None:
    given = credentials(sasl)
    assert (given.protocol.value, given.mechanism.value) == ("SASL_PLAINTEXT", "SCRAM-SHA-256")
    assert (given.username, given.password) == ("millrace", PHRASE)


def test_no_representation_of_settings_or_credentials_has_the_password(sasl: Settings) -> None:
    assert PHRASE not in repr(sasl) + repr(credentials(sasl)) + unreachable(sasl, "Authentication failed")


def test_tls_makes_a_context_for_both_clients_and_faust() -> None:
    settings = Settings(security_protocol="SSL", ssl_check_hostname=False)
    assert not options(settings)["ssl_context"].check_hostname
    assert credentials(settings).context.verify_mode.name == "CERT_REQUIRED"


def test_a_ca_file_that_is_none_is_one_line_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(KafkaUnreachable, match=r"^TLS: .*: check ssl_ca_file$"):
        options(Settings(security_protocol="SSL", ssl_ca_file=file))


def test_an_empty_password_file_is_told_and_not_tried(sasl: Settings) -> None:
    assert sasl.sasl_password_file is not None
    sasl.sasl_password_file.write_text("\n")
    with pytest.raises(KafkaUnreachable, match=r"^sasl_password_file: the file that it names is empty$"):
        options(sasl)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def tls(certificates: Certificates, **more: object) -> Settings:
    return Settings(security_protocol="SSL", ssl_ca_file=certificates.ca, **more)


def test_an_encrypted_key_is_opened_with_the_password_of_its_file(
    certificates: Certificates, tmp_path: Path
) -> None:
    file = tmp_path / "key-password"
    file.write_text(PHRASE + "\n")
    given = tls(certificates, **certificates.client(phrase=PHRASE), ssl_key_password_file=file)
    assert options(given)["ssl_context"].check_hostname


def test_an_encrypted_key_without_its_password_is_told_and_asks_nobody(certificates: Certificates) -> None:
    with pytest.raises(KafkaUnreachable, match=r"is encrypted: set ssl_key_password_file$"):
        options(tls(certificates, **certificates.client(phrase=PHRASE)))


def test_an_encrypted_key_with_another_password_is_told_without_it(
    certificates: Certificates, tmp_path: Path
) -> None:
    file = tmp_path / "key-password"
    file.write_text("another\n")
    with pytest.raises(KafkaUnreachable, match=r"does not open ssl_key_file$") as caught:
        options(tls(certificates, **certificates.client(phrase=PHRASE), ssl_key_password_file=file))
    assert "another" not in str(caught.value)


def test_a_key_of_another_certificate_is_told(certificates: Certificates) -> None:
    key = certificates.client("unknown")["ssl_key_file"]
    with pytest.raises(KafkaUnreachable, match=r"^TLS: ssl_key_file is not the key of ssl_cert_file$"):
        options(tls(certificates, **{**certificates.client(), "ssl_key_file": key}))


def test_a_key_file_that_holds_no_key_is_told_without_its_name(certificates: Certificates) -> None:
    given = {**certificates.client(), "ssl_key_file": certificates.ca}
    with pytest.raises(KafkaUnreachable, match=r"^TLS: no PEM: check ssl_cert_file and ssl_key_file$"):
        options(tls(certificates, **given))


# Kafka 0.10: Produce, Fetch, ListOffsets, Metadata and ApiVersions, and the highest version of each.
OLD = {0: 2, 1: 2, 2: 0, 3: 1, 18: 0}
UNSUPPORTED_VERSION = 35


@contextmanager
def old_broker() -> Iterator[str]:
    """A server that speaks no more of the protocol than ``OLD``, and knows itself as the only broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer(key: int, version: int) -> bytes:
            if key == 18:
                error = UNSUPPORTED_VERSION if version else 0
                known = b"".join(struct.pack("!hhh", each, 0, most) for each, most in OLD.items())
                return struct.pack("!hi", error, len(OLD)) + known
            host = b"127.0.0.1"
            broker = struct.pack("!ih", 1, len(host)) + host + struct.pack("!ih", port, -1)
            return struct.pack("!i", 1) + broker + struct.pack("!ii", 1, 0)  # controller 1, no topics

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError, struct.error), connection.makefile("rb") as requests:
                while True:
                    (size,) = struct.unpack("!i", requests.read(4))
                    key, version, correlation = struct.unpack_from("!hhi", requests.read(size))
                    reply = struct.pack("!i", correlation) + answer(key, version)
                    connection.sendall(struct.pack("!i", len(reply)) + reply)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=[server.accept()[0]], daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{port}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize("client", [admin, consumer])
def test_a_broker_that_is_too_old_is_told_with_what_is_needed(client: Any) -> None:
    with (
        old_broker() as address,
        pytest.raises(KafkaUnreachable, match=r"\(it is too old, .*needs Apache Kafka 2\.3 or newer$"),
        client(Settings(bootstrap=(address,))),
    ):
        pass
