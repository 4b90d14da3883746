"""What the operator knows: assets (addresses, blocks, hosts) and identities (users), as CSV with a header.

A file is taken whole or not at all: what is wrong in one row is told with the line, and nothing is guessed.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import orjson

from enrich.errors import TableRefused
from enrich.tables.index import Block, as_record, packed, ranges
from enrich.tables.sheet import Row, block, cidr, rows, text_of
from enrich.tables.values import CRITICALITY, TEXT_MAX, Asset, Identity

T = TypeVar("T")

TAGS_MAX: Final = 16
_BETWEEN: Final = re.compile(r"[\s,;|]+")

ASSET_COLUMNS: Final = {
    "address": "address",
    "ip": "address",
    "cidr": "address",
    "network": "address",
    "host": "host",
    "hostname": "host",
    "name": "name",
    "owner": "owner",
    "criticality": "criticality",
    "tags": "tags",
}
IDENTITY_COLUMNS: Final = {
    "user": "user",
    "username": "user",
    "name": "name",
    "department": "department",
    "privileged": "privileged",
}
_CRITICALITY: Final = {
    "": None,
    **{str(number): number for number in CRITICALITY},
    **{word: number for number, word in CRITICALITY.items()},
}
_YES_NO: Final = {
    "": None,
    **dict.fromkeys(("yes", "true", "1"), True),
    **dict.fromkeys(("no", "false", "0"), False),
}

Built = tuple[int | None, int, str, bytes]


def host_key(text: str) -> str:
    """Return how a host's name is compared: without case, without the root's dot."""
    return text.strip().lower().removesuffix(".")


def user_key(text: str) -> str:
    """Return how a user's name is compared: without case."""
    return text.strip().lower()


def built_assets(data: bytes) -> Built:
    """Return (stated time or None, rows, remark, bytes of an Index). Raises TableRefused naming the line."""
    as_of, found, unread = rows(text_of(data), ASSET_COLUMNS, frozenset(("address", "host")))
    seen: dict[Block | str, int] = {}
    blocks: list[Block] = []
    names: list[tuple[str, int]] = []
    records: list[bytes] = []
    for row in found:
        addresses = [text for text in _BETWEEN.split(_cell(row, "address", 10 * TEXT_MAX)) if text]
        host = _cell(row, "host")
        if not (addresses or host):
            raise TableRefused(f"line {row.line}: neither address nor host")
        facts = (
            _cell(row, "owner") or None,
            _word(row, "criticality", _CRITICALITY, "low, medium, high, critical or 1 to 4"),
            tuple(tag for tag in _BETWEEN.split(_cell(row, "tags")) if tag)[:TAGS_MAX],
        )
        label = _cell(row, "name") or host
        for text in addresses:
            place = block(text, 0)
            if place is None:
                raise TableRefused(f"line {row.line}: address {text[:64]!r} is no address and no CIDR block")
            _once(seen, place, text, row.line)
            match = cidr(place)
            records.append(as_record(tuple(Asset(label or match, match, *facts))))
            blocks.append(place._replace(value=len(records)))
        if host:
            _once(seen, host_key(host), host, row.line)
            records.append(as_record(tuple(Asset(label, host, *facts))))
            names.append((host_key(host), len(records)))
    return as_of, len(found), _remark(unread), packed(ranges(blocks, 4), ranges(blocks, 6), names, records)


def built_identities(data: bytes) -> Built:
    """Return (stated time or None, rows, remark, bytes of an Index). Raises TableRefused naming the line."""
    as_of, found, unread = rows(text_of(data), IDENTITY_COLUMNS, frozenset(("user",)))
    seen: dict[Block | str, int] = {}
    names: list[tuple[str, int]] = []
    records: list[bytes] = []
    for row in found:
        user = _cell(row, "user")
        if not user:
            raise TableRefused(f"line {row.line}: no user")
        _once(seen, user_key(user), user, row.line)
        privileged = _word(row, "privileged", _YES_NO, "yes, no, true, false, 1 or 0")
        whom = Identity(user, _cell(row, "name") or None, _cell(row, "department") or None, privileged)
        records.append(as_record(tuple(whom)))
        names.append((user_key(user), len(records)))
    return as_of, len(found), _remark(unread), packed(ranges((), 4), ranges((), 6), names, records)


def asset(record: bytes) -> Asset:
    """Return the asset that was built in."""
    name, match, owner, criticality, tags = orjson.loads(record)
    return Asset(name, match, owner, criticality, tuple(tags))


def identity(record: bytes) -> Identity:
    """Return the identity that was built in."""
    return Identity(*orjson.loads(record))


def _cell(row: Row, name: str, most: int = TEXT_MAX) -> str:
    text = row.cells.get(name, "")
    if len(text) > most:
        raise TableRefused(f"line {row.line}: {name} is longer than {most} characters")
    if text and not text.isprintable():
        raise TableRefused(f"line {row.line}: {name} has characters that cannot be seen")
    return text


def _word(row: Row, name: str, known: Mapping[str, T], wanted: str) -> T:
    text = _cell(row, name)
    if text.lower() not in known:
        raise TableRefused(f"line {row.line}: {name} {text[:64]!r} is none of {wanted}")
    return known[text.lower()]


def _once(seen: dict[Block | str, int], key: Block | str, text: str, line: int) -> None:
    before = seen.setdefault(key, line)
    if before != line:
        raise TableRefused(f"line {line}: the same stands in line {before} already")


def _remark(unread: str) -> str:
    return f"columns that nobody reads: {unread}"[:TEXT_MAX] if unread else ""
