"""CrowdStrike Falcon detections: Event Streams, the flat events of Falcon's SIEM, and the alerts API.
https://falcon.crowdstrike.com/documentation/page/d88d8ed6/streaming-api-event-dictionary
https://www.falconpy.io/Service-Collections/Alerts.html

Falcon has tactics and techniques of its own beside ATT&CK's ("Malware", CSTA0001; "Malicious File", CST0001).
Ids go through as received, and are refused where ATT&CK is asked. Names are passed on only under a tactic of
ATT&CK's, because some of Falcon's own techniques are called like one of ATT&CK's and are another.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import fields
from enrich.formats.crowdstrike_host import API, STREAM, Host, Keys, host
from enrich.formats.given import first_time, first_word, objects
from enrich.formats.host_facts import is_tactic
from enrich.formats.severities import Bands, by_band, by_word
from enrich.swift import maker

# https://www.falconpy.io/Service-Collections/Alerts.html: informational below 20, low 20-39, medium 40-59,
# high 60-79, critical 80-100. The event that was there first has one to five.
NAMES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
NAME_SCALE: Final = "crowdstrike:informational-critical"
HUNDRED: Final = Bands(100, ((80, 5), (60, 4), (40, 3), (20, 2), (0, 1)))
HUNDRED_SCALE: Final = "crowdstrike:1-100"
FIVE: Final = Bands(5, ((5, 5), (4, 4), (3, 3), (2, 2), (1, 1)))
FIVE_SCALE: Final = "crowdstrike:1-5"
FIRST_EVENT: Final = "detectionsummaryevent"

# Beside those that end in "DetectionSummaryEvent".
_DETECTIONS: Final = ("identityprotectionevent",)
_FLAT_PREFIX: Final = "event_"
# What Falcon itself says of the detections that one triggers to try it out.
# https://www.crowdstrike.com/tech-hub/endpoint-security/generate-your-first-detection/
_SAMPLE: Final = "For evaluation only - benign, no action needed."

STREAM_KNOWN: Final = frozenset(
    (
        *("DetectName", "Name", "DetectDescription", "Description", "PatternId", "CompositeId", "Objective"),
        *("ComputerName", "Hostname", "LocalIP", "SensorId", "AgentId", "UserName", "FileName", "FilePath"),
        *(
            "CommandLine",
            "AssociatedFile",
            "MD5String",
            "SHA1String",
            "SHA256String",
            "Severity",
            "SeverityName",
        ),
    )
)
API_KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("composite_id", "timestamp", "product", "severity", "severity_name", "display_name", "description"),
        *("pattern_id", "scenario", "user_name", "filename", "filepath", "cmdline", "local_process_id"),
        *("md5", "sha1", "sha256"),
    )
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is one of Falcon's events, detection or not, or an alert of its API."""
    if "composite_id" in doc:
        return type(doc["composite_id"]) is str and ("cid" in doc or "agent_id" in doc)
    if "ExternalApiType" in doc:
        kind = doc["ExternalApiType"]
        return type(kind) is str and kind.lower().startswith(_FLAT_PREFIX)
    metadata = doc.get("metadata")
    if type(metadata) is not dict or type(doc.get("event")) is not dict:
        return False
    return type(metadata.get("eventType")) is str and "customerIDString" in metadata


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for events that are no detections."""
    if "composite_id" in doc:
        return _api(doc, before)
    return _stream(doc, before)


def _stream(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    flat = "ExternalApiType" in doc
    event: Mapping[str, Any] = doc if flat else doc["event"]
    kind = str(doc["ExternalApiType"] if flat else doc["metadata"]["eventType"]).lower()
    kind = kind.removeprefix(_FLAT_PREFIX)
    if not kind.endswith(FIRST_EVENT) and kind not in _DETECTIONS:
        raise Rejected(
            DeadCode.NOT_AN_ALERT, "a Falcon event that is no detection; send *DetectionSummaryEvent"
        )
    quality: list[Quality] = []
    if flat:
        times = ("UTCTimestamp", "timestamp", "@timestamp", "ProcessStartTime")
        time_ms, time_text = first_time(doc, times, "", quality)
        left = fields.rest(doc, dict.fromkeys(STREAM_KNOWN))
    else:
        time_ms, time_text = first_time(doc["metadata"], ("eventCreationTime",), "metadata.", quality)
        known = {"metadata": frozenset(("eventCreationTime",)), "event": STREAM_KNOWN}
        left = fields.rest(doc, known)
    bands, scale = (FIVE, FIVE_SCALE) if kind == FIRST_EVENT else (HUNDRED, HUNDRED_SCALE)
    # "Epp", "Idp", "Xdr" …; the first one was of endpoints.
    detector = (kind.removesuffix(FIRST_EVENT) or "epp") if kind not in _DETECTIONS else "idp"
    severity = _severity(event, "Severity", "SeverityName", bands, scale, quality)
    return _alert(event, STREAM, detector[:40], time_ms, time_text, severity, left, quality, before)


def _api(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    quality: list[Quality] = []
    time_ms, time_text = first_time(doc, ("timestamp", "created_timestamp"), "", quality)
    detector = fields.word(doc.get("product"), "product", quality) or "epp"
    severity = _severity(doc, "severity", "severity_name", HUNDRED, HUNDRED_SCALE, quality)
    left = fields.rest(doc, API_KNOWN)
    return _alert(doc, API, detector, time_ms, time_text, severity, left, quality, before)


def _alert(
    event: Mapping[str, Any],
    keys: Keys,
    detector: str,
    time_ms: int | None,
    time_text: str | None,
    severity: tuple[int | None, str | None, str | None],
    left: dict[str, Any] | None,
    quality: list[Quality],
    before: tuple[Quality, ...],
) -> Alert:
    title = first_word(event, keys.title, "", quality)
    rule_id = first_word(event, keys.rule_id, "", quality)
    message = first_word(event, keys.message, "", quality)
    techniques, tactics = _attack(event, keys, quality)
    return _new_alert(
        detector,
        time_ms,
        time_text,
        first_word(event, keys.source_uid, "", quality),
        rule_id or title or "unknown",
        title or message or rule_id or "Falcon detection",
        first_word(event, keys.category, "", quality),
        message,
        *severity,
        techniques,
        tactics,
        message is not None and message.startswith(_SAMPLE),
        left,
        *host(event, keys, quality),
        fields.closed(quality, before),
    )


def _severity(
    event: Mapping[str, Any], number: str, name: str, bands: Bands, scale: str, quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale: the class that Falcon names, else that of the number's band."""
    found: list[Quality] = []
    named, word = by_word(event.get(name), NAMES, name, found)
    if named is not None:
        text = fields.word(event.get(number), number, quality)
        return (named, word, NAME_SCALE) if text is None else (named, text, scale)
    quality += found
    severity_id, text = by_band(event.get(number), bands, number, quality)
    if text is not None:
        return severity_id, text, scale
    return None, word, None if word is None else NAME_SCALE


def _attack(
    event: Mapping[str, Any], keys: Keys, quality: list[Quality]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return techniques and tactics: the list of them where there is one, else the event's own."""
    listed: Sequence[Mapping[str, Any]] = objects(event.get(keys.attack), keys.attack, quality) or (event,)
    techniques: dict[str, None] = {}
    tactics: dict[str, None] = {}
    for each in listed[: fields.LIST_LIMIT]:
        name = first_word(each, keys.tactic, "", quality)
        tactic = first_word(each, keys.tactic_id, "", quality) or name
        if tactic is not None:
            tactics[tactic] = None
        technique = first_word(each, keys.technique_id, "", quality)
        if technique is None and name is not None and is_tactic(name):
            technique = first_word(each, keys.technique, "", quality)
        if technique is not None:
            techniques[technique] = None
    return tuple(techniques), tuple(tactics)


_new_alert: Final = maker(
    Alert,
    *("detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category", "message"),
    *("severity_id", "severity_text", "severity_scale", "techniques", "tactics", "is_sample", "unmapped"),
    *Host._fields,
    "quality",
    format="crowdstrike",
    vendor="CrowdStrike",
    product="Falcon",
)
