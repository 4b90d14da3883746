"""MaxMind's database format, version 2, read strictly: every offset is checked, and the work is bounded.

    search tree | 16 zero bytes | data section | marker, metadata
    https://maxmind.github.io/MaxMind-DB/

All networks are walked and all their records decoded when a database is read, so that a damaged one is
refused then, whole, and never in the middle of an alert.
"""

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from enrich.errors import TableRefused
from enrich.tables.index import NONE, packed
from enrich.tables.mmdb_tree import Leaves, leaves

Value = str | bytes | int | float | bool | list["Value"] | dict[str, "Value"]

MARKER: Final = b"\xab\xcd\xefMaxMind.com"
METADATA_MAX: Final = 131_072
SEPARATOR: Final = bytes(16)
TYPE_MAX: Final = 100
# Nesting of MaxMind's own records is 4.
DEPTH: Final = 16
# Values that pointers lead to are remembered, so many; then all are forgotten.
REMEMBERED: Final = 10_000
# A section that does not overlap itself has fewer values and bytes of text than bytes. What is forgotten is
# read again: so many times in all.
TIMES: Final = 16
_POINTER, _TEXT, _DOUBLE, _BYTES, _MAP, _INT32, _ARRAY, _BOOLEAN, _FLOAT = 1, 2, 3, 4, 7, 8, 11, 14, 15
# Most bytes of each unsigned integer type.
_UNSIGNED: Final = {5: 2, 6: 4, 9: 8, 10: 16}
_SIZES: Final = (29, 285, 65_821)
_BASES: Final = (0, 2_048, 526_336, 0)


class Database(NamedTuple):
    """type: what the maker calls it. build_ms: when it was made. networks: ranges with a record.

    packed: bytes of an ``Index`` over what was picked.
    """

    type: str
    build_ms: int
    networks: int
    packed: bytes


class Section:
    """Decodes values of one section. Raises TableRefused for whatever is no value, or too much work."""

    def __init__(self, data: bytes) -> None:
        self._data: Final = data
        self._left = TIMES * len(data) + 1
        self._met: Final[dict[int, Value]] = {}

    def value(self, offset: int) -> Value:
        """Return the value at an offset, pointers followed."""
        try:
            return self._value(offset, 0)[0]
        except (IndexError, struct.error):
            raise TableRefused("a value reaches beyond the end of its section") from None
        except UnicodeDecodeError:
            raise TableRefused("a text is not UTF-8") from None

    def _value(self, at: int, depth: int) -> tuple[Value, int]:
        control = self._data[at]
        at += 1
        kind = control >> 5
        if kind == _POINTER:
            return self._pointed(control, at, depth)
        if kind == 0:
            kind = self._data[at] + 7
            at += 1
        size = control & 31
        if size >= 29:
            more = size - 28
            size = _SIZES[more - 1] + int.from_bytes(self._bytes(at, more))
            at += more
        if kind == _MAP:
            return self._map(size, at, depth)
        if kind == _ARRAY:
            return self._array(size, at, depth)
        if kind == _BOOLEAN:
            self._spend(1)
            if size > 1:
                raise TableRefused("a boolean is neither 0 nor 1")
            return size == 1, at
        return self._plain(kind, self._bytes(at, size)), at + size

    def _plain(self, kind: int, raw: bytes) -> Value:
        self._spend(1 + len(raw))
        if kind == _TEXT:
            return raw.decode()
        if kind in _UNSIGNED and len(raw) <= _UNSIGNED[kind]:
            return int.from_bytes(raw)
        if kind == _INT32 and len(raw) <= 4:
            return int.from_bytes(raw, signed=len(raw) == 4)
        if kind == _DOUBLE and len(raw) == 8:
            return float(struct.unpack(">d", raw)[0])
        if kind == _FLOAT and len(raw) == 4:
            return float(struct.unpack(">f", raw)[0])
        if kind == _BYTES:
            return raw
        raise TableRefused(f"a value of type {kind} has {len(raw)} bytes")

    def _map(self, size: int, at: int, depth: int) -> tuple[Value, int]:
        self._deeper(depth)
        self._spend(1)
        found: dict[str, Value] = {}
        for _ in range(size):
            key, at = self._value(at, depth + 1)
            if type(key) is not str:
                raise TableRefused("a key of a map is no text")
            found[key], at = self._value(at, depth + 1)
        return found, at

    def _array(self, size: int, at: int, depth: int) -> tuple[Value, int]:
        self._deeper(depth)
        self._spend(1)
        found: list[Value] = []
        for _ in range(size):
            each, at = self._value(at, depth + 1)
            found.append(each)
        return found, at

    def _pointed(self, control: int, at: int, depth: int) -> tuple[Value, int]:
        self._deeper(depth)
        size = (control >> 3 & 3) + 1
        upper = 0 if size == 4 else control & 7
        target = (upper << 8 * size | int.from_bytes(self._bytes(at, size))) + _BASES[size - 1]
        at += size
        self._spend(1)
        found = self._met.get(target)
        if found is None:
            if self._data[target] >> 5 == _POINTER:
                raise TableRefused("a pointer leads to a pointer")
            found = self._value(target, depth + 1)[0]
            if len(self._met) >= REMEMBERED:
                self._met.clear()
            self._met[target] = found
        return found, at

    def _bytes(self, at: int, size: int) -> bytes:
        if at + size > len(self._data):
            raise TableRefused("a value reaches beyond the end of its section")
        return self._data[at : at + size]

    def _deeper(self, depth: int) -> None:
        if depth > DEPTH:
            raise TableRefused(f"values are nested deeper than {DEPTH} levels")

    def _spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise TableRefused("the data section overlaps itself")


def read(data: bytes, picked: Callable[[Value], bytes | None]) -> Database:
    """Return all that a database says. picked: record -> what is kept of it, None for nothing.

    Raises TableRefused, and nothing else whatever the bytes are.
    """
    marker = data.rfind(MARKER, max(len(data) - METADATA_MAX, 0))
    if marker < 0:
        raise TableRefused("this is no MaxMind database, or only the beginning of one")
    facts = Section(data[marker + len(MARKER) :]).value(0)
    if type(facts) is not dict:
        raise TableRefused("the metadata are no map")
    if _number(facts, "binary_format_major_version") != 2:
        raise TableRefused("the format is not of version 2")
    nodes, bits = _number(facts, "node_count"), _number(facts, "record_size")
    version, made_s = _number(facts, "ip_version"), _number(facts, "build_epoch")
    name = facts.get("database_type")
    if bits not in (24, 28, 32) or version not in (4, 6) or made_s >= 253_402_300_800:
        raise TableRefused("the metadata are wrong: record_size, ip_version or build_epoch")
    if type(name) is not str or not name.isprintable() or not 0 < len(name) <= TYPE_MAX:
        raise TableRefused("the metadata are wrong: database_type")
    size = nodes * bits // 4
    start = size + len(SEPARATOR)
    if not nodes or start > marker or data[size:start] != SEPARATOR:
        raise TableRefused(f"the search tree does not end after its {nodes} nodes")
    v4, v6 = leaves(data[:size], nodes, bits, version, marker - start)
    numbers, records = _records(Section(data[start:marker]), v4, v6, picked)
    index = packed(v4.ranges(numbers), v6.ranges(numbers), (), records)
    return Database(name, made_s * 1000, v4.networks + v6.networks, index)


def _number(facts: dict[str, Value], name: str) -> int:
    value = facts.get(name)
    if type(value) is not int or value < 0:
        raise TableRefused(f"the metadata are wrong: {name}")
    return value


def _records(
    section: Section, v4: Leaves, v6: Leaves, picked: Callable[[Value], bytes | None]
) -> tuple[dict[int, int], list[bytes]]:
    """Return (offset -> number of the record), and the records; equal ones are one."""
    numbers: dict[int, int] = {}
    known: dict[bytes, int] = {}
    offsets = np.union1d(v4.offsets, v6.offsets)
    for offset in offsets.tolist():
        record = picked(section.value(offset))
        numbers[offset] = NONE if record is None else known.setdefault(record, len(known) + 1)
    return numbers, list(known)
