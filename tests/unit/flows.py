"""One flow as each source writes it, and a row read as the formats of flows read it."""

from types import ModuleType
from typing import Any

from enrich.alert import Alert
from enrich.formats import flow_cic, flow_goflow, flow_netflow, flow_zeek

MODULES = (flow_zeek, flow_netflow, flow_cic, flow_goflow)
CONN: dict[str, Any] = {
    "ts": 1_717_243_200.5,
    "uid": "CExample",
    "id.orig_h": "10.0.0.1",
    "id.orig_p": 50000,
    "id.resp_h": "192.0.2.1",
    "id.resp_p": 80,
    "proto": "tcp",
    "service": "http",
    "orig_bytes": 10,
    "resp_bytes": 20,
    "conn_state": "SF",
    "orig_pkts": 1,
    "resp_pkts": 2,
}
NETFLOW: dict[str, Any] = {
    "IPV4_SRC_ADDR": "10.0.0.1",
    "L4_SRC_PORT": 50000,
    "IPV4_DST_ADDR": "192.0.2.1",
    "L4_DST_PORT": 80,
    "PROTOCOL": 6,
    "L7_PROTO": 7,
    "IN_BYTES": 10,
    "OUT_BYTES": 20,
    "IN_PKTS": 1,
    "OUT_PKTS": 2,
}
CIC: dict[str, Any] = {
    "Src IP": "10.0.0.1",
    "Src Port": 50000,
    "Dst IP": "192.0.2.1",
    "Dst Port": 80,
    "Protocol": 6,
    "Timestamp": "01/06/2024 12:00:00",
    "Flow Duration": 1000,
    "Tot Fwd Pkts": 1,
    "Tot Bwd Pkts": 2,
    "TotLen Fwd Pkts": 10,
    "TotLen Bwd Pkts": 20,
}
NOBODY = "0.0.0.0"  # noqa: S104 (no address is bound)
BASES: tuple[tuple[ModuleType, dict[str, Any]], ...] = (
    (flow_zeek, CONN),
    (flow_netflow, NETFLOW),
    (flow_cic, CIC),
)
NAMES = ("zeek", "netflow", "cic")


def flow(module: ModuleType, doc: dict[str, Any]) -> Alert:
    assert module.recognise(doc)
    found = module.parse(doc, ())
    assert type(found) is Alert
    return found


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the row with changes; None takes a key away."""
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


def takers(doc: dict[str, Any]) -> list[ModuleType]:
    return [module for module in MODULES if module.recognise(doc)]
