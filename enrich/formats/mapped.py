"""Mapped JSON: a TOML file says where the fields of any JSON alert stand. See docs/formats.md.

A mapping is compiled once, when settings are read; per alert it is a list of (field, reader, getter, path).
"""

from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, NamedTuple

from enrich.alert import Alert, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import actions, fields
from enrich.swift import maker

Doc = MappingABC[str, Any]
Getter = Callable[[Doc], Any]
# Keys that are read → None where all under them is, else the same of what stands under them.
Read = MappingABC[str, Any]
Reader = Callable[[object, str, list[Quality]], Any]

_TRUE: Final = frozenset(("true", "yes", "1"))
_PROCESS: Final = ("name", "path", "pid", "command_line", "parent_name")


class Step(NamedTuple):
    """How one field is filled. path: of the source, for the Quality; "" for a constant."""

    field: str
    read: Reader
    get: Getter
    path: str


class Severity(NamedTuple):
    """How the stated severity is read. table: received text in lower case → OCSF class 1-5."""

    get: Getter
    path: str
    scale: str
    table: MappingABC[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One compiled mapping; ``mapping_file.load_mapping`` makes it.

    name: of the file. keys: top-level keys that must be there.
    equals: values that must be so. digest: hash of what the file says (not of its comments), 16 hex digits.
    read: what fields are filled from, and what is to be ignored; all else is kept under ``unmapped``.
    format: of the alerts. has_process: some step fills a part of the process.
    """

    name: str
    digest: str
    keys: frozenset[str]
    equals: tuple[tuple[Getter, object], ...]
    steps: tuple[Step, ...]
    severity: Severity | None
    read: Read

    format: str = field(init=False)
    has_process: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what would be the same for every alert."""
        object.__setattr__(self, "format", "mapped:" + self.name)
        object.__setattr__(self, "has_process", any(step.field.startswith("process.") for step in self.steps))

    def recognise(self, doc: Doc) -> bool:
        """Return whether this mapping is meant for the document."""
        if not self.keys <= doc.keys():
            return False
        for get, value in self.equals:
            found = get(doc)
            if type(found) is not type(value) or found != value:
                return False
        return True

    def parse(self, doc: Doc, before: tuple[Quality, ...]) -> Alert:
        """Return the Alert."""
        quality: list[Quality] = []
        found = _UNSET.copy()
        for name, read, get, path in self.steps:
            found[name] = read(get(doc), path, quality)
        severity_id, severity_text = _severity(self.severity, doc, quality)
        vendor = found["vendor"] or self.name
        product = found["product"] or vendor
        rule_id, title = found["rule_id"], found["title"]
        return _new_alert(
            self.format,
            vendor,
            product,
            found["detector"] or product,
            *found["time"],
            rule_id or title or "unknown",
            title or rule_id or "Alert without a title",
            severity_id,
            severity_text,
            self.severity.scale if self.severity and severity_text is not None else None,
            fields.endpoint(found["src.ip"], found["src.port"], found["src.name"]),
            fields.endpoint(found["dst.ip"], found["dst.port"], found["dst.name"]),
            fields.endpoint(found["device.ip"], None, found["device.name"]),
            _process(found) if self.has_process else None,
            (*found["hashes.md5"], *found["hashes.sha1"], *found["hashes.sha256"]),
            found["sample"],
            _rest(doc, self.read),
            fields.closed(quality, before),
            *_as_read(found),
        )


def _severity(severity: Severity | None, doc: Doc, quality: list[Quality]) -> tuple[int | None, str | None]:
    if severity is None:
        return None, None
    received = fields.text(severity.get(doc), severity.path, quality)
    if received is None:
        return None, None
    found = severity.table.get(received.strip().lower())
    if found is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, severity.path))
    return found, received


def _rest(doc: Doc, read: Read) -> dict[str, Any] | None:
    """Return what no field is filled from, in the document's order; None: nothing is left."""
    left = {}
    for key, value in doc.items():
        if key in read:
            inner = read[key]
            if inner is None:
                continue
            if type(value) is dict:
                value = _rest(value, inner)
                if value is None:
                    continue
        left[key] = value
    return left or None


def _process(found: MappingABC[str, Any]) -> Process | None:
    parts = {name: found["process." + name] for name in _PROCESS}
    return None if all(value is None for value in parts.values()) else Process(**parts)


def _action(value: object, path: str, quality: list[Quality]) -> str | None:
    received = fields.text(value, path, quality)
    if received is None:
        return None
    found = actions.action(received)
    if found is None:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return found


def _sample(value: object, path: str, quality: list[Quality]) -> bool:
    if type(value) is bool:
        return value
    received = fields.text(value, path, quality)
    return received is not None and received.strip().lower() in _TRUE


def _hash(algorithm: str) -> Reader:
    def read(value: object, path: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
        return fields.hashes(((algorithm, value),), path, quality)

    return read


# Every field that a mapping can fill.
READERS: Final[MappingABC[str, Reader]] = {
    "time": fields.time,
    "vendor": fields.word,
    "product": fields.word,
    "detector": fields.word,
    "source_uid": fields.word,
    "rule_id": fields.word,
    "title": fields.word,
    "category": fields.text,
    "message": fields.text,
    "proto": fields.proto,
    "app_proto": fields.text,
    "src.ip": fields.ip,
    "src.port": fields.port,
    "src.name": fields.text,
    "dst.ip": fields.ip,
    "dst.port": fields.port,
    "dst.name": fields.text,
    "device.ip": fields.ip,
    "device.name": fields.text,
    "device_id": fields.text,
    "user": fields.text,
    "process.name": fields.text,
    "process.path": fields.text,
    "process.pid": fields.process_id,
    "process.command_line": fields.text,
    "process.parent_name": fields.text,
    "action": _action,
    "url": fields.text,
    "http_method": fields.text,
    "user_agent": fields.text,
    "dns_query": fields.text,
    "file_path": fields.text,
    "hashes.md5": _hash("md5"),
    "hashes.sha1": _hash("sha1"),
    "hashes.sha256": _hash("sha256"),
    "techniques": fields.texts,
    "tactics": fields.texts,
    "bytes_out": fields.count,
    "bytes_in": fields.count,
    "packets": fields.count,
    "sample": _sample,
}

# What a field is that no step fills.
_UNSET: Final[dict[str, Any]] = {
    **dict.fromkeys(READERS),
    **dict.fromkeys(("hashes.md5", "hashes.sha1", "hashes.sha256", "techniques", "tactics"), ()),
    "time": (None, None),
    "sample": False,
}
# Fields that are the alert's own.
_OWN: Final = (
    *("source_uid", "category", "message", "proto", "app_proto", "device_id", "user", "action", "url"),
    *("http_method", "user_agent", "dns_query", "file_path", "techniques", "tactics"),
    *("bytes_out", "bytes_in", "packets"),
)
_as_read: Final = itemgetter(*_OWN)
_new_alert: Final = maker(
    Alert,
    *("format", "vendor", "product", "detector", "time_ms", "time_text", "rule_id", "title"),
    *("severity_id", "severity_text", "severity_scale", "src", "dst", "device", "process", "hashes"),
    *("is_sample", "unmapped", "quality"),
    *_OWN,
)
