"""ArcSight's Common Event Format, behind a syslog header or not.
https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.4/pdfdoc/cef-implementation-standard/cef-implementation-standard.pdf

The document that ``line`` makes: ``syslog``, ``header`` (version, vendor, product, device_version,
signature_id, name, severity) and ``extension``, its keys as they are. Some producers write the dictionary's
full names; both count.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import Quality, QualityCode
from enrich.formats import actions, fields
from enrich.formats.cef_custom import LABEL, attack, first, hashes, is_sample, labels, process
from enrich.formats.cef_vendors import FORTINET, named, standard
from enrich.formats.lines.record import COMMON
from enrich.formats.lines.stamps import moment, says_no_year
from enrich.swift import maker

SCALE: Final = "cef:0-10"
WORD_SCALE: Final = "cef:words"
# "The valid integer values are 0-3=Low, 4-6=Medium, 7-8=High, and 9-10=Very-High", beside the words
# Unknown, Low, Medium, High and Very-High; the others are what producers write instead.
SEVERITIES: Final = (2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5)
# What these write as the severity is their own, 1 (informational) to 5 (critical): PAN-OS's
# "$number-of-severity", and CrowdStrike's SIEM connector.
# https://docs.paloaltonetworks.com/resources/cef
OF_FIVE: Final = frozenset((("palo alto networks", "pan-os"), ("crowdstrike", "falconhost")))
FIVE_SCALE: Final = "cef:1-5"
WORDS: Final = {
    **dict.fromkeys(("informational", "information", "info"), 1),
    "low": 2,
    "medium": 3,
    "high": 4,
    **dict.fromkeys(("very-high", "very high", "veryhigh", "critical"), 5),
}


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Never raises."""
    quality: list[Quality] = []
    header = fields.part(doc, "header", "header", quality)
    extension = fields.part(doc, "extension", "extension", quality)
    syslog = fields.part(doc, "syslog", "syslog", quality)
    time_ms, time_text = _time(extension, syslog, quality)
    vendor = fields.word(header.get("vendor"), "header.vendor", quality) or "unknown"
    product = fields.word(header.get("product"), "header.product", quality) or vendor
    of_five = (vendor.lower(), product.lower()) in OF_FIVE
    severity_id, severity_text, scale = _severity(header.get("severity"), of_five, quality)
    signature = fields.word(header.get("signature_id"), "header.signature_id", quality)
    name = fields.word(header.get("name"), "header.name", quality)
    said = standard(vendor, extension)
    labelled = labels(said)

    def text(*names: str) -> str | None:
        key, value = first(said, names)
        return fields.text(value, "extension." + key, quality) if key else None

    def count(*names: str) -> int | None:
        key, value = first(said, names)
        return fields.count(value, "extension." + key, quality) if key else None

    category = text("cat", "deviceEventCategory")
    signature, name, category = named(vendor, said, signature, name, category, quality)
    uid = text("externalId")
    if uid == header.get("signature_id") or vendor == FORTINET:
        uid = None  # the event's kind, or the session: many alerts have it
    techniques, tactics = attack(labelled, quality)
    action = text("act", "deviceAction")
    return _new_alert(
        vendor,
        product,
        product,
        time_ms,
        time_text,
        uid,
        signature or name or "unknown",
        name or signature or f"{product} alert"[:FIELD_LIMIT],
        category,
        text("msg", "message"),
        severity_id,
        severity_text,
        scale,
        _proto(said, quality),
        text("app", "applicationProtocol"),
        _end(
            said,
            quality,
            ("src", "sourceAddress"),
            "c6a2",
            ("spt", "sourcePort"),
            ("shost", "sourceHostName"),
        ),
        _end(
            said,
            quality,
            ("dst", "destinationAddress"),
            "c6a3",
            ("dpt", "destinationPort"),
            ("dhost", "destinationHostName"),
        ),
        _device(said, syslog, quality),
        text("deviceExternalId"),
        text("suser", "sourceUserName") or text("duser", "destinationUserName") or text("suid", "duid"),
        process(said, labelled, quality),
        _action(action),
        text("request", "requestUrl"),
        text("requestMethod"),
        text("requestClientApplication"),
        labelled.get("dnsquery"),
        text("filePath", "fname", "fileName"),
        hashes(said, labelled, quality),
        techniques,
        tactics,
        is_sample(name, labelled, said),
        count("out", "bytesOut"),
        count("in", "bytesIn"),
        fields.rest(doc, KNOWN),
        fields.closed(quality, before),
    )


_new_alert: Final = maker(
    Alert,
    *COMMON,
    *("hashes", "techniques", "tactics", "is_sample", "bytes_out", "bytes_in", "unmapped", "quality"),
    format="cef",
)
# The extension keys that are read whatever else is there; second users, custom strings and the like stay.
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    "header": frozenset(("version", "vendor", "product", "signature_id", "name", "severity")),
    "syslog": None,
    "extension": frozenset(
        (
            *(
                "rt",
                "externalId",
                "cat",
                "msg",
                "proto",
                "app",
                "src",
                "spt",
                "shost",
                "dst",
                "dpt",
                "dhost",
                "dvc",
            ),
            *(
                "dvchost",
                "deviceExternalId",
                "suser",
                "act",
                "request",
                "requestMethod",
                "requestClientApplication",
            ),
            *("filePath", "fileHash", "out", "in", "sproc", "spid"),
        )
    ),
}


def _time(
    said: Mapping[str, Any], syslog: Mapping[str, Any], quality: list[Quality]
) -> tuple[int | None, str | None]:
    """Return the time of receipt, of the event, or of a custom date whose label calls it a time."""
    key, value = first(said, ("rt", "deviceReceiptTime", "start", "startTime", "end", "endTime"))
    if not key:
        key, value = first(said, ("FTNTFGTeventtime",))
    if not key and "time" in str(said.get("deviceCustomDate1" + LABEL)).lower():
        key, value = first(said, ("deviceCustomDate1",))
    path = "extension." + key
    if not key:
        value, path = syslog.get("time"), "syslog.time"
    text = fields.text(value, path, quality)
    if text is None:
        return None, None
    ms = moment(text)
    if ms is None and not says_no_year(text):
        quality.append(Quality(QualityCode.BAD_TIME, path))
    return ms, text


def _severity(
    value: object, of_five: bool, quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    text = fields.word(value, "header.severity", quality)
    if text is None:
        return None, None, None
    number = fields.whole(text.strip())
    if of_five and number is not None and 1 <= number <= 5:
        return number, text, FIVE_SCALE
    if number is not None and number < len(SEVERITIES):
        return SEVERITIES[number], text, SCALE
    word = text.strip().lower()
    if number is None and (word in WORDS or word == "unknown"):
        return WORDS.get(word), text, WORD_SCALE
    quality.append(Quality(QualityCode.BAD_SEVERITY, "header.severity"))
    return None, text, SCALE


def _end(
    said: Mapping[str, Any],
    quality: list[Quality],
    address: tuple[str, ...],
    custom: str,
    port: tuple[str, ...],
    host: tuple[str, ...],
) -> Endpoint:
    """Return one end; IPv6 addresses may stand in the custom field that the standard keeps for them."""
    key, value = first(said, address)
    side = "source" if custom == "c6a2" else "destination"
    if not key and side in str(said.get(custom + LABEL)).lower():
        key, value = first(said, (custom,))
    port_key, digits = first(said, port)
    name_key, name = first(said, host)
    return fields.endpoint(
        fields.ip(value, "extension." + key, quality) if key else None,
        fields.port(digits, "extension." + port_key, quality) if port_key else None,
        fields.word(name, "extension." + name_key, quality) if name_key else None,
    )


def _device(said: Mapping[str, Any], syslog: Mapping[str, Any], quality: list[Quality]) -> Endpoint:
    """Return the reporting host: stated, else that of the syslog header."""
    key, value = first(said, ("dvc", "deviceAddress"))
    ip = fields.ip(value, "extension." + key, quality) if key else None
    key, value = first(said, ("dvchost", "deviceHostName"))
    name = fields.word(value, "extension." + key, quality) if key else None
    if ip is None and name is None:
        host = fields.word(syslog.get("host"), "syslog.host", quality)
        ip = canonical(host)
        name = host if ip is None else None
    return fields.endpoint(ip, None, name)


def _proto(said: Mapping[str, Any], quality: list[Quality]) -> str | None:
    key, value = first(said, ("proto", "transportProtocol"))
    return fields.proto(value, "extension." + key, quality) if key else None


def _action(word: str | None) -> str | None:
    """Return what the word says, else what the first of several words does ("blocked by policy")."""
    if word is None or word.isspace():
        return None
    return actions.action(word) or actions.action(word.split(maxsplit=1)[0])
