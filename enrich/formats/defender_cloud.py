"""Alerts of Microsoft Defender for Cloud: its continuous export, and the security API of Azure.
https://learn.microsoft.com/en-us/azure/defender-for-cloud/alerts-schemas
https://learn.microsoft.com/en-us/rest/api/defenderforcloud/alerts/get

The export writes ``AlertDisplayName``, the API ``properties.alertDisplayName``: the same names otherwise.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields, microsoft
from enrich.formats.given import embedded, first_time, first_word, listed
from enrich.formats.sentinel_entities import read_entities

API_TYPE: Final = "microsoft.security/locations/alerts"
PRODUCT: Final = "Microsoft Defender for Cloud"
# Names that the product had.
_FORMER: Final = ("Azure Security Center", "Azure Defender")
_LEVELS: Final = 4
_READ: Final = frozenset(
    (
        *("SystemAlertId", "AlertType", "AlertDisplayName", "Severity", "Description", "VendorName"),
        *("ProductName", "EndTimeUtc", "Intent", "Techniques", "SubTechniques"),
    )
)
_READ_API: Final = frozenset(name[:1].lower() + name[1:] for name in _READ)
KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(_READ)
API_KNOWN: Final[dict[str, frozenset[str] | None]] = {"properties": _READ_API}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is such an alert, of the export or of the API."""
    if "AlertDisplayName" in doc:
        return type(doc.get("SystemAlertId")) is str and "AlertType" in doc and "Severity" in doc
    kind = doc.get("type")
    return type(kind) is str and kind.lower().endswith(API_TYPE) and type(doc.get("properties")) is dict


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    exported = "AlertDisplayName" in doc
    alert: Mapping[str, Any] = doc if exported else _capitals(doc["properties"], _LEVELS)
    times = ("EndTimeUtc", "StartTimeUtc", "TimeGenerated", "TimeGeneratedUtc")
    time_ms, time_text = first_time(alert, times, "", quality)
    title = first_word(alert, ("AlertDisplayName",), "", quality)
    kind = first_word(alert, ("AlertType",), "", quality)
    product = first_word(alert, ("ProductName",), "", quality)
    if product is None or product in _FORMER:
        product = PRODUCT
    saw = microsoft.Saw()
    read_entities(alert.get("Entities"), saw, quality)
    if saw.device is fields.NOWHERE:
        extended = embedded(alert.get("ExtendedProperties"), "ExtendedProperties", quality)
        names = ("Compromised Host", "compromised host", "Machine Name")
        host = first_word(extended, names, "ExtendedProperties.", quality) if type(extended) is dict else None
        host = host or first_word(alert, ("CompromisedEntity",), "", quality)
        # Of a storage account or a subscription it is a path.
        saw.device = fields.endpoint(None, None, None if host is None or "/" in host else host)
    stages = ",".join(listed(alert.get("Intent"), "Intent", quality)).split(",")
    techniques = listed(alert.get("SubTechniques"), "SubTechniques", quality) or listed(
        alert.get("Techniques"), "Techniques", quality
    )
    return microsoft.new_alert(
        first_word(alert, ("VendorName",), "", quality) or "Microsoft",
        product,
        first_word(alert, ("ProductComponentName",), "", quality) or product,
        time_ms,
        time_text,
        first_word(alert, ("SystemAlertId",), "", quality),
        kind or title or "unknown",
        title or kind or f"{PRODUCT} alert",
        None,
        first_word(alert, ("Description",), "", quality),
        *microsoft.severity(alert.get("Severity"), "Severity", quality),
        techniques,
        tuple(each.strip() for each in stages if microsoft.tactics(each.strip()))[: fields.LIST_LIMIT],
        microsoft.is_sample(title, True),
        fields.rest(doc, KNOWN if exported else API_KNOWN),
        fields.closed(quality, before),
        *saw.values(),
    )


def _capitals(value: Any, levels: int) -> Any:
    """Return objects with a capital at the beginning of each key, as the export writes them."""
    if type(value) is dict and levels > 0:
        return {
            (key[:1].upper() + key[1:] if key[:1] != "$" else key): _capitals(item, levels - 1)
            for key, item in value.items()
        }
    if type(value) is list and levels > 0:
        return [_capitals(item, levels - 1) for item in value[:128]]
    return value
