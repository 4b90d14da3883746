"""Dead letters for the screen and as JSON, and the words by which a person chooses some of them."""

import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from enrich.errors import DeadCode, SettingsWrong
from enrich.record import RawRecord
from enrich.text import visible
from millrace import screen
from worker.dead_plan import REFUSALS, Terms
from worker.dead_reading import Choice, Found

SPANS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# Of the original bytes on the screen; --raw and --json give them all.
PREVIEW: Final = 4_000
HEADER_SHOWN: Final = 1_000
NAME_SHOWN: Final = 40

Doc = dict[str, Any]


def choice(
    codes: Sequence[str] | None,
    partitions: Sequence[int] | None,
    since: str | None,
    until: str | None,
    offset: str | None,
    places: Sequence[str] | None = None,
) -> Choice:
    """Return what the options say. Raises SettingsWrong with what could have been meant."""
    first, last = _offsets(offset)
    named = [place(each) for each in places or ()]
    return Choice(
        codes=frozenset(_code(code) for code in codes or ()),
        partitions=frozenset(partitions or ()),
        since_ms=moment(since, "--since"),
        until_ms=moment(until, "--until"),
        first=first,
        last=last,
        places=frozenset(each for each in named if not isinstance(each, str)),
        uids=frozenset(each for each in named if isinstance(each, str)),
    )


def place(text: str) -> tuple[int, int] | str:
    """Return partition and offset of a place ("3:17"), or a uid as it is.

    >>> place("3:17"), place("0123456789abcdef0123456789abcdef")
    ((3, 17), '0123456789abcdef0123456789abcdef')
    """
    if found := re.fullmatch("([0-9]{1,9}):([0-9]{1,18})", text):
        return int(found[1]), int(found[2])
    if re.fullmatch("[0-9a-f]{32}", text):
        return text
    raise SettingsWrong(f"{text!r}: give partition:offset, as `millrace dead list` shows it, or a uid")


def _code(text: str) -> str:
    if text in list(DeadCode):
        return text
    near = get_close_matches(text, list(DeadCode), n=1)
    meant = f"did you mean {near[0]}?" if near else f"one of {', '.join(DeadCode)}"
    raise SettingsWrong(f"--code {text!r}: no such code; {meant}")


def moment(text: str | None, option: str) -> int | None:
    """Return the time that a text gives, or how long ago ("24h"), in milliseconds; None for None.

    Raises SettingsWrong that names the option.
    """
    if text is None:
        return None
    if found := re.fullmatch("([0-9]{1,6})([smhdw])", text):
        return time.time_ns() // 1_000_000 - int(found[1]) * SPANS_S[found[2]] * 1_000
    try:
        if text.isdigit():  # a number to some, the year 2026 or a day to fromisoformat
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsWrong(
            f"{option} {text!r}: give a time such as 2026-11-21T07:00:00Z, or how long ago: 90m, 24h, 7d"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _offsets(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    found = re.fullmatch("([0-9]{1,18})(?:(-)([0-9]{1,18})?)?", text)
    if not found or (found[3] and int(found[3]) < int(found[1])):
        raise SettingsWrong(f"--offset {text!r}: give one (17), the first (17-) or first and last (17-40)")
    first = int(found[1])
    return first, (int(found[3]) if found[3] else None if found[2] else first)


def table(found: Iterable[Found], now_ms: int) -> Table:
    """Return letters as rows."""
    rows = screen.table(
        "place",
        "time",
        "code",
        "from",
        "bytes",
        "attempt",
        "message",
        right=("bytes", "attempt"),
        wide=("message",),
    )
    for each in found:
        letter = each.letter
        source = f"{letter.topic or '?'} {_or(letter.source_partition)}:{_or(letter.source_offset)}"
        rows.add_row(
            screen.safe(letter.place),
            screen.moment(letter.time_ms, now_ms),
            screen.safe(letter.code or "?", "bold"),
            screen.safe(source, limit=60),
            screen.number(letter.size, 0),
            screen.number(letter.attempt, 0),
            screen.safe(letter.message or "", limit=200).append_text(remark(each)),
        )
    return rows


def remark(found: Found) -> Text:
    """Return what is to be said of a letter beside its headers: that it went back, what is wrong with it."""
    said = Text()
    if found.letter.wrong:
        said.append_text(screen.safe(f" [headers: {', '.join(found.letter.wrong)}]", "yellow"))
    if found.letter.cut:
        said.append(" [bytes not kept whole]", "yellow")
    if found.sent is not None:
        said.append(f" [sent back as {found.sent.partition}:{found.sent.offset}]", "green")
    elif found.newer:
        said.append(" [a newer letter of this record is there]", "green")
    return said


def _or(number: int | None) -> str:
    return "?" if number is None else str(number)


def codes(counts: Mapping[str, int]) -> str:
    """Return "12 oversize, 3 unparseable", the most first."""
    return ", ".join(f"{n:,} {code}" for code, n in Counter(counts).most_common())


def why(reason: str, terms: Terms) -> str:
    """Return what a reason for a refusal means."""
    return REFUSALS[reason].format(topic=terms.topic, size=terms.size, attempts=terms.attempts)


def document(found: Found) -> Doc:
    """Return a letter as JSON; topic, partition and offset are the raw record's. The keys are stable."""
    letter, sent = found.letter, found.sent
    gone = None if sent is None else {**sent._asdict()}
    return {
        "place": letter.place,
        "time_ms": letter.time_ms,
        "code": letter.code,
        "message": letter.message,
        "topic": letter.topic,
        "partition": letter.source_partition,
        "offset": letter.source_offset,
        "record_ms": letter.record_ms,
        "attempt": letter.attempt,
        "uid": letter.uid,
        "size": letter.size,
        "whole": not letter.cut and letter.size is not None,
        "original_size": letter.whole if letter.cut else letter.size,
        "wrong_headers": list(letter.wrong),
        "redriven": gone,
        "newer": found.newer,
    }


def whole_document(found: Found, record: RawRecord) -> Doc:
    """Return a letter as JSON with its headers as they are, and its key and bytes in base64."""
    return {
        **document(found),
        "headers": [{"name": name, "value": b64encode(value).decode()} for name, value in record.headers],
        "key": None if record.key is None else b64encode(record.key).decode(),
        "value": None if record.value is None else b64encode(record.value).decode(),
    }


def page(found: Found, record: RawRecord) -> list[Text]:
    """Return a letter as lines for a person: place, headers, key, then the bytes as far as they fit."""
    letter = found.letter
    lines = [Text("dead letter ", "bold").append(letter.place).append_text(remark(found))]
    rows: list[tuple[str, Text]] = [("written", _time(letter.time_ms))]
    if letter.record_ms is not None:
        rows.append(("raw record", _time(letter.record_ms)))
    rows += [(name, _bytes(value, HEADER_SHOWN)) for name, value in record.headers]
    rows.append(("key", Text("none", "dim") if record.key is None else _bytes(record.key, HEADER_SHOWN)))
    rows.append(("bytes", screen.number(letter.size, 0)))
    wide = max(len(visible(name, NAME_SHOWN)) for name, _ in rows) + 2
    lines += [
        screen.safe(visible(name, NAME_SHOWN).ljust(wide), "dim").append_text(text) for name, text in rows
    ]
    value = record.value or b""
    lines += [Text(), _bytes(value, PREVIEW)]
    if len(value) > PREVIEW:
        lines.append(Text(f"… {len(value) - PREVIEW:,} bytes more: --raw > FILE writes them all", "dim"))
    return lines


def _time(time_ms: int | None) -> Text:
    """Return a time as --since takes it."""
    if time_ms is None:
        return Text("–", style="dim")
    try:
        return Text(datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds"))
    except (OverflowError, OSError, ValueError):
        return Text(str(time_ms))


def _bytes(value: bytes, limit: int) -> Text:
    """Return bytes as text: what is not UTF-8 as escapes, what a terminal would obey made visible."""
    return screen.safe(value[:limit].decode("utf-8", "backslashreplace"))
