"""Whose network an address is in: number and name of the autonomous system, from an ASN or ISP database."""

from typing import Final

import orjson

from enrich.tables.index import as_record
from enrich.tables.mmdb import Value
from enrich.tables.values import TEXT_MAX, System

NUMBERS: Final = 2**32


def picked(record: Value) -> bytes | None:
    """Return what is kept of a record, as JSON; None where it has no number."""
    if type(record) is not dict:
        return None
    number, name = record.get("autonomous_system_number"), record.get("autonomous_system_organization")
    if type(number) is not int or not 0 <= number < NUMBERS:
        return None
    return as_record((number, name[:TEXT_MAX] if type(name) is str and name else None))


def system(record: bytes) -> System:
    """Return the system that ``picked`` wrote."""
    return System(*orjson.loads(record))
