"""Free-text incident reports, in the columns of AlertSage's data set. https://github.com/texasbe2trill/AlertSage

The set's labels are no statements of a detector, and no field is read from them: the incident's class
(``event_type``), whether it is real (``is_true_positive``), and the technique that was drawn for the class
(``mitre_technique``, ``mitre_clause``).
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import first_word
from enrich.formats.host_facts import said
from enrich.formats.severities import by_word
from enrich.swift import maker

SCALE: Final = "incident:info-critical"
SEVERITIES: Final = {"info": 1, "informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
# Application protocols that stand where the transport's is asked.
_APPLICATION: Final = frozenset(("http", "https", "dns", "ssh", "smtp", "ftp", "rdp", "smb", "tls"))
# One of these stands beside ``description`` and ``log_source`` in every report of the set.
_BESIDE: Final = frozenset(
    ("event_id", "detection_rule", "description_short", "description_user_report", "short_log")
)
KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("event_id", "timestamp", "log_source", "severity", "user", "device", "src_ip", "dest_ip", "dst_ip"),
        *("src_port", "dest_port", "dst_port", "protocol", "detection_rule", "description"),
    )
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is such a report. Takes a document that has ``description`` and ``log_source``."""
    return (
        type(doc["description"]) is str
        and type(doc["log_source"]) is str
        and bool(doc["description"])
        and not _BESIDE.isdisjoint(doc)
    )


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    time_ms, time_text = fields.time(doc.get("timestamp"), "timestamp", quality)
    rule_id = fields.word(doc.get("detection_rule"), "detection_rule", quality)
    message = fields.word(doc.get("description"), "description", quality)
    title = rule_id or first_word(doc, ("description_short",), "", quality) or message
    severity_id, severity_text = by_word(doc.get("severity"), SEVERITIES, "severity", quality)
    spoken = doc.get("protocol")
    app_proto = spoken.lower() if type(spoken) is str and spoken.lower() in _APPLICATION else None
    return _new_alert(
        fields.word(doc.get("log_source"), "log_source", quality) or "report",
        time_ms,
        time_text,
        fields.word(doc.get("event_id"), "event_id", quality),
        rule_id or "report",
        title[:FIELD_LIMIT] if title else "Incident report",
        message,
        severity_id,
        severity_text,
        None if severity_text is None else SCALE,
        None if app_proto is not None else fields.proto(spoken, "protocol", quality),
        app_proto,
        fields.endpoint(
            fields.ip(doc.get("src_ip"), "src_ip", quality),
            fields.port(doc.get("src_port"), "src_port", quality),
        ),
        fields.endpoint(
            fields.ip(doc.get("dest_ip") or doc.get("dst_ip"), "dest_ip", quality),
            fields.port(
                doc["dest_port"] if "dest_port" in doc else doc.get("dst_port"), "dest_port", quality
            ),
        ),
        fields.endpoint(None, None, said(fields.word(doc.get("device"), "device", quality))),
        said(fields.word(doc.get("user"), "user", quality)),
        fields.rest(doc, KNOWN),
        fields.closed(quality, before),
    )


_new_alert: Final = maker(
    Alert,
    *("detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "message", "severity_id"),
    *("severity_text", "severity_scale", "proto", "app_proto", "src", "dst", "device", "user", "unmapped"),
    "quality",
    format="incident",
    vendor="unknown",
    product="incident report",
)
