"""Suricata: each rule of its reading, and each wrong field."""

import copy
from typing import Any

import orjson
import pytest

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.formats import Formats, alert_from

IN_USE = Formats.of(())
BASE: dict[str, Any] = {
    "timestamp": "2024-01-14T00:00:01.5+0000",
    "event_type": "alert",
    "src_ip": "10.0.0.1",
    "src_port": 50000,
    "dest_ip": "192.0.2.1",
    "dest_port": 443,
    "proto": "TCP",
    "alert": {
        "action": "allowed",
        "gid": 1,
        "signature_id": 9,
        "signature": "S",
        "category": "C",
        "severity": 1,
    },
}


def alert(**changes: Any) -> Alert:
    """Return the Alert of BASE with changes; ``alert`` is merged, None takes a key away."""
    doc = copy.deepcopy(BASE)
    doc["alert"].update(changes.pop("alert", {}))
    doc.update(changes)
    doc["alert"] = {key: value for key, value in doc["alert"].items() if value is not None}
    doc = {key: value for key, value in doc.items() if value is not None}
    return alert_from(orjson.dumps(doc), IN_USE)


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


@pytest.mark.parametrize(("stated", "severity_id"), [(1, 4), (2, 3), (3, 2), (4, 1), ("1", 4), (2.0, 3)])
def test_one_is_worst_and_four_is_informational(stated: object, severity_id: int) -> None:
    assert alert(alert={"severity": stated}).severity_id == severity_id


@pytest.mark.parametrize("stated", [0, 5, 255, -1, "high", "5"])
def test_a_severity_outside_the_scale_is_none_and_said(stated: object) -> None:
    found = alert(alert={"severity": stated})
    assert (found.severity_id, found.severity_text, said(found)) == (
        None,
        str(stated),
        [("bad_severity", "alert.severity")],
    )


def test_a_missing_severity_is_not_wrong() -> None:
    found = alert(alert={"severity": None})
    assert (found.severity_id, found.severity_scale, found.quality) == (None, None, ())


@pytest.mark.parametrize(
    ("gid", "rule_id"), [(1, "9"), ("1", "9"), (None, "9"), (122, "122:9"), ("122", "122:9")]
)
def test_the_generator_stands_before_the_rule_unless_it_is_one(gid: object, rule_id: str) -> None:
    assert alert(alert={"gid": gid}).rule_id == rule_id


def test_a_rule_without_id_is_named_by_its_signature() -> None:
    assert alert(alert={"signature_id": None}).rule_id == "S"


def test_a_rule_without_signature_is_titled_by_its_id() -> None:
    assert alert(alert={"signature": "  "}).title == "Suricata rule 9"


def test_an_alert_object_of_the_wrong_type_still_gives_an_alert() -> None:
    found = alert_from(orjson.dumps({**BASE, "alert": "x"}), IN_USE)
    assert (found.title, found.rule_id, said(found)) == ("Suricata alert", "unknown", [("bad_type", "alert")])


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": ({"timestamp": "yesterday"}, "time_ms", None, ("bad_time", "timestamp")),
    "an address": ({"src_ip": "010.0.0.1"}, "src", Endpoint(port=50000), ("bad_ip", "src_ip")),
    "an address of the wrong type": ({"dest_ip": 1}, "dst", Endpoint(port=443), ("bad_ip", "dest_ip")),
    "a port": ({"src_port": 65536}, "src", Endpoint(ip="10.0.0.1"), ("bad_port", "src_port")),
    "a port below zero": ({"src_port": -1}, "src", Endpoint(ip="10.0.0.1"), ("bad_port", "src_port")),
    "a port that is true": ({"src_port": True}, "src", Endpoint(ip="10.0.0.1"), ("bad_port", "src_port")),
    "a port in words": ({"src_port": "http"}, "src", Endpoint(ip="10.0.0.1"), ("bad_port", "src_port")),
    "a protocol": ({"proto": ["TCP"]}, "proto", None, ("bad_type", "proto")),
    "a protocol with a newline": ({"proto": "T\nCP"}, "proto", None, ("bad_type", "proto")),
    "an action": ({"alert": {"action": "perhaps"}}, "action", None, ("bad_type", "alert.action")),
    "a class": ({"alert": {"category": {"a": 1}}}, "category", None, ("bad_type", "alert.category")),
    "an HTTP object": ({"http": "GET /"}, "url", None, ("bad_type", "http")),
    "a URL": ({"http": {"url": True}}, "url", None, ("bad_type", "http.url")),
    "a DNS object": ({"dns": [1]}, "dns_query", None, ("bad_type", "dns")),
    "a DNS question": ({"dns": {"query": ["x"]}}, "dns_query", None, ("bad_type", "dns.query")),
    "a byte count": (
        {"flow": {"bytes_toserver": -1}},
        "bytes_out",
        None,
        ("bad_type", "flow.bytes_toserver"),
    ),
    "a hash": ({"fileinfo": {"md5": "abc"}}, "hashes", (), ("bad_type", "fileinfo")),
    "metadata": ({"alert": {"metadata": ["T1059"]}}, "techniques", (), ("bad_type", "alert.metadata")),
    "a technique": (
        {"alert": {"metadata": {"mitre_technique_id": [{}, ["x"], "T1"]}}},
        "techniques",
        ("T1",),
        ("bad_type", "alert.metadata.mitre_technique_id"),
    ),
    "a list of techniques": (
        {"alert": {"metadata": {"mitre_technique_id": ["T1"] * 33}}},
        "techniques",
        ("T1",) * 32,
        ("field_truncated", "alert.metadata.mitre_technique_id"),
    ),
    "a long URL": (
        {"http": {"url": "/" * 1025}},
        "url",
        "/" * FIELD_LIMIT,
        ("field_truncated", "http.url"),
    ),
    "an integer beyond 64 bits": (
        {"app_proto": 1e20},
        "app_proto",
        "1e+20",
        ("number_out_of_range", "app_proto"),
    ),
}


@pytest.mark.parametrize(("changes", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_mended_and_said_and_the_alert_goes_on(
    changes: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = alert(**copy.deepcopy(changes))
    assert (getattr(found, field), said(found), found.rule_id) == (value, [quality], "9")


def test_missing_and_empty_fields_are_not_wrong() -> None:
    found = alert(
        src_ip=None, dest_ip="", src_port="", proto="", timestamp=None, http={}, flow={}, dns={}, tls={}
    )
    assert found.quality == ()


@pytest.mark.parametrize(
    ("proto", "name"),
    [
        *(
            ("TCP", "tcp"),
            ("udp", "udp"),
            ("Icmp", "icmp"),
            ("IPv6-ICMP", "ipv6-icmp"),
            ("ICMPv6", "ipv6-icmp"),
        ),
        *((6, "tcp"), ("017", "udp"), ("SCTP", "sctp"), ("OSPF", "ospfigp")),
    ],
)
def test_protocols_have_iana_names(proto: object, name: str) -> None:
    assert alert(proto=proto).proto == name


@pytest.mark.parametrize("app_proto", ["failed", "unknown"])
def test_an_application_protocol_that_suricata_could_not_tell_is_none(app_proto: str) -> None:
    assert alert(app_proto=app_proto).app_proto is None


FLOW = {"pkts_toserver": 1, "pkts_toclient": 2, "bytes_toserver": 100, "bytes_toclient": 200}
ANSWER = {"src_ip": "192.0.2.1", "src_port": 443, "dest_ip": "10.0.0.1", "dest_port": 50000}


def test_bytes_out_are_those_of_the_source() -> None:
    found = alert(flow=FLOW)
    assert (found.bytes_out, found.bytes_in, found.packets) == (100, 200, 3)


@pytest.mark.parametrize(
    "stated",
    [{"direction": "to_client"}, {"flow": {**FLOW, "src_ip": "10.0.0.1"}}, {}],
    ids=["direction", "flow", "port"],
)
def test_bytes_out_of_an_answer_are_those_of_the_server(stated: dict[str, Any]) -> None:
    found = alert(**{"flow": FLOW, **ANSWER, **stated})
    assert (found.bytes_out, found.bytes_in) == (200, 100)


def test_what_the_source_states_goes_before_what_the_ports_suggest() -> None:
    assert alert(**ANSWER, flow=FLOW, direction="to_server").bytes_out == 100


@pytest.mark.parametrize(
    "where", [{"http": {"hostname": "h.example"}}, {"tls": {"sni": "h.example"}}], ids=str
)
def test_the_name_asked_for_is_the_servers(where: dict[str, Any]) -> None:
    assert (alert(**where).dst.name, alert(**where, **ANSWER).src.name) == ("h.example", "h.example")


@pytest.mark.parametrize("hostname", ["192.0.2.1", "2001:db8::1"])
def test_an_address_asked_for_is_no_name(hostname: str) -> None:
    assert alert(http={"hostname": hostname}).dst.name is None


def test_the_sensors_name_is_not_the_device() -> None:
    assert alert(host="sensor-1").device == Endpoint()


def test_a_flow_id_is_not_the_alerts_id() -> None:
    assert alert(flow_id=7).source_uid is None


def test_a_shippers_time_stands_in_for_a_missing_one() -> None:
    assert alert(timestamp=None, **{"@timestamp": "1970-01-01T00:00:01Z"}).time_ms == 1000


def test_rules_that_test_sensors_are_no_samples() -> None:
    assert not alert(alert={"signature": "GPL ATTACK_RESPONSE id check returned root"}).is_sample


def test_the_sum_of_two_large_counts_is_a_count() -> None:
    assert alert(flow={"pkts_toserver": 2**63 - 1, "pkts_toclient": 2**63 - 1}).packets == 2**63 - 1
