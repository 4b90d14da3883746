"""The table of rules, signatures and event codes: sound as shipped, refused when not, read as it says."""

from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Alert, Endpoint, Process
from enrich.attack import Hint, Span, load_attack
from enrich.attack.code_file import CODE_MAX
from enrich.attack.codes import Codes, holding
from enrich.attack.table import Table
from enrich.errors import SettingsWrong

HERE = files("enrich.attack")
TABLE = Table((HERE / "techniques.json").read_bytes())
CODES = Codes((HERE / "codes.toml").read_bytes(), TABLE)
ATTACK = load_attack()
HEAD = "[confidence]\nstrong = 0.75\nusual = 0.6\nloose = 0.4\nweak = 0.25\n[titles]\nstrip = ['fw: ']\n"


def alert(format_: str, rule: str = "1", title: str = "Something", **fields: Any) -> Alert:
    detector = fields.pop("detector", format_)
    return Alert(
        format=format_,
        vendor="v",
        product="p",
        detector=detector,
        time_ms=0,
        rule_id=rule,
        title=title,
        **fields,
    )


def hints(*args: Any, **fields: Any) -> list[Hint]:
    return [hint for hint in ATTACK.hints(alert(*args, **fields))[0] if hint.source == "table"]


def told(*args: Any, **fields: Any) -> list[str]:
    return [hint.uid for hint in hints(*args, **fields)]


def codes(text: str) -> Codes:
    return Codes((HEAD + text).encode(), TABLE)


def of(found: Codes, **fields: Any) -> list[tuple[str, ...]]:
    one = alert("a", **fields)
    rule = (one.format, one.detector, one.rule_id, one.title, one.category)
    return [each.code.techniques for each in holding(found.of(rule), one)]


def test_every_shipped_code_names_live_techniques() -> None:
    for meanings in CODES.all.values():
        for code in meanings:
            assert all(TABLE.techniques[uid].live for uid in (*code.techniques, *code.outside))


@pytest.mark.parametrize(
    ("format_", "rule", "title", "uid"),
    [
        ("windows", "Microsoft-Windows-Eventlog/1102", "Audit log cleared", "T1685.005"),
        ("windows", "Service Control Manager/7045", "Service installed", "T1543.003"),
        ("windows", "Microsoft-Windows-Security-Auditing/4625", "Logon failed", "T1110"),
        ("windows", "Microsoft-Windows-Windows Defender/5001", "Off", "T1685"),
        ("suricata", "2000001", "ET COINMINER pool", "T1496.001"),
        ("suricata", "2000001", "ETPRO WEB_SERVER something", "T1190"),
        ("zeek", "SSH::Password_Guessing", "SSH::Password_Guessing", "T1110.001"),
        ("zeek", "Heartbleed::SSL_Heartbeat_Attack_Success", "x", "T1190"),
        ("guardduty", "Recon:EC2/PortScan", "x", "T1046"),
        ("guardduty", "CryptoCurrency:EC2/BitcoinTool.B!DNS", "x", "T1496.001"),
        ("guardduty", "Discovery:S3/MaliciousIPCaller", "x", "T1619"),
        ("security_hub", "TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce", "x", "T1110"),
    ],
)
def test_well_known_codes_give_their_technique(format_: str, rule: str, title: str, uid: str) -> None:
    assert told(format_, rule, title) == [uid]


def test_a_code_of_one_format_says_nothing_in_another() -> None:
    assert told("cef", "Recon:EC2/PortScan") == []


def test_a_sub_detector_speaks_within_another_format() -> None:
    found = hints("wazuh", "86601:2001219", "Suricata: Alert - ET EXPLOIT_KIT Landing", detector="suricata")
    assert [(hint.uid, hint.span) for hint in found] == [("T1189", Span("title", 18, 32))]


def test_a_scan_from_a_public_address_is_reconnaissance() -> None:
    title = "ET SCAN Potential SSH Scan"
    assert told("suricata", title=title, src=Endpoint(ip="8.8.8.8")) == ["T1595"]
    assert told("suricata", title=title, src=Endpoint(ip="10.0.0.8")) == ["T1046"]


def test_every_class_of_an_alert_is_looked_up() -> None:
    found = hints("wazuh", category="syslog, sshd, authentication_failures")
    assert [(hint.uid, hint.evidence, hint.span) for hint in found] == [
        ("T1110", "authentication_failures", Span("category", 14, 37))
    ]


@pytest.mark.parametrize(
    ("message", "uids"),
    [
        (r"TargetObject: HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\x", ["T1547.001"]),
        (r"TargetObject: HKLM\SOFTWARE\Classes\CLSID\{1}\InprocServer32", ["T1546.015"]),
        (r"TargetObject: HKLM\SOFTWARE\Example", []),
    ],
)
def test_a_condition_must_hold(message: str, uids: list[str]) -> None:
    assert told("windows", "Microsoft-Windows-Sysmon/13", "Registry value set", message=message) == uids


def test_a_condition_may_hold_in_the_process() -> None:
    process = Process(command_line="x", parent_name="lsass.exe")
    assert told("windows", "Microsoft-Windows-Sysmon/10", "Process accessed", process=process) == [
        "T1003.001"
    ]


def test_the_table_speaks_for_a_technique_that_words_name_too() -> None:
    (hint, *_) = ATTACK.hints(alert("suricata", title="ET COINMINER XMRig"))[0]
    assert (hint.uid, hint.source, hint.evidence) == ("T1496.001", "table", "et coinminer")
    assert hint.confidence >= 0.75


TITLE = "[x]\nformats = ['a']\nfield = 'title'\nstrong = {'et a' = 'T1059'}"


@pytest.mark.parametrize(
    ("text", "fields", "found"),
    [
        ("[x]\nformats = ['a']\nfield = 'rule'\nstrong = {'r1' = 'T1059'}", {"rule": "R1"}, [("T1059",)]),
        ("[x]\nformats = ['a']\nfield = 'rule'\nstrong = {'r1' = 'T1059'}", {"rule": "r12"}, []),
        ("[x]\nformats = ['a']\nfield = 'rule'\nstrong = {'r1*' = 'T1059'}", {"rule": "r12"}, [("T1059",)]),
        (
            "[x]\nformats = ['a']\nfield = 'title'\nstrong = {'et a' = 'T1059'}",
            {"title": "ET A b"},
            [("T1059",)],
        ),
        (
            "[x]\nformats = ['a']\nfield = 'title'\nstrong = {'et a' = 'T1059'}",
            {"title": "FW: et a"},
            [("T1059",)],
        ),
        (TITLE, {"title": "et ab"}, []),
        (TITLE, {"title": "a et a"}, []),
        (
            "[x]\nformats = ['a']\nfield = 'title'\nstrong = {'et a' = 'T1059', 'et a b' = 'T1047'}",
            {"title": "et a b c"},
            [("T1047",)],
        ),
        (
            "[x]\nformats = ['a']\nfield = 'category'\nweak = {'one' = ['T1059', 'T1047'], 'two' = 'T1046'}",
            {"category": "One; two|three"},
            [("T1059", "T1047"), ("T1046",)],
        ),
        ("[x]\nformats = ['b']\nfield = 'rule'\nstrong = {'1' = 'T1059'}", {}, []),
    ],
    ids=[
        "whole",
        "not whole",
        "beginning",
        "title",
        "stripped",
        "part of a word",
        "not at the beginning",
        "the longest",
        "classes",
        "another format",
    ],
)
def test_how_codes_are_read(text: str, fields: dict[str, Any], found: list[tuple[str, ...]]) -> None:
    assert of(codes(text), **fields) == found


SECTION = "[x]\nformats = ['a']\nfield = 'rule'\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[x]]\nformats = ['a']", "x: must be a table"),
        ("[x]\nformats = ['a']\nfield = 'message'", "x: needs formats, and a field"),
        ("[x]\nfield = 'rule'", "x: needs formats, and a field"),
        (SECTION + "maybe = {}", "x: unknown key 'maybe'"),
        (SECTION + "strong = {'R' = 'T1059'}", "'R' must be lower case"),
        (SECTION + "strong = {'' = 'T1059'}", "'' must be lower case, with 1 to 80 characters"),
        (SECTION + f"strong = {{'{'r' * (CODE_MAX + 1)}' = 'T1059'}}", "with 1 to 80 characters"),
        (SECTION + "strong = {'r' = 'T1562'}", "'T1562' is not a live technique of ATT&CK 19.2"),
        (SECTION + "strong = {'r' = []}", "'r' names no technique"),
        (SECTION + "strong = {'r' = {technique = 'T1059', why = 'x'}}", "'r' has an unknown key 'why'"),
        (SECTION + "strong = {'r' = 1}", "must be a text or a list of texts"),
        (SECTION + "strong = {'r' = 'T1059'}\nweak = {'r' = 'T1047'}", "'r' of a is there twice"),
        ("[titles]\nmore = []", "not TOML|has strip and ours"),
        ("[x", "not TOML"),
    ],
)
def test_a_wrong_entry_is_named_when_the_file_is_read(text: str, says: str) -> None:
    with pytest.raises(SettingsWrong, match=says):
        codes(text)


def test_a_tier_without_its_confidence_is_refused() -> None:
    with pytest.raises(SettingsWrong, match="strong must be a number above 0"):
        Codes((SECTION + "strong = {'r' = 'T1059'}").encode(), TABLE)


@given(
    st.sampled_from(["windows", "suricata", "wazuh", "zeek", "guardduty", "security_hub", "x"]),
    st.text(max_size=40) | st.sampled_from([key[2] for key in CODES.all]),
    st.text(min_size=1, max_size=40) | st.sampled_from([key[2] for key in CODES.all]),
    st.none() | st.text(max_size=60) | st.sampled_from([key[2] for key in CODES.all]),
)
def test_evidence_stands_where_it_is_said_to(
    format_: str, rule: str, title: str, category: str | None
) -> None:
    one = alert(format_, rule, title, category=category)
    texts = {"rule_id": rule, "title": title, "category": category or ""}
    for _, evidence, (field, start, end) in CODES.of((format_, format_, rule, title, category)):
        said = texts[field][start:end].lower()
        assert said in (evidence, evidence.replace("/", "-", 1))
    assert ATTACK.hints(one) == ATTACK.hints(one)
