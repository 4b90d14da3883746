"""Dead letters: what is no alert, with its original bytes, why, and where it stood."""

from hashlib import sha256
from typing import Final

from enrich.context import Context
from enrich.errors import Rejected
from enrich.history import Fold
from enrich.record import Header, RawRecord, Record
from enrich.uid import UID_HEADER, record_time, uid

ATTEMPT_HEADER: Final = "millrace-attempt"
KEY_LIMIT: Final = 16_384


def dead_letter(record: RawRecord, raw: bytes, why: Rejected, fold: Fold, context: Context) -> Record:
    """Return the record for the dead-letter topic. docs/dead-letters.md has its headers."""
    given = next((value for name, value in record.headers if name == ATTEMPT_HEADER), b"")
    attempt = given if given.isdigit() and len(given) <= 6 and given.strip(b"0") else b"1"
    headers: tuple[Header, ...] = (
        ("millrace-code", why.code.encode()),
        ("millrace-message", str(why).encode("utf-8", "replace")),
        ("millrace-topic", record.topic.encode()),
        ("millrace-partition", str(record.partition).encode()),
        ("millrace-offset", str(record.offset).encode()),
        (ATTEMPT_HEADER, attempt),
        (UID_HEADER, uid(record, record_time(record, None, fold), context.source).encode()),
    )
    if record.time_ms is not None:
        headers = (*headers, ("millrace-record-ms", str(record.time_ms).encode()))
    key = record.key
    if key is not None and len(key) > KEY_LIMIT:
        key = None
    if len(raw) > 2 * context.raw_limit:
        # A compressing producer gets more past a topic's limit than any output topic takes back.
        digest = sha256(raw).hexdigest().encode()
        headers = (*headers, ("millrace-size", str(len(raw)).encode()), ("millrace-sha256", digest))
        raw = raw[: context.raw_limit]
    return Record("dead", key, raw, headers)
