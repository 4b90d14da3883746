"""The search tree of a MaxMind database, walked level by level with numpy: a second for a million nodes.

IPv4 addresses stand under ``::/96`` of an IPv6 tree, and other prefixes (``::ffff:0:0/96``, ``2002::/16``)
may lead to the same node. Such an alias is kept as one: walked out it would be all of IPv4 again.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from enrich.errors import TableRefused
from enrich.tables.index import ALIAS, EMPTY, NONE, Longs, Ranges, Starts, Words

# How often a node may be reached, on the average: a tree's is reached once.
REACHED: Final = 2
_SEPARATOR: Final = 16


class Leaves(NamedTuple):
    """Where each leaf begins, sorted, and what it holds.

    high: empty for IPv4. low: of IPv4, the address. holds: the record of the tree: ``nodes`` for none, more
    for an offset into the data section; ALIAS + depth for an alias.
    """

    high: Longs
    low: Starts
    holds: Words
    nodes: int

    @property
    def offsets(self) -> Words:
        """Offsets into the data section, each once, sorted."""
        met = np.unique(self.holds)
        return met[(met > self.nodes) & (met < ALIAS)] - np.uint32(self.nodes + _SEPARATOR)

    @property
    def networks(self) -> int:
        """How many leaves have a record."""
        return int(np.count_nonzero((self.holds > self.nodes) & (self.holds < ALIAS)))

    def ranges(self, numbers: Mapping[int, int]) -> Ranges:
        """Return the ranges with the numbers of the records in place of their offsets."""
        if not len(self.holds):
            return EMPTY
        values = np.where(self.holds >= ALIAS, self.holds, np.uint32(NONE))
        if numbers:
            kept = self.nodes + _SEPARATOR + np.fromiter(numbers, np.int64, len(numbers))
            order = np.argsort(kept)
            to = np.fromiter(numbers.values(), np.uint32, len(numbers))[order]
            place = np.searchsorted(kept[order].astype(np.uint32), self.holds)
            has = (self.holds > self.nodes) & (self.holds < ALIAS)
            values[has] = to[place[has]]
        return Ranges(self.high, self.low, values)


NO_LEAVES: Final = Leaves(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint32), 0)


def leaves(tree: bytes, nodes: int, bits: int, version: int, data_size: int) -> tuple[Leaves, Leaves]:
    """Return the leaves of IPv4, and of IPv6. bits: of a record. Raises TableRefused for what is no tree."""
    first = nodes + _SEPARATOR
    if first + data_size >= ALIAS:
        raise TableRefused("the search tree is larger than any that there is")
    records = _records(tree, nodes, bits)
    if int(records.max()) >= first + data_size or bool(((records > nodes) & (records < first)).any()):
        raise TableRefused("the search tree leads to places outside of the data section")
    if version == 4:
        return _walked(records, 0, 32, None), NO_LEAVES
    root = 0
    for _ in range(96):
        root = int(records[root, 0])
        if root >= nodes:
            break
    if root < nodes:
        return _walked(records, root, 32, None), _walked(records, 0, 128, root)
    v4 = Leaves(np.zeros(0, np.uint64), np.zeros(1, np.uint32), np.array([root], np.uint32), nodes)
    return v4, _walked(records, 0, 128, None)


def _records(tree: bytes, nodes: int, bits: int) -> Words:
    """Return the two records of each node, shape (nodes, 2)."""
    if bits == 32:
        return np.frombuffer(tree, ">u4").reshape(nodes, 2).astype(np.uint32)
    octets = np.frombuffer(tree, np.uint8).reshape(nodes, bits // 4)
    records = np.zeros((nodes, 2), np.uint32)
    if bits == 24:
        places: tuple[tuple[int, int], ...] = ((0, 3), (1, 4), (2, 5))
    else:  # the middle octet has the upper four bits of both
        places = ((0, 4), (1, 5), (2, 6))
        records[:, 0] = octets[:, 3] >> 4
        records[:, 1] = octets[:, 3] & 0x0F
    for left, right in places:
        records <<= np.uint32(8)
        records[:, 0] |= octets[:, left]
        records[:, 1] |= octets[:, right]
    return records


def _walked(records: Words, root: int, width: int, alias: int | None) -> Leaves:
    """Return the leaves below a node, for addresses of ``width`` bits. alias: where IPv4 begins."""
    nodes, long = len(records), width > 64
    here = np.array([root], np.uint32)
    high = np.zeros(1 if long else 0, np.uint64)
    low: Starts = np.zeros(1, np.uint64) if long else np.zeros(1, np.uint32)
    found: list[tuple[Longs, Starts, Words]] = []
    reached = 0
    for depth in range(width):
        bit = width - 1 - depth
        below = records[here].T.ravel()
        half = len(here)
        high, low = np.concatenate((high, high)), np.concatenate((low, low))
        if bit >= 64:
            high[half:] |= np.uint64(1 << (bit - 64))
        else:
            low[half:] += low.dtype.type(1 << bit)  # the bit is not set yet
        if alias is not None and depth < 96:
            below[below == alias] = ALIAS + depth + 1
        leaf = below >= nodes
        found.append((high[leaf] if long else high, low[leaf], below[leaf]))
        on = ~leaf
        here, high, low = below[on], high[on] if long else high, low[on]
        reached += len(here)
        if reached > REACHED * nodes:
            raise TableRefused("the search tree is no tree: its nodes are reached again and again")
        if not len(here):
            break
    else:
        raise TableRefused(f"the search tree is deeper than the {width} bits of its addresses")
    highs, lows, holds = (np.concatenate(each) for each in zip(*found, strict=True))
    found.clear()
    order = np.lexsort((lows, highs)) if long else np.argsort(lows)
    return Leaves(highs[order] if long else highs, lows[order], holds[order], nodes)
