"""Office hours: when people work, and how much of the day's noise falls into each hour."""

from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000

# Share of a working day's activity of people by hour (UTC), in arbitrary units; nights are never silent.
_PEOPLE: Final = (2, 1, 1, 1, 1, 2, 4, 18, 55, 80, 85, 80, 55, 70, 80, 75, 60, 35, 14, 8, 6, 5, 4, 3)


def is_office(time_ms: int) -> bool:
    """Return whether it is Monday to Friday, 8 to 18 o'clock UTC."""
    return (time_ms // DAY_MS + 3) % 7 < 5 and 8 <= time_ms % DAY_MS // HOUR_MS < 18


def people(time_ms: int) -> float:
    """Return the activity of people in the hour of this moment; a weekend has an eighth of it."""
    weight = float(_PEOPLE[time_ms % DAY_MS // HOUR_MS])
    return weight if (time_ms // DAY_MS + 3) % 7 < 5 else 2.0 + weight / 8
