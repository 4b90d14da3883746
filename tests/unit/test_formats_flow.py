"""Flow rows: Zeek's connections, NetFlow, CICFlowMeter; what they share."""

import copy
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Endpoint
from enrich.formats import flow_cic, flow_netflow, flow_zeek
from enrich.formats.flow import figure, service
from millrace.samples import SAMPLES as GOLDEN
from tests.examples import OF_EACH, examples
from tests.unit.flows import BASES, CIC, CONN, NAMES, NETFLOW, changed, flow, said, takers
from tests.unit.test_formats_properties import VALUES, paths, put
from tests.unit.test_formats_samples import plain, sample

SAMPLES = sorted(GOLDEN.glob("flow_*.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_taken_by_one_and_becomes_the_alert_beside_it(path: Path) -> None:
    expected = sample(path)
    (module,) = takers(expected["input"])
    assert plain(module.parse(expected["input"], ())) == expected["alert"]


NEAR_MISSES: dict[str, dict[str, Any]] = {
    "a connection without its state": changed(CONN, {"conn_state": None}),
    "a connection without its ends": {"ts": 1.0, "uid": "C", "conn_state": "SF", "proto": "tcp"},
    "a connection without id and time": changed(CONN, {"uid": None, "ts": None}),
    "a record of another Zeek log": {**CONN, "_path": "conn_agg"},
    "a firewall's state": {"conn_state": "new", "proto": "tcp", "src": "10.0.0.1"},
    "NetFlow without ports": changed(NETFLOW, {"L4_DST_PORT": None}),
    "NetFlow without bytes": changed(NETFLOW, {"IN_BYTES": None, "OUT_BYTES": None}),
    "NetFlow in small letters": {key.lower(): value for key, value in NETFLOW.items()},
    "CIC without packets": changed(CIC, {"Tot Bwd Pkts": None}),
    "CIC without a duration": changed(CIC, {"Flow Duration": None}),
    "a duration of another tool": {"flow_duration": 1.5, "src_ip": "10.0.0.1", "protocol": 6},
    "Suricata": {"event_type": "flow", "timestamp": "x", "src_ip": "10.0.0.1", "proto": "TCP", "flow": {}},
    "Wazuh": {"timestamp": "2024-06-01T12:00:00Z", "rule": {"level": 3}, "agent": {"id": "001"}},
    "nothing": {},
}


@pytest.mark.parametrize("doc", NEAR_MISSES.values(), ids=NEAR_MISSES.keys())
def test_what_is_no_flow_row_is_refused(doc: dict[str, Any]) -> None:
    assert takers(doc) == []


@pytest.mark.parametrize(("module", "base"), BASES, ids=NAMES)
def test_the_same_flow_is_the_same_in_each_source(module: ModuleType, base: dict[str, Any]) -> None:
    found = flow(module, base)
    assert (found.rule_id, found.proto, found.src, found.dst) == (
        "flow:tcp/80",
        "tcp",
        Endpoint(ip="10.0.0.1", port=50000),
        Endpoint(ip="192.0.2.1", port=80),
    )
    assert (found.bytes_out, found.bytes_in, found.packets, found.quality) == (10, 20, 3, ())


@pytest.mark.parametrize(("module", "base"), BASES, ids=NAMES)
def test_a_flow_states_no_severity(module: ModuleType, base: dict[str, Any]) -> None:
    found = flow(module, base)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (None, None, None)


@pytest.mark.parametrize(("module", "base"), BASES, ids=NAMES)
def test_a_row_of_text_is_the_same_flow_as_one_of_numbers(module: ModuleType, base: dict[str, Any]) -> None:
    text = flow(module, {key: str(value) for key, value in base.items()})
    assert plain(text) | {"unmapped": None} == plain(flow(module, base)) | {"unmapped": None}


LABELS = {
    "zeek": ("label", "detailed-label"),
    "netflow": ("Label", "Attack", "Dataset"),
    "cic": ("Label", " Label", "label", "Attack", "Attempted Category", "Cat", "Sub_Cat"),
}


@pytest.mark.parametrize(
    ("module", "base", "name"), [(*base, name) for base, name in zip(BASES, NAMES, strict=True)], ids=NAMES
)
def test_labels_change_nothing(module: ModuleType, base: dict[str, Any], name: str) -> None:
    labelled = {**base, **dict.fromkeys(LABELS[name], "Malicious")}
    assert flow(module, labelled) == flow(module, base)


@pytest.mark.parametrize(
    ("proto", "src_port", "dst_port", "key", "shown"),
    [
        ("tcp", 50000, 443, "tcp/443", "tcp/443"),
        ("tcp", 443, 50000, "tcp/443", "tcp/443"),
        ("udp", 53, 53, "udp/53", "udp/53"),
        ("tcp", 22, 80, "tcp/80", "tcp/80"),
        ("tcp", 50000, 3389, "tcp/3389", "tcp/3389"),
        ("tcp", 50000, 4711, "tcp/1024-49151", "tcp/4711"),
        ("tcp", 50000, 60000, "tcp/49152-65535", "tcp/60000"),
        ("tcp", 50000, None, "tcp", "tcp"),
        ("icmp", None, None, "icmp", "icmp"),
        ("41", None, None, "ip-41", "ip-41"),
        (None, None, 8080, "ip/8080", "ip/8080"),
        (None, None, None, "ip", "ip"),
    ],
)
def test_the_rule_is_the_service(
    proto: str | None, src_port: int | None, dst_port: int | None, key: str, shown: str
) -> None:
    assert service(proto, src_port, dst_port) == (key, shown)


def test_a_scan_of_all_ports_leaves_room_for_other_rules_in_the_history() -> None:
    assert len({service("tcp", 50000, port)[0] for port in range(65_536)}) < 1100


@pytest.mark.parametrize(
    ("value", "found"),
    [(" 5 ", "5"), ("5.0", "5"), ("5.00", "5"), ("5.", "5"), ("5.5", "5.5"), ("", ""), (5, 5), (None, None)],
)
def test_a_figure_is_taken_out_of_what_tables_put_around_it(value: object, found: object) -> None:
    assert figure(value) == found


@pytest.mark.parametrize("app_proto", ["x" * FIELD_LIMIT, "x" * 5000])
def test_a_long_service_name_fits_into_the_title(app_proto: str) -> None:
    assert len(flow(flow_zeek, {**CONN, "service": app_proto}).title) == FIELD_LIMIT


WRONG: dict[str, tuple[ModuleType, dict[str, Any], str, object, tuple[str, str]]] = {
    "Zeek's bytes": (flow_zeek, {**CONN, "orig_bytes": -1}, "bytes_out", None, ("bad_type", "orig_bytes")),
    "Zeek's packets": (flow_zeek, {**CONN, "resp_pkts": "x"}, "packets", None, ("bad_type", "resp_pkts")),
    "Zeek's service": (flow_zeek, {**CONN, "service": [1]}, "app_proto", None, ("bad_type", "service")),
    "Zeek's id": (flow_zeek, {**CONN, "uid": {"a": 1}}, "source_uid", None, ("bad_type", "uid")),
    "NetFlow's address": (
        flow_netflow,
        {**NETFLOW, "IPV4_SRC_ADDR": "x"},
        "src",
        Endpoint(port=50000),
        ("bad_ip", "IPV4_SRC_ADDR"),
    ),
    "NetFlow's port": (
        flow_netflow,
        {**NETFLOW, "L4_DST_PORT": 70000},
        "dst",
        Endpoint(ip="192.0.2.1"),
        ("bad_port", "L4_DST_PORT"),
    ),
    "NetFlow's protocol": (
        flow_netflow,
        {**NETFLOW, "PROTOCOL": [6]},
        "proto",
        None,
        ("bad_type", "PROTOCOL"),
    ),
    "NetFlow's time": (
        flow_netflow,
        {**NETFLOW, "FLOW_START_MILLISECONDS": "soon"},
        "time_ms",
        None,
        ("bad_time", "FLOW_START_MILLISECONDS"),
    ),
    "CIC's bytes": (
        flow_cic,
        {**CIC, "TotLen Fwd Pkts": "NaN"},
        "bytes_out",
        None,
        ("bad_type", "TotLen Fwd Pkts"),
    ),
    "CIC's address": (flow_cic, {**CIC, "Dst IP": True}, "dst", Endpoint(port=80), ("bad_ip", "Dst IP")),
}


@pytest.mark.parametrize(("module", "row", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_left_out_and_said_and_the_flow_goes_on(
    module: ModuleType, row: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = flow(module, row)
    assert (getattr(found, field), said(found)) == (value, [quality])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_anywhere_give_an_alert(path: Path, data: st.DataObject) -> None:
    doc = copy.deepcopy(sample(path)["input"])
    for place in data.draw(st.lists(st.sampled_from(paths(doc)), min_size=1, max_size=4)):
        put(doc, place, copy.deepcopy(data.draw(VALUES)))
    for module in takers(doc):
        found = flow(module, doc)
        assert found.rule_id.startswith("flow:")
        for text in (found.rule_id, found.title, found.app_proto, found.source_uid, found.time_text):
            assert text is None or 0 < len(text) <= FIELD_LIMIT
        for count in (found.bytes_out, found.bytes_in, found.packets):
            assert count is None or 0 <= count < 2**63
        json.dumps(found.unmapped)
