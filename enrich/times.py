"""The times that sources write → milliseconds since 1970 UTC, without ``strptime``."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

DAY_MS: Final = 86_400_000
# The first millisecond of the year 10000: nothing beyond can be written as ISO-8601 with four digits.
END_MS: Final = 253_402_300_800_000

_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])")
# ":60" is a leap second: clamped to the last millisecond of its minute, whatever its fraction.
_SECONDS: Final = {f":{second:02d}": second * 1000 for second in range(60)}
_LEAP: Final = ":60"
_LEAP_MS: Final = 59_999
_POINTS: Final = (".", ",")
_DIGITS: Final = "0123456789"
_ZONE: Final = re.compile(r" ?(?:([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?|Z|z|UTC|GMT)")
# Shorter digit strings are more likely years, days or counters than seconds since 1970.
_EPOCH_TEXT: Final = re.compile(r"([0-9]{9,20})(?:\.([0-9]{1,9}))?")

# No time is longer; it also bounds what the caches keep.
_LONGEST: Final = 48

# Unit by magnitude. Seconds below 1e11 end in the year 5138; milliseconds above it begin in March 1973.
_SECONDS_BELOW: Final = 10**11
_MILLIS_BELOW: Final = 10**14
_MICROS_BELOW: Final = 10**17


def time_ms(value: object) -> int | None:
    """Return the time in milliseconds, 0 <= t < year 10000, or None where it is none or out of that range.

    Text: ISO-8601 date and time, ``T`` or a space between, 0 to 9 digits of fraction after point or comma,
    zone ``Z``, ``UTC``, ``+01:00``, ``+0100``, ``+01`` or none (taken as UTC), seconds may be missing; or
    seconds, milli-, micro- or nanoseconds since 1970 as digits, told apart by magnitude. Numbers likewise.
    Fractions of a millisecond are cut off, not rounded.

    >>> time_ms("2015-03-29T11:01:38.221126-0600"), time_ms("2024-02-30T00:00:00Z"), time_ms(1700000000.5)
    (1427648498221, None, 1700000000500)
    """
    kind = type(value)
    if kind is str:
        return _of_text(value)  # type: ignore[arg-type]
    if kind is int:
        return _of_epoch(value)  # type: ignore[arg-type]
    # Beyond 1e17 it is nanoseconds, and comparing refuses NaN and the infinities too.
    if kind is float and 0 <= value < 1e20:  # type: ignore[operator]
        return _of_float(value)  # type: ignore[arg-type]
    return None


def _of_text(text: str) -> int | None:
    if len(text) > _LONGEST:
        return None
    minute = _minute(text[:16])
    if minute is None:
        return _of_digits(text)
    second = _SECONDS.get(text[16:19])
    leap = second is None and text[16:19] == _LEAP
    at = 19
    if second is None:
        if leap:
            second = _LEAP_MS
        elif text[16:17] == ":":
            return None
        else:
            second, at = 0, 16
    rest = text[at:]
    if at == 19 and rest[:1] in _POINTS:
        zone_text = rest[1:].lstrip(_DIGITS)
        fraction = rest[1 : len(rest) - len(zone_text)]
        if not 1 <= len(fraction) <= 9:
            return None
        if not leap:
            second += int((fraction + "00")[:3])
        rest = zone_text
    zone = _zone(rest)
    if zone is None:
        return None
    moment = minute + second - zone
    return moment if 0 <= moment < END_MS else None


# Alerts come in time order, so a few minutes are asked for again and again.
@lru_cache(4096)
def _minute(text: str) -> int | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    return day * DAY_MS + int(match[4]) * 3_600_000 + int(match[5]) * 60_000


@lru_cache(512)
def _zone(text: str) -> int | None:
    """Return the offset from UTC in milliseconds; None if this is no zone."""
    text = text.rstrip(" \t\r\n")
    if not text:
        return 0
    match = _ZONE.fullmatch(text)
    if match is None:
        return None
    if match[1] is None:
        return 0
    offset = int(match[2]) * 3_600_000 + int(match[3] or 0) * 60_000
    return -offset if match[1] == "-" else offset


def _of_digits(text: str) -> int | None:
    match = _EPOCH_TEXT.fullmatch(text.strip(" \t\r\n"))
    if match is None:
        return None
    whole = int(match[1])
    if match[2] and whole < _SECONDS_BELOW:
        return whole * 1000 + int((match[2] + "00")[:3])
    return _of_epoch(whole)


def _of_float(number: float) -> int | None:
    if number < _SECONDS_BELOW:
        # A float of today's seconds is good to about 0.2 microseconds; cut only after rounding to whole ones.
        return round(number * 1e6) // 1000
    return _of_epoch(int(number))


def _of_epoch(number: int) -> int | None:
    if number < _SECONDS_BELOW:
        moment = number * 1000
    elif number < _MILLIS_BELOW:
        moment = number
    elif number < _MICROS_BELOW:
        moment = number // 1000
    else:
        moment = number // 1_000_000
    return moment if 0 <= moment < END_MS else None
