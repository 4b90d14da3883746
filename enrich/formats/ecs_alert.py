"""ECS events of kind alert: Elastic Defend, Elastic's integrations, Filebeat's modules.
https://www.elastic.co/guide/en/ecs/current/ecs-event.html

A Suricata or Zeek record inside (``suricata.eve``, ``zeek.notice``) is read by what ECS says of it. Alerts of
detection rules (``kibana.alert``) are ``elastic``'s; documents with ``winlog`` are Windows events unless they
say that they are an alert.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import ecs, eve, fields
from enrich.formats.ecs import Ecs
from enrich.formats.eicar import all_eicar, is_eicar
from enrich.formats.nested import nested, one, section, text, unwrapped
from enrich.formats.threat import threat
from enrich.swift import maker

# ``event.severity`` is on the scale of the source. Two scales are known: Suricata's own, and the one that
# Elastic Defend writes and Elastic's integrations change their source's to.
# https://github.com/elastic/integrations/issues/12662
SCALE: Final = "elastic:21-99"
SEVERITIES: Final = {21: 2, 47: 3, 73: 4, 99: 5}
# Said in words (``event.severity_label`` of Security Onion, or the severity itself).
WORD_SCALE: Final = "ecs:words"
WORDS: Final = {
    "info": 1,
    "informational": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
}
# https://www.elastic.co/guide/en/ecs/current/ecs-allowed-values-event-kind.html
KINDS: Final = frozenset(
    ("alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal")
)
_ALERTS: Final = frozenset(("alert", "signal"))
# module -> vendor and product, where the event names none.
# https://www.elastic.co/guide/en/beats/filebeat/current/filebeat-modules.html
_PRODUCTS: Final = {
    "endpoint": ("Elastic", "Elastic Defend"),
    "endgame": ("Elastic", "Endgame"),
    "suricata": ("OISF", "Suricata"),
    "zeek": ("Zeek", "Zeek"),
    "snort": ("Cisco", "Snort"),
    "crowdstrike": ("CrowdStrike", "Falcon"),
    "sentinel_one": ("SentinelOne", "Singularity"),
    "m365_defender": ("Microsoft", "Microsoft 365 Defender"),
    "microsoft_defender_endpoint": ("Microsoft", "Defender for Endpoint"),
    "microsoft_defender_cloud": ("Microsoft", "Defender for Cloud"),
}
_KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **ecs.KNOWN,
    "@timestamp": None,
    "event": frozenset(("kind", "category", "severity", "module")),
    "rule": frozenset(("id", "name", "category")),
    "message": None,
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is an ECS event, alert or not; of documents with ``winlog`` only alerts."""
    inner = unwrapped(doc)[0]
    if "@timestamp" not in inner and "ecs" not in inner and "ecs.version" not in inner:
        return False
    kind = _kind(inner)
    if kind in _ALERTS or _is_dataset_of_alerts(inner):
        return True
    return kind in KINDS and not any(key[:6] == "winlog" for key in inner)


def _kind(inner: Mapping[str, Any]) -> str | None:
    event = inner.get("event")
    kind = inner.get("event.kind") if type(event) is not dict or "kind" not in event else event["kind"]
    if type(kind) is list and kind:
        kind = kind[0]
    return kind if type(kind) is str else None


def _is_dataset_of_alerts(inner: Mapping[str, Any]) -> bool:
    """Return whether it is of a data set of alerts and names a rule: Security Onion leaves the kind out."""
    event, rule = inner.get("event"), inner.get("rule")
    if type(event) is not dict or "kind" in event or type(rule) is not dict:
        return False
    dataset = event.get("dataset")
    return type(dataset) is str and dataset.endswith((".alert", ".alerts")) and "name" in rule


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for ECS events of other kinds."""
    inner, hit_id = unwrapped(doc)
    if _kind(inner) not in _ALERTS and not _is_dataset_of_alerts(inner):
        raise Rejected(DeadCode.NOT_AN_ALERT, "an ECS event that is no alert; send only event.kind alert")
    quality: list[Quality] = []
    view = nested(inner)
    event = section(view, "event", "event", quality)
    rule = section(view, "rule", "rule", quality)
    module = text(event, "module", "event.module", quality)
    vendor, product, detector = _maker_of(view, event, module, quality)
    time_ms, time_text = fields.time(
        one(view.get("@timestamp"), "@timestamp", quality), "@timestamp", quality
    )
    title = text(rule, "name", "rule.name", quality)
    message = text(view, "message", "message", quality)
    reason = text(event, "reason", "event.reason", quality)
    if title is None:
        title, message = message or reason, None if message is None else reason
    else:
        message = message or reason or text(rule, "description", "rule.description", quality)
    action = text(event, "action", "event.action", quality)
    rule_id = text(rule, "id", "rule.id", quality) or text(rule, "uuid", "rule.uuid", quality)
    title = title or action or f"{product} alert"
    category = text(rule, "category", "rule.category", quality)
    if category is None:
        category = ", ".join(fields.texts(event.get("category"), "event.category", quality))[:FIELD_LIMIT]
    techniques, tactics = threat(view.get("threat"), "threat", quality)
    # Suricata's module puts the flow's id there, which is no alert's.
    event_id = None if module == "suricata" else text(event, "id", "event.id", quality)
    found = ecs.ecs(view, event, quality, module in ecs.SENSORS)
    return _new_alert(
        vendor,
        product,
        detector,
        time_ms,
        time_text,
        event_id or fields.word(hit_id, "_id", quality),
        rule_id or text(event, "code", "event.code", quality) or title[:FIELD_LIMIT],
        title[:FIELD_LIMIT],
        category or None,
        message,
        *_severity(event, module, quality),
        techniques,
        tactics,
        is_eicar(text(rule, "name", "rule.name", [])) or _only_eicar(view),
        fields.rest(view, _KNOWN),
        fields.closed(quality, before),
        *found,
    )


_new_alert: Final = maker(
    Alert,
    *("vendor", "product", "detector", "time_ms", "time_text", "source_uid", "rule_id", "title"),
    *("category", "message", "severity_id", "severity_text", "severity_scale", "techniques", "tactics"),
    *("is_sample", "unmapped", "quality"),
    *Ecs._fields,
    format="ecs",
)


def _only_eicar(view: Mapping[str, Any]) -> bool:
    """Return whether Elastic Defend's signatures found the EICAR test file and nothing else."""
    at: Any = view
    for key in ("file", "Ext", "malware_signature", "all_names"):
        at = at.get(key) if type(at) is dict else None
    return type(at) is str and all_eicar(at.split(","))


def _maker_of(
    view: Mapping[str, Any], event: Mapping[str, Any], module: str | None, quality: list[Quality]
) -> tuple[str, str, str]:
    """Return vendor, product and detector: of the observer, else of the module, else what names the data."""
    observer = section(view, "observer", "observer", quality)
    vendor = text(observer, "vendor", "observer.vendor", quality)
    product = text(observer, "product", "observer.product", quality)
    detector = (
        module
        or text(event, "provider", "event.provider", quality)
        or text(event, "dataset", "event.dataset", quality)
        or product
        or "ecs"
    )
    known = _PRODUCTS.get(detector, (None, None))
    vendor = vendor or known[0] or detector
    return vendor, product or known[1] or detector, detector


def _severity(
    event: Mapping[str, Any], module: str | None, quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale. A number of an unknown scale keeps its text and has no class."""
    label = text(event, "severity_label", "event.severity_label", quality)
    if label is not None and label.lower() in WORDS:
        return WORDS[label.lower()], label, WORD_SCALE
    value = one(event.get("severity"), "event.severity", quality)
    received = fields.word(value, "event.severity", quality)
    if received is None:
        return None, None, None
    if received.lower() in WORDS:
        return WORDS[received.lower()], received, WORD_SCALE
    number = fields.whole(value)
    if module == "suricata":
        severity_id, scale = eve.SEVERITIES.get(number or 0), eve.SCALE
    else:
        severity_id, scale = SEVERITIES.get(number or 0), SCALE
        if severity_id is None:
            scale = f"ecs:{module[:64]}" if module else "ecs:unknown"
    if severity_id is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, "event.severity"))
    return severity_id, received, scale
