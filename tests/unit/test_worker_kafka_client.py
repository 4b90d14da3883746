"""How the clients are told to connect: secrets from files, and never in a message."""

from pathlib import Path

import pytest

from worker.kafka_client import KafkaUnreachable, aiokafka_options, credentials, options, unreachable
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


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("111 ECONNREFUSED", "connection refused"),
        ("DNS Resolution failure", "unknown host name"),
        (
            "[Error 58] SaslAuthenticationFailedError",
            "check security_protocol and the sasl_* and ssl_* settings",
        ),
    ],
)
def test_an_unreachable_broker_is_told_in_words(reason: str, words: str) -> None:
    assert words in unreachable(Settings(), reason)
