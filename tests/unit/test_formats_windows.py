"""Windows events: which shapes are known, and that each says the same."""

from collections.abc import Callable
from typing import Any

import pytest

from enrich.formats import windows
from tests.unit.test_formats_samples import plain
from tests.unit.windows_events import SAMPLES, SYSMON, evtx, flat, read, winlog


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
