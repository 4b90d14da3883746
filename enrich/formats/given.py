"""What is given in one of several places, in lists of objects, or as JSON within a text.

As in ``fields``: a wrong value is None with a Quality, and paths are constants of the formats.
"""

from collections.abc import Mapping as MappingABC
from typing import Any, Final

from enrich.alert import FIELD_LIMIT
from enrich.errors import Quality, QualityCode, Rejected
from enrich.formats import fields
from enrich.parse import parse_bytes

# Objects read of one list. Alerts of large incidents list some dozens of evidences.
OBJECTS_LIMIT: Final = 64


def first_word(
    doc: MappingABC[str, Any], keys: tuple[str, ...], path: str, quality: list[Quality]
) -> str | None:
    """Return the first of these keys' texts that holds more than space. ``path`` stands before the key."""
    for key in keys:
        value = doc.get(key)
        if type(value) is str and len(value) <= FIELD_LIMIT:
            if value and not value.isspace():
                return value
        elif value is not None:
            found = fields.word(value, path + key, quality)
            if found is not None:
                return found
    return None


def first_time(
    doc: MappingABC[str, Any], keys: tuple[str, ...], path: str, quality: list[Quality]
) -> tuple[int | None, str | None]:
    """Return the time of the first of these keys that is there, in milliseconds, and its text."""
    for key in keys:
        value = doc.get(key)
        if value is not None and value != "":
            return fields.time(value, path + key, quality)
    return None, None


def objects(value: object, path: str, quality: list[Quality]) -> list[dict[str, Any]]:
    """Return the objects of a list, or the one object; no more than OBJECTS_LIMIT of them."""
    if not value:
        return []
    if type(value) is dict:
        return [value]
    if type(value) is not list:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
        return []
    if len(value) > OBJECTS_LIMIT:
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
        value = value[:OBJECTS_LIMIT]
    found = [item for item in value if type(item) is dict]
    if len(found) < len(value):
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return found


def embedded(value: object, path: str, quality: list[Quality]) -> object:
    """Return what the JSON within this text says; an object or a list that is none within a text, as it is.

    It is read as tolerantly as the record itself.
    """
    if type(value) is list or type(value) is dict:
        return value
    if value is None or value == "":
        return None
    if type(value) is str:
        try:
            doc, mended = parse_bytes(b'{"":' + value.encode("utf-8", "replace") + b"}")
        except Rejected:
            pass
        else:
            quality.extend(Quality(each.code, path) for each in mended)
            return doc.get("")
    quality.append(Quality(QualityCode.BAD_TYPE, path))
    return None


def listed(value: object, path: str, quality: list[Quality]) -> tuple[str, ...]:
    """Return the texts of a list, of a JSON list within a text, or the one text that it is."""
    if type(value) is str and value[:1] == "[":
        value = embedded(value, path, quality)
    return fields.texts(value, path, quality)
