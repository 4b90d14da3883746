"""Hour and weekday of a moment in the user's time zone, without a datetime for each alert."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000


class Clock(NamedTuple):
    """A moment in the setting's time zone. hour: 0 <= h < 24, with the minutes. weekday: Monday is 0."""

    hour: float
    weekday: int


def clock_at(time_ms: int, zone: str) -> Clock:
    """Return hour and weekday of a moment in a zone, by its offset at the start of that UTC hour.

    >>> clock_at(0, "UTC")
    Clock(hour=0.0, weekday=3)
    """
    local = time_ms + (0 if zone == "UTC" else _offset_ms(time_ms // HOUR_MS, zone))
    return Clock(local % DAY_MS / HOUR_MS, (local // DAY_MS + 3) % 7)


def zone_digest(zone: str) -> str:
    """Return a hash of what the installed time zone data says of this zone, day by day from 1970 to 2100.

    Two machines may have other data under one name: the context must tell them apart.
    """
    if zone == "UTC":
        return "utc"
    offsets = ",".join(str(_offset_ms(day * 24, zone)) for day in range(47_482))
    return blake2b(offsets.encode(), digest_size=8).hexdigest()


@lru_cache(maxsize=4096)
def _offset_ms(hour: int, zone: str) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=min(hour, 70_000_000))
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1000)
