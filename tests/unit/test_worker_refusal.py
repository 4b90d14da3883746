"""What is said when no broker could be used: the best of the client's reasons, in words, and what to do."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.broker.secure import Certificates
from worker.broker.ready import free_ports
from worker.kafka_client import aiokafka_options
from worker.refusal import REFUSALS, line, refusal, second_opinion, speaks_tls
from worker.settings import Settings

# As kafka-python 3.0 and OpenSSL 3 word them, each seen at a real broker (tests/broker/test_refusals.py).
SEEN = {
    "[Error 33] UnsupportedSaslMechanismError": "does not offer",
    "[Error 58] SaslAuthenticationFailedError: Authentication failed: Invalid username": "this user",
    "[Error 34] IllegalSaslStateError": "wants no user",
    "certificate verify failed: certificate has expired (_ssl.c:1006)": "expired",
    "certificate verify failed: certificate is not yet valid (_ssl.c:1006)": "not valid yet",
    "IP address mismatch, certificate is not valid for '127.0.0.1'. (_ssl.c:1006)": "does not name it",
    "certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)": "not trusted",
    "certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)": "not trusted",
    "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required": "wants a client",
    "[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2580)": "our client certificate",
    "[SSL: SSLV3_ALERT_CERTIFICATE_UNKNOWN] sslv3 alert certificate unknown": "our client certificate",
    "InvalidReceiveError: Invalid frame length: 352518912": "speaks TLS",
    "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol": "does not speak TLS",
    "[SSL: SOMETHING_ELSE] something else": "TLS came to nothing",
    "socket disconnected": "closes the connection",
    "IncompatibleBrokerVersion: Kafka broker does not support the 'Metadata' Kafka protocol.": "too old",
    "KafkaConnectionError: Connection at 127.0.0.1:9092 closed": "closes the connection",
    "111 ECONNREFUSED": "connection refused",
    "ConnectionRefusedError(111, 'Connect call failed')": "connection refused",
    "DNS Resolution failure": "unknown host name",
}


@pytest.mark.parametrize(("reason", "words"), SEEN.items())
def test_a_reason_is_told_in_words(reason: str, words: str) -> None:
    assert words in refusal([reason]).plain


def test_every_entry_of_the_table_has_been_seen() -> None:
    assert {refusal([reason]) for reason in SEEN} == set(REFUSALS)


def test_the_best_reason_is_told_though_the_last_is_a_time_out() -> None:
    reasons = ["SaslAuthenticationFailedError", "socket disconnected", "RequestTimedOutError after 159 ms"]
    assert refusal(reasons).plain == "it refuses this user or password"


def test_without_a_reason_there_was_no_answer() -> None:
    assert refusal(["KafkaTimeoutError"]).plain == refusal([]).plain == "no answer"


def test_a_reason_that_nobody_knows_is_told_in_its_own_words() -> None:
    assert refusal(["the dog ate it"]).plain == "the dog ate it"


@pytest.mark.parametrize("reason", SEEN)
def test_the_line_is_one_names_the_broker_and_the_protocol_and_fills_in_settings(reason: str) -> None:
    told = line(Settings(bootstrap=("a:1", "b:2")), [reason])
    assert told.startswith("no usable Kafka broker at a:1, b:2 within 5 s (")
    assert ("PLAINTEXT" in told, "{" in told, "\n" in told) == (True, False, False)


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[str]:
    """Connections with TLS, or closed at their first bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    if context is None:
                        connection.recv(1024)
                    else:
                        context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_listener_that_speaks_tls_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    files = Certificates(tmp_path).client("broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(files["ssl_cert_file"]), str(files["ssl_key_file"]))
    with listening(context) as address:
        assert speaks_tls(address)
    with listening(None) as address:
        assert not speaks_tls(address)


def test_a_second_opinion_tells_of_tls(tmp_path: Path) -> None:
    files = Certificates(tmp_path).client("broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(files["ssl_cert_file"]), str(files["ssl_key_file"]))
    with listening(context) as address:
        reasons = second_opinion(address, aiokafka_options(Settings(bootstrap=(address,))))
    assert refusal(["socket disconnected", *reasons]).plain == "the listener speaks TLS"


def test_a_second_opinion_about_nobody_is_that() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    reasons = second_opinion(address, aiokafka_options(Settings(bootstrap=(address,))))
    assert refusal(reasons).plain == "connection refused"
