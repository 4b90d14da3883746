"""ECS: what an event of kind alert says: who made it, ends, user, process, files."""

from typing import Any

import pytest

from enrich.alert import Endpoint, Process
from tests.unit.elastic_documents import plain_alert, said


@pytest.mark.parametrize(
    ("module", "stated", "severity_id", "scale"),
    [
        *(("endpoint", 21, 2, "elastic:21-99"), ("endpoint", 47, 3, "elastic:21-99")),
        *(("crowdstrike", 73, 4, "elastic:21-99"), ("m365_defender", "99", 5, "elastic:21-99")),
        *(("suricata", 1, 4, "suricata:1-4"), ("suricata", 4, 1, "suricata:1-4")),
        *(("x", "High", 4, "ecs:words"), ("x", 8, None, "ecs:x"), ("suricata", 47, None, "suricata:1-4")),
    ],
)
def test_a_number_counts_only_on_a_scale_that_is_known(
    module: str, stated: object, severity_id: int | None, scale: str
) -> None:
    found = plain_alert({"module": module, "severity": stated})
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, str(stated), scale)
    assert said(found) == ([] if severity_id else [("bad_severity", "event.severity")])


@pytest.mark.parametrize(
    ("view", "title", "rule_id", "message"),
    [
        ({}, "N", "9", None),
        ({"message": "m"}, "N", "9", "m"),
        ({"rule": {"uuid": "7"}, "message": "m"}, "m", "7", None),
        (
            {"rule": {}, "message": "m", "event": {"kind": "alert", "code": "c", "reason": "why"}},
            "m",
            "c",
            "why",
        ),
        ({"rule": {}, "event": {"kind": "alert", "action": "a"}}, "a", "a", None),
        ({"rule": {}, "event": {"kind": "alert", "module": "x"}}, "x alert", "x alert", None),
    ],
)
def test_an_event_is_named_by_its_rule_or_by_what_it_says(
    view: dict[str, Any], title: str, rule_id: str, message: str | None
) -> None:
    found = plain_alert(**view)
    assert (found.title, found.rule_id, found.message) == (title, rule_id, message)


@pytest.mark.parametrize(
    ("view", "maker"),
    [
        ({"event": {"kind": "alert", "module": "endpoint"}}, ("Elastic", "Elastic Defend", "endpoint")),
        ({"observer": {"vendor": "V", "product": "P"}}, ("V", "P", "m")),
        ({}, ("m", "m", "m")),
        ({"event": {"module": None, "provider": "p"}}, ("p", "p", "p")),
        ({"event": {"module": None}}, ("ecs", "ecs", "ecs")),
    ],
)
def test_the_maker_is_the_observers_or_the_modules(view: dict[str, Any], maker: tuple[str, ...]) -> None:
    found = plain_alert(**view)
    assert (found.vendor, found.product, found.detector) == maker


def test_a_flows_id_is_not_the_alerts() -> None:
    assert (plain_alert().source_uid, plain_alert({"module": "suricata"}).source_uid) == ("e", None)


def test_the_host_of_a_sensor_is_not_the_device() -> None:
    host = {"name": "h", "ip": "192.0.2.1", "id": "i"}
    found = plain_alert({"module": "zeek"}, host=host)
    assert (found.device, found.device_id) == (Endpoint(), None)
    assert plain_alert(host=host).device == Endpoint(ip="192.0.2.1", name="h")


@pytest.mark.parametrize(
    ("ips", "ip"),
    [
        (["127.0.0.1", "::1", "fe80::1", "10.0.0.9", "192.0.2.1"], "10.0.0.9"),
        (["::1"], "::1"),
        ([], None),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_of_a_hosts_addresses_one_is_taken_that_others_can_reach(ips: object, ip: str | None) -> None:
    assert plain_alert(host={"ip": ips}).device.ip == ip


@pytest.mark.parametrize(
    ("view", "src"),
    [
        ({"client": {"ip": "192.0.2.1", "port": 7}}, Endpoint(ip="192.0.2.1", port=7)),
        ({"source": {}, "client": {"ip": "192.0.2.1"}}, Endpoint(ip="192.0.2.1")),
        ({"source": {"ip": "192.0.2.2"}, "client": {"ip": "192.0.2.1"}}, Endpoint(ip="192.0.2.2")),
        ({"source": {"address": "192.0.2.1"}}, Endpoint(ip="192.0.2.1")),
        ({"source": {"address": "h.example"}}, Endpoint(name="h.example")),
        ({"source": {"address": "192.0.2.1", "domain": "h"}}, Endpoint(ip="192.0.2.1", name="h")),
    ],
)
def test_the_source_is_the_client_where_none_is_named(view: dict[str, Any], src: Endpoint) -> None:
    assert plain_alert(**view).src == src


@pytest.mark.parametrize(
    ("view", "user"),
    [
        ({"user": {"name": "n"}}, "n"),
        ({"user": {"name": "n", "domain": "D"}}, "D\\n"),
        ({"user": {"name": "n", "domain": "."}}, "n"),
        ({"user": {"name": "n@d", "domain": "D"}}, "n@d"),
        ({"user": {"email": "n@d"}}, "n@d"),
        ({"source": {"user": {"name": "s"}}, "destination": {"user": {"name": "d"}}}, "s"),
        ({"destination": {"user": {"name": "d"}}}, "d"),
    ],
)
def test_the_user_is_named_with_the_domain(view: dict[str, Any], user: str) -> None:
    assert plain_alert(**view).user == user


@pytest.mark.parametrize(
    ("part", "process"),
    [
        ({"args": ["a", "b c"]}, Process(command_line="a b c")),
        ({"args": ["a"], "command_line": "x"}, Process(command_line="x")),
        ({"executable": "C:\\d\\e.exe"}, Process(name="e.exe", path="C:\\d\\e.exe")),
        ({"executable": "/bin/sh", "pid": "12"}, Process(name="sh", path="/bin/sh", pid=12)),
        ({"parent": {"executable": "/sbin/init"}}, Process(parent_name="init")),
        ({"thread": {"id": 1}}, None),
        ({}, None),
    ],
)
def test_the_process_is_as_much_as_is_known(part: dict[str, Any], process: Process | None) -> None:
    assert plain_alert(process=part).process == process


@pytest.mark.parametrize(
    ("view", "hashes"),
    [
        ({"file": {"hash": {"md5": "A" * 32}}, "process": {"hash": {"md5": "b" * 32}}}, (("md5", "a" * 32),)),
        ({"file": {"name": "f"}, "process": {"hash": {"sha1": "b" * 40}}}, (("sha1", "b" * 40),)),
        ({"hash": {"sha256": ["c" * 64]}}, (("sha256", "c" * 64),)),
    ],
)
def test_hashes_are_the_files_before_the_processes(view: dict[str, Any], hashes: object) -> None:
    assert plain_alert(**view).hashes == hashes


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ({"action": "Blocked"}, "blocked"),
        ({"action": "rename", "type": ["info", "denied"]}, "blocked"),
        ({"type": "allowed"}, "allowed"),
        ({"action": "rename", "type": [{}, 1]}, None),
    ],
)
def test_the_action_is_told_by_the_action_or_the_type(event: dict[str, Any], action: str | None) -> None:
    assert plain_alert(event).action == action


def test_packets_are_the_networks_or_both_ends() -> None:
    ends = {"source": {"packets": 1}, "destination": {"packets": 2}}
    assert (plain_alert(**ends).packets, plain_alert(**ends, network={"packets": 9}).packets) == (3, 9)
