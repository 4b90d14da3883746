"""How the two Kafka clients and Faust are connected, and what is said when they are not.

    options          for kafka-python: command line, checks, reading
    aiokafka_options for aiokafka: the worker's producer
    credentials      for Faust: its consumer

Passwords are read from the files that the settings name, at the moment they are needed, and are never logged:
both clients print their options and their records at level debug, so ``worker.log`` keeps them above it.
"""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import kafka
from kafka.errors import KafkaError, KafkaTimeoutError

from enrich.errors import MillraceError
from worker.settings import Settings

CLIENT_ID: Final = "millrace"
# kafka-python's words for a broker that is not there, and ours.
_AWAY: Final = {
    "ECONNREFUSED": "connection refused",
    "DNS": "unknown host name",
    "socket disconnected": "no answer",
    "no answer": "no answer",
}


class KafkaUnreachable(MillraceError):
    """No broker answered, or it refused us. ``str(error)`` is one line that says which and what to do."""


def options(settings: Settings) -> dict[str, Any]:
    """Return what kafka-python's KafkaConsumer, KafkaProducer and KafkaAdminClient all take."""
    return {
        "bootstrap_servers": list(settings.bootstrap),
        "client_id": CLIENT_ID,
        "bootstrap_timeout_ms": int(settings.connect_timeout_s * 1000),
        **_security(settings),
    }


def aiokafka_options(settings: Settings) -> dict[str, Any]:
    """Return what aiokafka's producer and consumer both take."""
    return {"bootstrap_servers": list(settings.bootstrap), "client_id": CLIENT_ID, **_security(settings)}


def credentials(settings: Settings) -> Any:
    """Return Faust's credentials object, None for PLAINTEXT."""
    from faust.auth import SASLCredentials, SSLCredentials

    security = _security(settings)
    if settings.security_protocol.startswith("SASL"):
        return SASLCredentials(
            mechanism=security["sasl_mechanism"],
            username=security["sasl_plain_username"],
            password=security["sasl_plain_password"],
            ssl_context=security.get("ssl_context"),
        )
    return SSLCredentials(security["ssl_context"]) if "ssl_context" in security else None


def _security(settings: Settings) -> dict[str, Any]:
    security: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol.startswith("SASL"):
        security["sasl_mechanism"] = settings.sasl_mechanism
        security["sasl_plain_username"] = settings.sasl_username
        security["sasl_plain_password"] = _secret("sasl_password_file", settings.sasl_password_file)
    if settings.security_protocol.endswith("SSL"):
        security["ssl_context"] = _ssl_context(settings)
    return security


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    password = _secret("ssl_key_password_file", settings.ssl_key_password_file)
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
        context.check_hostname = settings.ssl_check_hostname
        if settings.ssl_cert_file:
            # An encrypted key without a password must fail, not ask at the terminal.
            context.load_cert_chain(settings.ssl_cert_file, settings.ssl_key_file, lambda: password or "")
    except (OSError, ValueError) as error:
        # The settings' names, not their values: somebody may have put a key itself there.
        names = [name for name in ("ssl_ca_file", "ssl_cert_file", "ssl_key_file") if getattr(settings, name)]
        reason = (
            error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
        )
        raise KafkaUnreachable(
            f"TLS: {reason}: check {', '.join(names) or 'the CAs of the system'}"
        ) from None
    return context


def _secret(name: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # Not the path: somebody may have put the password itself there.
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise KafkaUnreachable(f"{name}: the file that it names cannot be read ({reason})") from None


@contextmanager
def admin(settings: Settings) -> Iterator[Any]:
    """Yield a KafkaAdminClient. Raises KafkaUnreachable."""
    client = connect(kafka.KafkaAdminClient, settings)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def consumer(settings: Settings, **more: Any) -> Iterator[Any]:
    """Yield a KafkaConsumer without a group, that commits nothing. Raises KafkaUnreachable."""
    # An alert at the limit, enriched, is larger than the client's default of 1 MiB per partition.
    fetch = {"max_partition_fetch_bytes": max(settings.output_limit, 4 * 1_048_576)}
    silent = {"group_id": None, "enable_auto_commit": False, "allow_auto_create_topics": False}
    client = connect(kafka.KafkaConsumer, settings, **silent, **fetch, **more)
    try:
        yield client
    finally:
        client.close()


def connect(client: Callable[..., Any], settings: Settings, **more: Any) -> Any:
    """Return ``client(**options)``, connected. Raises KafkaUnreachable after ``connect_timeout_s``."""
    with _reasons() as reasons:
        try:
            return client(**options(settings), **more)
        except KafkaTimeoutError:
            raise KafkaUnreachable(unreachable(settings, reasons[-1] if reasons else "no answer")) from None


def unreachable(settings: Settings, reason: str) -> str:
    """Return the line that says that no broker could be used; ``reason`` is the client's own word for it."""
    away = next((plain for word, plain in _AWAY.items() if word in reason), None)
    what = "check security_protocol and the sasl_* and ssl_* settings"
    if away:
        what = "start one with `millrace broker`, or set MILLRACE_BOOTSTRAP"
    where = f"{', '.join(settings.bootstrap)} within {settings.connect_timeout_s:g} s"
    return f"no usable Kafka broker at {where} ({away or reason}, {settings.security_protocol}): {what}"


def message(error: KafkaError) -> str:
    """Return one line for a person about any error of kafka-python."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return text if name in text else f"{name}: {text}".removesuffix(": ")


class _Reasons(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.reasons: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # "Connection lost: %s", the only place where kafka-python 3.0 tells why it could not bootstrap.
        if record.args and "Connection lost" in str(record.msg):
            last = record.args[-1] if isinstance(record.args, tuple) else record.args
            self.reasons.append(str(last).removeprefix("KafkaConnectionError: "))


@contextmanager
def _reasons() -> Iterator[list[str]]:
    handler, logger = _Reasons(), logging.getLogger("kafka.net")
    logger.addHandler(handler)
    logger.propagate = False  # four lines of its own for each try, where ours is one
    try:
        yield handler.reasons
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
