"""The times of a feed: in which words and units they are written, and which cannot be true."""

import re
from enum import StrEnum
from typing import Final

from enrich.alert import Alert
from enrich.counts import WINDOW_MS
from enrich.errors import QualityCode
from enrich.history import FUTURE_MS
from enrich.lint.tally import Mark, Place, Tally

# No detector of today wrote an alert before: 1990-01-01.
OLDEST_MS: Final = 631_152_000_000
# A moment of seconds taken for milliseconds lies 1,000 times too near to 1970: 1990 to 2100 become these.
_THOUSANDTH: Final = range(OLDEST_MS // 1000, 4_102_444_800)
# Times that cannot be read: so many different ones are kept, so much of each.
BAD_TEXTS: Final = 16
BAD_TEXT: Final = 40
# Rows of which the middle time is taken as the feed's own time; their middle one no wrong clock can move.
BLOCK: Final = 16
PARTITIONS: Final = 10_000

# A zone behind the hours: an offset, or letters that are no "AM" or "PM".
_ZONE: Final = re.compile(r"[+-][0-9]{2}|(?<![A-Za-z])(?![AaPp]\.?[Mm])[A-Za-z]")


class Kind(StrEnum):
    """How a time that could be read is written."""

    SECONDS = "seconds"  # since 1970
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    NANOSECONDS = "nanoseconds"
    ZONED = "zoned"  # date and time with a zone
    ZONELESS = "zoneless"  # without: taken as UTC


UNITS: Final = frozenset((Kind.SECONDS, Kind.MILLISECONDS, Kind.MICROSECONDS, Kind.NANOSECONDS))
# By digits before the point, as ``enrich.times`` tells them apart.
_MOST_DIGITS: Final = ((11, Kind.SECONDS), (14, Kind.MILLISECONDS), (17, Kind.MICROSECONDS))


def kind(text: str) -> Kind:
    """Return how this time, as received, is written. Takes what ``enrich.times`` or a format could read.

    >>> kind("1700000000.5"), kind("2026-11-21 07:00:00"), kind("Sat May 7 03:17:27 CDT 2011")
    (<Kind.SECONDS: 'seconds'>, <Kind.ZONELESS: 'zoneless'>, <Kind.ZONED: 'zoned'>)
    """
    colon = text.find(":")
    if colon >= 0:
        return Kind.ZONED if _ZONE.search(text, colon) else Kind.ZONELESS
    whole, _, power = text.strip().lower().partition("e")
    digits = len(whole.partition(".")[0].lstrip("+0"))
    if len(power) <= 3 and power[1:].isdigit():  # a float beyond 2**53: "1.7e+18"
        digits = int(power) + 1
    return next((unit for most, unit in _MOST_DIGITS if digits <= most), Kind.NANOSECONDS)


class Times:
    """What is said of the times of one format. Each Mark counts alerts.

    none: no time at all. yearless: a time that does not say its year. bad: cannot be read, by their text.
    thousandth: before 1990, and 1,000 times as much would be of our days. early: before 1990 else.
    future: more than FUTURE_MS ahead of the reference; ahead_ms: the most. late: before the history's window,
    so that they are not counted in it.
    """

    __slots__ = (
        *("ahead_ms", "bad", "early", "first_ms", "future", "kinds", "last_ms", "late", "none"),
        *("thousandth", "yearless"),
    )

    def __init__(self) -> None:
        self.kinds: Final[Tally[Kind]] = Tally(len(Kind))
        self.bad: Final[Tally[str]] = Tally(BAD_TEXTS)
        self.none, self.yearless, self.thousandth, self.early = Mark(), Mark(), Mark(), Mark()
        self.future, self.late = Mark(), Mark()
        self.ahead_ms = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def see(self, alert: Alert, reference_ms: int | None, place: Place) -> bool:
        """Count an alert; return whether its time can be true.

        reference_ms: the record's time, else the latest that a time can be; None: nobody knows.
        """
        time_ms, text = alert.time_ms, alert.time_text
        if time_ms is None:
            self._unread(alert, text, place)
            return False
        if text is not None:
            self.kinds.add(kind(text), place)
        if reference_ms is not None and time_ms > reference_ms + FUTURE_MS:
            self.future.add(place)
            self.ahead_ms = max(self.ahead_ms, time_ms - reference_ms)
            return False
        if time_ms < OLDEST_MS:
            (self.thousandth if time_ms in _THOUSANDTH else self.early).add(place)
            return False
        if self.first_ms is None or self.last_ms is None:
            self.first_ms = self.last_ms = time_ms
        elif time_ms > self.last_ms:
            self.last_ms = time_ms
        elif time_ms < self.first_ms:
            self.first_ms = time_ms
        return True

    def _unread(self, alert: Alert, text: str | None, place: Place) -> None:
        if any(each.code is QualityCode.BAD_TIME for each in alert.quality):
            self.bad.add("" if text is None else text[:BAD_TEXT], place)
        else:
            (self.none if text is None else self.yearless).add(place)


class Watermarks:
    """The history's event time per partition, as a worker would have it: which rows it would not count.

    leap_ms, leap_place: the widest step that it made, and the row that made it.
    """

    __slots__ = ("_highest", "leap_ms", "leap_place")

    def __init__(self) -> None:
        self._highest: Final[dict[int | None, int]] = {}
        self.leap_ms = 0
        self.leap_place: Place | None = None

    def late(self, time_ms: int, reference_ms: int | None, place: Place) -> bool:
        """Return whether a worker's history would be past this alert."""
        if reference_ms is not None and time_ms > reference_ms + FUTURE_MS:
            return False
        partition = place.partition
        highest = self._highest.get(partition)
        if highest is None:
            if len(self._highest) < PARTITIONS:
                self._highest[partition] = time_ms
            return False
        if time_ms > highest:
            self._highest[partition] = time_ms
            if time_ms - highest > self.leap_ms:
                self.leap_ms, self.leap_place = time_ms - highest, place
            return False
        return time_ms <= highest - WINDOW_MS


class FeedTime:
    """The feed's own event time: the middle one of each BLOCK rows, and the highest of these.

    One wrong clock, or a few, move neither. now_ms: of the newest block; None: none is full yet.
    """

    __slots__ = ("_before", "_block", "_highest", "now_ms")

    def __init__(self) -> None:
        self._before: list[int] = []
        self._block: list[int] = []
        self._highest: int | None = None
        self.now_ms: int | None = None

    def see(self, time_ms: int) -> None:
        """Tell the next row's time."""
        self._block.append(time_ms)
        if len(self._block) == BLOCK:
            self.now_ms = _middle(self._block)
            self._before, self._block = self._block, []
            if self._highest is None or self.now_ms > self._highest:
                self._highest = self.now_ms

    def end_ms(self) -> int | None:
        """Return the latest time of the feed; None where there is none."""
        newest = [*self._before, *self._block][-BLOCK:]
        if not newest:
            return None
        last = _middle(newest)
        return last if self._highest is None else max(last, self._highest)


def _middle(times: list[int]) -> int:
    return sorted(times)[len(times) // 2]
