r"""Windows events as PowerShell writes them: ``Get-WinEvent | ConvertTo-Json``, one event.
https://learn.microsoft.com/en-us/dotnet/api/system.diagnostics.eventing.reader.eventlogrecord

    {"Id": 4625, "ProviderName": "…", "LogName": "Security", "TimeCreated": "\/Date(1709633472345)\/",
     "Properties": [{"Value": "S-1-0-0"}, …], "Message": "…"}

The values have no names: those of the common events are known by their order, and Sysmon writes the names
into the message.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.windows_record import Record, event_number
from enrich.formats.windows_titles import SECURITY, SYSMON

_DATE: Final = re.compile(r"/Date\((-?[0-9]{1,16})(?:[+-][0-9]{4})?\)/")
_KEY: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9]{1,40}): ?")
_LINE_END: Final = re.compile(r"\r?\n|\Z")
_LINES: Final = 128
_READ: Final = frozenset(
    (
        *("Id", "ProviderName", "LogName", "TimeCreated", "MachineName", "Level", "Message", "Properties"),
        *("LevelDisplayName",),
    )
)
_SUBJECT: Final = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
_LOGON: Final = f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName"
_ACCOUNT: Final = f"TargetUserName TargetDomainName TargetSid {_SUBJECT}"
# The order of the data in the events' own templates.
# https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing
_TEMPLATES: Final = {
    "4624": f"{_LOGON} TargetLogonId LogonType LogonProcessName AuthenticationPackageName WorkstationName "
    "LogonGuid TransmittedServices LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort",
    "4625": f"{_LOGON} Status FailureReason SubStatus LogonType LogonProcessName AuthenticationPackageName "
    "WorkstationName TransmittedServices LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort",
    "4648": f"{_SUBJECT} LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName "
    "TargetInfo ProcessId ProcessName IpAddress IpPort",
    "4688": f"{_SUBJECT} NewProcessId NewProcessName TokenElevationType ProcessId CommandLine TargetUserSid "
    "TargetUserName TargetDomainName TargetLogonId ParentProcessName MandatoryLabel",
    "4697": f"{_SUBJECT} ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    "4698": f"{_SUBJECT} TaskName TaskContent",
    **dict.fromkeys(("4720", "4722", "4723", "4724", "4725", "4726", "4738", "4740"), _ACCOUNT),
    **dict.fromkeys(
        ("4728", "4732", "4756"),
        f"MemberName MemberSid TargetUserName TargetDomainName TargetSid {_SUBJECT} PrivilegeList",
    ),
    "4768": "TargetUserName TargetDomainName TargetSid ServiceName ServiceSid TicketOptions Status "
    "TicketEncryptionType PreAuthType IpAddress IpPort",
    "4769": "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions TicketEncryptionType "
    "IpAddress IpPort Status",
    "4771": "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort",
    "4776": "PackageName TargetUserName Workstation Status",
}
_SERVICE: Final = "ServiceName ImagePath ServiceType StartType AccountName"
_NAMES: Final = {
    **{(SECURITY, number): tuple(names.split()) for number, names in _TEMPLATES.items()},
    ("Service Control Manager", "7045"): tuple(_SERVICE.split()),
}


def is_powershell(doc: Mapping[str, Any]) -> bool:
    """Return whether a document that has ``ProviderName`` is one."""
    return (
        event_number(doc.get("Id")) is not None
        and type(doc.get("LogName")) is str
        and type(doc.get("ProviderName")) is str
        and "TimeCreated" in doc
        and ("MachineName" in doc or "Properties" in doc or "ContainerLog" in doc)
    )


def powershell(doc: Mapping[str, Any], quality: list[Quality]) -> Record:
    """Return the event."""
    provider = fields.word(doc.get("ProviderName"), "ProviderName", quality)
    number = event_number(doc.get("Id"))
    message = fields.word(doc.get("Message"), "Message", quality)
    data, named = _data(doc, provider or "", number or "")
    rest = {key: value for key, value in doc.items() if key not in _READ}
    if not named and doc.get("Properties"):
        rest["Properties"] = doc["Properties"]
    level, level_path = doc.get("Level"), "Level"
    if level is None:
        level, level_path = doc.get("LevelDisplayName"), "LevelDisplayName"
    writer = doc.get("UserId")
    return Record(
        provider,
        fields.word(doc.get("LogName"), "LogName", quality),
        number,
        level,
        level_path,
        stamp(doc.get("TimeCreated")),
        "TimeCreated",
        fields.word(doc.get("MachineName"), "MachineName", quality),
        None,
        None,
        writer.get("Value") if type(writer) is dict else writer,
        message,
        data,
        "Properties.",
        rest,
        ("Data",),
    )


def stamp(value: object) -> object:
    r"""Return the time; ``/Date(1709633472345)/`` of Windows PowerShell as its milliseconds.

    >>> stamp("/Date(1709633472345)/"), stamp({"value": "/Date(0)/", "DateTime": "x"}), stamp("2024-03-05")
    (1709633472345, 0, '2024-03-05')
    """
    if type(value) is dict:
        value = value.get("value")
    if type(value) is str and (match := _DATE.fullmatch(value)) is not None:
        return int(match[1])
    return value


def _data(doc: Mapping[str, Any], provider: str, number: str) -> tuple[dict[str, Any], bool]:
    """Return the event's data by name, and whether the values of ``Properties`` are among them."""
    message = doc.get("Message")
    if provider == SYSMON:
        return _lines(message, doc.get("Properties")) if type(message) is str else {}, False
    names = _NAMES.get((provider, number))
    values = doc.get("Properties")
    if names is None or type(values) is not list:
        return {}, False
    if number == "4738":
        values = values[1:]
    found = {}
    for name, each in zip(names, values, strict=False):
        value = each.get("Value") if type(each) is dict else each
        if type(value) is dict:
            value = value.get("Value")  # a SID
        found[name] = str(value) if type(value) is int else value
    return found, True


def _lines(message: str, values: object) -> dict[str, Any]:
    """Return Sysmon's data: ``Name: value`` a line, after the event's name. The first of two names counts.

    values: the same in their order, so that a value of several lines is one.
    """
    known = (
        [each.get("Value") for each in values[:_LINES] if type(each) is dict] if type(values) is list else []
    )
    found: dict[str, Any] = {}
    at = message.find("\n") + 1
    for number in range(_LINES):
        key = _KEY.match(message, at)
        if key is None:
            break
        value = str(known[number]) if number < len(known) else ""
        end = _LINE_END.search(message, key.end())
        at = len(message) if end is None else end.start()
        if "\n" in value and message.startswith(value, key.end()):
            at = key.end() + len(value)
        found.setdefault(key[1], message[key.end() : at].rstrip("\r"))
    return found
