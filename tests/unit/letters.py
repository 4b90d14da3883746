"""Dead letters made by hand, as a worker writes them."""

from enrich.record import Header, RawRecord
from worker.dead import Letter, of_record

UID = "0123456789abcdef0123456789abcdef"
HEADERS = {
    "code": b"unknown_format",
    "message": b"no format knows it",
    "topic": b"alerts.raw",
    "partition": b"2",
    "offset": b"911",
    "attempt": b"1",
    "uid": UID.encode(),
    "record-ms": b"1700000000000",
}


def record(
    value: bytes | None = b'{"a":1}', more: tuple[Header, ...] = (), **headers: bytes | None
) -> RawRecord:
    """A letter at 3:17; a header that is None is left out, ``_`` stands for ``-``."""
    given = HEADERS | {name.replace("_", "-"): content for name, content in headers.items()}
    ours = tuple((f"millrace-{name}", content) for name, content in given.items() if content is not None)
    return RawRecord("alerts.dead", 3, 17, 1_700_000_100_000, b"k", value, (*ours, *more))


def letter(value: bytes | None = b'{"a":1}', **headers: bytes | None) -> Letter:
    return of_record(record(value, **headers))
