"""Windows events (Security, Sysmon, PowerShell, Defender, System and all others) in the shapes of
``windows_shapes``.

Few of them are detections: their level says how the *system* does, and stays the stated severity. Defender's
own events (1006-1008, 1015, 1116-1119) are detections and carry a severity of their own.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import FIELD_LIMIT, Alert, Endpoint, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import ecs, fields, windows_defender
from enrich.formats.nested import unwrapped
from enrich.formats.windows_fields import WINDOWS, Data, Facts, facts, with_domain
from enrich.formats.windows_record import Record
from enrich.formats.windows_shapes import reader_of, shape_of
from enrich.formats.windows_titles import DEFENDER, PROVIDERS, SECURITY, SYSMON, title
from enrich.swift import maker

SCALE: Final = "windows:0-5"
# Standard event levels: 0 log always (audits), 1 critical, 2 error, 3 warning, 4 informational, 5 verbose.
# https://learn.microsoft.com/en-us/dotnet/api/system.diagnostics.eventing.reader.standardeventlevel
# They tell how a component does, not what an attacker does: an error is a service that failed, "critical" a
# loss of power. Since the stated severity is a floor that nothing lowers, error is low, and critical medium.
# 8 and 16 are audits, succeeded and failed, by the numbers of the classic log: Azure has them.
# https://learn.microsoft.com/en-us/dotnet/api/system.diagnostics.eventlogentrytype
SEVERITIES: Final = {0: 1, 1: 3, 2: 2, 3: 2, 4: 1, 5: 1, 8: 1, 16: 2}
# The same as Beats and NXLog write them, and the classic kinds of event.
WORDS: Final = {
    **dict.fromkeys(
        ("information", "informational", "info", "verbose", "debug", "logalways", "log_always"), 1
    ),
    **dict.fromkeys(("audit success", "success"), 1),
    **dict.fromkeys(("warning", "error", "audit failure"), 2),
    "critical": 3,
}
_ACTIONS: Final = {
    **{(SECURITY, event_id): "blocked" for event_id in ("5152", "5155", "5157", "5159")},
    **{(SECURITY, event_id): "allowed" for event_id in ("5154", "5156", "5158")},
    **{(SYSMON, event_id): "blocked" for event_id in ("27", "28")},
    **{("Microsoft-Windows-AppLocker", event_id): "blocked" for event_id in ("8004", "8007")},
    **{(DEFENDER, event_id): "blocked" for event_id in ("1121", "1123", "1126")},
}
# What tells one event from the next of its kind where no rendered message does.
_TELLING: Final = (
    *("ServiceName", "ImagePath", "ServiceFileName", "TaskName", "TargetObject", "Details", "PipeName"),
    *("ShareName", "ObjectName", "TargetImage", "GrantedAccess", "TargetUserName", "MemberName", "Consumer"),
    *("Filter", "Payload"),
)
# Written by the sensor's own service, so that the header's account is nobody's who did something.
_SENSORS: Final = frozenset((SYSMON, "Linux-Sysmon", DEFENDER))
# SIDs of people's and machines' accounts; all others are well known ones, of services mostly.
_ACCOUNTS: Final = ("S-1-5-21-", "S-1-12-1-")
_ECS: Final = frozenset(("process", "user", "source", "destination", "dns", "file", "hash", "url"))


class Seen(NamedTuple):
    """Fields of Alert."""

    detector: str
    time_ms: int | None
    time_text: str | None
    rule_id: str
    title: str
    category: str | None
    message: str | None
    severity_id: int | None
    severity_text: str | None
    severity_scale: str | None
    proto: str | None
    src: Endpoint
    dst: Endpoint
    device: Endpoint
    user: str | None
    process: Process | None
    action: str | None
    url: str | None
    dns_query: str | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]
    is_sample: bool
    unmapped: dict[str, Any] | None


_new_alert: Final = maker(
    Alert, "source_uid", *Seen._fields, "quality", format="windows", vendor="Microsoft", product="Windows"
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a Windows event, or a hit of a search in Elasticsearch that holds one."""
    return shape_of(unwrapped(doc)[0]) is not None


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Takes a document that ``recognise`` knows."""
    quality: list[Quality] = []
    event, hit_id = unwrapped(doc)
    found = seen(reader_of(event)(event, quality), quality)
    source_uid = None if hit_id is None else fields.word(hit_id, "_id", quality)
    return _new_alert(source_uid, *found, fields.closed(quality, before))


def seen(record: Record, quality: list[Quality]) -> Seen:
    """Return what the event says. Changes the record's ``data`` and ``rest``."""
    provider = record.provider or PROVIDERS.get(record.channel or "")
    event_id = record.event_id
    time_ms, time_text = fields.time(record.stamp, record.stamp_path, quality)
    severity_id, severity_text = _severity(record.level, record.level_path, quality)
    scale = None if severity_text is None else SCALE
    data = Data(record.data, record.data_path, quality)
    said = title(provider, event_id)
    rule_id = f"{provider or record.channel or 'windows'}/{event_id or 'unknown'}"
    action = _ACTIONS.get((provider or "", event_id or ""))
    is_sample = False
    found_in = None
    if provider == DEFENDER:
        threat = windows_defender.threat(data, event_id)
        if threat.name is not None:
            said = f"{said}: {threat.name}"
        if threat.uid is not None:
            rule_id = f"{rule_id}:{threat.uid}"
        if threat.severity_text is not None:
            severity_id, severity_text = threat.severity_id, threat.severity_text
            scale = windows_defender.SCALE
        action, found_in, is_sample = action or threat.action, threat.file_path, threat.is_sample
    command = _host_application(data) if "Data" in data.left or "ContextInfo" in data.left else None
    about = facts(data, event_id, WINDOWS, command)
    user = about.user or _writer(record, provider)
    message = record.message or _composed(data.left)
    device = fields.endpoint(None, None, record.computer)
    rest: dict[str, Any] | None = record.rest
    if record.ecs is not None and not _ECS.isdisjoint(record.ecs):
        about, user = _with_ecs(record.ecs, about, user, quality)
        rest = fields.rest(record.rest, ecs.KNOWN)
    return Seen(
        provider or record.channel or "windows",
        time_ms,
        time_text,
        rule_id[:FIELD_LIMIT],
        said[:FIELD_LIMIT],
        record.channel,
        message,
        severity_id,
        severity_text,
        scale,
        about.proto,
        about.src,
        about.dst,
        device,
        user,
        about.process,
        action,
        about.url,
        about.dns_query,
        found_in or about.file_path,
        about.hashes,
        is_sample,
        _unmapped(record, rest or {}),
    )


def _severity(value: object, path: str, quality: list[Quality]) -> tuple[int | None, str | None]:
    received = fields.word(value, path, quality)
    if received is None:
        return None, None
    number = fields.whole(value)
    found = WORDS.get(received.strip().lower()) if number is None else SEVERITIES.get(number)
    if found is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, path))
    return found, received


def _composed(data: Mapping[str, Any]) -> str | None:
    """Return the telling values that no field has taken, with their names; they stay in the rest too."""
    said = [
        f"{key}: {value}"
        for key in _TELLING
        if type(value := data.get(key)) is str and value and value != "-"
    ]
    return "; ".join(said)[:FIELD_LIMIT] or None


def _host_application(data: Data) -> str | None:
    """Return the command line of PowerShell's host.

    The classic log (400, 600, 800) has it in a text without a name, module logging (4103) in ContextInfo.
    """
    listed = data.left.get("Data")
    for value in (data.left.get("ContextInfo"), *(listed if type(listed) is list else [listed])):
        if type(value) is not str:
            continue
        for mark in ("HostApplication=", "Host Application = "):
            line = value.partition(mark)[2].partition("\n")[0].strip()
            if line:
                return fields.text(line, data.prefix + "Data", data.quality)
    return None


def _writer(record: Record, provider: str | None) -> str | None:
    """Return whom the writer of the event ran as: who acted, where a program speaks for itself."""
    if provider in _SENSORS:
        return None
    if record.account is not None:
        return with_domain(record.account, record.account_domain)
    sid = record.account_sid
    if type(sid) is str and sid.startswith(_ACCOUNTS):
        return sid[:FIELD_LIMIT]
    return None


def _with_ecs(
    doc: Mapping[str, Any], about: Facts, user: str | None, quality: list[Quality]
) -> tuple[Facts, str | None]:
    """Return both, filled up from ECS fields, where Elastic's modules have moved the event's own."""
    other = ecs.ecs(doc, fields.NOTHING, quality)
    return (
        Facts(
            about.user,
            about.process or other.process,
            about.file_path or other.file_path,
            about.hashes or other.hashes,
            other.src if about.src is fields.NOWHERE else about.src,
            other.dst if about.dst is fields.NOWHERE else about.dst,
            about.proto or other.proto,
            about.dns_query or other.dns_query,
            about.url or other.url,
        ),
        about.user or other.user or user,
    )


def _unmapped(record: Record, rest: dict[str, Any]) -> dict[str, Any] | None:
    """Return the rest of the document with the rest of the data at its place."""
    left = record.data
    if not left:
        return rest or None
    if not record.under:
        rest.update(left)
        return rest
    at = rest
    for key in record.under[:-1]:
        at = at.setdefault(key, {})
    at[record.under[-1]] = left
    return rest
