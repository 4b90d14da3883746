"""The second fold: what has been escalated lately in one partition, in event time, in bounded memory."""

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

HOUR_MS: Final = 3_600_000
HOURS: Final = 24
STEPS: Final = 101  # whole points of priority, 0-100
KEYS: Final = 20_000


class Running(NamedTuple):
    """One suppression: it began at start_ms, let ``passed`` through and held ``held`` back."""

    start_ms: int
    passed: int
    held: int


class Day(NamedTuple):
    """threshold: lowest priority among the allowed. used: escalations. highest: their highest, or -1."""

    threshold: int
    used: int
    allowed: int
    highest: int


class SuppressionKept(NamedTuple):
    """All that the answers of a ``Suppression`` depend on, for ``snapshot``. keys: oldest start first.

    running: (n, 3), start_ms, passed and held of each key. seen: (HOURS, STEPS), index hour % HOURS;
    escalated and highest: (HOURS,).
    """

    keys: Sequence[tuple[str, str]]
    running: npt.NDArray[np.int64]
    overflow: int
    hour: int
    first_hour: int | None
    seen: npt.NDArray[np.uint32]
    escalated: npt.NDArray[np.uint32]
    highest: npt.NDArray[np.int32]


class Suppression:
    """Remembers escalations per (rule, entity), and a day of priorities for the capacity threshold."""

    def __init__(self, keys: int = KEYS) -> None:
        self.limit = keys
        self._running: OrderedDict[tuple[str, str], Running] = OrderedDict()  # oldest start first
        self.overflow = 0  # suppressions dropped for want of room
        self._hour = 0  # newest hour in the day's window
        self._first_hour: int | None = None
        self._seen = array("I", bytes(4 * HOURS * STEPS))  # alerts by hour % HOURS and priority
        self._ranked = array("I", bytes(4 * STEPS))  # the same, all hours added
        self._escalated = array("I", bytes(4 * HOURS))
        self._highest = array("i", [-1] * HOURS)  # highest priority escalated in each hour

    def dump(self) -> SuppressionKept:
        """Return all that its answers depend on, in arrays of its own."""
        return SuppressionKept(
            list(self._running),
            np.fromiter(chain.from_iterable(self._running.values()), np.int64).reshape(-1, 3),
            self.overflow,
            self._hour,
            self._first_hour,
            np.array(self._seen, np.uint32).reshape(HOURS, STEPS),
            np.array(self._escalated, np.uint32),
            np.array(self._highest, np.int32),
        )

    @classmethod
    def load(cls, keys: int, kept: SuppressionKept) -> Self:
        """Return one that answers as the dumped one did, for ever after. kept: at most ``keys`` keys."""
        fold = cls(keys)
        fold._running.update(zip(kept.keys, map(Running._make, kept.running.tolist()), strict=True))
        fold.overflow, fold._hour, fold._first_hour = kept.overflow, kept.hour, kept.first_hour
        fold._seen = array("I", kept.seen.astype(np.uint32).tobytes())
        fold._ranked = array("I", kept.seen.sum(axis=0, dtype=np.uint32).tobytes())
        fold._escalated = array("I", kept.escalated.astype(np.uint32).tobytes())
        fold._highest = array("i", kept.highest.astype(np.int32).tobytes())
        return fold

    def held(self, key: tuple[str, str], now_ms: int, minutes: int, count: int) -> int:
        """Return how many alerts this key's suppression has held back, this one included; 0: it may pass."""
        running = self._running.get(key)
        if running is None or now_ms >= running.start_ms + minutes * 60_000 or running.passed < count:
            return 0
        self._running[key] = running._replace(held=running.held + 1)
        return running.held + 1

    def runs(self, key: tuple[str, str], now_ms: int, minutes: int) -> bool:
        """Whether this key was escalated within so many minutes. Nothing is counted."""
        running = self._running.get(key)
        return running is not None and now_ms < running.start_ms + minutes * 60_000

    def passed(self, key: tuple[str, str], now_ms: int, minutes: int) -> int:
        """Note an escalation. Return how many the suppression that this one ends had held back."""
        running = self._running.get(key)
        if running is not None and now_ms < running.start_ms + minutes * 60_000:
            self._running[key] = running._replace(passed=running.passed + 1)
            return 0
        self._running.pop(key, None)
        if len(self._running) >= self.limit:
            self._running.popitem(last=False)
            self.overflow += 1
        self._running[key] = Running(now_ms, 1, 0)
        return 0 if running is None else running.held

    def day(self, now_ms: int, capacity: int) -> Day:
        """Return how the last 24 hours stand against a capacity.

        Ties do not count as among the highest: a flood of equal alerts raises the threshold above itself. In
        the first day the capacity grows with the hours seen, or the first minutes would use all of it.
        """
        self._advance(now_ms)
        hours = min(self._hour - (self._first_hour or 0) + 1, HOURS)
        allowed = max(round(capacity * hours / HOURS), 1)
        left, threshold = allowed, 0
        for priority in range(STEPS - 1, -1, -1):
            left -= self._ranked[priority]
            if left <= 0:
                threshold = priority + 1
                break
        return Day(threshold, sum(self._escalated), allowed, max(self._highest))

    def ranked(self, priority: float, now_ms: int) -> None:
        """Add one alert's priority to the day's window."""
        self._advance(now_ms)
        step = min(int(priority), STEPS - 1)
        self._seen[self._hour % HOURS * STEPS + step] += 1
        self._ranked[step] += 1

    def escalated(self, priority: float, now_ms: int) -> None:
        """Count one escalation against the day's capacity."""
        self._advance(now_ms)
        slot = self._hour % HOURS
        self._escalated[slot] += 1
        self._highest[slot] = max(self._highest[slot], int(priority))

    def _advance(self, now_ms: int) -> None:
        hour = now_ms // HOUR_MS
        for passing in range(max(self._hour + 1, hour - HOURS + 1), hour + 1):
            slot = passing % HOURS
            for step in range(STEPS):
                self._ranked[step] -= self._seen[slot * STEPS + step]
                self._seen[slot * STEPS + step] = 0
            self._escalated[slot] = 0
            self._highest[slot] = -1
        self._hour = max(hour, self._hour)
        if self._first_hour is None:
            self._first_hour = hour
