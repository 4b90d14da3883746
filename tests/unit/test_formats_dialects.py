"""Devices and programs whose messages have a layout of their own: Cisco, PAN-OS, WatchGuard and more."""

import time
from contextlib import suppress

import pytest

from enrich.alert import Alert, Endpoint
from enrich.errors import DeadCode, Rejected
from enrich.formats import Formats, alert_from

NONE = Formats.of(())


def read(line: str) -> Alert:
    return alert_from(line.encode(), NONE)


CONFIGURED = "%SYS-5-CONFIG_I: Configured from console by ann on vty0 (192.0.2.10)"
HEADERS: dict[str, tuple[str, str | None, str | None]] = {
    "a sequence number": ("<189>45: ", None, None),
    "an uptime": ("<189>45: 1w2d: ", None, None),
    "hours since the start": ("<189>00:00:46: ", None, None),
    "a clock never set": ("<189>45: *Mar  1 00:00:00.123: ", None, "Mar  1 00:00:00.123"),
    "a clock out of step": ("<189>45: .Mar  5 10:11:12 UTC: ", None, "Mar  5 10:11:12 UTC"),
    "a zone of the site": ("<189>Mar  5 10:11:12 192.0.2.1 9: 45: sw-1: Mar  5 10:11:12 CET: ", "sw-1", None),
    "a relay": ("<189>Mar  5 10:11:12 sw-1 45: *Mar  1 00:00:00.123: ", "sw-1", None),
    "NX-OS": ("<189>: 2024 Mar  5 10:11:12 UTC: ", None, "2024 Mar  5 10:11:12 UTC"),
    "NX-OS with its name": ("<189>: nx-1: 2024 Mar  5 10:11:12 UTC: ", "nx-1", "2024 Mar  5 10:11:12 UTC"),
    "NX-OS in a virtual device": ("2024 Mar  5 10:11:12 nx-1 %$ VDC-1 %$ ", "nx-1", "2024 Mar  5 10:11:12"),
    "IOS XR": ("<189>234: RP/0/RSP0/CPU0:Mar  5 10:11:12.345 UTC: config[65739]: ", None, None),
}


@pytest.mark.parametrize(("before", "host", "stamp"), HEADERS.values(), ids=HEADERS.keys())
def test_ciscos_headers_lead_to_the_mnemonic(before: str, host: str | None, stamp: str | None) -> None:
    found = read(before + CONFIGURED)
    assert (found.vendor, found.rule_id, found.src.ip) == ("Cisco", "SYS-CONFIG_I", "192.0.2.10")
    assert found.device.name == host
    assert stamp is None or found.time_text == stamp


def test_nx_os_is_told_by_its_time() -> None:
    assert (
        read("<189>: 2024 Mar  5 10:11:12 UTC: " + CONFIGURED).product,
        read("<189>4: " + CONFIGURED).product,
    ) == (
        "NX-OS",
        "IOS",
    )


def test_a_clock_that_was_never_set_gives_way_to_the_relays() -> None:
    found = read("2024-03-05T10:11:12Z 192.0.2.1 9: *Mar  1 2002 00:00:00.123: " + CONFIGURED)
    assert found.time_ms == 1_709_633_472_000


def test_a_mnemonic_within_a_programs_sentence_is_text() -> None:
    assert read("<189>Mar  5 10:11:12 web app: users: " + CONFIGURED).product == "app"


def test_an_event_of_ftd_is_not_rewritten_by_what_a_peer_sent() -> None:
    found = read(
        "<113>2024-03-05T10:11:12Z ftd-1 : %FTD-1-430003: EventPriority: Low, ConnectionID: 1, "
        "AccessControlRuleAction: Block with reset, SrcIP: 192.0.2.10, DstIP: 198.51.100.7, SrcPort: 1, "
        "DstPort: 2, Protocol: tcp, URL: http://x/, SrcIP: 10.0.0.1, EventPriority: High"
    )
    assert (found.src, found.dst) == (Endpoint(ip="192.0.2.10", port=1), Endpoint(ip="198.51.100.7", port=2))
    assert (found.action, found.severity_text, found.device.name) == ("blocked", "Low", "ftd-1")


def test_another_message_of_ftd_is_a_sentence() -> None:
    assert read("%FTD-4-106023: Deny tcp src a:192.0.2.1/5 dst b:198.51.100.7/22").product == "ASA"


PAN = "<14>Mar  5 10:11:12 p 1,2024/03/05 10:11:13,0018,{},x,2561,2024/03/05 10:11:12,192.0.2.10,198.51.100.7"


@pytest.mark.parametrize("kind", ["USERID", "HIPMATCH", "HIP-MATCH", "DECRYPTION", "IPTAG", "GTP", "SCTP"])
def test_what_pan_os_only_saw_is_no_alert(kind: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(PAN.format(kind))
    assert refused.value.code is DeadCode.NOT_AN_ALERT


@pytest.mark.parametrize("kind", ["TRAFFIC", "THREAT", "SYSTEM", "CONFIG", "GLOBALPROTECT", "CORRELATION"])
def test_other_logs_of_pan_os_are_read_however_short(kind: str) -> None:
    assert read(PAN.format(kind)).product == "PAN-OS"


def test_traffic_of_pan_os_has_no_severity_and_the_rule_of_a_flow() -> None:
    found = read(PAN.format("TRAFFIC"))
    assert (found.rule_id, found.severity_id) == ("flow:ip", None)


@pytest.mark.parametrize(
    ("stated", "severity_id"), [("0", 1), ("1", 2), ("2", 3), ("3", 4), ("4", 5), ("High", 4), ("7", None)]
)
def test_check_point_counts_severity_to_four(stated: str, severity_id: int | None) -> None:
    found = read(
        f'<134>1 2024-03-05T10:11:12Z cp-1 CheckPoint 1 - [loguid:"a"; origin:"203.0.113.1"; attack:"Kind"; '
        f'protection_name:"Name of it"; severity:"{stated}"; src:"192.0.2.10"]'
    )
    assert (found.severity_id, found.severity_text, found.title) == (severity_id, stated, "Name of it")
    assert found.rule_id == "security gateway: name of it"


@pytest.mark.parametrize(
    ("stated", "severity_id"),
    [("EMERGENCY", 5), ("ALERT", 5), ("CRITICAL", 4), ("ERROR", 3), ("WARNING", 3), ("NOTICE", 2), ("2", 4)],
)
def test_modsecuritys_severities_are_of_attacks_and_no_log_levels(stated: str, severity_id: int) -> None:
    found = read(
        "[Tue Mar 05 10:11:12.345678 2024] [:error] [pid 1] [client 192.0.2.10] ModSecurity: Warning. "
        f'[id "942100"] [msg "SQL injection"] [severity "{stated}"] [uri "/"] [unique_id "x"]'
    )
    assert (found.severity_id, found.severity_scale) == (severity_id, "modsecurity:0-7")


def test_a_hardware_address_of_meraki_is_no_host() -> None:
    found = read(
        "<134>1 1709633472.345 ap-1 airmarshal_events type= rogue_ssid_detected ssid='x' "
        "src='00:00:5E:00:53:02' dst='FF:FF:FF:FF:FF:FF'"
    )
    assert (found.src, found.dst, found.category) == (Endpoint(), Endpoint(), "rogue_ssid_detected")


@pytest.mark.parametrize(
    ("said", "action"), [("pattern: allow all", "allowed"), ("pattern: deny all", "blocked")]
)
def test_merakis_firewall_says_what_it_did(said: str, action: str) -> None:
    line = f"<134>1 1709633472.345 mx-1 firewall src=192.0.2.10 dst=198.51.100.7 protocol=tcp {said}"
    assert read(line).action == action


def test_a_later_part_of_a_message_of_ise_is_no_alert() -> None:
    with pytest.raises(Rejected) as refused:
        read("<181>Mar  5 10:11:12 ise-1 CISE_Failed_Attempts 0000012345 2 1 Step=11001, Step=11017,")
    assert refused.value.code is DeadCode.NOT_AN_ALERT


def test_a_comma_that_ise_escaped_is_of_the_value() -> None:
    found = read(
        "<181>Mar  5 10:11:12 ise-1 CISE_Failed_Attempts 0000012345 1 0 2024-03-05 10:11:12.345 +01:00 "
        "0000987654 5400 NOTICE Failed-Attempt: Authentication failed, UserName=a\\, b, NAS-Port=1,"
    )
    assert (found.user, found.time_ms, found.rule_id) == ("a, b", 1_709_629_872_345, "ISE-5400")


def test_the_ports_of_watchguard_stand_after_the_addresses() -> None:
    found = read(
        '<140>Mar  5 10:11:12 fb-1 firewall: msg_id="3000-0148" Allow 1-Trusted 0-External 60 udp 20 63 '
        "192.0.2.10 198.51.100.7 50514 53 (DNS-00)"
    )
    assert (found.proto, found.action) == ("udp", "allowed")
    assert (found.src.port, found.dst) == (50514, Endpoint(ip="198.51.100.7", port=53))


@pytest.mark.parametrize(("did", "action"), [("Ban", "blocked"), ("Found", None), ("Unban", None)])
def test_fail2ban_names_the_jail(did: str, action: str | None) -> None:
    found = read(f"2024-03-05 10:11:12,345 fail2ban.actions        [9]: NOTICE  [sshd] {did} 192.0.2.10")
    assert (found.product, found.rule_id, found.action) == (
        "fail2ban",
        f"fail2ban: sshd {did.lower()}",
        action,
    )
    assert found.src.ip == "192.0.2.10"


def test_falcos_connection_has_two_ends() -> None:
    found = read(
        "10:11:12.345678901: Error Unexpected connection (connection=192.0.2.10:50514->198.51.100.7:80 "
        "user=ann process=nc command=nc 198.51.100.7 80)"
    )
    assert (found.severity_id, found.severity_text, found.user) == (4, "Error", "ann")
    assert (found.src.port, found.dst) == (50514, Endpoint(ip="198.51.100.7", port=80))


@pytest.mark.parametrize("line", ["10:11:12.345678901: hello world", "10:11:12: Critical x", "10:1: Notice"])
def test_a_time_alone_is_not_falcos(line: str) -> None:
    with pytest.raises(Rejected):
        read(line)


def test_a_virtual_host_before_a_web_logs_line_may_have_a_port() -> None:
    tail = '192.0.2.10 - - [05/Mar/2024:10:11:12 +0000] "GET / HTTP/1.1" 200 1 "-" "-"'
    assert [read(f"{host} {tail}").dst for host in ("a.example.com:8443", "a.example.com")] == [
        Endpoint(name="a.example.com", port=8443),
        Endpoint(name="a.example.com"),
    ]


def test_a_windows_event_in_nxlogs_structured_data_is_one() -> None:
    found = read(
        "<14>1 2024-03-05T10:11:12.345678+01:00 pc-1.example.com Microsoft-Windows-Security-Auditing 700 - "
        '[NXLOG@14506 EventType="AUDIT_FAILURE" EventID="4625" Channel="Security" TargetUserName="ann" '
        'TargetDomainName="EXAMPLE" IpAddress="192.0.2.10" IpPort="50514"] An account failed to log on.'
    )
    assert (found.format, found.rule_id) == ("windows", "Microsoft-Windows-Security-Auditing/4625")
    assert (found.user, found.src, found.device.name) == (
        *("EXAMPLE\\ann", Endpoint(ip="192.0.2.10", port=50514)),
        "pc-1.example.com",
    )
    assert found.time_ms == 1_709_629_872_345


def test_other_structured_data_of_nxlog_are_pairs() -> None:
    line = '<14>1 2024-03-05T10:11:12Z h app - - [NXLOG@14506 EventID="x" a="b"] hello'
    assert read(line).format == "keyvalue"


HOSTILE = [
    "<189>: " + "a" * 100 + ": " + "1w" * 40_000 + "%",
    "<113>2024-03-05T10:11:12Z h : %FTD-1-430001: " + ", A: " * 30_000,
    "<181>Mar  5 10:11:12 h CISE_x 0000012345 1 0 2024-03-05 10:11:12.345 +00:00 0000987654 5400 NOTICE x"
    + ", a=" * 30_000,
    '<140>Mar  5 10:11:12 h firewall: msg_id="3000-0148" ' + "Deny a " * 20_000,
    "<134>1 1709633472.345 mx-1 flows a=" + " message: " * 12_000,
    "10:11:12.345678901: Notice " + " (a" * 40_000,
    "Mar  5 10:11:12 h fail2ban.actions[1]: NOTICE " + "[" * 100_000,
    "<14>1,2024/03/05 10:11:13,0018,TRAFFIC," + '"' * 100_000,
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_line_made_to_cost_time_costs_little(line: str) -> None:
    before = time.process_time()
    with suppress(Rejected):
        read(line)
    assert time.process_time() - before < 1.0
