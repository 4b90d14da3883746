"""OCSF findings, versions 1.0 to 1.8: classes 2001 to 2007, of any product. https://schema.ocsf.io

Also as AWS Security Hub of 2025 sends them, in EventBridge events. An event that Millrace itself made is
refused, so that a loop of topics cannot feed itself.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import aws, fields
from enrich.formats.eicar import all_eicar
from enrich.formats.given import first_time, first_word, objects
from enrich.formats.ocsf_evidence import Evidence, evidence
from enrich.formats.severities import by_word
from enrich.swift import maker

EVENT_TYPE: Final = "Findings Imported V2"
# security, vulnerability, compliance, detection, incident, data security, application security posture
CLASSES: Final = frozenset((2001, 2002, 2003, 2004, 2005, 2006, 2007))
SCALE: Final = "ocsf:severity_id"
CAPTION_SCALE: Final = "ocsf:severity"
# 6 is "Fatal"; 0 "Unknown" and 99 "Other" state no severity.
# https://schema.ocsf.io/1.8.0/dictionary?extensions=#severity_id
SEVERITIES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5}
NOT_STATED: Final = (0, 99)
CAPTIONS: Final[dict[str, int | None]] = {
    "unknown": None,
    "informational": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
    "fatal": 5,
    "other": None,
}
# Where a document has one of these beside ``class_uid``, it is OCSF.
_BESIDE: Final = frozenset(
    ("metadata", "category_uid", "type_uid", "activity_id", "severity_id", "finding_info", "finding")
)
_CLASS_UIDS: Final = range(1_000, 100_000_000)
_VERDICT_TEST: Final = 6
_ACTIONS: Final = {1: "allowed", 2: "blocked"}
_DISPOSITIONS: Final = {1: "allowed", 2: "blocked", 6: "blocked", 25: "blocked"}

_FINDING: Final = frozenset(("uid", "title", "desc"))
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(("class_uid", "category_uid", "time", "severity_id", "severity")),
    **dict.fromkeys(("finding_info", "finding"), _FINDING),
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is an OCSF event, finding or not."""
    found = aws.candidate(doc) if doc.get("detail-type") == EVENT_TYPE else doc
    if type(found) is not dict:
        return False
    class_uid = fields.whole(found.get("class_uid"))
    return class_uid is not None and class_uid in _CLASS_UIDS and not _BESIDE.isdisjoint(found)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for what is no finding, or says it is no alert."""
    quality: list[Quality] = []
    wrapped = aws.unwrapped(doc, EVENT_TYPE)
    event = wrapped.finding
    _refuse(event)
    key = "finding" if "finding" in event and "finding_info" not in event else "finding_info"
    finding = fields.part(event, key, key, quality)
    # An incident is made of findings; what it says of itself stands at the top.
    first = objects(event.get("finding_info_list"), "finding_info_list", quality)[:1] if not finding else []
    metadata = fields.part(event, "metadata", "metadata", quality)
    time_ms, time_text = first_time(event, ("time", "time_dt"), "", quality)
    severity_id, severity_text, scale = _severity(event, quality)
    title, rule_id = _names(event, finding or (first[0] if first else fields.NOTHING), metadata, key, quality)
    vendor, product, detector = _maker(metadata, quality)
    techniques, tactics = _attacks(event, finding, quality)
    types = fields.texts(finding.get("types"), key + ".types", quality)
    seen = evidence(event, quality)
    return _new_alert(
        vendor,
        product,
        detector,
        time_ms,
        time_text,
        first_word(finding, ("uid",), key + ".", quality)
        or first_word(metadata, ("uid",), "metadata.", quality),
        rule_id or title or "unknown",
        title or rule_id or "OCSF finding",
        types[0] if types and not types[0].isspace() else None,
        first_word(finding, ("desc",), key + ".", quality)
        or first_word(event, ("desc", "message"), "", quality),
        severity_id,
        severity_text,
        scale,
        _action(event),
        techniques,
        tactics,
        _is_sample(event, metadata, title, vendor),
        wrapped.unmapped(fields.rest(event, KNOWN)),
        *seen,
        fields.closed(quality, before),
    )


def _refuse(event: Mapping[str, Any]) -> None:
    unmapped = event.get("unmapped")
    if type(unmapped) is dict and "millrace" in unmapped:
        raise Rejected(DeadCode.NOT_AN_ALERT, "an event that Millrace made; read alerts from another topic")
    class_uid = fields.whole(event.get("class_uid"))
    if class_uid not in CLASSES:
        raise Rejected(
            DeadCode.NOT_AN_ALERT, "an OCSF event that is no finding; send only classes 2001 to 2007"
        )
    if event.get("is_alert") is False:
        raise Rejected(DeadCode.NOT_AN_ALERT, "an OCSF finding that says it is no alert (is_alert is false)")


def _severity(event: Mapping[str, Any], quality: list[Quality]) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale: of ``severity_id``, else of the caption."""
    value = event.get("severity_id")
    received = fields.word(value, "severity_id", quality)
    number = None if received is None else fields.whole(value)
    if received is not None and number not in NOT_STATED:
        found = None if number is None else SEVERITIES.get(number)
        if found is None:
            quality.append(Quality(QualityCode.BAD_SEVERITY, "severity_id"))
        return found, received, SCALE
    caption = event.get("severity")
    if caption is None or caption == "":
        return None, received, None if received is None else SCALE
    if number is not None:
        # "Other" says no more than that the caption is the product's own word.
        word = fields.word(caption, "severity", quality)
        if word is None:
            return None, received, SCALE
        return CAPTIONS.get(word.strip().lower()), word, CAPTION_SCALE
    severity_id, text = by_word(caption, CAPTIONS, "severity", quality)
    return severity_id, text, None if text is None else CAPTION_SCALE


def _names(
    event: Mapping[str, Any],
    finding: Mapping[str, Any],
    metadata: Mapping[str, Any],
    key: str,
    quality: list[Quality],
) -> tuple[str | None, str | None]:
    """Return title and rule: of the analytic, the event code, else of a vulnerability or control."""
    # An incident is called by its own message; its findings by theirs.
    title = first_word(event, ("message",), "", quality) if "finding_info_list" in event else None
    title = title or first_word(finding, ("title",), key + ".", quality)
    rule_id = None
    for holder, path in ((finding, key + ".analytic"), (event, "analytic")):
        analytic = fields.part(holder, "analytic", path, quality)
        rule_id = rule_id or first_word(analytic, ("uid", "name"), path + ".", quality)
    rule_id = rule_id or first_word(metadata, ("event_code",), "metadata.", quality)
    if "vulnerabilities" in event and (title is None or rule_id is None):
        weak = fields.first_part(event["vulnerabilities"], "vulnerabilities", quality)
        cve = fields.part(weak, "cve", "vulnerabilities.cve", quality)
        rule_id = rule_id or first_word(cve, ("uid",), "vulnerabilities.cve.", quality)
        title = title or first_word(weak, ("title", "desc"), "vulnerabilities.", quality)
    if "compliance" in event and rule_id is None:
        compliance = fields.part(event, "compliance", "compliance", quality)
        rule_id = first_word(compliance, ("control",), "compliance.", quality)
    title = title or first_word(event, ("message",), "", quality)
    if rule_id is None:
        types = fields.texts(finding.get("types"), key + ".types", quality)
        rule_id = types[0] if types and not types[0].isspace() else None
    return title, rule_id


def _maker(metadata: Mapping[str, Any], quality: list[Quality]) -> tuple[str, str, str]:
    """Return vendor, product and detector, which is the product's feature where one is named."""
    product = fields.part(metadata, "product", "metadata.product", quality)
    feature = fields.part(product, "feature", "metadata.product.feature", quality)
    vendor = first_word(product, ("vendor_name",), "metadata.product.", quality)
    name = first_word(product, ("name", "uid"), "metadata.product.", quality) or vendor or "unknown"
    detector = first_word(feature, ("name", "uid"), "metadata.product.feature.", quality)
    return vendor or "unknown", name, detector or name


def _attacks(
    event: Mapping[str, Any], finding: Mapping[str, Any], quality: list[Quality]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return techniques, the sub-technique where there is one, and tactics: by id, else by name."""
    listed = objects(finding.get("attacks"), "attacks", quality) + objects(
        event.get("attacks"), "attacks", quality
    )
    techniques: dict[str, None] = {}
    tactics: dict[str, None] = {}
    for attack in listed[: fields.LIST_LIMIT]:
        for key in ("sub_technique", "technique"):
            named = fields.part(attack, key, "attacks." + key, quality)
            found = first_word(named, ("uid", "name"), f"attacks.{key}.", quality)
            if found is not None:
                techniques[found] = None
                break
        for tactic in (
            *objects(attack.get("tactic"), "attacks.tactic", quality),
            *objects(attack.get("tactics"), "attacks.tactics", quality),
        ):
            found = first_word(tactic, ("uid", "name"), "attacks.tactic.", quality)
            if found is not None:
                tactics[found] = None
    return tuple(techniques)[: fields.LIST_LIMIT], tuple(tactics)[: fields.LIST_LIMIT]


def _action(event: Mapping[str, Any]) -> str | None:
    """Return what a control did (profile ``security_control``)."""
    action, disposition = fields.whole(event.get("action_id")), fields.whole(event.get("disposition_id"))
    found = None if action is None else _ACTIONS.get(action)
    return found or (None if disposition is None else _DISPOSITIONS.get(disposition))


def _is_sample(event: Mapping[str, Any], metadata: Mapping[str, Any], title: str | None, vendor: str) -> bool:
    labels = metadata.get("labels")
    if type(labels) is list and "sample" in labels[: fields.LIST_LIMIT]:
        return True
    if event.get("verdict_id") == _VERDICT_TEST:
        return True
    malware = event.get("malware")
    if type(malware) is list and all_eicar([each.get("name") for each in malware if type(each) is dict]):
        return True
    return vendor in ("AWS", "Amazon") and title is not None and title.startswith("[SAMPLE]")


_new_alert: Final = maker(
    Alert,
    *("vendor", "product", "detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category"),
    *("message", "severity_id", "severity_text", "severity_scale", "action", "techniques", "tactics"),
    *("is_sample", "unmapped"),
    *Evidence._fields,
    "quality",
    format="ocsf",
)
