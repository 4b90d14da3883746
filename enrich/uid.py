"""The id of a record, which is that of its event, or of its dead letter."""

from hashlib import blake2b
from typing import Final

from enrich.alert import Alert
from enrich.history import Fold
from enrich.record import RawRecord

UID_HEADER: Final = "millrace-uid"
_HEX: Final = frozenset(b"0123456789abcdef")


def uid(record: RawRecord, record_time_ms: int, source: str) -> str:
    """Return ``metadata.uid``, 32 hex digits, of the record's coordinates; a redriven one keeps its first."""
    for name, value in record.headers:
        if name == UID_HEADER and len(value) == 32 and set(value) <= _HEX:
            return value.decode()
    place = f"{source}\x00{record.topic}\x00{record.partition}\x00{record.offset}\x00{record_time_ms}"
    return blake2b(place.encode(), digest_size=16).hexdigest()


def record_time(record: RawRecord, alert: Alert | None, fold: Fold) -> int:
    """Return the record's time in ms; without one the alert's, else the latest of the partition."""
    if record.time_ms is not None:
        return record.time_ms
    if alert is not None and alert.time_ms is not None:
        return alert.time_ms
    return fold.watermark_ms or 0
