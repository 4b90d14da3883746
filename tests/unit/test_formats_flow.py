"""Flow rows: Zeek's connections, NetFlow, CICFlowMeter; what they share and what each has of its own."""

import copy
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.formats import flow_cic, flow_goflow, flow_netflow, flow_zeek
from enrich.formats.flow import figure, service
from millrace.samples import SAMPLES as GOLDEN
from tests.unit.test_formats_properties import VALUES, paths, put
from tests.unit.test_formats_samples import plain, sample

MODULES = (flow_zeek, flow_netflow, flow_cic, flow_goflow)
SAMPLES = sorted(GOLDEN.glob("flow_*.json"))
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


# Zeek


@pytest.mark.parametrize("log", ["conn", "conn_long", "conn_red"])
def test_a_connection_log_is_known_by_its_name(log: str) -> None:
    doc = changed(CONN, {"conn_state": None, "_path": log})
    assert flow(flow_zeek, doc).rule_id == "flow:tcp/80"


def test_a_connection_under_its_tag_is_the_same_flow() -> None:
    assert flow(flow_zeek, {"conn": CONN}) == flow(flow_zeek, CONN)


def test_a_connections_own_id_is_the_flows_id() -> None:
    assert flow(flow_zeek, CONN).source_uid == "CExample"


def test_several_services_are_kept_as_zeek_names_them() -> None:
    assert flow(flow_zeek, {**CONN, "service": "gssapi,smb,krb"}).app_proto == "gssapi,smb,krb"


def test_seconds_since_a_captures_start_are_a_time_of_1970() -> None:
    assert flow(flow_zeek, {**CONN, "ts": 22.335172}).time_ms == 22_335


# NetFlow


@pytest.mark.parametrize(
    ("stated", "app_proto"),
    [
        (7, "http"),
        (7.126, "http"),
        ("91.178", "tls"),
        (" 5.0 ", "dns"),
        (0, None),
        (126, None),
        (-7, None),
        (True, None),
        ([7], None),
        (1e300, None),
        (2**70, None),
        (None, None),
    ],
    ids=str,
)
def test_the_application_is_ndpis_protocol(stated: object, app_proto: str | None) -> None:
    assert flow(flow_netflow, changed(NETFLOW, {"L7_PROTO": stated})).app_proto == app_proto


def test_a_stated_name_goes_before_the_number() -> None:
    assert flow(flow_netflow, {**NETFLOW, "L7_PROTO_NAME": "TLS.Google"}).app_proto == "TLS.Google"


@pytest.mark.parametrize(
    ("four", "six", "ip"),
    [
        ("10.0.0.1", "::", "10.0.0.1"),
        (NOBODY, "2001:db8::1", "2001:db8::1"),
        ("", "2001:db8::1", "2001:db8::1"),
        (None, "2001:db8::1", "2001:db8::1"),
        (NOBODY, "::", NOBODY),
        (NOBODY, None, NOBODY),
    ],
)
def test_the_address_is_the_one_of_the_two_that_is_somebodys(
    four: str | None, six: str | None, ip: str
) -> None:
    row = changed({**NETFLOW, "IPV4_SRC_ADDR": four, "IPV6_SRC_ADDR": six}, {})
    assert flow(flow_netflow, row).src.ip == ip


def test_rows_without_times_have_none() -> None:
    found = flow(flow_netflow, NETFLOW)
    assert (found.time_ms, found.time_text, found.quality) == (None, None, ())


# CIC


@pytest.mark.parametrize(
    ("stamp", "time_ms"),
    [
        ("01/06/2024 12:00:00", 1_717_243_200_000),
        ("1/6/2024 12:00", 1_717_243_200_000),
        ("1/6/2024 9:05", 1_717_232_700_000),
        ("01/06/2024 12:00:00 PM", 1_717_243_200_000),
        ("01/06/2024 12:00:00 am", 1_717_200_000_000),
        ("01/06/2024 01:00:00 p.m.", 1_717_246_800_000),
        ("2024-06-01 12:00:00.25", 1_717_243_200_250),
        ("2024-06-01 12:00:00", 1_717_243_200_000),
        ("  01/06/2024 12:00:00.5", 1_717_243_200_500),
        (1_717_243_200, 1_717_243_200_000),
        (1_717_243_200_000_000, 1_717_243_200_000),
    ],
    ids=str,
)
def test_times_are_day_first_or_iso_or_a_number(stamp: object, time_ms: int) -> None:
    assert flow(flow_cic, {**CIC, "Timestamp": stamp}).time_ms == time_ms


@pytest.mark.parametrize(
    "stamp",
    [
        *("31/02/2024 12:00", "06/31/2024 12:00", "1/6/2024", "1/6/2024 24:00", "1/6/2024 9:60"),
        *("1/6/2024 9:05:61", "1/6/2024 13:00 PM", "1/6/2024 0:30 AM", "1/6/1969 9:05", "0/6/2024 9:05"),
        *("1/6/24 9:05", "1/6/2024 9:05 " + "x" * 50, "noon", [1]),
    ],
    ids=str,
)
def test_what_is_no_time_is_said(stamp: object) -> None:
    found = flow(flow_cic, {**CIC, "Timestamp": stamp})
    assert found.time_ms is None
    assert ("bad_time", "Timestamp") in said(found)


@pytest.mark.parametrize("stated", [0, "0", "0.0", 0.0])
def test_protocol_nought_is_neither_tcp_nor_udp_so_there_are_no_ports(stated: object) -> None:
    found = flow(flow_cic, {**CIC, "Protocol": stated})
    assert (found.proto, found.src.port, found.dst.port, found.rule_id) == (None, None, None, "flow:ip")


SPELLED = {
    "of 2017": (
        " Source IP, Source Port, Destination IP, Destination Port, Protocol, Flow Duration,"
        " Total Fwd Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets"
    ),
    "of 2019, stripped": (
        "Source IP,Source Port,Destination IP,Destination Port,Protocol,Flow Duration,"
        "Total Fwd Packets,Total Backward Packets,Total Length of Fwd Packets,Total Length of Bwd Packets"
    ),
    "of the tool today": (
        "Src IP,Src Port,Dst IP,Dst Port,Protocol,Flow Duration,"
        "Total Fwd Packet,Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet"
    ),
    "with underscores": (
        "Src_IP,Src_Port,Dst_IP,Dst_Port,Protocol,Flow_Duration,"
        "Tot_Fwd_Pkts,Tot_Bwd_Pkts,TotLen_Fwd_Pkts,TotLen_Bwd_Pkts"
    ),
    "of the Python port": (
        "src_ip,src_port,dst_ip,dst_port,protocol,flow_duration,"
        "tot_fwd_pkts,tot_bwd_pkts,totlen_fwd_pkts,totlen_bwd_pkts"
    ),
}


@pytest.mark.parametrize("columns", SPELLED.values(), ids=SPELLED.keys())
def test_each_spelling_of_the_columns_gives_the_same_flow(columns: str) -> None:
    expected = flow(flow_cic, changed(CIC, {"Timestamp": None}))
    values = [value for key, value in CIC.items() if key != "Timestamp"]
    row = dict(zip(columns.split(","), values, strict=True))
    assert plain(flow(flow_cic, row)) | {"unmapped": None} == plain(expected) | {"unmapped": None}


def test_a_column_without_a_name_is_read_as_nothing_else() -> None:
    found = flow(flow_cic, {"": "7", **changed(CIC, {"Src IP": None, "Timestamp": None})})
    assert (found.src, found.time_ms, found.quality) == (Endpoint(port=50000), None, ())
    assert found.unmapped == {"": "7", "Flow Duration": 1000}


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
