"""Why records are not produced, and what is made of it."""

from typing import Final

from aiokafka import errors as kafka_errors

from enrich.errors import MillraceError

# So often an unnamed refusal is taken for a passing one.
UNKNOWN_TRIES: Final = 3
BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

TOO_LARGE: Final = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)
# No second try can help: the right to write is the trouble, or the cluster, not the moment or the record.
FATAL: Final = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.InvalidTopicError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.PolicyViolationError,
    kafka_errors.UnsupportedForMessageFormatError,
    kafka_errors.UnsupportedVersionError,
)


class Behind(kafka_errors.KafkaError):  # type: ignore[misc]
    """A record batch that was held back: one before it, for the same partition, has failed."""


class SinkFailed(MillraceError):
    """Records could not be produced. Nothing that they came from may be acknowledged."""


def name_of(error: BaseException | None) -> str:
    """Return an error's name alone: its text may quote a record."""
    return type(error).__name__
