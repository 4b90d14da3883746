"""Mapped JSON: a TOML file says where the fields of any JSON alert stand. See docs/formats.md.

A mapping is compiled once, when settings are read; per alert it is a list of (field, reader, getter, path).
"""

from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from enrich.alert import Alert, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.swift import new_alert

Doc = MappingABC[str, Any]
Getter = Callable[[Doc], Any]
Reader = Callable[[object, str, list[Quality]], Any]

_TRUE: Final = frozenset(("true", "yes", "1"))


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

    name: the alert's format is ``mapped:`` and this. keys: top-level keys that must be there.
    equals: values that must be so. digest: hash of what the file says (not of its comments), 16 hex digits.
    """

    name: str
    digest: str
    keys: frozenset[str]
    equals: tuple[tuple[Getter, object], ...]
    steps: tuple[Step, ...]
    severity: Severity | None

    def recognise(self, doc: Doc) -> bool:
        """Return whether this mapping is meant for the document."""
        if not self.keys <= doc.keys():
            return False
        return all(type(found := get(doc)) is type(value) and found == value for get, value in self.equals)

    def parse(self, doc: Doc, before: tuple[Quality, ...]) -> Alert:
        """Return the Alert."""
        quality: list[Quality] = []
        found = {step.field: step.read(step.get(doc), step.path, quality) for step in self.steps}
        get = found.get
        time_ms, time_text = get("time", (None, None))
        severity_id, severity_text = _severity(self.severity, doc, quality)
        vendor = get("vendor") or self.name
        product = get("product") or vendor
        rule_id, title = get("rule_id"), get("title")
        return new_alert(
            format="mapped:" + self.name,
            vendor=vendor,
            product=product,
            detector=get("detector") or product,
            time_ms=time_ms,
            time_text=time_text,
            source_uid=get("source_uid"),
            rule_id=rule_id or title or "unknown",
            title=title or rule_id or "Alert without a title",
            category=get("category"),
            message=get("message"),
            severity_id=severity_id,
            severity_text=severity_text,
            severity_scale=self.severity.scale if self.severity and severity_text is not None else None,
            proto=get("proto"),
            app_proto=get("app_proto"),
            src=fields.endpoint(get("src.ip"), get("src.port"), get("src.name")),
            dst=fields.endpoint(get("dst.ip"), get("dst.port"), get("dst.name")),
            device=fields.endpoint(get("device.ip"), None, get("device.name")),
            device_id=get("device_id"),
            user=get("user"),
            process=_process(found),
            action=get("action"),
            url=get("url"),
            http_method=get("http_method"),
            user_agent=get("user_agent"),
            dns_query=get("dns_query"),
            file_path=get("file_path"),
            hashes=(*get("hashes.md5", ()), *get("hashes.sha1", ()), *get("hashes.sha256", ())),
            techniques=get("techniques", ()),
            tactics=get("tactics", ()),
            bytes_out=get("bytes_out"),
            bytes_in=get("bytes_in"),
            packets=get("packets"),
            is_sample=get("sample", False),
            quality=fields.closed(quality, before),
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


def _process(found: MappingABC[str, Any]) -> Process | None:
    parts = {
        name: found.get("process." + name) for name in ("name", "path", "pid", "command_line", "parent_name")
    }
    return None if all(value is None for value in parts.values()) else Process(**parts)


def _action(value: object, path: str, quality: list[Quality]) -> str | None:
    received = fields.text(value, path, quality)
    if received is None:
        return None
    found = fields.action(received)
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
