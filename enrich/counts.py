"""Alerts per key in minute buckets, over an hour of event time, in bounded memory: half of the history."""

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

MINUTE_MS: Final = 60_000
WINDOW_MIN: Final = 60
WINDOW_MS: Final = WINDOW_MIN * MINUTE_MS
# A key not seen for a day is new again; the counts look back an hour, the last sight a day.
MEMORY_MS: Final = 24 * 60 * MINUTE_MS


class CountsKept(NamedTuple):
    """All that the answers of a ``Counts`` depend on, for ``snapshot``. Order of keys: oldest fold first.

    last_ms: (n,), when each key was last seen. buckets: (n, WINDOW_MIN), index minute % WINDOW_MIN of the
    hour that ends with the last sight; zero where no alert that may still come can read it.
    """

    keys: Sequence[str]
    last_ms: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.uint32]
    overflow: int


class Counts:
    """Minute buckets for up to ``limit`` keys; the key folded longest ago makes room for a new one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.overflow = 0  # keys evicted while they were still remembered
        self._slot: OrderedDict[str, int] = OrderedDict()  # in order of last fold, oldest first
        self._buckets = array("I")  # WINDOW_MIN to a slot, index minute % WINDOW_MIN
        self._total = array("Q")  # sum of a slot's buckets
        self._minute = array("q")  # newest minute a slot has
        self._last_ms = array("q")

    def __len__(self) -> int:
        return len(self._slot)

    def dump(self, watermark_ms: int | None) -> CountsKept:
        """Return what it holds, in arrays of its own: the same whatever slots the keys are in."""
        slots = np.fromiter(self._slot.values(), np.int64, len(self._slot))
        last_ms = np.asarray(self._last_ms, np.int64)[slots]
        buckets = np.asarray(self._buckets, np.uint32).reshape(-1, WINDOW_MIN)[slots]
        if watermark_ms is not None:
            # An alert is at most a window late and looks back a window.
            oldest = (watermark_ms - WINDOW_MS + 1) // MINUTE_MS - WINDOW_MIN + 1
            rows, columns = buckets.nonzero()
            newest = last_ms[rows] // MINUTE_MS
            dead = newest - (newest - columns) % WINDOW_MIN < oldest
            buckets[rows[dead], columns[dead]] = 0
        return CountsKept(list(self._slot), last_ms, buckets, self.overflow)

    @classmethod
    def load(cls, limit: int, kept: CountsKept) -> Self:
        """Return one that answers as the dumped one did, for ever after. kept: at most ``limit`` keys."""
        counts = cls(limit)
        counts.overflow = kept.overflow
        counts._slot.update(zip(kept.keys, range(len(kept.keys)), strict=True))
        counts._buckets.frombytes(np.ascontiguousarray(kept.buckets, np.uint32).tobytes())
        counts._total.frombytes(kept.buckets.sum(axis=1, dtype=np.uint64).tobytes())
        counts._minute.frombytes((kept.last_ms // MINUTE_MS).astype(np.int64).tobytes())
        counts._last_ms.frombytes(kept.last_ms.astype(np.int64).tobytes())
        return counts

    def see(self, key: str, time_ms: int, watermark_ms: int) -> tuple[int, int, int, float | None]:
        """Do what ``look`` and then ``add`` do, at a third of their price where the key's time goes on."""
        slot = self._slot.get(key)
        minute = time_ms // MINUTE_MS
        if slot is None:
            self.add(key, time_ms, watermark_ms)
            return 0, 0, 0, None
        since = time_ms - self._last_ms[slot]
        ahead = minute - self._minute[slot]
        if ahead < 0 or since > MEMORY_MS:
            seen = self.look(key, time_ms)
            self.add(key, time_ms, watermark_ms)
            return seen
        self._slot.move_to_end(key)
        if ahead:
            self._advance(slot, minute, ahead)
        place = minute % WINDOW_MIN
        at = slot * WINDOW_MIN + place
        buckets = self._buckets
        total, last = self._total[slot], buckets[at]
        if total == last:
            ten = total
        elif place >= 9:
            ten = sum(buckets[at - 9 : at + 1])
        else:
            ten = self._sum(slot, minute - 9, minute)
        buckets[at] = last + 1
        self._total[slot] = total + 1
        if since <= 0:
            return last, ten, total, 0.0
        self._last_ms[slot] = time_ms
        return last, ten, total, since / 1000

    def look(self, key: str, time_ms: int) -> tuple[int, int, int, float | None]:
        """Return the counts of 1, 10 and 60 minutes up to this time, and seconds since last seen or None.

        A count of n minutes covers the running minute and the n - 1 before it.
        """
        slot = self._slot.get(key)
        if slot is None:
            return 0, 0, 0, None
        since = time_ms - self._last_ms[slot]
        if since > MEMORY_MS:
            return 0, 0, 0, None
        newest, minute = self._minute[slot], time_ms // MINUTE_MS
        if minute - newest >= WINDOW_MIN:
            return 0, 0, 0, since / 1000
        oldest = newest - WINDOW_MIN + 1  # buckets before it were overwritten
        until = min(minute, newest)
        return (
            self._sum(slot, max(oldest, minute), until),
            self._sum(slot, max(oldest, minute - 9), until),
            self._sum(slot, max(oldest, minute - WINDOW_MIN + 1), until),
            max(since, 0) / 1000,
        )

    def add(self, key: str, time_ms: int, watermark_ms: int) -> None:
        """Count one alert of this key. Its time is at most a window behind the watermark."""
        slot = self._slot.pop(key, None)
        minute = time_ms // MINUTE_MS
        if slot is None:
            slot = self._new_slot(watermark_ms)
            self._minute[slot] = minute
            self._last_ms[slot] = time_ms
            self._clear(slot)
        self._slot[key] = slot
        ahead = minute - self._minute[slot]
        if ahead > 0:
            self._advance(slot, minute, ahead)
        if ahead > -WINDOW_MIN:
            self._buckets[slot * WINDOW_MIN + minute % WINDOW_MIN] += 1
            self._total[slot] += 1
        if time_ms > self._last_ms[slot]:
            self._last_ms[slot] = time_ms

    def _advance(self, slot: int, minute: int, ahead: int) -> None:
        """Empty the buckets of the minutes between the newest, ``ahead`` minutes ago, and this one."""
        self._minute[slot] = minute
        if ahead >= WINDOW_MIN:
            self._clear(slot)
            return
        base = slot * WINDOW_MIN
        buckets, passed = self._buckets, 0
        for each in range(minute - ahead + 1, minute + 1):
            at = base + each % WINDOW_MIN
            if buckets[at]:
                passed += buckets[at]
                buckets[at] = 0
        if passed:
            self._total[slot] -= passed

    def _sum(self, slot: int, first: int, last: int) -> int:
        if first > last:
            return 0
        base = slot * WINDOW_MIN
        low, high = first % WINDOW_MIN, last % WINDOW_MIN
        if low <= high:
            return (
                self._buckets[base + low] if low == high else sum(self._buckets[base + low : base + high + 1])
            )
        return sum(self._buckets[base + low : base + WINDOW_MIN]) + sum(self._buckets[base : base + high + 1])

    def _new_slot(self, watermark_ms: int) -> int:
        if len(self._slot) >= self.limit:
            _, slot = self._slot.popitem(last=False)
            if watermark_ms - self._last_ms[slot] <= MEMORY_MS:
                self.overflow += 1
            return slot
        self._buckets.frombytes(_EMPTY)
        self._total.append(0)
        self._minute.append(0)
        self._last_ms.append(0)
        return len(self._minute) - 1

    def _clear(self, slot: int) -> None:
        self._buckets[slot * WINDOW_MIN : (slot + 1) * WINDOW_MIN] = array("I", _EMPTY)
        self._total[slot] = 0


_EMPTY: Final = bytes(array("I").itemsize * WINDOW_MIN)
