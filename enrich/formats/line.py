"""Bytes that are no JSON object → a document of named tokens, where they are a line of text that we know.

Known are: CEF and LEEF; key=value pairs; logs in columns; and whatever has a log's header: a priority, a
time, a program's name and a colon. Anything else is left to be read as JSON, and refused there.
"""

import re
from typing import Any, Final

from enrich.errors import Quality, QualityCode, Rejected
from enrich.formats.lines import event
from enrich.formats.lines.access import columns
from enrich.formats.lines.cisco import HEAD, headed, inner
from enrich.formats.lines.dialects import dialect
from enrich.formats.lines.header import split
from enrich.formats.lines.pairs import pairs
from enrich.formats.lines.stash import stash
from enrich.formats.lines.structured import Split, private
from enrich.formats.lines.told import Told
from enrich.formats.lines.windows import TAGS, windows
from enrich.parse import parse_bytes

# Longest line that is taken apart, in characters; the record stays whole in raw_data.
LINE_LIMIT: Final = 131_072
# Pairs that a line without any header must have, if it is to be taken for more than a sentence.
ENOUGH_PAIRS: Final = 3

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_BLANKS: Final = b" \t\r\n\x00"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
# Octet counting, RFC 6587.
_COUNTED: Final = re.compile(r"[1-9][0-9]{0,6} (?=<[0-9])")
# https://docs.nxlog.co/agent/current/xm/syslog.html (to_syslog_ietf)
_NXLOG: Final = "NXLOG@14506"
_EVENT_ID_DIGITS: Final = 5
_COOKIE: Final = re.compile(r"@cee: ?(?=\{)")
_BYTES: Final = Quality(QualityCode.BYTES_REPAIRED)
_BOM: Final = Quality(QualityCode.BOM_STRIPPED)
_CUT: Final = Quality(QualityCode.FIELD_TRUNCATED)
_EVENTS: Final = {"CEF:": event.cef, "LEEF": event.leef}
_JSON_LIST: Final = (b"[[", b"[{", b'["', b"[]")


def document(value: bytes) -> tuple[str, dict[str, Any], tuple[Quality, ...]] | None:
    """Return format, document and what was mended; None where this is no line that we know.

    The format is "" where the message behind a syslog header is a JSON object, which is the document then.
    Never raises.

    >>> document(b"<38>Jan 14 10:00:00 web-1 sshd[812]: Accepted password for ann")[:2][0]
    'syslog'
    """
    lead = value[:64].lstrip(_BLANKS)
    if not lead or lead[:1] in b'{"' or lead[:2] in _UTF16 or lead[:2] in _JSON_LIST:
        return None
    quality: tuple[Quality, ...] = ()
    if lead.startswith(_UTF8_BOM):
        value, quality = value.lstrip(_BLANKS)[3:], (_BOM,)
        if value.lstrip(_BLANKS)[:1] in (b"{", b""):
            return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text, quality = value.decode(errors="replace"), (*quality, _BYTES)
    text = text.strip(" \t\r\n\x00")
    if len(text) > LINE_LIMIT:
        text, quality = text[:LINE_LIMIT], (*quality, _CUT)
    counted = _COUNTED.match(text)
    if counted is not None:
        text = text[counted.end() :]
    found = _read(text)
    if found is None:
        return None
    name, doc, more = found
    return name, doc, quality + more


def _read(text: str) -> tuple[str, dict[str, Any], tuple[Quality, ...]] | None:
    table = columns(text, None)
    if table is not None:
        return "syslog", _of_columns({}, table, text), ()
    alone = _event({}, {}, text)
    if alone is not None:  # no header can begin like one, so none needs to be looked for: 2.8 µs
        return alone
    parts = split(text)
    header, structured, body = parts
    if header and body[:4].isdigit():
        parts = _relayed(parts)
        header, structured, body = parts
    found = _event(header, structured, body)
    if found is not None:
        return found
    if "%" in body[:HEAD] and "facility" not in header and "tag" not in header:
        body = headed(header, body)
    elif header.get("mnemonic") == "PLATFORM":
        body = inner(header, body)
    if _NXLOG in structured and "host" in header and "tag" in header and _is_event(structured[_NXLOG]):
        return "", _windows_event(header, structured, body), ()
    if header and (said := _json(body)) is not None:
        return "", *said
    table = (columns(body, header.get("tag")) if header else None) or dialect(header, body)
    if table is not None:
        return "syslog", _of_columns(header, table, body), ()
    return _sentence(header, structured, body)


def _event(
    header: dict[str, Any], structured: dict[str, dict[str, str]], body: str
) -> tuple[str, dict[str, Any], tuple[Quality, ...]] | None:
    """Return a CEF or LEEF event, which stands right behind the header and nowhere else.

    Within a sentence it may be what an attacker wrote.
    """
    read = _EVENTS.get(body[:4])
    doc = None if read is None else read(body)
    if doc is None:
        return None
    if header:
        doc = {"syslog": header, **doc}
    if structured:
        doc["structured"] = structured
    return ("cef" if body[:4] == "CEF:" else "leef"), doc, ()


def _relayed(parts: Split) -> Split:
    """Return the line with its inner header, where the message begins with one: it has been relayed."""
    inner = split(parts.body)
    if "time" not in inner.header:
        return parts
    header = parts.header | inner.header
    if "time" in parts.header and "*" + inner.header["time"] in parts.body[:HEAD]:
        header["time"] = parts.header["time"]  # Cisco's mark of a clock that was never set
    return Split(header, {**parts.structured, **inner.structured}, inner.body)


def _json(body: str) -> tuple[dict[str, Any], tuple[Quality, ...]] | None:
    cookie = _COOKIE.match(body)
    if cookie is not None:
        body = body[cookie.end() :]
    if body[:1] != "{":
        return None
    try:
        return parse_bytes(body.encode())
    except Rejected:
        return None


def _is_event(said: dict[str, str]) -> bool:
    number = said.get("EventID", "")
    return number.isascii() and number.isdigit() and len(number) <= _EVENT_ID_DIGITS


def _windows_event(
    header: dict[str, Any], structured: dict[str, dict[str, str]], body: str
) -> dict[str, Any]:
    """Return the Windows event that NXLog put into structured data, as its JSON would be."""
    doc: dict[str, Any] = dict(structured[_NXLOG])
    for key, value in (
        ("Hostname", header.get("host")),
        ("Message", body),
        ("@timestamp", header.get("time")),
    ):
        if value:
            doc.setdefault(key, value)
    doc.setdefault("SourceName", header.get("tag"))
    if "Channel" not in doc:
        doc.setdefault("SourceModuleType", "im_msvistalog")
    return doc


def _of_columns(
    header: dict[str, Any], table: tuple[str, dict[str, str]] | Told, body: str
) -> dict[str, Any]:
    doc: dict[str, Any] = {"columns": table[0], "pairs": table[1], "message": body}
    if isinstance(table, Told) and table.rule_id is not None:
        doc["rule"] = {"id": table.rule_id, "title": table.title}
    return {"syslog": header, **doc} if header else doc


def _sentence(
    header: dict[str, Any], structured: dict[str, dict[str, str]], body: str
) -> tuple[str, dict[str, Any], tuple[Quality, ...]] | None:
    if not body and not structured:
        return None
    if header.get("tag") in TAGS:
        found, text = windows(body)
        return "syslog", {"syslog": header, "message": body, "text": text, "pairs": found}, ()
    notable = stash(body)
    if notable is not None:
        return "", notable[0], (_CUT,) if notable[1] else ()
    said = pairs(body)
    if not header and not (said.begins and len(said.found) >= ENOUGH_PAIRS):
        return None
    doc: dict[str, Any] = {"message": body, "text": said.text}
    if header:
        doc = {"syslog": header, **doc}
    if said.found:
        doc["pairs"] = said.found
    if structured:
        doc["structured"] = structured
    own = private(structured) if structured else {}
    name = "keyvalue" if own or (said.begins and len(said.found) >= ENOUGH_PAIRS) else "syslog"
    return name, doc, (_CUT,) if said.cut else ()
