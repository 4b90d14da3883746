"""Windows events: severity, rule and title; what Defender says of a threat."""

from typing import Any

import pytest

from enrich.formats.windows_titles import TITLES, title
from tests.unit.windows_events import DEFENDER, SECURITY, SYSMON, evtx, read, said


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
