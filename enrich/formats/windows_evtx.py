"""EVTX records as JSON: ``{"Event": {"System": …, "EventData": …}}``.

evtx_dump keeps attributes under ``#attributes``, or like chainsaw and hayabusa under ``Provider_attributes``;
python-evtx and xmltodict write ``@Name`` and ``#text``. https://github.com/omerbenamram/evtx
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.windows_record import NAMESPACES, Record, attribute, data_of, event_number

_SYSTEM_READ: Final = frozenset(
    (
        *("Provider", "EventID", "Level", "TimeCreated", "Channel", "Computer"),
        *("Provider_attributes", "TimeCreated_attributes"),
    )
)
_EVENT_READ: Final = frozenset(("System", "EventData", "UserData")) | NAMESPACES


def is_evtx(event: object) -> bool:
    """Return whether the value under ``Event`` is one."""
    if type(event) is not dict:
        return False
    system = event.get("System")
    return (
        type(system) is dict
        and "EventID" in system
        and ("Provider" in system or "Provider_attributes" in system or "Channel" in system)
    )


def evtx(doc: Mapping[str, Any], quality: list[Quality]) -> Record:
    """Return the record of a document whose ``Event`` is one."""
    event = doc["Event"]
    system = event["System"]
    rest = {key: value for key, value in doc.items() if key != "Event"}
    left = {key: value for key, value in event.items() if key not in _EVENT_READ and value is not None}
    header = {key: value for key, value in system.items() if key not in _SYSTEM_READ and value is not None}
    if header:
        left["System"] = header
    if left:
        rest["Event"] = left
    name = "EventData"
    data = data_of(event.get(name), "Event.EventData", quality)
    if not data and event.get("UserData"):
        name = "UserData"
        data = _user_data(event[name], quality)
    rendered = event.get("RenderingInfo")
    message = rendered.get("Message") if type(rendered) is dict else None
    return Record(
        fields.word(attribute(system, "Provider", "Name"), "Event.System.Provider", quality),
        fields.word(system.get("Channel"), "Event.System.Channel", quality),
        event_number(system.get("EventID")),
        system.get("Level"),
        "Event.System.Level",
        attribute(system, "TimeCreated", "SystemTime"),
        "Event.System.TimeCreated",
        fields.word(system.get("Computer"), "Event.System.Computer", quality),
        None,
        None,
        attribute(system, "Security", "UserID"),
        fields.word(message, "Event.RenderingInfo.Message", quality),
        data,
        f"Event.{name}.",
        rest,
        ("Event", name),
    )


def _user_data(value: object, quality: list[Quality]) -> dict[str, Any]:
    """Return the data below the one element that a provider of its own schema wraps them in."""
    if type(value) is not dict:
        return {}
    inner = next((item for item in value.values() if type(item) is dict and "SystemTime" not in item), None)
    return data_of(value if inner is None else inner, "Event.UserData", quality)
