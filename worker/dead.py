"""What a dead letter says of itself, whoever wrote it, and what is noted when it has gone back."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from enrich.errors import DeadCode
from enrich.record import Header, RawRecord

HEADER: Final = "millrace-"
# The code of a note; no DeadCode, so that it is never taken for a letter.
NOTE: Final = "redriven"
# What the pipeline takes for an attempt: six digits.
ATTEMPTS_MAX: Final = 999_999
MESSAGE_SHOWN: Final = 300


class Letter(NamedTuple):
    """A dead letter without its bytes. time_ms: when it was written. size: of its bytes; None: a tombstone.

    topic, source_partition, source_offset, record_ms: of the raw record. whole: size of the original where
    only its beginning is kept. wrong: headers that are missing, doubled or unreadable; what they say is None.
    """

    partition: int
    offset: int
    time_ms: int | None
    size: int | None
    code: str | None
    message: str | None
    topic: str | None
    source_partition: int | None
    source_offset: int | None
    attempt: int | None
    uid: str | None
    record_ms: int | None
    whole: int | None
    wrong: tuple[str, ...]

    @property
    def place(self) -> str:
        """How a person names it: ``partition:offset`` on the topic of dead letters."""
        return f"{self.partition}:{self.offset}"

    @property
    def cut(self) -> bool:
        """Whether its bytes are not those of the record."""
        return self.whole is not None or "size" in self.wrong or self.code == DeadCode.UNDELIVERABLE


class Sent(NamedTuple):
    """Where a letter went when it was redriven, and when that was noted."""

    time_ms: int | None
    partition: int
    offset: int


def of_record(record: RawRecord) -> Letter:
    """Return what a record of the topic says of itself, whoever wrote it. Never raises."""
    given: dict[str, list[bytes]] = {}
    for name, value in record.headers:
        if name.startswith(HEADER):
            given.setdefault(name.removeprefix(HEADER), []).append(value)
    wrong: list[str] = []

    def text(name: str, pattern: re.Pattern[str], needed: bool = True) -> str | None:
        values = given.get(name, [])
        if not values and not needed:
            return None
        try:
            found = values[0].decode() if len(values) == 1 else None
        except UnicodeDecodeError:
            found = None
        if found is None or not pattern.fullmatch(found):
            wrong.append(name)
            return None
        return found

    def number(name: str, needed: bool = True, most: int = 2**63 - 1) -> int | None:
        digits = text(name, _NUMBER, needed)
        if digits is not None and int(digits) > most:
            wrong.append(name)
            return None
        return None if digits is None else int(digits)

    code, message = text("code", _CODE), text("message", _ANY)
    topic, partition, offset = text("topic", _TOPIC), number("partition", most=2**31 - 1), number("offset")
    attempt = number("attempt", most=ATTEMPTS_MAX)
    if attempt == 0:
        attempt = None
        wrong.append("attempt")
    return Letter(
        partition=record.partition,
        offset=record.offset,
        time_ms=record.time_ms,
        size=None if record.value is None else len(record.value),
        code=code,
        message=None if message is None else message[:MESSAGE_SHOWN],
        topic=topic,
        source_partition=partition,
        source_offset=offset,
        attempt=attempt,
        uid=text("uid", _UID),
        record_ms=number("record-ms", needed=False),
        whole=number("size", needed=False),
        wrong=tuple(wrong),
    )


_NUMBER: Final = re.compile("[0-9]{1,19}")
_CODE: Final = re.compile("[a-z_]{1,40}")
_TOPIC: Final = re.compile("[a-zA-Z0-9._-]{1,249}")
_UID: Final = re.compile("[0-9a-f]{32}")
_ANY: Final = re.compile(".*", re.DOTALL)


def headers_of(letter: Letter, record: RawRecord, dead: str) -> list[Header]:
    """Return the headers of a letter that goes back: its first id, one attempt more, whence it comes."""
    ours = [
        (f"{HEADER}uid", str(letter.uid).encode()),
        (f"{HEADER}attempt", str((letter.attempt or 0) + 1).encode()),
        (f"{HEADER}redriven-from", f"{dead}:{letter.place}".encode()),
    ]
    if letter.record_ms is not None:
        ours.append((f"{HEADER}record-ms", str(letter.record_ms).encode()))
    return ours + [header for header in record.headers if not header[0].startswith(HEADER)]


def note(sent: Mapping[int, tuple[int, int]], topic: str) -> tuple[list[Header], bytes]:
    """Return headers and value of a note on letters of one partition, by offset: where on topic they went."""
    count = f"{len(sent)} letter{'' if len(sent) == 1 else 's'} sent back to {topic}"
    headers = [(f"{HEADER}code", NOTE.encode()), (f"{HEADER}message", count.encode())]
    return headers, orjson.dumps({NOTE: [[offset, *place] for offset, place in sent.items()]})


def noted(record: RawRecord) -> dict[int, Sent] | None:
    """Return what a note says, by offset of the letter; None for what is no note. Never raises."""
    if [value for name, value in record.headers if name == f"{HEADER}code"] != [NOTE.encode()]:
        return None
    try:
        doc = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    rows = doc.get(NOTE) if isinstance(doc, dict) else None
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        return None
    return {offset: Sent(record.time_ms, *place) for offset, *place in rows if offset < record.offset}


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 3 and all(type(number) is int for number in row)
