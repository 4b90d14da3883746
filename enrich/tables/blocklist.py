"""Block lists: an address or CIDR block a line, as most feeds publish them.

    # comment          ; comment          // comment
    192.0.2.7
    192.0.2.7<tab>5                the number of lists that it stands on (ipsum)
    198.51.100.0/24 ; SBL1234      what follows a block is not read, but for a number

Comments may state the time of the whole list (``stated_time``).
"""

import re
from typing import Final

import orjson

from enrich.errors import TableRefused
from enrich.tables.index import Block, as_record, packed, ranges
from enrich.tables.sheet import LINE_MAX, ROWS_MAX, block, cidr, stated_time, text_of
from enrich.tables.values import TEXT_MAX

# Feeds have a wrong line now and then. A file of which more than this share is wrong is no list.
WRONG_MAX: Final = 0.01
_COMMENT: Final = ("#", ";", "//")
_CUT: Final = re.compile(r"[\s,;#]+")
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)


def built(data: bytes) -> tuple[int | None, int, str, bytes]:
    """Return (stated time or None, entries, remark, bytes of an Index). Raises TableRefused."""
    as_of, wrong, first_wrong = None, 0, ""
    entries: dict[Block, int | None] = {}
    for number, raw in enumerate(text_of(data).splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith(_COMMENT):
            as_of = as_of or stated_time(line)
            continue
        parts = _CUT.split(line, 2) if len(line) <= LINE_MAX else [""]
        found = block(parts[0], 0)
        if found is None:
            wrong += 1
            first_wrong = first_wrong or f"line {number}: {parts[0][:64]!r} is no address and no CIDR block"
            continue
        counted = len(parts) > 1 and _COUNT.fullmatch(parts[1])
        count = int(parts[1]) if counted else None
        before = entries.get(found)
        entries[found] = count if before is None or count is None else max(before, count)
    if wrong > WRONG_MAX * (wrong + len(entries)):
        raise TableRefused(f"{first_wrong}; {wrong} of {wrong + len(entries)} lines are wrong")
    if not entries:
        raise TableRefused("line 1: there is no address in it")
    if len(entries) > ROWS_MAX:
        raise TableRefused(f"more than {ROWS_MAX} entries")
    numbers: dict[bytes, int] = {}
    blocks: list[Block] = []
    for found, count in entries.items():
        # A single address is the one that was asked for: its record is that of all with this count.
        match = None if found.first == found.last else cidr(found)
        number = numbers.setdefault(as_record((match, count)), len(numbers) + 1)
        blocks.append(found._replace(value=number))
    remark = f"{wrong} wrong lines are left out, first {first_wrong}" if wrong else ""
    index = packed(ranges(blocks, 4), ranges(blocks, 6), (), list(numbers))
    return as_of, len(entries), remark[:TEXT_MAX], index


def entry(record: bytes) -> tuple[str | None, int | None]:
    """Return (the CIDR block that matched, None for a single address; the list's number)."""
    match, count = orjson.loads(record)
    return match, count
