"""Wazuh: each rule of its reading, and each wrong field."""

import copy
from typing import Any

import orjson
import pytest

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.formats import Formats, alert_from
from enrich.formats.wazuh_host import unescaped

IN_USE = Formats.of(())
BASE: dict[str, Any] = {
    "timestamp": "2024-01-14T00:00:01.123+0000",
    "id": "1.2",
    "rule": {"id": "5710", "level": 5, "description": "D", "groups": ["g"]},
    "agent": {"id": "007", "name": "web", "ip": "10.0.0.7"},
    "data": {},
}


def alert(**changes: Any) -> Alert:
    """Return the Alert of BASE with changes; ``rule`` is merged."""
    doc = copy.deepcopy(BASE)
    doc["rule"].update(changes.pop("rule", {}))
    doc.update(changes)
    return alert_from(orjson.dumps(doc), IN_USE)


def windows(event_id: str = "1", **eventdata: Any) -> Alert:
    return alert(data={"win": {"system": {"eventID": event_id}, "eventdata": eventdata}})


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


# The bands of Wazuh's dashboard; 0-3 of its lowest are informational.
CLASSES = {0: 1, 3: 1, 4: 2, 6: 2, 7: 3, 11: 3, 12: 4, 14: 4, 15: 5, 16: 5}


@pytest.mark.parametrize(("level", "severity_id"), CLASSES.items())
def test_fifteen_is_worst(level: int, severity_id: int) -> None:
    assert (alert(rule={"level": level}).severity_id, alert(rule={"level": str(level)}).severity_id) == (
        severity_id,
        severity_id,
    )


@pytest.mark.parametrize("level", [17, -1, "high", 1.5, [5], True])
def test_a_level_outside_the_scale_is_none_and_said(level: object) -> None:
    found = alert(rule={"level": level})
    assert found.severity_id is None
    assert said(found) in ([("bad_severity", "rule.level")], [("bad_type", "rule.level")])


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": ({"timestamp": "x"}, "time_ms", None, ("bad_time", "timestamp")),
    "a source address": ({"data": {"srcip": "host"}}, "src", Endpoint(), ("bad_ip", "data.srcip")),
    "a source port": ({"data": {"srcport": "x"}}, "src", Endpoint(), ("bad_port", "data.srcport")),
    "data": ({"data": "x"}, "src", Endpoint(), ("bad_type", "data")),
    "an agent": ({"agent": "web"}, "device", Endpoint(), ("bad_type", "agent")),
    "an agent's address": (
        {"agent": {"id": "1", "name": "n", "ip": "x"}},
        "device",
        Endpoint(name="n"),
        ("bad_ip", "agent.ip"),
    ),
    "groups": ({"rule": {"groups": {"a": 1}}}, "category", None, ("bad_type", "rule.groups")),
    "ATT&CK": ({"rule": {"mitre": ["T1"]}}, "techniques", (), ("bad_type", "rule.mitre")),
    "a Windows event": ({"data": {"win": "x"}}, "process", None, ("bad_type", "data.win")),
    "an integrity check": ({"syscheck": "x"}, "file_path", None, ("bad_type", "syscheck")),
    "an audit record": ({"data": {"audit": 1}}, "process", None, ("bad_type", "data.audit")),
    "a user": ({"data": {"user": {"a": 1}}}, "user", None, ("bad_type", "data.user")),
    "a long log line": (
        {"full_log": "x" * 1025},
        "message",
        "x" * FIELD_LIMIT,
        ("field_truncated", "full_log"),
    ),
    "a field of a wrapped Suricata alert": (
        {
            "rule": {"level": 3, "groups": ["suricata"]},
            "data": {"event_type": "alert", "alert": {}, "src_ip": "x"},
        },
        "src",
        Endpoint(),
        ("bad_ip", "data.src_ip"),
    ),
    "a hash of Sysmon's": (
        {"data": {"win": {"eventdata": {"hashes": "MD5=12,IMPHASH=zz"}}}},
        "hashes",
        (),
        ("bad_type", "data.win.eventdata.hashes"),
    ),
    "a process id": (
        {"data": {"win": {"eventdata": {"image": "a", "processId": "0xzz"}}}},
        "user",
        None,
        ("bad_type", "data.win.eventdata.processId"),
    ),
}


@pytest.mark.parametrize(("changes", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_mended_and_said_and_the_alert_goes_on(
    changes: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = alert(**copy.deepcopy(changes))
    assert (getattr(found, field), said(found), found.rule_id) == (value, [quality], "5710")


def test_a_rule_without_description_is_titled_by_its_id() -> None:
    assert alert(rule={"description": ""}).title == "Wazuh rule 5710"


def test_a_rule_without_id_is_known_by_its_description() -> None:
    assert alert(rule={"id": None}).rule_id == "D"


@pytest.mark.parametrize("ip", ["any", "unknown", "-", "", None])
def test_an_agent_without_a_fixed_address_has_none(ip: object) -> None:
    found = alert(agent={"id": "1", "name": "n", "ip": ip})
    assert (found.device, found.quality) == (Endpoint(name="n"), ())


def test_the_manager_itself_is_a_device_like_any_other() -> None:
    found = alert(agent={"id": "000", "name": "mgr"}, predecoder={"hostname": "mgr"})
    assert (found.device, found.device_id) == (Endpoint(name="mgr"), "000")


def test_what_sends_syslog_to_the_manager_is_the_device_and_not_the_manager() -> None:
    found = alert(agent={"id": "000", "name": "mgr", "ip": "10.0.0.1"}, predecoder={"hostname": "fw"})
    assert (found.device, found.device_id) == (Endpoint(name="fw"), None)


def test_an_agents_own_host_is_the_device_whatever_its_syslog_header_says() -> None:
    assert alert(predecoder={"hostname": "other"}).device == Endpoint(ip="10.0.0.7", name="web")


@pytest.mark.parametrize(
    ("data", "user"),
    [
        ({"srcuser": "alice", "dstuser": "root"}, "alice"),
        ({"dstuser": "root"}, "root"),
        ({"srcuser": " ", "user": "bob"}, "bob"),
    ],
)
def test_the_user_is_who_acted_or_else_whom_it_befell(data: dict[str, str], user: str) -> None:
    assert alert(data=data).user == user


@pytest.mark.parametrize(
    ("data", "method", "proto"),
    [
        ({"protocol": "POST"}, "POST", None),
        ({"protocol": "udp"}, None, "udp"),
        ({"proto": "TCP"}, None, "tcp"),
    ],
)
def test_a_method_is_not_taken_for_a_protocol(
    data: dict[str, str], method: str | None, proto: str | None
) -> None:
    found = alert(data=data)
    assert (found.http_method, found.proto) == (method, proto)


@pytest.mark.parametrize(
    ("data", "ip"),
    [({"srcip": "", "src_ip": "1.2.3.4"}, "1.2.3.4"), ({"srcip": "1.1.1.1", "src_ip": "1.2.3.4"}, "1.1.1.1")],
)
def test_decoders_may_name_the_source_either_way(data: dict[str, str], ip: str) -> None:
    assert alert(data=data).src.ip == ip


def test_sysmons_connection_gives_both_ends() -> None:
    found = windows(
        "3",
        sourceIp="10.0.0.1",
        sourcePort="50000",
        destinationIp="192.0.2.1",
        destinationPort="443",
        protocol="tcp",
    )
    assert (found.src, found.dst, found.proto) == (
        Endpoint(ip="10.0.0.1", port=50000),
        Endpoint(ip="192.0.2.1", port=443),
        "tcp",
    )


def test_sysmons_dns_query_is_the_query() -> None:
    assert windows("22", queryName="a.example", image="x").dns_query == "a.example"


@pytest.mark.parametrize(("event_id", "user"), [("4625", "CORP\\target"), ("4688", "CORP\\subject")])
def test_the_account_of_a_logon_is_its_target_and_else_who_acted(event_id: str, user: str) -> None:
    found = windows(
        event_id,
        subjectUserName="subject",
        subjectDomainName="CORP",
        targetUserName="target",
        targetDomainName="CORP",
    )
    assert found.user == user


def test_a_new_process_has_its_own_id_and_not_its_creators() -> None:
    found = windows("4688", newProcessName="C:\\a\\b.exe", newProcessId="0x1a4", processId="0x4")
    assert found.process is not None
    assert (found.process.name, found.process.pid) == ("b.exe", 420)


def test_a_service_that_is_installed_gives_its_command_line() -> None:
    found = windows("7045", serviceName="s", imagePath="%COMSPEC% /c x")
    assert found.process is not None
    assert found.process.command_line == "%COMSPEC% /c x"


def test_dashes_of_windows_stand_for_nothing() -> None:
    found = windows(
        "4625",
        ipAddress="-",
        ipPort="-",
        workstationName="-",
        targetUserName="-",
        image="-",
        processId="-",
        hashes="-",
    )
    assert (found.src, found.user, found.process, found.quality) == (Endpoint(), None, None, ())


@pytest.mark.parametrize(
    ("received", "read"),
    [
        (r"C:\\a\\b.exe", r"C:\a\b.exe"),
        (r"C:\a\b.exe", r"C:\a\b.exe"),
        (r"\\\\server\\share", r"\\server\share"),
        (r"\\server\share", r"\\server\share"),
        (r"\"C:\\a b\" -x", r'"C:\a b" -x'),
        ("no backslash", "no backslash"),
        ("C:\\\\cut\\", "C:\\cut\\"),
    ],
)
def test_one_layer_of_escapes_is_taken_off_where_every_backslash_is_one(received: str, read: str) -> None:
    assert unescaped(received) == read


SURICATA = {
    "event_type": "alert",
    "src_ip": "192.0.2.9",
    "dest_ip": "10.0.0.9",
    "alert": {"signature_id": "9", "signature": "S", "severity": "1", "category": "C"},
}


def test_a_wrapped_suricata_alert_keeps_its_own_signature_in_the_rule() -> None:
    found = alert(rule={"id": "86601", "level": 3, "groups": ["ids", "suricata"]}, data=SURICATA)
    assert (found.detector, found.rule_id, found.category) == ("suricata", "86601:9", "C")


def test_of_two_stated_severities_the_higher_counts_with_its_scale() -> None:
    low, high = (alert(rule={"level": n, "groups": ["suricata"]}, data=SURICATA) for n in (3, 15))
    assert [(each.severity_id, each.severity_text, each.severity_scale) for each in (low, high)] == [
        (4, "1", "suricata:1-4"),
        (5, "15", "wazuh:0-16"),
    ]


def test_a_log_line_with_the_keys_of_a_suricata_alert_is_not_taken_for_one() -> None:
    forged = alert(rule={"id": "100200", "level": 12, "groups": ["local"]}, data=SURICATA)
    assert (forged.detector, forged.rule_id, forged.techniques) == ("wazuh", "100200", ())


def test_techniques_of_the_wazuh_rule_go_before_those_of_suricata() -> None:
    stated = {**SURICATA, "alert": {**SURICATA["alert"], "metadata": {"mitre_technique_id": ["T2"]}}}  # type: ignore[dict-item]
    assert alert(rule={"mitre": {"id": ["T1"]}, "groups": ["suricata"]}, data=stated).techniques == ("T1",)


@pytest.mark.parametrize("action", ["drop", "Deny", "BLOCKED"])
def test_words_for_blocked_are_blocked(action: str) -> None:
    assert alert(data={"action": action}).action == "blocked"


def test_an_action_that_is_neither_is_none_and_not_wrong() -> None:
    found = alert(data={"action": "added"})
    assert (found.action, found.quality) == (None, ())
