"""Where an address is: the parts of a City or Country database that go into the event."""

from math import isfinite
from typing import Final

import orjson

from enrich.tables.index import as_record
from enrich.tables.mmdb import Value
from enrich.tables.values import TEXT_MAX, Place

LANGUAGE: Final = "en"


def picked(record: Value) -> bytes | None:
    """Return what is kept of a record, as JSON; None where it names no country, region or city.

    Where MaxMind knows only in which country a network is registered, that is not where the address is.
    """
    country = _text(record, "country", "iso_code")
    divisions = record.get("subdivisions") if type(record) is dict else None
    division = _text(divisions[0], "iso_code") if type(divisions) is list and divisions else None
    region = f"{country}-{division}" if country and division else None
    city = _text(record, "city", "names", LANGUAGE)
    if country is None and city is None:
        return None
    continent = _text(record, "continent", "names", LANGUAGE)
    lat = _degrees(_at(record, "location", "latitude"), 90)
    long = _degrees(_at(record, "location", "longitude"), 180)
    return as_record((country, region, city, continent, lat, long))


def place(record: bytes) -> Place:
    """Return the place that ``picked`` wrote, in its order."""
    return Place(*orjson.loads(record))


def _at(record: Value, *keys: str) -> Value | None:
    found: Value | None = record
    for key in keys:
        found = found.get(key) if type(found) is dict else None
    return found


def _text(record: Value, *keys: str) -> str | None:
    found = _at(record, *keys)
    return found[:TEXT_MAX] if type(found) is str and found else None


def _degrees(value: Value | None, most: int) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if isfinite(value) and abs(value) <= most else None
