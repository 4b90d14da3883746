"""NetFlow rows under the names of RFC 3954 (NetFlow version 9), as nProbe and the NF-* data sets write them.
https://www.ntop.org/guides/nprobe/flow_information_elements.html
https://staff.itee.uq.edu.au/marius/NIDS_datasets/

"In" is from source to destination, "out" the way back, so what the source sent is ``IN_BYTES``. Version 3 of
the data sets has the flow's times; rows of the versions before it have none.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.flow import figure, flow_maker, ported, rule

# The data sets' labels, and the name of the set that a row was merged from, which says as much.
LABELS: Final = ("Label", "Attack", "Dataset")
_TIMES: Final = ("FLOW_START_MILLISECONDS", "FLOW_START_SEC")
_NOBODY: Final = (None, "", "0.0.0.0", "::")  # noqa: S104 (no address is bound)
_PORTS: Final = ("L4_SRC_PORT", "L4_DST_PORT")
# Of ICMP the destination port is the message's type and code: kept under ``unmapped``.
_KNOWN_PORTLESS: Final[dict[str, None]] = dict.fromkeys(
    (
        *("IPV4_SRC_ADDR", "IPV4_DST_ADDR", "IPV6_SRC_ADDR", "IPV6_DST_ADDR", "PROTOCOL", "L7_PROTO_NAME"),
        *("IN_BYTES", "OUT_BYTES", "IN_PKTS", "OUT_PKTS", *_TIMES, *LABELS),
    )
)
_KNOWN: Final = _KNOWN_PORTLESS | dict.fromkeys(_PORTS)

# Ids of nDPI, which ``L7_PROTO`` is: of a protocol, or of a protocol and what runs on it ("7.126", HTTP and
# Google). Here are those of protocols; those of companies and of their services say nothing about the wire.
# https://github.com/ntop/nDPI/blob/dev/src/include/ndpi_protocol_ids.h
_NDPI: Final = (
    "1 ftp_control, 2 pop3, 3 smtp, 4 imap, 5 dns, 6 ipp, 7 http, 8 mdns, 9 ntp, 10 netbios, 11 nfs, "
    "12 ssdp, 13 bgp, 14 snmp, 16 smbv1, 17 syslog, 18 dhcp, 19 postgres, 20 mysql, 23 pops, 27 coap, "
    "29 smtps, 30 dtls, 37 bittorrent, 40 memcached, 41 smbv23, 42 mining, 44 modbus, 50 rtsp, 51 imaps, "
    "60 mongodb, 63 ocsp, 65 irc, 67 jabber, 77 telnet, 78 stun, 81 icmp, 82 igmp, 87 rtp, 88 rdp, 89 vnc, "
    "91 tls, 92 ssh, 96 tftp, 100 sip, 102 icmpv6, 103 dhcpv6, 111 kerberos, 112 ldap, 114 mssql-tds, "
    "127 rpc, 128 netflow, 130 http_connect, 131 http_proxy, 146 radius, 154 llmnr, 159 openvpn, 163 tor, "
    "170 whois-das, 172 socks, 175 ftp_data, 182 redis, 188 quic, 192 amqp, 196 doh_dot, 206 wireguard, "
    "222 mqtt, 237 diameter, 244 dnp3, 245 iec60870, 249 s7comm, 251 websocket"
)
_PROTOCOLS: Final = {number: name for number, _, name in (pair.partition(" ") for pair in _NDPI.split(", "))}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a NetFlow row. Its names are in capitals, which no other format writes."""
    return (
        "PROTOCOL" in doc
        and "L4_SRC_PORT" in doc
        and "L4_DST_PORT" in doc
        and ("IN_BYTES" in doc or "OUT_BYTES" in doc)
    )


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the flow as an Alert."""
    quality: list[Quality] = []
    time_ms, time_text = None, None
    for key in _TIMES:
        if doc.get(key) is not None:
            time_ms, time_text = fields.time(figure(doc[key]), key, quality)
            break
    proto = fields.proto(figure(doc.get("PROTOCOL")), "PROTOCOL", quality)
    src_port = dst_port = None
    has_ports = ported(proto)
    if has_ports:
        src_port = fields.port(figure(doc.get("L4_SRC_PORT")), "L4_SRC_PORT", quality)
        dst_port = fields.port(figure(doc.get("L4_DST_PORT")), "L4_DST_PORT", quality)
    app_proto = fields.word(doc.get("L7_PROTO_NAME"), "L7_PROTO_NAME", quality) or _application(doc)
    rule_id, title = rule(proto, src_port, dst_port, app_proto)
    sent = fields.count(figure(doc.get("IN_PKTS")), "IN_PKTS", quality)
    received = fields.count(figure(doc.get("OUT_PKTS")), "OUT_PKTS", quality)
    return _new_flow(
        time_ms,
        time_text,
        None,
        rule_id,
        title,
        proto,
        app_proto,
        fields.endpoint(_address(doc, "IPV4_SRC_ADDR", "IPV6_SRC_ADDR", quality), src_port),
        fields.endpoint(_address(doc, "IPV4_DST_ADDR", "IPV6_DST_ADDR", quality), dst_port),
        fields.count(figure(doc.get("IN_BYTES")), "IN_BYTES", quality),
        fields.count(figure(doc.get("OUT_BYTES")), "OUT_BYTES", quality),
        None if sent is None or received is None else fields.total(sent, received),
        fields.rest(doc, _KNOWN if has_ports else _KNOWN_PORTLESS),
        fields.closed(quality, before),
    )


def _address(doc: Mapping[str, Any], four: str, six: str, quality: list[Quality]) -> str | None:
    """Return the address; a row that has both columns has nobody in the other."""
    value = doc.get(six)
    if value not in _NOBODY and doc.get(four) in _NOBODY:
        return fields.ip(value, six, quality)
    return fields.ip(doc.get(four), four, quality)


def _application(doc: Mapping[str, Any]) -> str | None:
    """Return nDPI's protocol by name; the number itself stays under ``unmapped``."""
    value = doc.get("L7_PROTO")
    if type(value) is float or type(value) is str or type(value) is int:
        return _PROTOCOLS.get(str(value)[:8].strip().partition(".")[0])
    return None


_new_flow: Final = flow_maker("NetFlow", "NetFlow", "netflow")
