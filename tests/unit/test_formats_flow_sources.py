"""Flow rows: what Zeek's connections, NetFlow and CICFlowMeter have of their own."""

import pytest

from enrich.alert import Endpoint
from enrich.formats import flow_cic, flow_netflow, flow_zeek
from tests.unit.flows import CIC, CONN, NETFLOW, NOBODY, changed, flow, said
from tests.unit.test_formats_samples import plain

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
