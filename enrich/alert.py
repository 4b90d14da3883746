"""The Alert: what every format is parsed into, once, at the edge. And ``entity``, its history key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from enrich.address import Networks
from enrich.errors import Quality

# Longest text kept of one field, in characters. The original stays whole in raw_data.
FIELD_LIMIT: Final = 1024
# Changes whenever entity() would answer differently for some alert: it keys history and output.
ENTITY_VERSION: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One side of a connection.

    ip: canonical text (IPv4-mapped addresses unwrapped, no zone id), or None.
    port: 0-65535, or None.
    name: host name as given, at most FIELD_LIMIT characters.
    """

    ip: str | None = None
    port: int | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The process the alert speaks of; every part may be missing."""

    name: str | None = None
    path: str | None = None
    pid: int | None = None
    command_line: str | None = None
    parent_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert in our own words. All texts are valid Unicode, at most FIELD_LIMIT characters.

    format: name in ``formats.FORMATS`` ("suricata", "wazuh", "mapped:ait-ads").
    vendor, product: of the detector.
    detector: which sensor or sub-detector of the product spoke ("suricata", "wazuh", "AMiner").
    time_ms: event time, milliseconds since 1970 UTC, 0 <= t < 10000-01-01; None: missing or unreadable.
    time_text: the time as received, for ``metadata.original_time``.
    source_uid: the source's own id of this alert, None if it has none (flow ids are not one).
    rule_id: the source's id of the rule, as text; never empty (the name where there is no id).
    title: what a person reads first; never empty.
    category: the source's class of the rule ("A Network Trojan was detected").
    message: longer text, if any (log line, description).
    description: what the rule looks for, in its author's words: the same in every alert of the rule.
    false_positives: what raises the rule without an attack, in its author's words.
    tags: the rule's tags, but for those of ATT&CK.
    severity_id: OCSF class 1 informational … 5 critical of the *stated* severity; None: not stated.
    severity_text, severity_scale: as received, and its scale ("suricata:1-4", "wazuh:0-16").
    proto: lower-case IANA name ("tcp"), or None.
    app_proto: application protocol as the source names it ("http").
    src, dst: the connection's ends.
    device: the host that the alert is about (agent, reporting host).
    device_id: the source's id of it.
    action: "allowed" | "blocked" | None.
    url, http_method, user_agent, dns_query, file_path: as received.
    hashes: (algorithm, hex) pairs, algorithm in md5 | sha1 | sha256.
    techniques: ATT&CK technique ids as stated by the source, as received.
    tactics: tactic names or ids as stated by the source, as received.
    bytes_out, bytes_in, packets: of the flow, from src's view, if stated.
    is_sample: a test or sample finding: it never escalates.
    unmapped: what the source says beyond all this, by its own keys, as parsed; None: nothing. For
        ``unmapped.source`` of the event; nothing decides by it.
    quality: what was wrong or repaired while parsing.
    """

    format: str
    vendor: str
    product: str
    detector: str
    time_ms: int | None
    time_text: str | None = None
    source_uid: str | None = None
    rule_id: str
    title: str
    category: str | None = None
    message: str | None = None
    description: str | None = None
    false_positives: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    severity_id: int | None = None
    severity_text: str | None = None
    severity_scale: str | None = None
    proto: str | None = None
    app_proto: str | None = None
    src: Endpoint = Endpoint()
    dst: Endpoint = Endpoint()
    device: Endpoint = Endpoint()
    device_id: str | None = None
    user: str | None = None
    process: Process | None = None
    action: str | None = None
    url: str | None = None
    http_method: str | None = None
    user_agent: str | None = None
    dns_query: str | None = None
    file_path: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    bytes_out: int | None = None
    bytes_in: int | None = None
    packets: int | None = None
    is_sample: bool = False
    unmapped: Mapping[str, Any] | None = field(default=None, hash=False)
    quality: tuple[Quality, ...] = ()


def entity(alert: Alert, networks: Networks) -> str:
    """Return what this alert is about: key of history, of suppression and of the output records.

    A ladder, first rung that holds: the reporting or affected device of the user's own networks (by its own
    address, else by name), then an address of the user's own networks (source before destination), then
    user, then host name, then source address, then detector and rule. It reads the alert and the
    ``networks`` setting only, so that a table reloaded at run time never moves an entity to another key.

    A device that only watched a connection between two others (a firewall, a sensor: both ends are known, it
    is neither, and no process of it is named) comes after the ends and the user: else all that it sees would
    share one history, and one escalation would hold back those of other hosts.

    Returns ``kind:value``, at most 200 characters; longer values end in their hash. Case is folded.
    """
    device, src, dst = alert.device, alert.src, alert.dst
    watched = (
        src.ip is not None
        and dst.ip is not None
        and alert.process is None
        and device.ip != src.ip
        and device.ip != dst.ip
    )
    if not watched:
        if device.ip is not None and networks.own(device.ip):
            return "ip:" + device.ip
        if device.name:
            return _short("host:" + device.name.lower())
    if src.ip is not None and networks.own(src.ip):
        return "ip:" + src.ip
    if dst.ip is not None and networks.own(dst.ip):
        return "ip:" + dst.ip
    if alert.user:
        return _short("user:" + alert.user.lower())
    if watched and device.name:
        return _short("host:" + device.name.lower())
    # A name beside an address may be of the request (HTTP Host, TLS SNI), and its sender chooses it.
    if (src.name and src.ip is None) or (dst.name and dst.ip is None and src.ip is None):
        return _short("host:" + (src.name or dst.name or "").lower())
    if src.ip is not None:
        return "ip:" + src.ip
    return _short(f"rule:{alert.detector}/{alert.rule_id}".lower())


def rule_key(alert: Alert) -> str:
    """Return the rule as history and suppression know it: detector and rule, at most 200 characters."""
    return _short(f"{alert.detector}\x00{alert.rule_id}")


def _short(text: str) -> str:
    if len(text) <= 200:
        return text
    return text[:160] + "~" + blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
