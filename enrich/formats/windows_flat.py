"""Windows events with header and data side by side: NXLog, OTRF's data sets, Fluent Bit, Azure's
SecurityEvent, and what Zircolite and Sigma's other engines match on.
https://docs.nxlog.co/agent/current/im/msvistalog.html
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.windows_record import Record, attribute, event_number

_HOSTS: Final = ("Hostname", "Computer", "ComputerName", "MachineName")
_PROVIDERS: Final = ("SourceName", "ProviderName", "Provider_Name", "EventSourceName")
_FLAT_TIMES: Final = ("TimeCreated", "SystemTime", "TimeGenerated", "EventTime", "@timestamp", "UtcTime")
_HEADER: Final = frozenset((*_PROVIDERS, "Provider", "ProviderGuid", *_FLAT_TIMES))
_ZONES: Final = ("Z", "z", "+", "-")
_DATE_LENGTH: Final = 10


def is_flat(doc: Mapping[str, Any]) -> bool:
    """Return whether a document that has ``EventID`` is one."""
    if event_number(doc["EventID"]) is None or _first(doc, _HOSTS) is None:
        return False
    if type(doc.get("Channel")) is str:
        return not _HEADER.isdisjoint(doc)
    # NXLog's older agents, and those told to leave the channel out.
    return type(doc.get("SourceName")) is str and ("ProviderGuid" in doc or "SourceModuleType" in doc)


def flat(doc: Mapping[str, Any], quality: list[Quality]) -> Record:
    """Return the event whose header and data stand side by side; also where most of the header is missing."""
    data = dict(doc)
    rest: dict[str, Any] = {}
    if "ProcessID" in data and "ExecutionProcessID" not in data:
        # Here it is the writer's, of the header; the event's own data would have it under this name else.
        rest["ProcessID"] = data.pop("ProcessID")
    named = _first(data, _PROVIDERS) or "Provider"
    provider = attribute(data, named, "Name")
    data.pop(named, None)
    computer = data.pop(_first(data, _HOSTS) or "", None)
    level, level_path = data.pop("Level", None), "Level"
    if level is None:
        level, level_path = data.pop("Severity", None), "Severity"
    stamp_path = _flat_time(doc)
    account = domain = None
    if type(data.get("Domain")) is str and type(data.get("AccountName")) is str:
        account, domain = data["AccountName"], data["Domain"]
    return Record(
        fields.word(provider, "SourceName", quality),
        fields.word(data.pop("Channel", None), "Channel", quality),
        event_number(data.pop("EventID", None)),
        level,
        level_path,
        attribute(doc, stamp_path, "SystemTime") if data.pop(stamp_path, None) is not None else None,
        stamp_path,
        fields.word(computer, "Hostname", quality),
        fields.word(account, "AccountName", quality),
        fields.word(domain, "Domain", quality),
        doc.get("UserID"),
        fields.word(data.pop("Message", None), "Message", quality),
        data,
        "",
        rest,
        (),
    )


def _first(doc: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first of these keys that a text stands under."""
    for key in keys:
        if type(doc.get(key)) is str:
            return key
    return None


def _flat_time(doc: Mapping[str, Any]) -> str:
    """Return the key of the best time: the event's own, unless only the shipper's says its zone.

    NXLog writes EventTime in local time, without the zone, unless it is told otherwise.
    """
    for key in _FLAT_TIMES:
        value = doc.get(key)
        if value is None or value == "":
            continue
        if key != "EventTime" or "@timestamp" not in doc or _has_zone(value):
            return key
    return "EventTime" if "EventTime" in doc else "EventReceivedTime"


def _has_zone(value: object) -> bool:
    return type(value) is not str or any(mark in value[_DATE_LENGTH:] for mark in _ZONES)
