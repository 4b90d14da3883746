"""Text files of the operator: comments, blocks of addresses, and CSV with a header. Errors name the line."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_network
from typing import Final, NamedTuple

from enrich.address import parsed
from enrich.errors import TableRefused
from enrich.tables.index import Block
from enrich.times import END_MS

# Longest line; a file with longer ones is no such file.
LINE_MAX: Final = 4_096
ROWS_MAX: Final = 2_000_000
_BITS: Final = {4: 32, 6: 128}
_PREFIX: Final = re.compile(r"\d{1,3}", re.ASCII)
_STATED: Final = re.compile(r"#\s*(?:as[_ ]of|last update)\s*:\s*(.{1,60})", re.IGNORECASE)


class Row(NamedTuple):
    """A line of a CSV file. cells: by our name of the column, stripped; "" where there is none."""

    line: int
    cells: Mapping[str, str]


def text_of(data: bytes) -> str:
    """Return the file as text. Raises TableRefused for what is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableRefused(f"line {line}: not UTF-8") from None


def stated_time(line: str) -> int | None:
    """Return the time that a comment states for the whole file, milliseconds since 1970.

    >>> stated_time("# as_of: 2026-11-21T06:00:00Z")
    1795240800000
    >>> stated_time("# Last update: Sat, 21 Nov 2026 07:00:00 +0100")
    1795240800000
    """
    found = _STATED.match(line)
    if found is None:
        return None
    text = found[1].strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            stated_ms = max(int(moment.timestamp() * 1000), 0)
            return stated_ms if stated_ms < END_MS else None
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def block(text: str, value: int) -> Block | None:
    """Return the range of an address or CIDR block; bits beyond its prefix are dropped. None: it is none.

    >>> block("192.0.2.7/24", 1) == block("192.0.2.0/24", 1), block("010.1.1.1", 1), block("0.0.0.0/0", 1)
    (True, None, None)
    """
    base, slash, length = text.partition("/")
    found = parsed(base) if "%" not in base else None
    if found is None:
        return None
    version, number = found
    bits = _BITS[version]
    prefix = bits
    if slash:
        if _PREFIX.fullmatch(length) is None or not 0 < int(length) <= _BITS[6 if ":" in base else 4]:
            return None
        prefix = int(length) - (96 if ":" in base and version == 4 else 0)  # of an IPv4-mapped block
        if prefix <= 0:
            return None
    rest = (1 << (bits - prefix)) - 1
    return Block(version, number & ~rest, number | rest, value)


def cidr(of: Block) -> str:
    """Return the text of a block; of a single address without the prefix length.

    >>> cidr(block("192.0.2.7/24", 1)), cidr(block("2001:db8::7", 1))
    ('192.0.2.0/24', '2001:db8::7')
    """
    bits = _BITS[of.version]
    prefix = bits - (of.last - of.first).bit_length()
    packed = of.first.to_bytes(bits // 8, "big")
    text = str(ip_network((packed, prefix)))
    return text.removesuffix(f"/{bits}")


def rows(text: str, columns: Mapping[str, str], needed: frozenset[str]) -> tuple[int | None, list[Row], str]:
    """Return the stated time if any, the rows, and the names of columns that nobody reads.

    columns: name in the file, lower case -> ours. needed: ours, of which one must be there. Raises
    TableRefused naming the line, for a file without header, a row of another length, or a quote left open.
    """
    as_of = None
    lines = text.splitlines()
    start = 0
    while start < len(lines) and (lines[start].startswith("#") or not lines[start].strip()):
        as_of = as_of or stated_time(lines[start])
        start += 1
    if start == len(lines):
        raise TableRefused("line 1: there is no header")
    header = lines[start]
    delimiter = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(_bounded(lines, start), delimiter=delimiter, strict=True, skipinitialspace=True)
    found: list[Row] = []
    names: list[str | None] | None = None
    unread = ""
    try:
        for cells in reader:
            line = start + reader.line_num
            if names is None:
                names = [columns.get(cell.strip().lower()) for cell in cells]
                pairs = zip(cells, names, strict=True)
                unread = ", ".join(cell.strip() for cell, name in pairs if name is None)
                _check(names, columns, needed, line)
            elif any(cell.strip() for cell in cells):
                if len(cells) != len(names):
                    raise TableRefused(f"line {line}: {len(cells)} columns, the header has {len(names)}")
                told = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if name}
                found.append(Row(line, told))
                if len(found) > ROWS_MAX:
                    raise TableRefused(f"line {line}: more than {ROWS_MAX} rows")
    except csv.Error as error:
        raise TableRefused(f"line {start + reader.line_num}: {error}") from None
    if not found:
        raise TableRefused(f"line {start + 1}: there is nothing below the header")
    return as_of, found, unread


def _bounded(lines: list[str], start: int) -> Iterator[str]:
    for number, line in enumerate(lines[start:], start + 1):
        if len(line) > LINE_MAX:
            raise TableRefused(f"line {number}: longer than {LINE_MAX} characters")
        yield line


def _check(names: list[str | None], columns: Mapping[str, str], needed: frozenset[str], line: int) -> None:
    given = [name for name in names if name is not None]
    if needed.isdisjoint(given):
        wanted = " or ".join(sorted(needed))
        raise TableRefused(f"line {line}: no column {wanted}; known are {', '.join(columns)}")
    if twice := next((name for name in given if given.count(name) > 1), None):
        raise TableRefused(f"line {line}: two columns for {twice}")
