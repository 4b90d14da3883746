"""Records as products really write them, where the documentation alone leads astray."""

from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.attack import load_attack
from enrich.explain import Explained, explain
from enrich.formats import Formats, alert_from, packaged_mappings

IN_USE = Formats.of(packaged_mappings())


def read(value: str | dict[str, Any]) -> Alert:
    return alert_from(value.encode() if isinstance(value, str) else orjson.dumps(value), IN_USE)


def test_cisco_ios_with_a_sequence_number_and_a_clock_that_is_right() -> None:
    found = read(
        "<189>45: Mar 15 10:00:00.123: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: x] "
        "[Source: 203.0.113.5]"
    )
    assert (found.product, found.rule_id, found.severity_id) == ("IOS", "SEC_LOGIN-LOGIN_FAILED", 2)
    assert found.src.ip == "203.0.113.5"


def test_suricatas_one_line_alerts_with_whole_ipv6_addresses() -> None:
    ends = "2001:0db8:0000:0000:0000:0000:0000:0005:51515 -> 2001:0db8:0000:0000:0000:0000:0000:0006:80"
    found = read(
        f"03/05/2024-10:11:12.345678  [**] [1:2001219:20] ET SCAN x [**] [Priority: 2] {{TCP}} {ends}"
    )
    assert (found.src.ip, found.src.port) == ("2001:db8::5", 51515)
    assert (found.dst.ip, found.dst.port) == ("2001:db8::6", 80)


def test_the_number_of_a_thread_is_no_host() -> None:
    line = "2024-03-05T10:11:12.345678Z 10 [Note] Access denied for user 'root'@'203.0.113.5' (x)"
    found = read(line)
    assert (found.device.name, found.src.ip, found.time_ms) == (None, "203.0.113.5", 1_709_633_472_345)


HIT = {
    "timestamp": "2024-01-01T00:00:00Z",
    "rule": {"level": 10, "id": "5712", "description": "sshd brute force"},
    "agent": {"id": "001", "name": "web01"},
}


def test_a_search_hit_of_any_format_is_read() -> None:
    found = read({"_index": "wazuh-alerts-4.x-2024.01.01", "_id": "x", "_source": HIT})
    assert (found.format, found.rule_id) == ("wazuh", "5712")
    told = explain(orjson.dumps({"_index": "i", "_source": HIT}), IN_USE)
    assert isinstance(told, Explained)
    assert next(each.sources for each in told.fields if each.name == "rule_id") == ("_source.rule.id",)


PAN = "CEF:0|Palo Alto Networks|PAN-OS|10.1.0|vulnerability|THREAT|{}|src=203.0.113.5 act=reset-both cat={}"


@pytest.mark.parametrize(("stated", "severity_id"), [("1", 1), ("3", 3), ("4", 4), ("5", 5), ("9", 5)])
def test_pan_os_counts_severity_to_five_and_names_the_threat_in_its_class(
    stated: str, severity_id: int
) -> None:
    found = read(PAN.format(stated, "Apache Path Traversal(91752)"))
    assert (found.rule_id, found.title) == ("91752", "Apache Path Traversal")
    assert (found.severity_id, found.action) == (severity_id, "blocked")


def test_fortigates_cef_names_the_attack_and_has_its_time() -> None:
    found = read(
        "CEF:0|Fortinet|Fortigate|v7.0.1|16384|utm:ips signature reset|7|externalId=12 FTNTFGTattackid=29844 "
        "FTNTFGTattack=Some.Virus FTNTFGTeventtime=1709633472345000000 src=203.0.113.5 dst=10.0.0.5"
    )
    assert (found.rule_id, found.title, found.source_uid) == ("29844", "Some.Virus", None)
    assert found.time_ms == 1_709_633_472_345


@pytest.mark.parametrize(
    ("module", "record", "ip", "user"),
    [
        (
            "aws",
            {"sourceIPAddress": "203.0.113.9", "userIdentity": {"userName": "alice"}},
            "203.0.113.9",
            "alice",
        ),
        ("aws", {"sourceIPAddress": "cloudtrail.amazonaws.com"}, None, None),
        (
            "office365",
            {"ClientIP": "[2001:db8::9]:443", "UserId": "bob@x.example"},
            "2001:db8::9",
            "bob@x.example",
        ),
        ("office365", {"ClientIP": "203.0.113.9:443"}, "203.0.113.9", None),
        ("gcp", {"jsonPayload": {"sourceIP": "203.0.113.9", "queryName": "a.example"}}, "203.0.113.9", None),
        ("github", {"actor": "octo"}, None, "octo"),
    ],
)
def test_what_wazuhs_manager_fetches_is_not_about_the_manager(
    module: str, record: dict[str, Any], ip: str | None, user: str | None
) -> None:
    doc = {**HIT, "agent": {"id": "000", "name": "wazuh"}, "data": {"integration": module, module: record}}
    found = read(doc)
    assert (found.src.ip, found.user, found.device.name) == (ip, user, None)
    assert found.quality == ()


def test_an_active_response_ran_no_command_called_add() -> None:
    found = read({**HIT, "data": {"command": "add", "parameters": {"alert": {}, "program": "firewall-drop"}}})
    assert found.process is None


ATTACK = load_attack()


@pytest.mark.parametrize(
    "tactic", ["InitialAccess", "CommandAndControl", "LateralMovement", "CredentialAccess"]
)
def test_tactics_in_one_word_are_tactics(tactic: str) -> None:
    assert len(ATTACK.resolve(tactic, "tactics").tactics) == 1


@pytest.mark.parametrize(
    "line",
    [
        "<4>Mar 15 10:00:00 h kernel: [1.2] [UFW BLOCK] IN=eth0 SRC=203.0.113.5 DST=10.0.0.5 PROTO=TCP",
        "Mar 15 10:00:00 h sudo:    bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/ls",
        'type=SYSCALL msg=audit(1709633472.243:1): arch=c000003e syscall=59 suid=0 sgid=0 exe="/bin/ls"',
    ],
)
def test_ordinary_lines_give_no_likely_hint(line: str) -> None:
    hints, _ = ATTACK.hints(read(line))
    assert [hint for hint in hints if hint.confidence >= 0.3 and hint.source != "table"] == []
