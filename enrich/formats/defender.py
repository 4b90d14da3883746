"""Alerts of Microsoft Defender XDR: Graph's security API, and the older API of Defender for Endpoint.
https://learn.microsoft.com/en-us/graph/api/resources/security-alert
https://learn.microsoft.com/en-us/defender-endpoint/api/alerts
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields, microsoft
from enrich.formats.defender_evidence import endpoint_evidence, graph_evidence
from enrich.formats.given import first_time, first_word

GRAPH_TYPE: Final = "#microsoft.graph.security.alert"
# Names as people know them. https://learn.microsoft.com/en-us/graph/api/resources/security-alert#servicesource-values
PRODUCTS: Final = {
    "microsoftDefenderForEndpoint": "Microsoft Defender for Endpoint",
    "microsoftDefenderForIdentity": "Microsoft Defender for Identity",
    "microsoftDefenderForCloudApps": "Microsoft Defender for Cloud Apps",
    "microsoftDefenderForOffice365": "Microsoft Defender for Office 365",
    "microsoftDefenderForCloud": "Microsoft Defender for Cloud",
    "microsoft365Defender": "Microsoft Defender XDR",
    "azureAdIdentityProtection": "Microsoft Entra ID Protection",
    "microsoftAppGovernance": "Microsoft App Governance",
    "dataLossPrevention": "Microsoft Purview Data Loss Prevention",
    "microsoftSentinel": "Microsoft Sentinel",
    "microsoftInsiderRiskManagement": "Microsoft Purview Insider Risk Management",
}
# Whose titles may be those of a customer's own rule.
_CUSTOM: Final = ("customDetection", "customTi", "scheduledAlerts", "nrtAlerts", "microsoftSentinel")
GRAPH_KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("@odata.type", "id", "title", "description", "severity", "category", "detectorId", "serviceSource"),
        *("detectionSource", "productName", "mitreTechniques", "lastActivityDateTime"),
    )
)
ENDPOINT_KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("id", "title", "description", "severity", "category", "detectorId", "detectionSource"),
        *("mitreTechniques", "machineId", "computerDnsName", "lastEventTime"),
    )
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a Graph security alert, or one of Defender for Endpoint's API."""
    if doc.get("@odata.type") == GRAPH_TYPE:
        return True
    if "serviceSource" in doc:
        return _texts(doc, "id", "serviceSource", "createdDateTime") and "evidence" in doc
    return _texts(doc, "id", "alertCreationTime", "machineId")


def _texts(doc: Mapping[str, Any], *keys: str) -> bool:
    return all(type(doc.get(key)) is str for key in keys)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    saw = microsoft.Saw()
    source = fields.word(doc.get("detectionSource"), "detectionSource", quality)
    if "alertCreationTime" in doc and "serviceSource" not in doc:
        known = ENDPOINT_KNOWN
        product = PRODUCTS["microsoftDefenderForEndpoint"]
        endpoint_evidence(doc, saw, quality)
        times = ("lastEventTime", "alertCreationTime")
    else:
        known = GRAPH_KNOWN
        service = fields.word(doc.get("serviceSource"), "serviceSource", quality)
        graph_evidence(doc, saw, quality)
        product = fields.word(doc.get("productName"), "productName", quality) or PRODUCTS.get(
            service or "", service or "Microsoft Defender XDR"
        )
        times = ("lastActivityDateTime", "createdDateTime")
    time_ms, time_text = first_time(doc, times, "", quality)
    title = fields.word(doc.get("title"), "title", quality)
    category = fields.word(doc.get("category"), "category", quality)
    own_title = source not in _CUSTOM and doc.get("serviceSource") not in _CUSTOM
    rule_id = first_word(doc, ("detectorId", "alertPolicyId"), "", quality)
    return microsoft.new_alert(
        "Microsoft",
        product,
        source or product,
        time_ms,
        time_text,
        fields.word(doc.get("id"), "id", quality),
        rule_id or title or "unknown",
        title or rule_id or "Microsoft Defender alert",
        category,
        fields.word(doc.get("description"), "description", quality),
        *microsoft.severity(doc.get("severity"), "severity", quality),
        fields.texts(doc.get("mitreTechniques"), "mitreTechniques", quality),
        microsoft.tactics(category),
        microsoft.is_sample(title, own_title),
        fields.rest(doc, known),
        fields.closed(quality, before),
        *saw.values(),
    )
