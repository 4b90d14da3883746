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
from kafka.errors import KafkaError

from enrich.errors import MillraceError
from worker import refusal
from worker.header_names import tolerate
from worker.settings import Settings

CLIENT_ID: Final = "millrace"
# What a user may do with topics and groups is asked of the brokers: KIP-430, in Kafka 2.3.
OLDEST: Final = (2, 3)


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
    # The settings' names in each line, not their values: somebody may have put a key itself there.
    try:
        context = ssl.create_default_context(cafile=settings.ssl_ca_file)
    except (OSError, ValueError) as error:
        names = "ssl_ca_file" if settings.ssl_ca_file else "the CAs of the system"
        raise KafkaUnreachable(f"TLS: {_reason(error)}: check {names}") from None
    context.check_hostname = settings.ssl_check_hostname
    if settings.ssl_cert_file:
        _load_certificate(context, settings)
    return context


def _load_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    password = _secret("ssl_key_password_file", settings.ssl_key_password_file)
    asked = []

    def given() -> str:
        asked.append(True)
        return password or ""  # an encrypted key without a password must fail, not ask at the terminal

    try:
        context.load_cert_chain(str(settings.ssl_cert_file), settings.ssl_key_file, given)
    except (OSError, ValueError) as error:
        if asked and password is None:
            raise KafkaUnreachable(
                "TLS: the key of ssl_key_file is encrypted: set ssl_key_password_file"
            ) from None
        if asked:
            raise KafkaUnreachable(
                "TLS: the password of ssl_key_password_file does not open ssl_key_file"
            ) from None
        if "KEY_VALUES_MISMATCH" in str(error):
            raise KafkaUnreachable("TLS: ssl_key_file is not the key of ssl_cert_file") from None
        raise KafkaUnreachable(f"TLS: {_reason(error)}: check ssl_cert_file and ssl_key_file") from None


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no PEM"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _secret(name: str, file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        secret = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        # Not the path: somebody may have put the password itself there.
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise KafkaUnreachable(f"{name}: the file that it names cannot be read ({reason})") from None
    if not secret:
        raise KafkaUnreachable(f"{name}: the file that it names is empty")
    return secret


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
    tolerate()
    made, told = None, []
    with _reasons() as reasons:
        try:
            made = client(**options(settings), **more)
        except KafkaError as error:
            # A time-out tells nothing; a broker that is too old is told at once, and only here.
            told = [*reasons, repr(error)]
    if made is None:
        if refusal.refusal(told).vague:
            told += refusal.second_opinion(settings.bootstrap[0], aiokafka_options(settings))
        raise KafkaUnreachable(refusal.line(settings, told))
    version = getattr(getattr(made, "_manager", None), "broker_version", None)
    if version is not None and version < OLDEST:
        made.close()
        raise KafkaUnreachable(refusal.line(settings, [f"UnsupportedVersion {version}"]))
    return made


def unreachable(settings: Settings, *reasons: str) -> str:
    """Return the line that says that no broker could be used; ``reasons`` are the client's own words."""
    return refusal.line(settings, reasons)


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
    handler, logger = _Reasons(), logging.getLogger("kafka")
    logger.addHandler(handler)
    logger.propagate = False  # four lines of its own for each try, where ours is one
    try:
        yield handler.reasons
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
