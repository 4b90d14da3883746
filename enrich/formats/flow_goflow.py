"""Flow rows of GoFlow2 (NetFlow, IPFIX, sFlow), JSON: its own names, and those of GoFlow before it.
https://github.com/netsampler/goflow2/blob/main/docs/protocols.md

A row is one direction: what the source sent. The answer is a row of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.flow import figure, flow_maker, ported, rule

_TYPES: Final = frozenset(("NETFLOW_V5", "NETFLOW_V9", "IPFIX", "SFLOW_5", "SFLOW", "SFLOWPACKET"))
# Our names → GoFlow2's, GoFlow's.
_NAMES: Final = {
    "src": ("src_addr", "SrcAddr"),
    "dst": ("dst_addr", "DstAddr"),
    "src_port": ("src_port", "SrcPort"),
    "dst_port": ("dst_port", "DstPort"),
    "proto": ("proto", "Proto"),
    "bytes": ("bytes", "Bytes"),
    "packets": ("packets", "Packets"),
    "start": ("time_flow_start_ns", "TimeFlowStart"),
    "received": ("time_received_ns", "TimeReceived"),
}
_WITHOUT_PORTS: Final = tuple(
    dict.fromkeys(
        key for name, keys in _NAMES.items() if not name.endswith("_port") for key in keys[at : at + 1]
    )
    for at in (0, 1)
)
_KNOWN: Final = tuple(
    known | dict.fromkeys((_NAMES["src_port"][at], _NAMES["dst_port"][at]))
    for at, known in enumerate(_WITHOUT_PORTS)
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a row of GoFlow2's or GoFlow's."""
    at = 0 if "sampler_address" in doc else 1
    kind = doc.get("Type" if at else "type")
    if type(kind) is int and at == 1:
        kind = "NETFLOW_V9"  # GoFlow's protobuf numbers the types
    if type(kind) is not str or kind.upper() not in _TYPES:
        return False
    return _NAMES["src"][at] in doc and _NAMES["dst"][at] in doc and _NAMES["bytes"][at] in doc


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the flow as an Alert."""
    quality: list[Quality] = []
    at = 0 if "sampler_address" in doc else 1
    names = {ours: keys[at] for ours, keys in _NAMES.items()}
    stamp = names["start"] if doc.get(names["start"]) else names["received"]
    time_ms, time_text = fields.time(figure(doc.get(stamp)), stamp, quality)
    proto = fields.proto(figure(doc.get(names["proto"])), names["proto"], quality)
    src_port = dst_port = None
    has_ports = ported(proto)
    if has_ports:
        src_port = fields.port(figure(doc.get(names["src_port"])), names["src_port"], quality)
        dst_port = fields.port(figure(doc.get(names["dst_port"])), names["dst_port"], quality)
    rule_id, title = rule(proto, src_port, dst_port, None)
    return _new_flow(
        time_ms,
        time_text,
        None,
        rule_id,
        title,
        proto,
        None,
        fields.endpoint(fields.ip(doc.get(names["src"]), names["src"], quality), src_port),
        fields.endpoint(fields.ip(doc.get(names["dst"]), names["dst"], quality), dst_port),
        fields.count(figure(doc.get(names["bytes"])), names["bytes"], quality),
        None,
        fields.count(figure(doc.get(names["packets"])), names["packets"], quality),
        fields.rest(doc, (_KNOWN if has_ports else _WITHOUT_PORTS)[at]),
        fields.closed(quality, before),
    )


_new_flow: Final = flow_maker("netsampler", "GoFlow2", "goflow2")
