"""A Windows event with its header read, and what its shapes share: XML attributes, numbers, named data.
https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality, QualityCode
from enrich.formats import fields

# The namespace of the XML, as its writers keep it: says nothing of the event.
NAMESPACES: Final = frozenset(("#attributes", "@xmlns", "xmlns", "Event_attributes"))
_ATTRIBUTES: Final = ("#attributes", "@attributes")


class Record(NamedTuple):
    """One event, its header read.

    stamp, level: as received, with their paths. account: whom the writer of the record ran as. account_sid:
    the same as a SID. data: the event's own, a copy that may be changed, with its path. rest: what is left of
    the document, a copy too; ``under`` says where in it the rest of the data belongs. ecs: a document of
    Elastic's, in one nested view, whose fields may hold what the data do not.
    """

    provider: str | None
    channel: str | None
    event_id: str | None
    level: object
    level_path: str
    stamp: object
    stamp_path: str
    computer: str | None
    account: str | None
    account_domain: str | None
    account_sid: object
    message: str | None
    data: dict[str, Any]
    data_path: str
    rest: dict[str, Any]
    under: tuple[str, ...]
    ecs: Mapping[str, Any] | None = None


Shape = Callable[[Mapping[str, Any], list[Quality]], Record]


def event_number(value: object) -> str | None:
    """Return the event's id as text: a number, its digits, or an object that holds either; else None.

    >>> event_number(1), event_number({"#text": "4624", "#attributes": {"Qualifiers": 0}}), event_number("x")
    ('1', '4624', None)
    """
    if type(value) is dict:
        value = value.get("#text", value.get("Value"))
    number = fields.whole(value)
    return None if number is None else str(number)


def attribute(holder: Mapping[str, Any], key: str, name: str) -> object:
    """Return an XML attribute of the element under this key, however the writer keeps attributes."""
    value = holder.get(key)
    if type(value) is dict:
        for kept in _ATTRIBUTES:
            attributes = value.get(kept)
            if type(attributes) is dict:
                return attributes.get(name)
        return value.get("@" + name, value.get(name))
    if value is None:
        attributes = holder.get(key + "_attributes")
        return attributes.get(name) if type(attributes) is dict else None
    return value


def data_of(value: object, path: str, quality: list[Quality]) -> dict[str, Any]:
    """Return the data by name; those without names stay a list, under ``Data``."""
    if type(value) is list:
        value = {"Data": value}
    if type(value) is not dict:
        if value is not None and value != "":
            quality.append(Quality(QualityCode.BAD_TYPE, path))
        return {}
    data = {key: item for key, item in value.items() if key not in NAMESPACES}
    listed = data.get("Data")
    if type(listed) is dict:
        listed = [listed]
    if type(listed) is not list:
        return data
    named = {}
    unnamed = []
    for item in listed:
        name = attribute({"Data": item}, "Data", "Name") if type(item) is dict else None
        if type(item) is dict and type(name) is str:
            named[name] = item.get("#text")
        else:
            unnamed.append(item)
    if not named:
        return data
    if unnamed:
        data["Data"] = unnamed
    else:
        del data["Data"]
    return {**data, **named}
