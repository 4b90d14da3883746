"""Amazon GuardDuty findings: the API's JSON, the command line's PascalCase, and EventBridge events of both.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html

Several findings in one record are no alert: send each as a record of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import aws, fields
from enrich.formats.aws_action import Happened, happened
from enrich.formats.eicar import all_eicar
from enrich.formats.given import embedded, first_time
from enrich.formats.guardduty_resource import resource
from enrich.formats.host_facts import is_tactic
from enrich.formats.severities import Bands, by_band
from enrich.swift import maker

EVENT_TYPE: Final = "GuardDuty Finding"
SCALE: Final = "guardduty:1-10"
# Critical since December 2024. https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
SEVERITIES: Final = Bands(10, ((9, 5), (7, 4), (4, 3), (1, 2)))
SAMPLE_PREFIX: Final = "[SAMPLE]"

KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(("id", "type", "title", "description", "severity")),
    "service": frozenset(("eventLastSeen", "featureName")),
}
KNOWN_PASCAL: Final = {
    outer[0].upper() + outer[1:]: inner and frozenset(key[0].upper() + key[1:] for key in inner)
    for outer, inner in KNOWN.items()
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a finding, a list that begins with one, or an event of GuardDuty's."""
    if "detail-type" in doc and doc.get("source") == "aws.guardduty":
        return type(doc.get("detail")) is dict
    found = aws.candidate(doc)
    return type(found) is dict and (
        _is_finding(found, "type", "accountId", "resource", "arn")
        or _is_finding(found, "Type", "AccountId", "Resource", "Arn")
    )


def _is_finding(doc: Mapping[str, Any], type_: str, account: str, resource_: str, arn: str) -> bool:
    """Return whether it has GuardDuty's keys and a type such as ``Recon:EC2/PortProbeUnprotectedPort``."""
    kind, name = doc.get(type_), doc.get(arn)
    if type(kind) is not str or ":" not in kind or account not in doc or resource_ not in doc:
        return False
    return type(name) is not str or ":guardduty:" in name


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for GuardDuty's other events and for lists."""
    quality: list[Quality] = []
    wrapped = aws.unwrapped(doc, EVENT_TYPE)
    finding = wrapped.finding
    if "Type" in finding and "type" not in finding:
        left = fields.rest(finding, KNOWN_PASCAL)
        finding = aws.camel(finding)
    else:
        left = fields.rest(finding, KNOWN)
    service = fields.part(finding, "service", "service", quality)
    time_ms, time_text = first_time(service, ("eventLastSeen",), "service.", quality)
    if time_text is None:
        time_ms, time_text = first_time(finding, ("updatedAt", "createdAt"), "", quality)
    kind = fields.word(finding.get("type"), "type", quality)
    title = fields.word(finding.get("title"), "title", quality)
    severity_id, severity_text = by_band(finding.get("severity"), SEVERITIES, "severity", quality)
    what = resource(finding, service, quality)
    action = fields.part(service, "action", "service.action", quality)
    actor = service.get("resourceRole") == "ACTOR"
    seen = happened(action, what.device.ip, actor, "service.action.", quality)
    purpose = kind.partition(":")[0] if kind is not None else ""
    return _new_alert(
        fields.word(service.get("featureName"), "service.featureName", quality) or "guardduty",
        time_ms,
        time_text,
        fields.word(finding.get("id"), "id", quality),
        kind or title or "unknown",
        title or kind or "GuardDuty finding",
        purpose.strip() or None,
        fields.word(finding.get("description"), "description", quality),
        severity_id,
        severity_text,
        None if severity_text is None else SCALE,
        # Some purposes are ATT&CK's tactics by name; "UnauthorizedAccess" or "Backdoor" are GuardDuty's own.
        (purpose,) if is_tactic(purpose) else (),
        (title is not None and title.startswith(SAMPLE_PREFIX)) or _is_sample(service, quality),
        wrapped.unmapped(left),
        fields.closed(quality, before),
        *what,
        *seen,
    )


def _is_sample(service: Mapping[str, Any], quality: list[Quality]) -> bool:
    """Return whether ``additionalInfo`` says so: itself, or in the JSON text that the API puts there."""
    info = fields.part(service, "additionalInfo", "service.additionalInfo", quality)
    said = info.get("sample")
    value = info.get("value")
    if said is None and type(value) is str and '"sample"' in value:
        inner = embedded(value, "service.additionalInfo.value", quality)
        said = inner.get("sample") if type(inner) is dict else None
    return said is True or said == "true" or _only_eicar(service)


def _only_eicar(service: Mapping[str, Any]) -> bool:
    """Return whether Malware Protection found the EICAR test file and nothing else."""
    at: Any = service
    for key in ("ebsVolumeScanDetails", "scanDetections", "threatDetectedByName", "threatNames"):
        at = at.get(key) if type(at) is dict else None
    return type(at) is list and all_eicar([each.get("name") for each in at if type(each) is dict])


_new_alert: Final = maker(
    Alert,
    *("detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category", "message"),
    *("severity_id", "severity_text", "severity_scale", "tactics", "is_sample", "unmapped", "quality"),
    *("device", "device_id", "user", "process", "file_path", "hashes"),
    *Happened._fields,
    format="guardduty",
    vendor="AWS",
    product="GuardDuty",
)
