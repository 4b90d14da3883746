"""Zeek's notices, weirds and hits of indicators: the logs in which Zeek says that something is odd.
https://docs.zeek.org/en/master/scripts/base/frameworks/notice/main.zeek.html
https://docs.zeek.org/en/master/scripts/base/frameworks/notice/weird.zeek.html

Zeek states no severity: what is bad is for the site to decide. ``uid`` names a connection and ``fuid`` a
file, neither an alert, so there is no source id. Peers and sensors are Zeek's own, so none is the device.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import fields
from enrich.formats import zeek_record as record
from enrich.formats.zeek_intel import LOG as INTEL_LOG
from enrich.formats.zeek_intel import intel, is_intel
from enrich.swift import maker

NOTICE_LOGS: Final = frozenset(("notice", "notice_alarm"))
WEIRD_LOG: Final = "weird"
# Alerts of Suricata in a spelling of Corelight's: not to be lost as "not an alert", so left to mappings.
FOREIGN_LOGS: Final = frozenset(("suricata_corelight",))

# One of these is in every notice, unless a site's own filter leaves all of them out.
_NOTICE_KEYS: Final = frozenset(
    (
        *("actions", "suppress_for", "peer_descr", "email_dest", "dropped", "id.orig_h", "id_orig_h"),
        *("fuid", "file_mime_type", "remote_location.country_code"),
    )
)
_FLAGS: Final = (True, False, "T", "F", "true", "false")
_DROP: Final = "Notice::ACTION_DROP"
_URL_STARTS: Final = ("http://", "https://", "ftp://")

_READ: Final = frozenset(("ts", "note", "msg", "sub", "proto"))
_READ_ALONE: Final = _READ | {"src", "dst", "p"}
_READ_FILE: Final = {read: read | {"file_desc"} for read in (_READ, _READ_ALONE)}
_READ_WEIRD: Final = frozenset(("ts", "name", "addl"))


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a record of a Zeek log other than the connections'."""
    kind, _ = _opened(doc)
    return kind is not None and kind not in record.CONNECTION_LOGS and kind not in FOREIGN_LOGS


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for records of other logs."""
    kind, found = _opened(doc)
    if kind in NOTICE_LOGS:
        return _notice(found, before)
    if kind == WEIRD_LOG:
        return _weird(found, before)
    if kind == INTEL_LOG:
        return intel(found, before)
    raise Rejected(
        DeadCode.NOT_AN_ALERT,
        "a Zeek record that is no alert; send the logs notice, weird, intel and conn only",
    )


def _opened(doc: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """Return the log that the record is of, by its own columns before its stated name; and the record."""
    note = doc.get("note")
    if type(note) is str and "::" in note and record.timed(doc) and not _NOTICE_KEYS.isdisjoint(doc):
        return "notice", doc
    if "peer" in doc and "name" in doc and doc.get("notice") in _FLAGS and record.timed(doc):
        return WEIRD_LOG, doc
    if is_intel(doc):
        return INTEL_LOG, doc
    return record.opened(doc)


def _notice(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    quality: list[Quality] = []
    time_ms, time_text = record.time(doc, quality)
    note = fields.word(record.given(doc, "note"), "note", quality)
    message = fields.word(record.given(doc, "msg"), "msg", quality)
    title = note or message or "Zeek notice"
    more = fields.word(record.given(doc, "sub"), "sub", quality)
    if more is not None:
        message = _joined(message, more, quality)
    proto = record.proto(doc, quality)

    spelled = record.spelling(doc)
    read = _READ
    src, dst = record.ends(doc, spelled, proto, quality)
    if src is fields.NOWHERE and dst is fields.NOWHERE:
        # Of a notice without a connection: who, towards whom, and the port that it is about.
        read = _READ_ALONE
        src = fields.endpoint(fields.ip(record.given(doc, "src"), "src", quality), None)
        port = fields.port(record.given(doc, "p"), "p", quality)
        dst = fields.endpoint(fields.ip(record.given(doc, "dst"), "dst", quality), port)
    elif _same(doc, spelled):
        read = _READ_ALONE

    url = None
    described = doc.get("file_desc")
    if type(described) is str and described.startswith(_URL_STARTS):
        url = fields.text(described, "file_desc", quality)
        read = _READ_FILE[read]
    return _new_alert(
        time_ms,
        time_text,
        note or "notice",
        title,
        message,
        proto,
        src,
        dst,
        _action(doc),
        url,
        record.rest(doc, read, spelled, proto),
        fields.closed(quality, before),
    )


def _weird(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    quality: list[Quality] = []
    time_ms, time_text = record.time(doc, quality)
    name = fields.word(record.given(doc, "name"), "name", quality)
    spelled = record.spelling(doc)
    src, dst = record.ends(doc, spelled, None, quality)
    return _new_alert(
        time_ms,
        time_text,
        name or WEIRD_LOG,
        f"Zeek weird: {name}"[:FIELD_LIMIT] if name else "Zeek weird",
        fields.word(record.given(doc, "addl"), "addl", quality),
        None,
        src,
        dst,
        None,
        None,
        record.rest(doc, _READ_WEIRD, spelled, None),
        fields.closed(quality, before),
    )


def _joined(message: str | None, more: str, quality: list[Quality]) -> str:
    """Return the message and the sub-message as one."""
    if message is None:
        return more
    text = f"{message}; {more}"
    if len(text) > FIELD_LIMIT:
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, "sub"))
    return text[:FIELD_LIMIT]


def _same(doc: Mapping[str, Any], spelled: str | None) -> bool:
    """Return whether ``src``, ``dst`` and ``p`` only repeat the connection, as Zeek fills them in.

    A script may give others, such as the victim as ``src``: these are then kept under ``unmapped``.
    """
    within = doc["id"] if spelled == "{" else doc
    prefix = "" if spelled == "{" else f"id{spelled}"
    return all(
        doc.get(alone) is None or doc[alone] == within.get(prefix + name)
        for alone, name in (("src", "orig_h"), ("dst", "resp_h"), ("p", "resp_p"))
    )


def _action(doc: Mapping[str, Any]) -> str | None:
    """Return "blocked" where the notice had its source dropped; Zeek itself only watches."""
    actions = doc.get("actions")
    # A list of names, or their text with commas between; ``dropped`` until Zeek 3.
    if (type(actions) is list or type(actions) is str) and _DROP in actions:
        return "blocked"
    dropped = doc.get("dropped")
    return "blocked" if dropped is True or dropped == "T" else None


_new_alert: Final = maker(
    Alert,
    *("time_ms", "time_text", "rule_id", "title", "message", "proto", "src", "dst", "action", "url"),
    *("unmapped", "quality"),
    format="zeek",
    vendor="Zeek",
    product="Zeek",
    detector="zeek",
)
