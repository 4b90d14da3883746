"""Suricata EVE alerts. What they say is read in ``eve``; here is what is Suricata's own.

``host`` is the sensor's name, not that of any end of the connection, so it never becomes the device; and a
flow id names a flow, not an alert, so there is no source id.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import fields
from enrich.formats.eicar import is_eicar
from enrich.formats.eve import KNOWN as READ
from enrich.formats.eve import SCALE, Eve, eve
from enrich.swift import maker

# EVE records that are no alerts. "drop" may carry an alert object: the alert itself is a record beside it.
# https://docs.suricata.io/en/latest/output/eve/eve-json-output.html
OTHER_EVENT_TYPES: Final = frozenset(
    (
        *("anomaly", "arp", "bittorrent_dht", "dcerpc", "dhcp", "dnp3", "dns", "doh2", "drop", "email"),
        *("engine", "enip", "fileinfo", "flow", "frame", "ftp", "ftp_data", "http", "http2", "ike", "ikev2"),
        *("krb5", "ldap", "mdns", "metadata", "modbus", "mqtt", "netflow", "nfs", "packetinfo", "pgsql"),
        *("pop3", "quic", "rdp", "rfb", "sip", "smb", "smtp", "snmp", "ssh", "stats", "telnet", "template"),
        *("tftp", "tls", "tunnel", "vlan", "websocket"),
    )
)

KNOWN: Final = {**READ, **dict.fromkeys(("timestamp", "event_type"))}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is an EVE record, alert or not. Takes a document that has ``event_type``."""
    kind = doc["event_type"]
    if kind == "alert":
        return "alert" in doc
    return type(kind) is str and kind in OTHER_EVENT_TYPES and "timestamp" in doc


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for EVE records of other types."""
    if doc["event_type"] != "alert":
        raise Rejected(DeadCode.NOT_AN_ALERT, "an EVE record that is no alert; send only event_type alert")
    quality: list[Quality] = []
    stamp = doc.get("timestamp")
    path = "timestamp"
    if stamp is None:
        stamp, path = doc.get("@timestamp"), "@timestamp"
    time_ms, time_text = fields.time(stamp, path, quality)
    found = eve(doc, quality)
    title = found.signature
    if title is None:
        title = f"Suricata rule {found.signature_id}" if found.signature_id else "Suricata alert"
    return _new_alert(
        time_ms,
        time_text,
        found.signature_id or found.signature or found.category or "unknown",
        title[:FIELD_LIMIT],
        None if found.severity_text is None else SCALE,
        is_eicar(found.signature),
        fields.rest(doc, KNOWN),
        fields.closed(quality, before),
        *found[2:],
    )


_new_alert: Final = maker(
    Alert,
    *("time_ms", "time_text", "rule_id", "title", "severity_scale", "is_sample", "unmapped", "quality"),
    *Eve._fields[2:],
    format="suricata",
    vendor="OISF",
    product="Suricata",
    detector="suricata",
)
