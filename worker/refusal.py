"""Why a broker was of no use, in words, and what to do: from what the client said while it tried.

The client tries for as long as it may and its last words are often about the end of that time, so the best
of all its reasons is taken: REFUSALS is in order, best first.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

from worker.settings import Settings

PROBE_S: Final = 2.0


class Refusal(NamedTuple):
    """said: words of kafka-python, OpenSSL or the broker. plain, todo: ours; ``{…}`` are settings."""

    said: str
    plain: str
    todo: str
    vague: bool = False  # somebody else may know better


TLS_THERE: Final = "the listener speaks TLS"
REFUSALS: Final = (
    Refusal(
        "UnsupportedSaslMechanism",
        "the listener does not offer {sasl_mechanism}",
        "set sasl_mechanism to one that it offers",
    ),
    Refusal(
        "SaslAuthenticationFailed|Authentication failed|invalid credentials",
        "it refuses this user or password",
        "check sasl_username, sasl_password_file and sasl_mechanism",
    ),
    Refusal(
        "IllegalSaslState",
        "the listener wants no user",
        "set security_protocol without SASL, or the address of the SASL listener",
    ),
    Refusal(
        "certificate has expired",
        "its certificate has expired",
        "have it renewed, or set this machine's clock",
    ),
    Refusal(
        "certificate is not yet valid",
        "its certificate is not valid yet",
        "set this machine's clock",
    ),
    Refusal(
        "address mismatch|[Hh]ostname mismatch|doesn't match",
        "its certificate does not name it",
        "set bootstrap to a name that the certificate has",
    ),
    Refusal(
        "unable to get (local )?issuer|self.signed",
        "its certificate is of a CA that is not trusted here",
        "set ssl_ca_file to the PEM of that CA",
    ),
    Refusal(
        "ALERT_CERTIFICATE_REQUIRED",
        "the listener wants a client certificate",
        "set ssl_cert_file and ssl_key_file",
    ),
    Refusal(
        "ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE|ACCESS_DENIED)|ALERT_DECRYPT_ERROR",
        "it refuses our client certificate",
        "check ssl_cert_file: is it of a CA that the brokers trust, and not expired?",
    ),
    Refusal(
        f"{TLS_THERE}|Invalid frame length: 35[0-9]{{7}}",  # a TLS alert, read as a length
        TLS_THERE,
        "set security_protocol to SSL or SASL_SSL",
    ),
    Refusal(
        "WRONG_VERSION_NUMBER|UNEXPECTED_EOF|EOF occurred|RECORD_LAYER_FAILURE",
        "the listener does not speak TLS",
        "set security_protocol to PLAINTEXT or SASL_PLAINTEXT, or the address of the TLS listener",
    ),
    Refusal(
        "ALERT_|\\[SSL",
        "TLS came to nothing",
        "check the ssl_* settings",
    ),
    Refusal(
        "socket disconnected|Connection at .* closed|IncompleteRead",
        "it closes the connection",
        "check that security_protocol is what this listener speaks",
        vague=True,
    ),
    Refusal(
        "Incompatible|UnsupportedVersion|No version of the|does not support the",
        "it is too old",
        "Millrace needs Apache Kafka 2.3 or newer",
    ),
    Refusal(
        "ECONNREFUSED|ConnectionRefused",
        "connection refused",
        "start one with `millrace broker`, or set MILLRACE_BOOTSTRAP",
    ),
    Refusal(
        "DNS",
        "unknown host name",
        "start one with `millrace broker`, or set MILLRACE_BOOTSTRAP",
    ),
)
SILENT: Final = Refusal(
    "", "no answer", "start one with `millrace broker`, or set MILLRACE_BOOTSTRAP", vague=True
)
UNKNOWN: Final = "check security_protocol and the sasl_* and ssl_* settings"
# The client's own time was over: this is never why.
OVER: Final = re.compile("RequestTimedOut|KafkaTimeout|timed out|Timeout")


def refusal(reasons: Sequence[str]) -> Refusal:
    """Return the best of the reasons, the last one in its own words if none is known."""
    for known in REFUSALS:
        if any(re.search(known.said, reason) for reason in reasons):
            return known
    telling = [reason for reason in reasons if reason and not OVER.search(reason)]
    return Refusal("", telling[-1], UNKNOWN, vague=True) if telling else SILENT


def line(settings: Settings, reasons: Sequence[str]) -> str:
    """Return the line for a person. It never has a secret: the settings name files."""
    found = refusal(reasons)
    where = f"{', '.join(settings.bootstrap)} within {settings.connect_timeout_s:g} s"
    plain = found.plain.replace("{sasl_mechanism}", settings.sasl_mechanism)
    return f"no usable Kafka broker at {where} ({plain}, {settings.security_protocol}): {found.todo}"


def second_opinion(address: str, options: Mapping[str, Any]) -> list[str]:
    """Return what else a connection to this broker tells; options: as ``aiokafka_options`` gives them.

    kafka-python 3.0 drops an answer that comes together with the end of the connection, and a refused login
    is just that. aiokafka reads it. To a client that does not speak TLS, the listener's alert says nothing
    that either would tell: so that is asked for, too.
    """
    reasons = []
    try:
        asyncio.run(_connect(address, options))
    except (OSError, KafkaError, TimeoutError, asyncio.IncompleteReadError) as error:
        reasons.append(repr(error))
    if not options["security_protocol"].endswith("SSL") and speaks_tls(address):
        reasons.append(TLS_THERE)
    return reasons


async def _connect(address: str, options: Mapping[str, Any]) -> None:
    host, port = _host_and_port(address)
    wanted = {key: value for key, value in options.items() if key != "bootstrap_servers"}
    async with asyncio.timeout(PROBE_S):
        connection = await create_conn(host, port, request_timeout_ms=int(PROBE_S * 1000), **wanted)
    connection.close()


def speaks_tls(address: str) -> bool:
    """Whether a TLS handshake gets an answer. Nothing is said over it, so nothing is verified."""
    host, port = _host_and_port(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), PROBE_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except (OSError, ValueError):
        return False


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
