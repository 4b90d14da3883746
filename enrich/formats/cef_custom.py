"""What CEF's custom fields say by their labels, and what is told by several keys: process, hashes, ATT&CK."""

import re
from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.eicar import all_eicar, is_eicar

_TECHNIQUE: Final = re.compile(r"\bT[0-9]{4}(?:\.[0-9]{3})?\b")
_HASH: Final = {32: "md5", 40: "sha1", 64: "sha256"}
LABEL: Final = "Label"
# What producers write for nothing.
_NOTHING: Final = ("", "-", "N/A", "n/a")
_PIDS: Final = {
    **dict.fromkeys(("sproc", "sourceProcessName"), ("spid", "sourceProcessId")),
    **dict.fromkeys(("dproc", "destinationProcessName"), ("dpid", "destinationProcessId")),
    "deviceProcessName": ("dvcpid", "deviceProcessId"),
}


def first(said: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, object]:
    for name in names:
        value = said.get(name)
        if value is not None and value not in _NOTHING:
            return name, value
    return "", None


def labels(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the custom fields by their label, in lower case without blanks: ``cs1Label=Rule cs1=x`` →
    rule: x.
    """
    found: dict[str, str] = {}
    for key, label in said.items():
        if key.endswith(LABEL) and type(label) is str:
            value = said.get(key.removesuffix(LABEL))
            if type(value) is str and value and len(label) <= FIELD_LIMIT:
                plain = label.lower().replace(" ", "").replace("_", "").replace("-", "")
                found.setdefault(plain, value[:FIELD_LIMIT])
    return found


def process(said: Mapping[str, Any], labelled: Mapping[str, str], quality: list[Quality]) -> Process | None:
    key, value = first(
        said, ("sproc", "sourceProcessName", "dproc", "destinationProcessName", "deviceProcessName")
    )
    path = fields.word(value, "extension." + key, quality) if key else None
    command = labelled.get("commandline") or labelled.get("cmdline") or labelled.get("processcommandline")
    if path is None and command is None:
        return None
    pid_key, pid = first(said, (_PIDS.get(key, ("spid", "dpid"))))
    whole = path if path is not None and ("/" in path or "\\" in path) else None
    name = path if path is None else path.replace("\\", "/").rstrip("/").rpartition("/")[2] or path
    return Process(
        name=name,
        path=whole,
        pid=fields.process_id(pid, "extension." + pid_key, quality) if pid_key else None,
        command_line=command,
    )


def hashes(
    said: Mapping[str, Any], labelled: Mapping[str, str], quality: list[Quality]
) -> tuple[tuple[str, str], ...]:
    """Return ``fileHash``, its algorithm told by its length, and custom fields labelled with an algorithm."""
    stated: dict[str, object] = {}
    value = said.get("fileHash")
    if type(value) is str and value:
        algorithm = _HASH.get(len(value))
        if algorithm is None:
            quality.append(Quality(QualityCode.BAD_TYPE, "extension.fileHash"))
        else:
            stated[algorithm] = value
    for algorithm in _HASH.values():
        for label in (algorithm, algorithm + "hash", "file" + algorithm):
            if label in labelled:
                stated.setdefault(algorithm, labelled[label])
    return fields.hashes(tuple(stated.items()), "extension.fileHash", quality)


def attack(labelled: Mapping[str, str], quality: list[Quality]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return technique ids and tactics of custom fields whose label says that they are such."""
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    for label, value in labelled.items():
        if "technique" in label:
            techniques += tuple(_TECHNIQUE.findall(value)) or (value,)
        elif "tactic" in label:
            tactics += fields.texts(value, "extension", quality)
    return tuple(dict.fromkeys(techniques))[: fields.LIST_LIMIT], tactics[: fields.LIST_LIMIT]


# Labels of the custom fields that hold the name of a threat.
_THREATS: Final = frozenset(
    (
        *("virusname", "virus", "threatname", "threat", "malwarename", "malware", "signaturename"),
        *("signature", "scanresultname"),
    )
)


def is_sample(name: str | None, labelled: Mapping[str, str], said: Mapping[str, Any]) -> bool:
    """Return whether the threat is the EICAR test file: by a field for its name, or a name in one word."""
    if name is not None and " " not in name and is_eicar(name):
        return True
    virus = said.get("FTNTFGTvirus")
    if virus is None and _THREATS.isdisjoint(labelled):
        return False
    return all_eicar([virus, *(value for label, value in labelled.items() if label in _THREATS)])
