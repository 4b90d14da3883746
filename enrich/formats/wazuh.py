"""Wazuh 4 alerts (``alerts.json``).
https://documentation.wazuh.com/current/user-manual/manager/event-logging.html

What decoders extract stands under ``data``, all of it text. A Suricata alert that an agent forwarded stands
there in EVE's own shape: its ends, class and signature are taken from it, and the higher of the two
severities, because Wazuh gives every Suricata alert the same level.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import Quality, QualityCode
from enrich.formats import actions, eve, fields
from enrich.formats.eicar import all_eicar, is_eicar
from enrich.formats.eve import Eve
from enrich.formats.wazuh_cloud import cloud, module_of
from enrich.formats.wazuh_host import Host, host
from enrich.formats.windows_titles import DEFENDER
from enrich.swift import maker

SCALE: Final = "wazuh:0-16"
# Wazuh's own bands, as its dashboard shows them: low 0-6, medium 7-11, high 12-14, critical 15 and above. Of
# the lowest band, the rules classification calls 0-2 "no security relevance" and 3 "successful/authorized
# events": informational.
# https://documentation.wazuh.com/current/user-manual/ruleset/rules/rules-classification.html
SEVERITIES: Final = (1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5)

# The manager's own agent id: alerts of the manager itself, and of devices that send it syslog.
_MANAGER: Final = "000"
_HTTP_METHODS: Final = frozenset(
    (
        *("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "SEARCH"),
        *("PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"),
    )
)
# What agents without a fixed address are registered with.
_ANY_IP: Final = frozenset({"any", "unknown", "-"})

# Of ``data.win``, ``data.audit`` and ``syscheck`` a few keys are read, so they stay whole in the rest.
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(("timestamp", "id", "full_log")),
    "rule": frozenset(("id", "description", "level", "mitre", "groups")),
    "agent": frozenset(("id", "name", "ip")),
    "predecoder": frozenset(("hostname",)),
    "data": frozenset(
        (
            *("srcip", "src_ip", "srcport", "src_port", "dstip", "dest_ip", "dst_ip", "dstport"),
            *("dest_port", "dst_port", "protocol", "proto", "app_proto", "action", "url", "user_agent"),
            *("srcuser", "dstuser", "user", "command"),
        )
    ),
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a Wazuh alert. Takes a document that has ``rule``.

    Elastic's schema too has objects ``rule`` and ``agent``; only Wazuh's rule has a ``level``.
    """
    rule = doc["rule"]
    return type(rule) is dict and "level" in rule and ("agent" in doc or "manager" in doc or "decoder" in doc)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    rule = doc["rule"]
    data = fields.part(doc, "data", "data", quality)
    time_ms, time_text = fields.time(doc.get("timestamp"), "timestamp", quality)
    rule_id = fields.word(rule.get("id"), "rule.id", quality)
    description = fields.word(rule.get("description"), "rule.description", quality)
    severity_id, severity_text = _severity(rule.get("level"), quality)
    scale = None if severity_text is None else SCALE
    mitre = fields.part(rule, "mitre", "rule.mitre", quality)
    techniques = fields.texts(mitre.get("id"), "rule.mitre.id", quality)
    tactics = fields.texts(mitre.get("tactic"), "rule.mitre.tactic", quality)
    groups = fields.texts(rule.get("groups"), "rule.groups", quality)
    category = ", ".join(groups)[:FIELD_LIMIT] or None
    device, device_id = _device(doc, quality)
    detector = "wazuh"

    # By the manager's own groups: a JSON log of any application may hold the same keys, as its writer likes.
    inner = _suricata(data, quality) if "suricata" in groups else None
    if inner is not None:
        detector = "suricata"
        if inner.signature_id is not None:
            # Wazuh has one rule for all of Suricata's: without the signature all would share one history.
            rule_id = f"{rule_id or 'suricata'}:{inner.signature_id}"[:FIELD_LIMIT]
        description = description or inner.signature
        category = inner.category or category
        techniques, tactics = techniques or inner.techniques, tactics or inner.tactics
        if inner.severity_id is not None and inner.severity_id > (severity_id or 0):
            severity_id, severity_text, scale = inner.severity_id, inner.severity_text, eve.SCALE

    module = module_of(data) if data else None
    about = host(doc, data, quality) if module is None else cloud(module, data, quality)
    if module is not None and device_id in (None, _MANAGER):
        device, device_id = fields.NOWHERE, None  # the manager fetched the record: it is about the service
    dns_query, file_path, hashes = about.dns_query, about.file_path, about.hashes
    if inner is None:
        connection = _decoded(data, about, quality)
    else:
        connection = Connection._make(_of_eve(inner))
        dns_query, file_path = inner.dns_query or dns_query, file_path or inner.file_path
        hashes = hashes or inner.hashes
    title = description or (f"Wazuh rule {rule_id}" if rule_id else "Wazuh alert")
    return _new_alert(
        detector,
        time_ms,
        time_text,
        fields.word(doc.get("id"), "id", quality),
        rule_id or title[:FIELD_LIMIT],
        title[:FIELD_LIMIT],
        category,
        fields.text(doc.get("full_log"), "full_log", quality) or about.message,
        severity_id,
        severity_text,
        scale,
        device,
        device_id,
        about.user,
        about.process,
        dns_query,
        file_path,
        hashes,
        techniques,
        tactics,
        _is_sample(doc, data, inner),
        fields.rest(doc, KNOWN),
        fields.closed(quality, before),
        *connection,
    )


def _is_sample(doc: Mapping[str, Any], data: Mapping[str, Any], inner: Eve | None) -> bool:
    """Return whether Suricata's signature, or the threat that Windows Defender names, is the EICAR test."""
    if inner is not None:
        return is_eicar(inner.signature)
    win, decoder = data.get("win"), doc.get("decoder")
    # By the manager's own decoder: any application's JSON may hold the same keys.
    if type(win) is not dict or type(decoder) is not dict or decoder.get("name") != _EVENT_CHANNEL:
        return False
    system, said = win.get("system"), win.get("eventdata")
    if type(system) is not dict or type(said) is not dict or system.get("providerName") != DEFENDER:
        return False
    return all_eicar((said.get("threat Name"), said.get("threatName")))


_EVENT_CHANNEL: Final = "windows_eventchannel"


class Connection(NamedTuple):
    """Fields of Alert."""

    proto: str | None
    app_proto: str | None
    src: Endpoint
    dst: Endpoint
    action: str | None
    url: str | None
    http_method: str | None
    user_agent: str | None
    bytes_out: int | None
    bytes_in: int | None
    packets: int | None


_of_eve: Final = attrgetter(*Connection._fields)
_new_alert: Final = maker(
    Alert,
    *("detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category", "message"),
    *("severity_id", "severity_text", "severity_scale", "device", "device_id", "user", "process"),
    *("dns_query", "file_path", "hashes", "techniques", "tactics", "is_sample", "unmapped", "quality"),
    *Connection._fields,
    format="wazuh",
    vendor="Wazuh",
    product="Wazuh",
)


def _severity(value: object, quality: list[Quality]) -> tuple[int | None, str | None]:
    received = fields.text(value, "rule.level", quality)
    if received is None:
        return None, None
    level = fields.whole(value)
    if level is None or level >= len(SEVERITIES):
        quality.append(Quality(QualityCode.BAD_SEVERITY, "rule.level"))
        return None, received
    return SEVERITIES[level], received


def _device(doc: Mapping[str, Any], quality: list[Quality]) -> tuple[Endpoint, str | None]:
    """Return the host that the alert is about, and the agent's id where the agent runs on that host.

    Agent 000 is the manager; it also speaks for devices without an agent, whose name the syslog header holds.
    """
    agent = fields.part(doc, "agent", "agent", quality)
    agent_id = fields.word(agent.get("id"), "agent.id", quality)
    name = fields.word(agent.get("name"), "agent.name", quality)
    ip = agent.get("ip")
    address = None if type(ip) is str and ip in _ANY_IP else fields.ip(ip, "agent.ip", quality)
    if agent_id is None or agent_id == _MANAGER:
        header = fields.part(doc, "predecoder", "predecoder", quality)
        host = fields.word(header.get("hostname"), "predecoder.hostname", quality)
        if host is not None and host != name:
            return Endpoint(name=host), None
    return fields.endpoint(address, None, name), agent_id


def _suricata(data: Mapping[str, Any], quality: list[Quality]) -> Eve | None:
    """Return the EVE alert under ``data``, if one is there."""
    if type(data.get("alert")) is not dict or data.get("event_type") != "alert":
        return None
    found: list[Quality] = []
    inner = eve.eve(data, found)
    quality.extend(Quality(code, "data." + path) for code, path in found)
    return inner


def _decoded(data: Mapping[str, Any], about: Host, quality: list[Quality]) -> Connection:
    """Return the connection that Wazuh's decoders extracted, or else the Windows event's own."""
    spoken = data.get("protocol")
    method = None
    if type(spoken) is str and spoken in _HTTP_METHODS:
        # The web access log decoder calls the request's method its protocol.
        method, spoken = spoken, None
    if spoken is None:
        spoken = data.get("proto")
    # Decoders disagree on the names of the ends.
    srcip, srcport = data.get("srcip") or data.get("src_ip"), data.get("srcport") or data.get("src_port")
    dstip = data.get("dstip") or data.get("dest_ip") or data.get("dst_ip")
    dstport = data.get("dstport") or data.get("dest_port") or data.get("dst_port")
    src_ip = fields.ip(srcip, "data.srcip", quality) or about.src.ip
    dst_ip = fields.ip(dstip, "data.dstip", quality) or about.dst.ip
    src_port = fields.port(srcport, "data.srcport", quality)
    dst_port = fields.port(dstport, "data.dstport", quality)
    action = data.get("action")
    return Connection(
        fields.proto(spoken, "data.protocol", quality) or about.proto,
        fields.text(data.get("app_proto"), "data.app_proto", quality),
        fields.endpoint(src_ip, about.src.port if src_port is None else src_port, about.src.name),
        fields.endpoint(dst_ip, about.dst.port if dst_port is None else dst_port, about.dst.name),
        None if action is None else actions.action(action),
        fields.text(data.get("url"), "data.url", quality),
        method,
        fields.text(data.get("user_agent"), "data.user_agent", quality) or about.user_agent,
        None,
        None,
        None,
    )
