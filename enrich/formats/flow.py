"""Flow rows: what ``flow_zeek``, ``flow_netflow`` and ``flow_cic`` have in common.

A flow is no alert of anybody's: nothing states its severity, and there is no rule. Its rule here is the
service that was used, so that history can tell a host's first use of it, and a service that nobody uses.
"""

from collections.abc import Callable
from typing import Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.swift import maker

# Protocols that have ports; "33" and "136" are DCCP and UDP-Lite.
_PORTED: Final = (None, "tcp", "udp", "sctp", "33", "136")
_SYSTEM_PORTS: Final = 1024
_DYNAMIC_PORTS: Final = 49_152
# Registered ports that stand for a service as clearly as the system ports do. The others share two rules,
# because a scan of 64,000 ports would else push every other rule out of the history, which keeps 4,000.
# https://www.iana.org/assignments/service-names-port-numbers
_SERVICES: Final = frozenset(
    (
        *(1080, 1194, 1433, 1434, 1521, 1701, 1723, 1812, 1813, 1883, 1900, 2049, 2375, 2376, 2379, 3128),
        *(3268, 3269, 3306, 3389, 3478, 4500, 5060, 5061, 5222, 5353, 5355, 5432, 5672, 5900, 5938, 5985),
        *(5986, 6379, 6443, 6667, 7680, 8000, 8009, 8080, 8086, 8443, 8883, 8888, 9000, 9090, 9092, 9200),
        *(10250, 11211, 25565, 27017),
    )
)


def ported(proto: str | None) -> bool:
    """Return whether what stands for ports in a row of this protocol are ports."""
    return proto in _PORTED


def service(proto: str | None, src_port: int | None, dst_port: int | None) -> tuple[str, str]:
    """Return the service as history knows it, and as a person reads it: protocol and port.

    A flow that was first seen in the middle may have its ends swapped: a system port is the server's.

    >>> service("tcp", 50000, 443), service("tcp", 443, 50000), service("udp", 5000, 40000)
    (('tcp/443', 'tcp/443'), ('tcp/443', 'tcp/443'), ('udp/1024-49151', 'udp/40000'))
    >>> service("icmp", None, None), service(None, None, 22), service("41", None, None)
    (('icmp', 'icmp'), ('ip/22', 'ip/22'), ('ip-41', 'ip-41'))
    """
    if proto is None:
        proto = "ip"
    elif proto.isdigit():
        proto = "ip-" + proto
    port = dst_port
    if src_port is not None and src_port < _SYSTEM_PORTS and (port is None or port >= _SYSTEM_PORTS):
        port = src_port
    if port is None:
        return proto, proto
    exact = f"{proto}/{port}"
    if port < _SYSTEM_PORTS or port in _SERVICES:
        return exact, exact
    return f"{proto}/{'1024-49151' if port < _DYNAMIC_PORTS else '49152-65535'}", exact


def rule(
    proto: str | None, src_port: int | None, dst_port: int | None, app_proto: str | None
) -> tuple[str, str]:
    """Return rule_id and title.

    >>> rule("tcp", 50000, 443, "ssl")
    ('flow:tcp/443', 'Network flow tcp/443 (ssl)')
    """
    key, shown = service(proto, src_port, dst_port)
    if app_proto is None or app_proto == key:
        return "flow:" + key, "Network flow " + shown
    return "flow:" + key, f"Network flow {shown} ({app_proto})"[:FIELD_LIMIT]


def figure(value: object) -> object:
    """Return a number's text without what tables put around it: blanks, and the ``.0`` of a float column.

    >>> figure(" 443"), figure("443.0"), figure("0.5"), figure(443.0)
    ('443', '443', '0.5', 443.0)
    """
    if type(value) is not str:
        return value
    value = value.strip()
    whole, point, fraction = value.partition(".")
    return whole if point and not fraction.strip("0") else value


def flow_maker(vendor: str, product: str, detector: str) -> Callable[..., Alert]:
    """Return what makes the alert of a flow row."""
    return maker(
        Alert,
        *("time_ms", "time_text", "source_uid", "rule_id", "title", "proto", "app_proto", "src", "dst"),
        *("bytes_out", "bytes_in", "packets", "unmapped", "quality"),
        format="flow",
        vendor=vendor,
        product=product,
        detector=detector,
    )
