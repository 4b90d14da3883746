"""Windows events: user, process, command line, ends, file and time."""

from typing import Any

import pytest

from enrich.alert import Endpoint
from enrich.formats import windows
from tests.unit.windows_events import SECURITY, SYSMON, evtx, flat, read


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
