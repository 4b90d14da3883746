"""A table as one flat run of bytes: sorted starts of address ranges, hashes of names, and small JSON records.

A table of 700,000 networks is 20 MB this way and no Python object at all: made in another process, taken over
without being read through, let go of at once. A look-up is one or two bisections.
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from enrich.errors import TableRefused

Words = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.uint64]
Starts = npt.NDArray[np.unsignedinteger[Any]]

# A range's value: 0 is none, else the record's number from 1. From ALIAS on: the 32 bits after the first
# (value - ALIAS) bits of the IPv6 address are an IPv4 address, which is looked up.
NONE: Final = 0
ALIAS: Final = 2**32 - 128
_LOW: Final = 2**64 - 1
# From so many IPv4 ranges on, the upper 16 bits of an address say between which two to look: a bisection
# takes 0.4 µs then, instead of 0.9 among 700,000.
HEADS_FROM: Final = 4_096
# Sections in their order: what each holds, as struct and memoryview call it.
_SECTIONS: Final[tuple[Literal["I", "Q", "B"], ...]] = ("I", "I", "I", "Q", "Q", "I", "Q", "I", "I", "B")
_HEAD: Final = struct.Struct(f"=4s{len(_SECTIONS)}Q")
_MAGIC: Final = b"MTI1"


class Block(NamedTuple):
    """A CIDR block as the range of its addresses' numbers, both ends included."""

    version: int
    first: int
    last: int
    value: int


class Ranges(NamedTuple):
    """Ranges without gaps, sorted, the first from 0: each ends where the next begins.

    high, low: upper and lower 64 bits of each start; of IPv4, high is empty. values: as above.
    """

    high: Longs
    low: Starts
    values: Words


# Says nothing of any address.
EMPTY: Final = Ranges(np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.zeros(1, np.uint32))


def as_record(values: Sequence[object]) -> bytes:
    """Return values as JSON. A copy, since orjson's own result stays in a buffer of 1 KB."""
    return bytes(memoryview(orjson.dumps(values)))


class Index:
    """Answers from the bytes that ``packed`` made. Raises TableRefused where they are cut or of others."""

    __slots__ = (
        "_base",
        "_data",
        "_ends",
        "_hashes",
        "_heads4",
        "_high6",
        "_low6",
        "_named",
        "_starts4",
        "_values4",
        "_values6",
    )

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEAD.size or data[:4] != _MAGIC:
            raise TableRefused("this is no table that was built here")
        sizes = _HEAD.unpack_from(data)[1:]
        if _HEAD.size + sum(sizes) != len(data):
            raise TableRefused("a built table is cut short")
        parts: list[Any] = []
        at, whole = _HEAD.size, memoryview(data)
        for size, kind in zip(sizes, _SECTIONS, strict=True):
            parts.append(whole[at : at + size].cast(kind))
            at += size
        self._heads4, self._starts4, self._values4 = parts[:3]
        self._high6, self._low6, self._values6 = parts[3:6]
        self._hashes, self._named, self._ends = parts[6:9]
        self._data, self._base = data, len(data) - sizes[-1]

    @property
    def filled(self) -> bool:
        """Whether it has any record."""
        return len(self._ends) > 1

    def at(self, version: int, number: int) -> bytes | None:
        """Return the record of an address, given as its number; None where the table says nothing of it."""
        if version == 6:
            value = self._value6(number)
            if value < ALIAS:
                return self._record(value)
            number = number >> (96 - (value - ALIAS)) & 0xFFFFFFFF
        heads = self._heads4
        if heads:
            head = number >> 16
            return self._record(
                self._values4[bisect_right(self._starts4, number, heads[head], heads[head + 1]) - 1]
            )
        return self._record(self._values4[bisect_right(self._starts4, number) - 1])

    def _value6(self, number: int) -> int:
        high = number >> 64
        beyond = bisect_right(self._high6, high)
        if self._low6:
            first = bisect_left(self._high6, high, 0, beyond)
            if first < beyond:
                beyond = bisect_right(self._low6, number & _LOW, first, beyond)
        return int(self._values6[beyond - 1])

    def named(self, name: str) -> bytes | None:
        """Return the record of a name, which is compared as it stands."""
        key = _hash(name)
        place = bisect_left(self._hashes, key)
        if place == len(self._hashes) or self._hashes[place] != key:
            return None
        return self._record(self._named[place])

    def _record(self, value: int) -> bytes | None:
        if not value:
            return None
        base, ends = self._base, self._ends
        return self._data[base + ends[value - 1] : base + ends[value]]


def packed(v4: Ranges, v6: Ranges, names: Iterable[tuple[str, int]], records: Sequence[bytes]) -> bytes:
    """Return the bytes of an Index. names: with the number of the record, from 1; each name once."""
    hashed = sorted((_hash(name), value) for name, value in names)
    v4, v6 = _merged(v4), _merged(v6)
    starts4 = v4.low.astype(np.uint32)
    heads = np.arange(65_537, dtype=np.uint64) << np.uint64(16)
    sections = (
        np.searchsorted(starts4, heads).astype(np.uint32)[: 65_537 if len(starts4) >= HEADS_FROM else 0],
        starts4,
        v4.values,
        v6.high,
        v6.low if v6.low.any() else v6.low[:0],  # most databases end at /64
        v6.values,
        np.array([key for key, _ in hashed], np.uint64),
        np.array([value for _, value in hashed], np.uint32),
        np.cumsum([0, *map(len, records)], dtype=np.uint32),
    )
    parts = [*(np.ascontiguousarray(each).tobytes() for each in sections), b"".join(records)]
    return b"".join((_HEAD.pack(_MAGIC, *map(len, parts)), *parts))


def ranges(blocks: Iterable[Block], version: int) -> Ranges:
    """Return the ranges of the blocks of this IP version: the narrowest block that holds an address wins."""
    starts: list[int] = [0]
    values: list[int] = [NONE]
    open_blocks: list[Block] = []

    def put(start: int, value: int) -> None:
        if starts[-1] == start:
            values[-1] = value
        else:
            starts.append(start)
            values.append(value)

    def close() -> None:
        ended = open_blocks.pop()
        if ended.last < end_of_all:
            put(ended.last + 1, open_blocks[-1].value if open_blocks else NONE)

    end_of_all = 2 ** (32 if version == 4 else 128) - 1
    some = (block for block in blocks if block.version == version)
    for block in sorted(some, key=lambda block: (block.first, -block.last)):
        while open_blocks and open_blocks[-1].last < block.first:
            close()
        put(block.first, block.value)
        open_blocks.append(block)
    while open_blocks:
        close()
    return Ranges(
        np.array([start >> 64 for start in starts], np.uint64),
        np.array([start & _LOW for start in starts], np.uint64),
        np.array(values, np.uint32),
    )


def _merged(given: Ranges) -> Ranges:
    """Leave out ranges that say what the one before says."""
    values = given.values
    keep = np.ones(len(values), np.bool_)
    keep[1:] = values[1:] != values[:-1]
    # Two neighbours of one alias are parts of it only together: their bits say which address is meant, so
    # they may be merged like any others.
    return Ranges(given.high[keep] if len(given.high) else given.high, given.low[keep], values[keep])


def _hash(name: str) -> int:
    # 64 bits: among 100,000 names of the operator's own file two collide once in 4 billion files.
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")
