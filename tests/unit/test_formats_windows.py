"""Windows events: which shapes are known, each rule of their reading, and each wrong field."""

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import Rejected
from enrich.formats import windows
from enrich.formats.windows_titles import TITLES, title
from millrace.samples import SAMPLES as GOLDEN
from tests.unit.test_formats_properties import VALUES, assert_text, paths, put
from tests.unit.test_formats_samples import plain

SAMPLES = [orjson.loads(path.read_bytes()) for path in GOLDEN.glob("windows_*.json")]
SECURITY, SYSMON = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Sysmon"
DEFENDER = "Microsoft-Windows-Windows Defender"


def evtx(
    event_id: object = 1, provider: str = SYSMON, system: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    header = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": event_id,
        "Level": 4,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-03-02T09:14:07.118402Z"}},
        "Channel": "C",
        "Computer": "ws.example.com",
        **(system or {}),
    }
    return {"Event": {"System": header, "EventData": data}}


def winlog(
    event_id: object = 1, provider: str = SYSMON, doc: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    inner = {
        "channel": "C",
        "provider_name": provider,
        "event_id": event_id,
        "computer_name": "ws.example.com",
    }
    stamp = {"@timestamp": "2026-03-02T09:14:07.118402Z", "log": {"level": "information"}}
    return {**stamp, "winlog": {**inner, "event_data": data}, **(doc or {})}


def flat(
    event_id: object = 1, provider: str = SYSMON, doc: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    header = {
        "EventID": event_id,
        "SourceName": provider,
        "Channel": "C",
        "Hostname": "ws.example.com",
        "Level": "4",
    }
    return {**header, "TimeCreated": "2026-03-02T09:14:07.118402Z", **data, **(doc or {})}


def read(doc: dict[str, Any]) -> Alert:
    assert windows.recognise(doc)
    before = copy.deepcopy(doc)
    alert = windows.parse(doc, ())
    assert doc == before
    return alert


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
def test_a_sample_becomes_exactly_the_alert_beside_it(sample: dict[str, Any]) -> None:
    assert plain(read(sample["input"])) == sample["alert"]


SHAPES: list[Callable[..., dict[str, Any]]] = [evtx, winlog, flat]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_of_one_event_says_the_same(shape: Callable[..., dict[str, Any]]) -> None:
    found = read(
        shape(
            1, Image="C:\\a\\b.exe", ProcessId="7", CommandLine="b -x", User="EX\\u", ParentImage="C:\\p.exe"
        )
    )
    assert (found.time_ms, found.rule_id, found.title) == (
        1772442847118,
        SYSMON + "/1",
        "Sysmon: Process created",
    )
    assert (found.severity_id, found.user, found.device.name) == (1, "EX\\u", "ws.example.com")
    assert found.process is not None
    assert (found.process.name, found.process.pid, found.process.command_line, found.process.parent_name) == (
        *("b.exe", 7, "b -x"),
        "p.exe",
    )


KNOWN: dict[str, dict[str, Any]] = {
    "a text for an id": evtx("1"),
    "an id with attributes": evtx({"#text": 1, "#attributes": {"Qualifiers": 0}}),
    "an id of xmltodict": evtx({"@Qualifiers": "", "#text": "1"}),
    "Velociraptor's id": evtx({"Value": 1}),
    "the id in event.code": {"event": {"code": "1"}, "winlog": {"provider_name": SYSMON, "channel": "C"}},
    "dotted names": {"winlog.event_id": "1", "winlog.channel": "C", "winlog.provider_name": SYSMON},
    "Winlogbeat 6": {"event_id": 1, "log_name": "C", "source_name": SYSMON, "computer_name": "ws"},
    "Fluent Bit": {
        "EventID": 1,
        "Channel": "C",
        "ProviderName": SYSMON,
        "Computer": "ws",
        "TimeCreated": "x",
    },
    "Zircolite": {"EventID": 1, "Channel": "C", "Provider_Name": SYSMON, "Computer": "ws"},
    "NXLog without channel": {
        "EventID": 1,
        "SourceName": SYSMON,
        "Hostname": "w",
        "SourceModuleType": "im_msvistalog",
    },
}


@pytest.mark.parametrize("doc", KNOWN.values(), ids=KNOWN.keys())
def test_other_ways_to_write_the_header_are_known(doc: dict[str, Any]) -> None:
    assert read(doc).rule_id == SYSMON + "/1"


def test_a_hit_of_a_search_is_read_by_its_source_and_known_by_its_id() -> None:
    found = read({"_index": "winlogbeat", "_id": "h1", "_source": winlog(1, User="u")})
    assert (found.source_uid, found.user, found.rule_id) == ("h1", "u", SYSMON + "/1")


FOREIGN: dict[str, dict[str, Any]] = {
    "an Event without System": {"Event": {"EventData": {}}},
    "an Event that is a text": {"Event": "login"},
    "a System without id": {"Event": {"System": {"Provider": "x"}}},
    "a System without provider": {"Event": {"System": {"EventID": 1}}},
    "an id that is none": {"EventID": "abc", "Channel": "C", "Hostname": "h", "SourceName": "s"},
    "no host": {"EventID": 1, "Channel": "C", "SourceName": "s"},
    "no channel and no provider": {"EventID": 1, "Hostname": "h", "@timestamp": "x"},
    "an id alone": {"EventID": 1},
    "winlog of another": {"winlog": {"lumberjack": True}, "event": {}},
    "winlog that is a text": {"winlog": "x"},
    "an alert of Elastic Security": winlog(doc={"kibana": {"alert": {}}}),
    "the same, dotted": winlog(doc={"kibana.alert.rule.name": "r"}),
    "an alert of Elastic Security 7": winlog(doc={"signal": {"rule": {}}}),
    "a line of Hayabusa": flat(doc={"RuleTitle": "t"}),
    "a line of Zircolite": flat(doc={"rule_level": "low"}),
    "a Suricata alert": {"event_type": "alert", "alert": {}},
    "a Wazuh alert": {"rule": {"level": 3}, "agent": {}, "data": {"win": {}}},
    "a CloudTrail event": {"eventName": "x", "eventSource": "y", "eventID": "1"},
    "an event_id of another": {"event_id": "1", "log_name": "x"},
}


@pytest.mark.parametrize("doc", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_no_windows_event_is_refused(doc: dict[str, Any]) -> None:
    assert not windows.recognise(doc)


# https://learn.microsoft.com/en-us/dotnet/api/system.diagnostics.eventing.reader.standardeventlevel
@pytest.mark.parametrize(
    ("level", "severity_id"),
    [(0, 1), (1, 3), (2, 2), (3, 2), (4, 1), (5, 1), ("2", 2), ("Error", 2), ("CRITICAL", 3)],
)
def test_the_level_is_the_systems_severity_and_not_the_attackers(level: object, severity_id: int) -> None:
    found = read(evtx(system={"Level": level}))
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        str(level),
        "windows:0-5",
    )


@pytest.mark.parametrize("level", [6, 17, 255, "-1", "loud"])
def test_a_level_outside_the_scale_is_none_and_said(level: object) -> None:
    found = read(evtx(system={"Level": level}))
    assert (found.severity_id, found.severity_text) == (None, str(level))
    assert said(found) == [("bad_severity", "Event.System.Level")]


def test_a_missing_level_is_not_wrong() -> None:
    found = read(evtx(system={"Level": None}))
    assert (found.severity_id, found.severity_scale, found.quality) == (None, None, ())


def test_the_same_id_of_two_providers_is_two_rules() -> None:
    assert read(evtx(1, SECURITY)).rule_id != read(evtx(1, SYSMON)).rule_id


def test_an_unknown_event_is_titled_by_provider_and_id() -> None:
    assert read(evtx(77, "Contoso-Agent")).title == "Windows event Contoso-Agent 77"


@pytest.mark.parametrize("provider", TITLES)
def test_every_title_names_its_provider_once_and_fits(provider: str) -> None:
    for event_id in TITLES[provider]:
        found = title(provider, event_id)
        assert len(found) < 100
        assert not found.startswith("Windows event ") or "log" in found
        assert event_id.isdigit()


@pytest.mark.parametrize(
    ("event_id", "user"), [("4624", "EX\\target"), ("4688", "EX\\subject"), ("4769", "EX\\target")]
)
def test_the_account_of_a_logon_is_its_target_and_else_who_acted(event_id: str, user: str) -> None:
    names = {
        "SubjectUserName": "subject",
        "SubjectDomainName": "EX",
        "TargetUserName": "target",
        "TargetDomainName": "EX",
    }
    assert read(evtx(event_id, SECURITY, **names)).user == user


def test_the_name_of_an_account_with_a_realm_keeps_it() -> None:
    assert read(evtx(4769, SECURITY, TargetUserName="u@EX.COM", TargetDomainName="EX.COM")).user == "u@EX.COM"


def test_a_session_gives_its_account_and_where_it_came_from() -> None:
    found = read(
        evtx(4778, SECURITY, AccountName="u", AccountDomain="EX", ClientName="PC", ClientAddress="192.0.2.1")
    )
    assert (found.user, found.src) == ("EX\\u", Endpoint(ip="192.0.2.1", name="PC"))


def test_what_a_service_shall_run_as_is_not_who_installed_it() -> None:
    assert (
        read(evtx(7045, "Service Control Manager", AccountName="LocalSystem", ServiceName="s")).user is None
    )


@pytest.mark.parametrize(
    ("provider", "sid", "user"),
    [
        ("Microsoft-Windows-PowerShell", "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1104"),
        ("Microsoft-Windows-PowerShell", "S-1-5-18", None),
        (SYSMON, "S-1-5-21-1-2-3-1104", None),
    ],
)
def test_the_writers_sid_stands_in_where_a_person_wrote_the_event(
    provider: str, sid: str, user: str | None
) -> None:
    assert read(evtx(4104, provider, {"Security": {"#attributes": {"UserID": sid}}})).user == user


def test_the_account_of_the_sensors_service_is_nobody_who_did_something() -> None:
    header = {"Domain": "NT AUTHORITY", "AccountName": "SYSTEM"}
    assert (read(flat(1, doc=header)).user, read(flat(1, "Other", header)).user) == (
        None,
        "NT AUTHORITY\\SYSTEM",
    )


def test_a_new_process_has_its_own_id_and_its_creators_stays_in_the_rest() -> None:
    found = read(evtx(4688, SECURITY, NewProcessName="C:\\b.exe", NewProcessId="0x1a4", ProcessId="0x4"))
    assert found.process is not None
    assert (found.process.pid, found.unmapped) == (420, {"Event": {"EventData": {"ProcessId": "0x4"}}})


@pytest.mark.parametrize(("more", "pid"), [({}, None), ({"ExecutionProcessID": 4}, 2316)])
def test_in_a_flat_record_ProcessID_is_the_headers_unless_that_has_its_own(
    more: dict[str, Any], pid: int | None
) -> None:
    found = read(
        flat(
            5156, SECURITY, Application="\\device\\a.exe", ProcessID="2316", SourceAddress="10.0.0.1", **more
        )
    )
    assert found.process is not None
    assert found.process.pid == pid


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            {
                "Data": [
                    "Started",
                    "\tHostVersion=5.1\r\n\tHostApplication=powershell -enc AA\r\n\tRunspaceId=",
                ]
            },
            "powershell -enc AA",
        ),
        (
            {"ContextInfo": "  Severity = x\n        Host Application = pwsh -c id\n        User = EX\\u\n"},
            "pwsh -c id",
        ),
        ({"Data": "HostApplication="}, None),
    ],
)
def test_powershells_host_application_is_the_command_line(data: dict[str, Any], line: str | None) -> None:
    found = read(evtx(400, "PowerShell", **data))
    assert (found.process and found.process.command_line) == line


def test_dashes_of_windows_stand_for_nothing() -> None:
    found = read(
        evtx(
            4625, SECURITY, IpAddress="-", IpPort="-", WorkstationName="", TargetUserName="-", ProcessName="-"
        )
    )
    assert (found.src, found.user, found.process, found.quality) == (Endpoint(), None, None, ())


def test_the_console_is_no_address() -> None:
    found = read(evtx(4779, SECURITY, ClientAddress="LOCAL", ClientName="PC"))
    assert (found.src, found.quality) == (Endpoint(name="PC"), ())


def test_a_file_object_is_a_file_and_a_key_is_none() -> None:
    file, key = (read(evtx(4663, SECURITY, ObjectType=kind, ObjectName="N")) for kind in ("File", "Key"))
    assert (file.file_path, key.file_path, key.message) == ("N", None, "ObjectName: N")


def test_names_and_texts_of_data_in_any_list_are_the_same() -> None:
    listed = [{"@Name": "Image", "#text": "C:\\a.exe"}, {"#attributes": {"Name": "ProcessId"}, "#text": 7}]
    found = windows.parse({"Event": {**evtx()["Event"], "EventData": {"Data": listed}}}, ())
    assert found.process is not None
    assert (found.process.path, found.process.pid) == ("C:\\a.exe", 7)


def test_local_time_without_a_zone_gives_way_to_the_shippers_time() -> None:
    doc = flat(
        doc={"TimeCreated": None, "EventTime": "2026-03-02 10:00:00", "@timestamp": "2026-03-02T09:00:00Z"}
    )
    zoned = {**doc, "EventTime": "2026-03-02T10:00:00+02:00"}
    assert [read(each).time_text for each in (doc, zoned)] == [
        "2026-03-02T09:00:00Z",
        "2026-03-02T10:00:00+02:00",
    ]


# https://learn.microsoft.com/en-us/windows/win32/lwef/mpthreat-severity
@pytest.mark.parametrize(
    ("stated", "severity_id"),
    [
        ({"Severity ID": "1"}, 2),
        ({"Severity ID": 2}, 3),
        ({"Severity ID": 4}, 4),
        ({"Severity Name": "Severe"}, 5),
    ],
)
def test_a_threat_has_defenders_severity_and_not_the_events(stated: dict[str, Any], severity_id: int) -> None:
    found = read(evtx(1116, DEFENDER, **{"Threat Name": "X", **stated}))
    assert (found.severity_id, found.severity_scale) == (severity_id, "windows-defender:1-5")


def test_an_unknown_severity_of_a_threat_is_none_and_not_wrong() -> None:
    found = read(evtx(1116, DEFENDER, **{"Threat Name": "X", "Severity ID": "0"}))
    assert (found.severity_id, found.severity_text, found.quality) == (None, "0", ())


@pytest.mark.parametrize(
    ("event_id", "done", "action"),
    [(1117, "2", "blocked"), (1117, "6", "allowed"), (1117, "9", None), (1116, "2", None)],
)
def test_what_defender_did_is_said_by_the_event_that_says_it_was_done(
    event_id: int, done: str, action: str | None
) -> None:
    assert read(evtx(event_id, DEFENDER, **{"Action ID": done})).action == action


def test_only_the_eicar_test_file_is_a_sample() -> None:
    names = ("Virus:DOS/EICAR_Test_File", "Virus:DOS/EICAR_Test_File2", "Trojan:Win32/X")
    assert [read(evtx(1116, DEFENDER, **{"Threat Name": name})).is_sample for name in names] == [
        True,
        False,
        False,
    ]


def test_another_providers_event_with_defenders_names_is_no_sample() -> None:
    assert not read(evtx(1116, "Other", **{"Threat Name": "Virus:DOS/EICAR_Test_File"})).is_sample


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": (evtx(system={"TimeCreated": "x"}), "time_ms", None, ("bad_time", "Event.System.TimeCreated")),
    "a computer": (
        evtx(system={"Computer": ["x"]}),
        "device",
        Endpoint(),
        ("bad_type", "Event.System.Computer"),
    ),
    "a channel": (evtx(system={"Channel": {"a": 1}}), "category", None, ("bad_type", "Event.System.Channel")),
    "data": (
        {"Event": {**evtx()["Event"], "EventData": "x"}},
        "process",
        None,
        ("bad_type", "Event.EventData"),
    ),
    "an address": (evtx(3, SourceIp="x"), "src", Endpoint(), ("bad_ip", "Event.EventData.SourceIp")),
    "a port": (
        evtx(3, SourceIp="10.0.0.1", SourcePort="x"),
        "proto",
        None,
        ("bad_port", "Event.EventData.SourcePort"),
    ),
    "a user": (evtx(User={"a": 1}), "user", None, ("bad_type", "Event.EventData.User")),
    "a process id": (
        evtx(Image="a", ProcessId="0xzz"),
        "user",
        None,
        ("bad_type", "Event.EventData.ProcessId"),
    ),
    "a hash": (evtx(Hashes="MD5=12,IMPHASH=zz"), "hashes", (), ("bad_type", "Event.EventData.Hashes")),
    "a long command line": (
        *(evtx(QueryName="q" * 1025), "dns_query", "q" * FIELD_LIMIT),
        ("field_truncated", "Event.EventData.QueryName"),
    ),
    "a Beat's data": (
        winlog(doc={"winlog": {**winlog()["winlog"], "event_data": 3}}),
        "process",
        None,
        ("bad_type", "winlog.event_data"),
    ),
    "a flat user": (flat(User=True), "user", None, ("bad_type", "User")),
}


@pytest.mark.parametrize(("doc", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_mended_and_said_and_the_alert_goes_on(
    doc: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = read(doc)
    assert (getattr(found, field), said(found)) == (value, [quality])


def test_the_rest_keeps_what_was_not_read_and_nothing_that_was() -> None:
    found = read(evtx(1, Image="a", ProcessId=7, RuleName="r", ParentProcessId=9))
    assert found.unmapped == {"Event": {"EventData": {"RuleName": "r", "ParentProcessId": 9}}}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
@given(data=st.data())
def test_any_values_anywhere_give_an_alert_or_are_not_recognised(
    sample: dict[str, Any], data: st.DataObject
) -> None:
    doc = copy.deepcopy(sample["input"])
    for path in data.draw(st.lists(st.sampled_from(paths(doc)), max_size=3)):
        put(doc, path, copy.deepcopy(data.draw(VALUES)))
    if not windows.recognise(doc):
        return
    try:
        alert = windows.parse(doc, ())
    except Rejected:
        return
    assert type(alert) is Alert
    assert "" not in (alert.rule_id.strip(), alert.title.strip(), alert.detector.strip())
    for name in (
        "rule_id",
        "title",
        "detector",
        "category",
        "message",
        "severity_text",
        "user",
        "file_path",
        "url",
    ):
        assert_text_of(getattr(alert, name))
    assert (alert.severity_text is None) == (alert.severity_scale is None)


def assert_text_of(text: str | None) -> None:
    # A lone surrogate is mended by the parser of bytes, which is not asked here.
    if text is None or text.isprintable() or "\ud800" not in text:
        assert_text(text)
