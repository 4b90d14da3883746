"""A line's document → the Alert: shared by ``syslog`` and ``keyvalue``, which differ by name only."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import fields
from enrich.formats.lines import keys, products
from enrich.formats.lines.artifacts import counted, file, hashes, is_sample, techniques
from enrich.formats.lines.ends import ends, process, who
from enrich.formats.lines.parts import Line, line, one
from enrich.formats.lines.rules import rule
from enrich.formats.lines.stated import did, severity, when
from enrich.formats.lines.structured import REGISTERED
from enrich.formats.lines.told import NO_ALERT
from enrich.swift import maker

_HTTP_METHODS: Final = frozenset(
    (
        *("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "SEARCH"),
        *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"),
    )
)
# All of a line but the pairs: header, sentence, the whole message.
KNOWN: Final = dict.fromkeys(("syslog", "text", "message", "columns", "pairs", "structured", "rule"))
# Fields of Alert that every line of text gives, in the order in which they are given.
COMMON: Final = (
    *("vendor", "product", "detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category"),
    *("message", "severity_id", "severity_text", "severity_scale", "proto", "app_proto"),
    *("src", "dst", "device"),
    *("device_id", "user", "process", "action", "url", "http_method", "user_agent", "dns_query", "file_path"),
)
_FIELDS: Final = (
    *COMMON,
    *("hashes", "techniques", "is_sample", "bytes_out", "bytes_in", "packets", "unmapped", "quality"),
)


def makes(name: str) -> Callable[..., Alert]:
    """Return what ``alert`` makes the Alerts of this format with."""
    return maker(Alert, *_FIELDS, format=name)


def alert(doc: Mapping[str, Any], before: tuple[Quality, ...], make: Callable[..., Alert]) -> Alert:
    """Return the Alert of a document that ``line.document`` made.

    Raises Rejected (``not_an_alert``) for messages that are none by their layout, and nothing else.
    """
    quality: list[Quality] = []
    found = line(doc, quality)
    if found.kind == NO_ALERT:
        raise Rejected(
            DeadCode.NOT_AN_ALERT, "a log that holds no alerts (docs/formats/syslog.md); leave it out"
        )
    used: set[str] = set()
    product = found.product
    time_ms, time_text = when(found, used, quality)
    src, dst = ends(found, used, quality)
    user = who(found, used, quality)
    action = did(found, used)
    severity_id, severity_text, scale = severity(found, used, quality)
    url, method, agent, query = web(found, used, quality)
    proto, app_proto = protocol(found, used, quality)
    rule_id, title = rule(found, used, user, src.name)
    sentence = one(found, keys.MESSAGE, used)
    if found.product is products.AUDIT:
        sentence = None  # "msg" is time and number of the event
    detector = found.header.get("tag") if product.program else product.product
    return make(
        product.vendor[:FIELD_LIMIT],
        product.product[:FIELD_LIMIT],
        detector[:FIELD_LIMIT]
        if type(detector) is str and detector.strip()
        else product.product[:FIELD_LIMIT],
        time_ms,
        time_text,
        fields.word(one(found, keys.SOURCE_UID, used), "pairs", quality),
        rule_id,
        title,
        fields.word(one(found, keys.CATEGORY, used), "pairs", quality),
        fields.text(sentence or found.body or found.text, "message", quality),
        severity_id,
        severity_text,
        scale,
        proto,
        app_proto,
        src,
        dst,
        device(found, used),
        fields.word(one(found, keys.DEVICE_ID, used), "pairs", quality),
        user,
        process(found, used, quality),
        action,
        url,
        method,
        agent,
        query,
        file(found, used, quality),
        hashes(found, used),
        techniques(found, used),
        is_sample(found),
        counted(found, keys.SENT, used),
        counted(found, keys.RECEIVED, used),
        counted(found, keys.PACKETS, used),
        _unmapped(doc, found, used),
        fields.closed(quality, before),
    )


def device(found: Line, used: set[str]) -> Endpoint:
    """Return the host that wrote the line: address and name, of the pairs and of the header."""
    ip = name = None
    for each in () if found.told else keys.DEVICE:
        pair = found.named.get(each)
        if pair is None:
            continue
        address, _, other = keys.address(pair[1])
        if pair[0] in used:
            continue
        if (address is not None and ip is None) or (address is None and other is not None and name is None):
            ip, name = ip or address, name or other
            used.add(pair[0])
    for host in (
        found.header.get("host"),
        None if found.told or "hostname" in used else found.pairs.get("hostname"),
    ):
        # Digits alone are a thread's or a process's number, no host.
        if type(host) is str and host.strip() and not host.isdecimal() and host not in keys.NOTHING:
            address = canonical(host)
            ip, name = ip or address, name or (host if address is None else None)
    return fields.endpoint(ip, None, name[:FIELD_LIMIT] if name else None)


def web(
    found: Line, used: set[str], quality: list[Quality]
) -> tuple[str | None, str | None, str | None, str | None]:
    """Return URL, HTTP method, user agent and the name that was asked of the DNS."""
    url = None
    key, value = keys.first(found.named, keys.URL)
    method = found.said.method
    if key and ("/" in value or "." in value):
        used.add(key)
        verb, _, rest = value.partition(" ")
        if verb in _HTTP_METHODS:
            method, value = verb, rest.partition(" HTTP/")[0]
        url = fields.text(value, "pairs.url", quality)
    if url is None:
        url = fields.text(found.said.url, "text", quality)
    key, value = keys.first(found.named, keys.METHOD)
    if value in _HTTP_METHODS:
        used.add(key)
        method = value
    agent = fields.text(one(found, keys.AGENT, used), "pairs.agent", quality)
    key, value = keys.first(found.named, keys.QUERY)
    query = None
    if (
        key
        and found.kind not in _WITH_QUERY_STRINGS
        and "." in value
        and not any(mark in value for mark in "=/ ")
    ):
        used.add(key)
        query = fields.text(value, "pairs.query", quality)
    return url, method, agent, query


# Logs whose "query" is what follows a URL.
_WITH_QUERY_STRINGS: Final = ("web", "squid")


def protocol(found: Line, used: set[str], quality: list[Quality]) -> tuple[str | None, str | None]:
    """Return transport and application protocol; SonicWall joins them ("tcp/https")."""
    value, app = one(found, keys.PROTO, used), None
    if value is not None:
        value, _, app = value.partition("/")
        if value.lower() not in _TRANSPORTS and not value.isdecimal():
            value, app = None, value
    elif found.said.proto is not None:
        value = found.said.proto
    key, stated = keys.first(found.named, keys.APP)
    if key and not stated.isdecimal():
        used.add(key)
        app = app or stated
    return fields.proto(value, "pairs.proto", quality), fields.text(app or None, "pairs.app", quality)


# What is no transport in a key called "proto" or "protocol" is an application's ("ESMTP").
_TRANSPORTS: Final = frozenset(
    (
        *(
            "tcp",
            "udp",
            "icmp",
            "icmp6",
            "icmpv6",
            "ipv6-icmp",
            "ipv6_icmp",
            "igmp",
            "gre",
            "esp",
            "ah",
            "sctp",
            "ospf",
        ),
        *("ospfigp", "ipip", "pim", "eigrp", "vrrp", "l2tp", "udplite", "ip", "ipv6", "carp"),
    )
)


def _unmapped(doc: Mapping[str, Any], found: Line, used: set[str]) -> dict[str, Any] | None:
    """Return the pairs that no field took, and what stands beside all this."""
    left = fields.rest(doc, KNOWN) or {}
    rest = {key: value for key, value in found.pairs.items() if key not in used}
    if rest:
        left["pairs"] = rest
    about = {name: said for name, said in found.structured.items() if name in REGISTERED}
    if about:
        left["structured"] = about
    return left or None
