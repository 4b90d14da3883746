"""IBM QRadar's Log Event Extended Format, 1.0 and 2.0, behind a syslog header or not.
https://www.ibm.com/docs/en/dsm?topic=overview-leef-event-components

The document that ``line`` makes: ``syslog``, ``header`` (version, vendor, product, device_version,
event_id, delimiter) and ``attributes``, their keys as they are. Beside the predefined keys producers use
their own; those that ``lines.keys`` knows are read too, after the predefined ones.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import Quality, QualityCode
from enrich.formats import cef, fields
from enrich.formats.eicar import all_eicar, is_eicar
from enrich.formats.lines import keys, words
from enrich.formats.lines.artifacts import THREATS, counted, file, hashes, techniques
from enrich.formats.lines.ends import ends, process, who
from enrich.formats.lines.parts import Line, one
from enrich.formats.lines.products import Product
from enrich.formats.lines.record import COMMON, device, protocol, web
from enrich.formats.lines.shape import shape
from enrich.formats.lines.stamps import moment, moment_as, says_no_year
from enrich.formats.lines.stated import did
from enrich.swift import maker

SCALE: Final = "leef:1-10"
# IBM gives the range 1 to 10 with 10 the worst, and no names. The bands are those of CEF, whose range is
# the same.
# https://www.ibm.com/docs/en/dsm?topic=overview-predefined-leef-event-attributes (sev)
SEVERITIES: Final = cef.SEVERITIES


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Never raises."""
    quality: list[Quality] = []
    header = fields.part(doc, "header", "header", quality)
    said = fields.part(doc, "attributes", "attributes", quality)
    syslog = fields.part(doc, "syslog", "syslog", quality)
    vendor = fields.word(header.get("vendor"), "header.vendor", quality) or "unknown"
    product = fields.word(header.get("product"), "header.product", quality) or vendor
    event_id = fields.word(header.get("event_id"), "header.event_id", quality)
    named = keys.named(said)
    found = Line(syslog, said, fields.NOTHING, named, "", "", None, Product(vendor, product), words.Said())
    used = {"sev", "devTime", "devTimeFormat", "cat"}
    time_ms, time_text = _time(said, syslog, quality)
    src, dst = ends(found, used, quality)
    message = one(found, keys.MESSAGE, used)
    severity_id, severity_text = _severity(said.get("sev"), quality)
    url, method, agent, query = web(found, used, quality)
    proto, app_proto = protocol(found, used, quality)
    return _new_alert(
        vendor,
        product,
        product,
        time_ms,
        time_text,
        fields.word(one(found, keys.SOURCE_UID, used), "attributes", quality),
        event_id or "unknown",
        _title(found, event_id, message, used)[:FIELD_LIMIT],
        fields.word(said.get("cat"), "attributes.cat", quality),
        fields.text(message, "attributes.msg", quality),
        severity_id,
        severity_text,
        None if severity_text is None else SCALE,
        proto,
        app_proto,
        src,
        dst,
        _device(found, used, quality),
        fields.word(one(found, keys.DEVICE_ID, used), "attributes", quality),
        who(found, used, quality),
        process(found, used, quality),
        did(found, used),
        url,
        method,
        agent,
        query,
        file(found, used, quality),
        hashes(found, used),
        techniques(found, used),
        _is_sample(found, event_id),
        counted(found, keys.SENT, used),
        counted(found, keys.RECEIVED, used),
        _unmapped(doc, said, used),
        fields.closed(quality, before),
    )


def _is_sample(found: Line, event_id: str | None) -> bool:
    """Return whether the threat that is named is the EICAR test file."""
    if is_eicar(event_id):
        return True
    if THREATS.isdisjoint(found.named):
        return False
    return all_eicar([found.named[name][1] for name in THREATS if name in found.named])


_new_alert: Final = maker(
    Alert,
    *COMMON,
    *("hashes", "techniques", "is_sample", "bytes_out", "bytes_in", "unmapped", "quality"),
    format="leef",
)
_KNOWN: Final = {
    "syslog": None,
    "attributes": None,
    "header": frozenset(("version", "vendor", "product", "event_id", "delimiter")),
}


def _time(
    said: Mapping[str, Any], syslog: Mapping[str, Any], quality: list[Quality]
) -> tuple[int | None, str | None]:
    """Return the time: as devTimeFormat says, else by its look; else that of the syslog header."""
    value, path = said.get("devTime"), "attributes.devTime"
    if value in (None, ""):
        value, path = syslog.get("time"), "syslog.time"
    text = fields.text(value, path, quality)
    if text is None:
        return None, None
    layout = said.get("devTimeFormat")
    ms = moment_as(text, layout) if type(layout) is str and path == "attributes.devTime" else None
    if ms is None:
        ms = moment(text)
    if ms is None and not says_no_year(text):
        quality.append(Quality(QualityCode.BAD_TIME, path))
    return ms, text


def _severity(value: object, quality: list[Quality]) -> tuple[int | None, str | None]:
    text = fields.word(value, "attributes.sev", quality)
    if text is None:
        return None, None
    number = fields.whole(text.strip())
    if number is not None and number < len(SEVERITIES):
        return SEVERITIES[number], text
    word = cef.WORDS.get(text.strip().lower())
    if word is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, "attributes.sev"))
    return word, text


def _title(found: Line, event_id: str | None, message: str | None, used: set[str]) -> str:
    """Return the event's name: stated, its id where that is a word, the shape of its message."""
    name = one(
        found, ("eventname", "eventdesc", "signature", "attack", "threatname", "rulename", "name"), used
    )
    if name is None and event_id is not None and not event_id.isdigit():
        name = event_id
    name = name or (shape(message) if message else None)
    return name or f"{found.product.product} event {event_id or ''}".rstrip()


def _device(found: Line, used: set[str], quality: list[Quality]) -> Endpoint:
    """Return the host that the event is about: the identity's address and name, else the reporting one."""
    said = found.pairs
    name = fields.word(said.get("identHostName"), "attributes.identHostName", quality)
    ip = fields.ip(said.get("identSrc"), "attributes.identSrc", quality)
    if name is None and ip is None:
        return device(found, used)
    used.update(("identHostName", "identSrc"))
    return fields.endpoint(ip, None, name)


def _unmapped(doc: Mapping[str, Any], said: Mapping[str, Any], used: set[str]) -> dict[str, Any] | None:
    left = fields.rest(doc, _KNOWN) or {}
    rest = {key: value for key, value in said.items() if key not in used}
    if rest:
        left["attributes"] = rest
    return left or None
