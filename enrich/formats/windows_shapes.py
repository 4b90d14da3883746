"""Which shape a Windows event comes in: ``windows_evtx``, ``_beats``, ``_flat`` or ``_powershell``."""

from collections.abc import Mapping
from typing import Any, Final

from enrich.formats.windows_beats import beat, is_winlog, winlog
from enrich.formats.windows_evtx import evtx, is_evtx
from enrich.formats.windows_flat import flat, is_flat
from enrich.formats.windows_powershell import is_powershell, powershell
from enrich.formats.windows_record import Shape, event_number

# Of another detector, which kept the event that fired it: its own format reads these.
_DETECTIONS: Final = frozenset(
    (
        *("kibana", "signal", "kibana.alert.uuid", "kibana.alert.rule.name", "kibana.alert.rule.uuid"),
        *("RuleTitle", "rule_level"),
    )
)


def shape_of(doc: Mapping[str, Any]) -> Shape | None:
    """Return what reads this document, None if it is no Windows event."""
    if "Event" in doc:
        return evtx if is_evtx(doc["Event"]) else None
    if not _DETECTIONS.isdisjoint(doc):
        return None
    if "winlog" in doc:
        return winlog if is_winlog(doc["winlog"], doc) else None
    if "winlog.event_id" in doc:
        dotted = "winlog.channel" in doc or "winlog.provider_name" in doc
        return winlog if dotted and event_number(doc["winlog.event_id"]) is not None else None
    if "EventID" in doc:
        return flat if is_flat(doc) else None
    if "ProviderName" in doc and "Id" in doc:
        return powershell if is_powershell(doc) else None
    if "event_id" in doc and type(doc.get("log_name")) is str and "source_name" in doc:
        return beat if event_number(doc["event_id"]) is not None else None
    return None


def reader_of(doc: Mapping[str, Any]) -> Shape:
    """Return what reads this document, which ``shape_of`` knows: told by its keys alone."""
    if "Event" in doc:
        return evtx
    if "winlog" in doc or "winlog.event_id" in doc:
        return winlog
    if "EventID" in doc:
        return flat
    return beat if "event_id" in doc else powershell
