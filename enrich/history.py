"""The history fold: what one partition remembers of its alerts, in event time, in bounded memory.

It counts alerts per entity and per rule in minute buckets, and keeps when an entity, a rule, and a rule on an
entity were last seen. It sees alerts, never scores, and reads no clock: the same alerts in the same order
give the same answers.
"""

from array import array
from collections import OrderedDict
from typing import Final

from enrich.row import History

MINUTE_MS: Final = 60_000
WINDOW_MIN: Final = 60
WINDOW_MS: Final = WINDOW_MIN * MINUTE_MS
# A key not seen for a day is new again; the counts look back an hour, the last sight a day.
MEMORY_MS: Final = 24 * 60 * MINUTE_MS
# A detector's clock may run ahead of the broker's by this much before its time is not believed.
FUTURE_MS: Final = 5 * MINUTE_MS

# Measured at these bounds: about 14 MB a partition when full.
ENTITIES: Final = 20_000
RULES: Final = 4_000
PAIRS: Final = 20_000

COLD: Final = History(0, 0, 0, 0, 0, 0, None, None, None, warm=False, folded=False)


class Counts:
    """Minute buckets for up to ``limit`` keys; the key folded longest ago makes room for a new one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.overflow = 0  # keys evicted while they were still remembered
        self._slot: OrderedDict[str, int] = OrderedDict()  # in order of last fold, oldest first
        self._buckets = array("I")  # WINDOW_MIN to a slot, index minute % WINDOW_MIN
        self._minute = array("q")  # newest minute a slot has
        self._last_ms = array("q")

    def __len__(self) -> int:
        return len(self._slot)

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
        base = slot * WINDOW_MIN
        if ahead > 0:
            if ahead >= WINDOW_MIN:
                self._clear(slot)
            else:
                for passed in range(self._minute[slot] + 1, minute + 1):
                    self._buckets[base + passed % WINDOW_MIN] = 0
            self._minute[slot] = minute
        if ahead > -WINDOW_MIN:
            self._buckets[base + minute % WINDOW_MIN] += 1
        if time_ms > self._last_ms[slot]:
            self._last_ms[slot] = time_ms

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
        self._minute.append(0)
        self._last_ms.append(0)
        return len(self._minute) - 1

    def _clear(self, slot: int) -> None:
        self._buckets[slot * WINDOW_MIN : (slot + 1) * WINDOW_MIN] = array("I", _EMPTY)


_EMPTY: Final = bytes(array("I").itemsize * WINDOW_MIN)


class Fold:
    """The history of one partition. ``see`` answers from the alerts before, then adds this one.

    watermark_ms: highest accepted event time. first_ms: since when it remembers; None: nothing seen.
    """

    def __init__(self, entities: int = ENTITIES, rules: int = RULES, pairs: int = PAIRS) -> None:
        self.watermark_ms: int | None = None
        self.first_ms: int | None = None
        self.entities = Counts(entities)
        self.rules = Counts(rules)
        self._pairs: OrderedDict[tuple[str, str], int] = OrderedDict()  # last seen, in order of last fold
        self.pair_overflow = 0
        self._pair_limit = pairs

    @property
    def warm(self) -> bool:
        """A whole window has been seen, so that a small count means few alerts and not a short memory."""
        if self.watermark_ms is None or self.first_ms is None:
            return False
        return self.watermark_ms - self.first_ms >= WINDOW_MS

    def accepts(self, time_ms: int, record_time_ms: int) -> bool:
        """Whether an alert of this time may be folded: not in its record's future, not before the window."""
        if time_ms > record_time_ms + FUTURE_MS:
            return False
        return self.watermark_ms is None or time_ms > self.watermark_ms - WINDOW_MS

    def see(self, entity: str, rule: str, time_ms: int) -> History:
        """Return the history before this alert, then fold it. Call only if ``accepts`` said so."""
        pair = (entity, rule)
        of_entity = self.entities.look(entity, time_ms)
        of_rule = self.rules.look(rule, time_ms)
        pair_ms = self._pairs.pop(pair, None)
        pair_s = None
        if pair_ms is not None and time_ms - pair_ms <= MEMORY_MS:
            pair_s = max(time_ms - pair_ms, 0) / 1000
        if self.watermark_ms is None or self.first_ms is None:
            self.watermark_ms = self.first_ms = time_ms
        elif time_ms > self.watermark_ms:
            # Late alerts never make the memory older than it is, and a leap of a day while still cold (one
            # alert with a wrong clock, say) begins it anew.
            if not self.warm and time_ms - self.watermark_ms >= MEMORY_MS:
                self.first_ms = time_ms
            self.watermark_ms = time_ms
        history = History(
            *of_entity[:3], *of_rule[:3], of_entity[3], of_rule[3], pair_s, self.warm, folded=True
        )
        self.entities.add(entity, time_ms, self.watermark_ms)
        self.rules.add(rule, time_ms, self.watermark_ms)
        if len(self._pairs) >= self._pair_limit:
            _, last_ms = self._pairs.popitem(last=False)
            self.pair_overflow += self.watermark_ms - last_ms <= MEMORY_MS
        self._pairs[pair] = time_ms if pair_ms is None else max(time_ms, pair_ms)
        return history
