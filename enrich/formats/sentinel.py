"""Rows of Microsoft Sentinel's tables SecurityAlert and SecurityIncident.
https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/securityalert
https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/securityincident
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields, microsoft
from enrich.formats.given import embedded, first_time, first_word, listed
from enrich.formats.sentinel_entities import read_entities

# Who makes alerts of a customer's rules, whose titles may hold names out of events.
_CUSTOM: Final = ("ASI Scheduled Alerts", "ASI NRT Alerts")
ALERT_KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("AlertName", "DisplayName", "AlertSeverity", "Description", "AlertType", "SystemAlertId"),
        *("ProviderName", "VendorName", "ProductName", "EndTime", "Tactics", "Techniques", "SubTechniques"),
    )
)
INCIDENT_KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    ("IncidentName", "Title", "Description", "Severity", "ProviderName", "LastActivityTime")
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a row of one of the two tables."""
    if "AlertSeverity" in doc:
        return ("SystemAlertId" in doc or "AlertName" in doc) and (
            "ProviderName" in doc or "VendorName" in doc
        )
    return "IncidentNumber" in doc and "IncidentName" in doc and "Severity" in doc


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    return _alert(doc, before) if "AlertSeverity" in doc else _incident(doc, before)


def _alert(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    quality: list[Quality] = []
    time_ms, time_text = first_time(doc, ("EndTime", "StartTime", "TimeGenerated"), "", quality)
    title = first_word(doc, ("AlertName", "DisplayName"), "", quality)
    kind = fields.word(doc.get("AlertType"), "AlertType", quality)
    provider = fields.word(doc.get("ProviderName"), "ProviderName", quality)
    product = first_word(doc, ("ProductName",), "", quality) or provider or "Microsoft Sentinel"
    saw = microsoft.Saw()
    read_entities(doc.get("Entities"), saw, quality)
    if saw.device is fields.NOWHERE:
        _from_compromised(doc, saw, quality)
    return microsoft.new_alert(
        fields.word(doc.get("VendorName"), "VendorName", quality) or "Microsoft",
        product,
        provider or product,
        time_ms,
        time_text,
        first_word(doc, ("SystemAlertId", "VendorOriginalId"), "", quality),
        kind or title or "unknown",
        title or kind or "Microsoft Sentinel alert",
        None,
        fields.word(doc.get("Description"), "Description", quality),
        *microsoft.severity(doc.get("AlertSeverity"), "AlertSeverity", quality),
        _techniques(doc.get("SubTechniques"), doc.get("Techniques"), quality),
        _tactics(doc.get("Tactics"), quality),
        microsoft.is_sample(title, provider not in _CUSTOM),
        fields.rest(doc, ALERT_KNOWN),
        fields.closed(quality, before),
        *saw.values(),
    )


def _incident(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert of an incident: its rule is the first of the analytics rules that made it."""
    quality: list[Quality] = []
    times = ("LastActivityTime", "CreatedTime", "TimeGenerated")
    time_ms, time_text = first_time(doc, times, "", quality)
    title = fields.word(doc.get("Title"), "Title", quality)
    rules = listed(doc.get("RelatedAnalyticRuleIds"), "RelatedAnalyticRuleIds", quality)
    rule_id = rules[0] if rules and rules[0].strip() else None
    provider = fields.word(doc.get("ProviderName"), "ProviderName", quality) or "Microsoft Sentinel"
    extra = embedded(doc.get("AdditionalData"), "AdditionalData", quality)
    said: dict[str, Any] = extra if type(extra) is dict else {}
    return microsoft.new_alert(
        "Microsoft",
        "Microsoft Sentinel",
        provider,
        time_ms,
        time_text,
        first_word(doc, ("IncidentName", "IncidentNumber"), "", quality),
        rule_id or title or "unknown",
        title or rule_id or "Microsoft Sentinel incident",
        "incident",
        fields.word(doc.get("Description"), "Description", quality),
        *microsoft.severity(doc.get("Severity"), "Severity", quality),
        _techniques(None, said.get("techniques"), quality),
        _tactics(said.get("tactics"), quality),
        False,
        fields.rest(doc, INCIDENT_KNOWN),
        fields.closed(quality, before),
        *microsoft.Saw().values(),
    )


def _techniques(narrow: object, wide: object, quality: list[Quality]) -> tuple[str, ...]:
    """Return sub-techniques and those techniques that are not merely the ones above them."""
    subs = listed(narrow, "SubTechniques", quality)
    above = {each.strip().partition(".")[0] for each in subs}
    return subs + tuple(each for each in listed(wide, "Techniques", quality) if each.strip() not in above)


def _tactics(value: object, quality: list[Quality]) -> tuple[str, ...]:
    """Return the tactics of a list, or of one text with commas; "Unknown" says that there is none."""
    found: list[str] = []
    for each in listed(value, "Tactics", quality):
        found += (part.strip() for part in each.split(",") if part.strip())
    return tuple(each for each in found[: fields.LIST_LIMIT] if each != "Unknown")


def _from_compromised(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    """Take the host that Defender for Cloud names in ``ExtendedProperties``, where no entity is a host."""
    extended = embedded(doc.get("ExtendedProperties"), "ExtendedProperties", quality)
    if type(extended) is dict:
        path = "ExtendedProperties."
        name = first_word(extended, ("Compromised Host", "compromised host", "Machine Name"), path, quality)
        saw.device = fields.endpoint(None, None, name)
