"""Hayabusa's timeline: ``{"Timestamp", "RuleTitle", "Level", "Computer", "Details": {…}, …}``, any profile.
https://github.com/Yamato-Security/hayabusa/wiki/Timeline-Output
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.errors import Quality, QualityCode
from enrich.formats.sigma_result import Result
from enrich.formats.windows_record import event_number

# https://github.com/Yamato-Security/hayabusa/blob/main/config/mitre_tactics.txt
TACTICS: Final = {
    "Recon": "reconnaissance",
    "ResDev": "resource-development",
    "InitAccess": "initial-access",
    "Exec": "execution",
    "Persis": "persistence",
    "PrivEsc": "privilege-escalation",
    "Evas": "defense-evasion",
    "Stealth": "stealth",
    "CredAccess": "credential-access",
    "Disc": "discovery",
    "LatMov": "lateral-movement",
    "Collect": "collection",
    "C2": "command-and-control",
    "Exfil": "exfiltration",
    "Impact": "impact",
}
# Names in Hayabusa's Details → the event's own.
# https://github.com/Yamato-Security/hayabusa-rules/blob/main/config/default_details.txt
DETAILS: Final = {
    **dict.fromkeys(("Cmdline", "CmdLine", "Cmd"), "CommandLine"),
    **dict.fromkeys(("Proc", "App"), "Image"),
    "PID": "ProcessId",
    **dict.fromkeys(("ParentProc", "ParentImage"), "ParentImage"),
    "ScriptBlock": "ScriptBlockText",
    "User": "User",
    "SrcUser": "SubjectUserName",
    "TgtUser": "TargetUserName",
    "SrcProc": "SourceImage",
    "SrcPID": "SourceProcessId",
    **dict.fromkeys(("Hash", "Hashes"), "Hashes"),
    "SrcIP": "SourceIp",
    "SrcPort": "SourcePort",
    **dict.fromkeys(("SrcHost", "SrcComp"), "SourceHostname"),
    "TgtIP": "DestinationIp",
    "TgtPort": "DestinationPort",
    "TgtHost": "DestinationHostname",
    **dict.fromkeys(("Proto", "Protocol"), "Protocol"),
    "Query": "QueryName",
    "Path": "TargetFilename",
    "TgtObj": "TargetObject",
    "Svc": "ServiceName",
    "URL": "url",
}
# Events whose Path is a program: new processes, and services that are installed.
_PROGRAMS: Final = {"4688": "NewProcessName", "4697": "ServiceFileName", "7045": "ImagePath"}
_SEPARATOR: Final = "¦"
_NOTHING: Final = ("", "-", "DUP")
_HAYABUSA_PARTS: Final = ("ExtraFieldInfo", "AllFieldInfo", "Details")
_HAYABUSA_READ: Final = frozenset(
    (
        *("Timestamp", "datetime", "RuleTitle", "RuleID", "Level", "Computer", "Channel", "EventID"),
        *("MitreTactics", "MitreTags"),
    )
)


def is_hayabusa(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a line of Hayabusa's timeline."""
    if type(doc.get("Level")) is not str:
        return False
    if doc.get("timestamp_desc") == "hayabusa":
        return type(doc.get("RuleTitle", doc.get("message"))) is str
    timed = "Timestamp" in doc or "datetime" in doc
    return type(doc.get("RuleTitle")) is str and timed and ("Computer" in doc or "Channel" in doc)


def hayabusa(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    """Return the result; the event is made of what the line tells of it."""
    number = event_number(doc.get("EventID"))
    event: dict[str, Any] = {"EventID": number, "Channel": doc.get("Channel")}
    computer = doc.get("Computer")
    # Results of several events, by a rule that counts, name all their computers.
    event["Computer"] = computer.partition(_SEPARATOR)[0].strip() if type(computer) is str else computer
    for key in _HAYABUSA_PARTS:
        said = _pairs(doc.get(key), key, quality)
        event.update(_renamed(said, number) if key == "Details" else said)
    stamp = doc.get("Timestamp")
    rest = {key: value for key, value in doc.items() if key not in _HAYABUSA_READ}
    title = doc.get("RuleTitle")
    return Result(
        prefix="",
        title=rest.pop("message", None) if title is None else title,
        rule_id=doc.get("RuleID"),
        level=doc.get("Level"),
        description=None,
        tags=None,
        techniques=[
            tag for tag in _parts(doc.get("MitreTags")) if type(tag) is not str or tag[:1] in ("T", "t")
        ],
        tactics=[
            TACTICS.get(tag, tag) if type(tag) is str else tag for tag in _parts(doc.get("MitreTactics"))
        ],
        false_positives=None,
        logsource=None,
        stamp=doc.get("datetime") if stamp is None else stamp,
        event=event,
        rest=rest,
        place=None,
    )


def _parts(value: object) -> list[Any]:
    """Return the values of a list, or of a text with marks between them; without those that say nothing."""
    listed = value.split(_SEPARATOR) if type(value) is str else value if type(value) is list else [value]
    stripped = [each.strip() if type(each) is str else each for each in listed]
    return [each for each in stripped if each is not None and each not in _NOTHING]


def _pairs(value: object, path: str, quality: list[Quality]) -> dict[str, Any]:
    """Return names and values of an object, or of ``name: value ¦ name: value``."""
    if type(value) is dict:
        return value
    if type(value) is str:
        halves = (part.partition(": ") for part in value.split(_SEPARATOR))
        return {name.strip(): item.strip() for name, mark, item in halves if mark}
    if value is not None:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return {}


def _renamed(details: Mapping[str, Any], number: str | None) -> dict[str, Any]:
    known = {
        DETAILS[name]: value for name, value in details.items() if name in DETAILS and value not in _NOTHING
    }
    if number in _PROGRAMS and "TargetFilename" in known:
        known[_PROGRAMS[number]] = known.pop("TargetFilename")
    return known
