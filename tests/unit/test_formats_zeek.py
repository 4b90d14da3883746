"""Zeek: what is a notice, a weird or another log, and how each field is read."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import DeadCode, Rejected
from enrich.formats import flow_zeek, zeek
from millrace.samples import SAMPLES as GOLDEN
from tests.examples import OF_EACH, examples
from tests.unit.test_formats_properties import VALUES, paths, put
from tests.unit.test_formats_samples import plain, sample

SAMPLES = sorted(GOLDEN.glob("zeek_*.json"))
NOTICE: dict[str, Any] = {
    "ts": 1_717_243_200.5,
    "uid": "CExample",
    "id.orig_h": "10.0.0.1",
    "id.orig_p": 50000,
    "id.resp_h": "192.0.2.1",
    "id.resp_p": 22,
    "proto": "tcp",
    "note": "SSH::Password_Guessing",
    "msg": "guessing",
    "actions": ["Notice::ACTION_LOG"],
    "suppress_for": 3600.0,
}
WEIRD: dict[str, Any] = {"ts": 1_717_243_200.5, "name": "odd", "notice": False, "peer": "zeek"}


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the record with changes; None takes a key away."""
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def alert(doc: dict[str, Any]) -> Alert:
    assert zeek.recognise(doc)
    return zeek.parse(doc, ())


def notice(changes: dict[str, Any] | None = None) -> Alert:
    return alert(changed(NOTICE, changes or {}))


def weird(changes: dict[str, Any] | None = None) -> Alert:
    return alert(changed(WEIRD, changes or {}))


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_recognised_and_becomes_the_alert_beside_it(path: Path) -> None:
    expected = sample(path)
    assert plain(alert(expected["input"])) == expected["alert"]


@pytest.mark.parametrize("name", ["dns", "http", "ssl", "files", "x509", "stats", "notice_red", "conn_agg"])
def test_records_of_other_logs_are_no_alerts(name: str) -> None:
    doc = {"_path": name, "_write_ts": "2024-06-01T12:00:00Z", "ts": "2024-06-01T12:00:00Z", "uid": "C"}
    assert zeek.recognise(doc)
    with pytest.raises(Rejected) as refused:
        zeek.parse(doc, ())
    assert refused.value.code is DeadCode.NOT_AN_ALERT


NEAR_MISSES: dict[str, dict[str, Any]] = {
    "a note without a module": changed(NOTICE, {"note": "remember the milk"}),
    "a note that is no text": changed(NOTICE, {"note": 7}),
    "a note without a time": changed(NOTICE, {"ts": None}),
    "a log line of a C++ program": {"ts": 1.0, "note": "std::bad_alloc", "msg": "out of memory"},
    "a weird whose notice is a text": changed(WEIRD, {"notice": "see below"}),
    "a weird without its peer": changed(WEIRD, {"peer": None}),
    "a weird without a time": changed(WEIRD, {"ts": None}),
    "a path that is a path": {"_path": "/var/log/syslog", "ts": 1.0},
    "a path without a time": {"_path": "dns", "uid": "C"},
    "a path that is no text": {"_path": ["notice"], "ts": 1.0},
    "a stream of another process": {"@stream": "dns", "@proc": "filebeat", "ts": 1.0},
    "a tag whose record has no note": {"notice": {"ts": 1.0, "text": "x"}},
    "a tag whose record is a text": {"notice": "SSH::Password_Guessing", "msg": "x"},
    "a tag within a record of its own": {"ts": 1.0, "notice": {"ts": 1.0, "note": "A::B"}},
    "a connection": {"_path": "conn", "ts": 1.0, "uid": "C", "conn_state": "SF"},
    "an alert of Suricata under Corelight's names": {"_path": "suricata_corelight", "ts": 1.0, "uid": "C"},
    "Suricata": {"event_type": "alert", "timestamp": "2024-06-01T12:00:00Z", "alert": {"severity": 1}},
    "Wazuh": {"timestamp": "2024-06-01T12:00:00Z", "rule": {"level": 3}, "agent": {"id": "001"}},
    "Elastic's schema": {"@timestamp": "2024-06-01T12:00:00Z", "event": {"kind": "alert"}, "zeek": {}},
    "nothing": {},
}


@pytest.mark.parametrize("doc", NEAR_MISSES.values(), ids=NEAR_MISSES.keys())
def test_what_is_not_zeeks_is_refused(doc: dict[str, Any]) -> None:
    assert not zeek.recognise(doc)


@pytest.mark.parametrize("base", [NOTICE, WEIRD], ids=["notice", "weird"])
@pytest.mark.parametrize("named", [{}, {"_path": "_0_0_2"}, {"@stream": "dns", "@proc": "zeek"}], ids=str)
def test_its_own_columns_go_before_the_logs_name(base: dict[str, Any], named: dict[str, str]) -> None:
    assert alert({**base, **named}).rule_id == base.get("note", base.get("name"))


@pytest.mark.parametrize("doc", [NOTICE, WEIRD], ids=["notice", "weird"])
def test_no_record_is_both_an_alert_and_a_flow(doc: dict[str, Any]) -> None:
    assert not flow_zeek.recognise(doc)


def test_a_site_that_leaves_columns_out_still_has_its_notices_recognised() -> None:
    assert notice({"actions": None, "suppress_for": None}).rule_id == "SSH::Password_Guessing"


@pytest.mark.parametrize("path", ["notice", "notice_alarm"])
def test_a_notice_by_its_logs_name_alone_is_an_alert(path: str) -> None:
    found = alert({"_path": path, "ts": 1.0, "msg": "only a message"})
    assert (found.rule_id, found.title, found.message) == ("notice", "only a message", "only a message")


def test_a_notice_that_says_nothing_has_a_title() -> None:
    found = alert({"_path": "notice", "ts": 1.0})
    assert (found.rule_id, found.title, found.message) == ("notice", "Zeek notice", None)


def test_a_weird_that_says_nothing_has_a_title() -> None:
    found = alert({"_path": "weird", "ts": 1.0})
    assert (found.rule_id, found.title, found.message) == ("weird", "Zeek weird", None)


@pytest.mark.parametrize("found", [notice(), weird()], ids=["notice", "weird"])
def test_zeek_states_no_severity_and_no_id(found: Alert) -> None:
    assert (found.severity_id, found.severity_text, found.severity_scale) == (None, None, None)
    assert (found.source_uid, found.quality) == (None, ())


@pytest.mark.parametrize(
    "ends",
    [
        {},
        {"id": {"orig_h": "10.0.0.1", "orig_p": 50000, "resp_h": "192.0.2.1", "resp_p": 22}},
        {"id_orig_h": "10.0.0.1", "id_orig_p": 50000, "id_resp_h": "192.0.2.1", "id_resp_p": 22},
        {"id_orig_h": "10.0.0.1", "id_orig_p": "50000", "id_resp_h": "192.0.2.1", "id_resp_p": "22"},
    ],
    ids=["dots", "nested", "underscores", "text"],
)
def test_each_spelling_of_the_ends_gives_the_same_alert(ends: dict[str, Any]) -> None:
    dotted = dict.fromkeys(("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")) if ends else {}
    assert notice({**dotted, **ends}) == notice()


def test_what_is_nested_beside_the_ends_is_kept() -> None:
    found = alert({**WEIRD, "id": {"orig_h": "10.0.0.1", "ctx": {"vlan": 7}}})
    assert (found.src, found.unmapped) == (
        Endpoint(ip="10.0.0.1"),
        {"id": {"ctx": {"vlan": 7}}, "notice": False, "peer": "zeek"},
    )


@pytest.mark.parametrize(
    ("stamp", "time_ms"),
    [
        (1_717_243_200.5, 1_717_243_200_500),
        ("1717243200.5", 1_717_243_200_500),
        ("2024-06-01T12:00:00.500000Z", 1_717_243_200_500),
        (1_717_243_200_500, 1_717_243_200_500),
        (0.25, 250),
    ],
    ids=str,
)
def test_times_are_seconds_milliseconds_or_iso(stamp: object, time_ms: int) -> None:
    assert notice({"ts": stamp}).time_ms == time_ms


@pytest.mark.parametrize("key", ["_write_ts", "@timestamp"])
def test_another_time_stands_in_for_a_missing_one(key: str) -> None:
    assert notice({"ts": None, key: "2024-06-01T12:00:00Z"}).time_ms == 1_717_243_200_000


def test_icmp_has_no_ports_and_its_type_and_code_are_kept() -> None:
    found = notice({"proto": "icmp", "id.orig_p": 8, "id.resp_p": 0})
    assert (found.src, found.dst) == (Endpoint(ip="10.0.0.1"), Endpoint(ip="192.0.2.1"))
    assert found.unmapped is not None
    assert (found.unmapped["id.orig_p"], found.unmapped["id.resp_p"]) == (8, 0)


def test_a_protocol_that_zeek_cannot_name_is_the_ip_headers() -> None:
    assert notice({"proto": "unknown_transport", "ip_proto": 47}).proto == "gre"
    assert notice({"proto": "unknown_transport"}).proto is None


ALONE = {"id.orig_h": None, "id.orig_p": None, "id.resp_h": None, "id.resp_p": None}


def test_without_a_connection_source_destination_and_port_are_the_notices_own() -> None:
    found = notice({**ALONE, "src": "198.51.100.1", "dst": "10.0.0.9", "p": 3389})
    assert (found.src, found.dst) == (Endpoint(ip="198.51.100.1"), Endpoint(ip="10.0.0.9", port=3389))


def test_the_connection_goes_before_the_notices_own_ends_which_are_then_kept() -> None:
    found = notice({"src": "192.0.2.1", "dst": "10.0.0.1", "p": 22})
    assert found.src == Endpoint(ip="10.0.0.1", port=50000)
    assert found.unmapped is not None
    assert (found.unmapped["src"], found.unmapped["dst"]) == ("192.0.2.1", "10.0.0.1")


def test_ends_that_only_repeat_the_connection_are_not_kept_twice() -> None:
    found = notice({"src": "10.0.0.1", "dst": "192.0.2.1", "p": 22})
    assert found.unmapped is not None
    assert not {"src", "dst", "p"} & found.unmapped.keys()


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"actions": ["Notice::ACTION_LOG", "Notice::ACTION_DROP"]}, "blocked"),
        ({"actions": "Notice::ACTION_LOG,Notice::ACTION_DROP"}, "blocked"),
        ({"dropped": True}, "blocked"),
        ({"dropped": "T"}, "blocked"),
        ({"dropped": False}, None),
        ({"actions": {"a": 1}}, None),
        ({}, None),
    ],
    ids=str,
)
def test_only_a_drop_is_an_action(changes: dict[str, Any], action: str | None) -> None:
    assert notice(changes).action == action


@pytest.mark.parametrize(
    ("message", "sub", "found"),
    [
        ("a", "b", "a; b"),
        (None, "b", "b"),
        ("a", None, "a"),
        ("a", "-", "a"),
        ("-", "(empty)", None),
        ("", "", None),
    ],
)
def test_message_and_sub_message_are_one(message: str | None, sub: str | None, found: str | None) -> None:
    assert notice({"msg": message, "sub": sub}).message == found


def test_a_message_that_is_too_long_with_its_sub_message_is_cut() -> None:
    found = notice({"msg": "m" * 1000, "sub": "s" * 1000})
    assert found.message == "m" * 1000 + "; " + "s" * 22
    assert said(found) == [("field_truncated", "sub")]


@pytest.mark.parametrize(
    ("described", "url"),
    [
        ("http://files.example.com/a", "http://files.example.com/a"),
        ("ftp://files.example.com/a", "ftp://files.example.com/a"),
        (r"\\files.example.com\share\a", None),
        ("From:a@example.com", None),
    ],
)
def test_a_file_described_by_its_url_gives_the_url_else_it_is_kept(described: str, url: str | None) -> None:
    found = notice({"file_desc": described})
    assert found.url == url
    assert found.unmapped is not None
    assert ("file_desc" in found.unmapped) == (url is None)


def test_a_long_name_of_a_weird_fits_with_what_is_before_it() -> None:
    found = weird({"name": "n" * FIELD_LIMIT})
    assert (len(found.title), len(found.rule_id)) == (FIELD_LIMIT, FIELD_LIMIT)


def test_a_weird_in_a_table_of_text_is_one() -> None:
    found = weird({"ts": "1717243200.5", "notice": "F", "addl": "-", "id.orig_h": "-", "id.resp_h": "-"})
    assert (found.rule_id, found.message, found.src, found.quality) == ("odd", None, Endpoint(), ())


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": ({"ts": "yesterday"}, "time_ms", None, ("bad_time", "ts")),
    "an address": ({"id.orig_h": "host"}, "src", Endpoint(port=50000), ("bad_ip", "id.orig_h")),
    "a port": ({"id.resp_p": "22/tcp"}, "dst", Endpoint(ip="192.0.2.1"), ("bad_port", "id.resp_p")),
    "a protocol": ({"proto": {"a": 1}}, "proto", None, ("bad_type", "proto")),
    "a message": ({"msg": ["a"]}, "message", None, ("bad_type", "msg")),
    "a sub-message": ({"sub": True}, "message", "guessing", ("bad_type", "sub")),
    "a source alone": ({**ALONE, "src": "x"}, "src", Endpoint(), ("bad_ip", "src")),
    "a destination alone": ({**ALONE, "dst": 7}, "dst", Endpoint(), ("bad_ip", "dst")),
    "a port alone": ({**ALONE, "p": -1}, "dst", Endpoint(), ("bad_port", "p")),
}


@pytest.mark.parametrize(("changes", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_left_out_and_said_and_the_alert_goes_on(
    changes: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = notice(changes)
    assert (getattr(found, field), said(found)) == (value, [quality])
    assert found.rule_id == "SSH::Password_Guessing"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_anywhere_give_an_alert_or_a_rejection(path: Path, data: st.DataObject) -> None:
    doc = copy.deepcopy(sample(path)["input"])
    for place in data.draw(st.lists(st.sampled_from(paths(doc)), min_size=1, max_size=4)):
        put(doc, place, copy.deepcopy(data.draw(VALUES)))
    if not zeek.recognise(doc):
        return
    try:
        found = zeek.parse(doc, ())
    except Rejected:
        return
    assert type(found) is Alert
    assert found.rule_id.strip()
    assert found.title.strip()
    for text in (found.rule_id, found.title, found.message, found.url, found.time_text):
        assert text is None or 0 < len(text) <= FIELD_LIMIT
    json.dumps(found.unmapped)
