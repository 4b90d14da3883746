"""Wazuh 5: findings, and what is none; each rule of their reading, each wrong field."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Alert, Endpoint
from enrich.errors import DeadCode, Rejected
from enrich.formats import ecs_alert, elastic, wazuh5
from millrace.samples import SAMPLES
from tests.examples import OF_EACH, examples
from tests.unit.elastic_documents import ANY, but_unmapped, dotted, listed, places, put, said

GOLDEN = sorted(SAMPLES.glob("wazuh5_*.json"))
BASE: dict[str, Any] = {
    "@timestamp": "2026-05-20T10:00:00Z",
    "wazuh": {
        "agent": {"id": "004", "name": "db", "host": {"ip": "192.0.2.4"}},
        "rule": {"id": "r", "title": "T", "level": "high"},
    },
}


def golden(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def finding(rule: dict[str, Any] | None = None, **view: Any) -> Alert:
    doc = copy.deepcopy(BASE)
    doc["wazuh"]["rule"].update(rule or {})
    doc.update(view)
    assert wazuh5.recognise(doc)
    return wazuh5.parse(doc, ())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_finding_is_no_alert_of_elastics(path: Path) -> None:
    doc = golden(path)["input"]
    assert [module.recognise(doc) for module in (wazuh5, elastic)] == [True, False]


@pytest.mark.parametrize(
    "respell", [dotted, listed, lambda doc: listed(dotted(doc))], ids=["dots", "lists", "both"]
)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_another_spelling_gives_the_same_alert(path: Path, respell: Any) -> None:
    doc = golden(path)["input"]
    inner = doc.get("_source", doc)
    assert but_unmapped(wazuh5.parse(respell(inner), ())) == but_unmapped(wazuh5.parse(inner, ()))


@pytest.mark.parametrize(
    "doc",
    [
        {"wazuh": "x"},
        {"wazuh": {}},
        {"wazuh": {"version": "4.9"}},
        {"wazuh": {"rule": "x"}},
        {"rule": {"level": 5}, "agent": {"id": "001"}},
        {"_source": {"rule": {"level": 5, "id": "1"}, "agent": {}}},
    ],
    ids=str,
)
def test_a_near_miss_is_not_of_wazuh_5(doc: dict[str, Any]) -> None:
    assert not wazuh5.recognise(doc)


@pytest.mark.parametrize(
    "wazuh",
    [
        {"integration": {"category": "security"}},
        {"schema": {"version": "1"}},
        {"schema": {}, "rule": {"tags": []}},
    ],
)
def test_events_and_states_are_no_alerts(wazuh: dict[str, Any]) -> None:
    doc = {"@timestamp": "2026-05-20T10:00:00Z", "event": {"kind": "event"}, "wazuh": wazuh}
    assert wazuh5.recognise(doc)
    with pytest.raises(Rejected) as refused:
        wazuh5.parse(doc, ())
    assert refused.value.code is DeadCode.NOT_AN_ALERT


@pytest.mark.parametrize(
    ("level", "severity_id"), [("informational", 1), ("low", 2), ("medium", 3), ("HIGH", 4), ("critical", 5)]
)
def test_levels_are_words(level: str, severity_id: int) -> None:
    found = finding({"level": level})
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        level,
        wazuh5.SCALE,
    )


@pytest.mark.parametrize("level", [12, "urgent"])
def test_a_level_of_wazuh_4_has_no_class(level: object) -> None:
    found = finding({"level": level})
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "wazuh.rule.level")])


def test_a_missing_level_is_not_wrong() -> None:
    assert (finding({"level": None}).severity_scale, finding({"level": None}).quality) == (None, ())


@pytest.mark.parametrize(
    ("rule", "techniques", "tactics"),
    [
        ({"mitre": {"technique": {"id": "T1110"}, "tactic": {"name": "Impact"}}}, ("T1110",), ("Impact",)),
        ({"mitre": {"technique": ["T1110"], "subtechnique": ["T1110.001"]}}, ("T1110", "T1110.001"), ()),
        ({"mitre": {"technique": [{"id": "T1"}, {"id": "T2"}]}}, ("T1", "T2"), ()),
        (
            {"tags": ["attack.t1110.001", "attack.impact", "attack.g0016", "cve.1"]},
            ("t1110.001",),
            ("impact",),
        ),
        ({"tags": ["attack.t1"], "mitre": {"technique": {"id": "T2"}}}, ("T2",), ()),
        ({"tags": "attack.ta0007"}, (), ("ta0007",)),
        ({"tags": ["attack."]}, (), ()),
        ({"mitre": "x"}, (), ()),
    ],
)
def test_attack_is_of_mitre_else_of_the_tags(
    rule: dict[str, Any], techniques: tuple[str, ...], tactics: tuple[str, ...]
) -> None:
    found = finding(rule)
    assert (found.techniques, found.tactics) == (techniques, tactics)


def test_the_agent_is_the_device() -> None:
    found = finding(host={"name": "other"})
    assert (found.device, found.device_id) == (Endpoint(ip="192.0.2.4", name="db"), "004")


def test_the_managers_agent_speaks_for_the_events_host() -> None:
    wazuh = {**BASE["wazuh"], "agent": {"id": "000", "name": "manager"}}
    found = finding(wazuh=wazuh, host={"name": "fw"})
    assert (found.device, found.device_id) == (Endpoint(name="fw"), None)


def test_the_managers_agent_is_the_device_where_the_event_names_none() -> None:
    found = finding(wazuh={**BASE["wazuh"], "agent": {"id": "000", "name": "manager"}})
    assert found.device == Endpoint(name="manager")


def test_a_finding_without_an_agent_has_the_events_host() -> None:
    found = finding(wazuh={"rule": {"id": "r"}}, host={"name": "h", "id": "i"})
    assert (found.device, found.device_id, found.title) == (Endpoint(name="h"), "i", "Wazuh rule r")


def test_an_id_that_findings_share_is_not_the_findings() -> None:
    wazuh = {**BASE["wazuh"], "event": {"id": "shared"}}
    assert finding(wazuh=wazuh).source_uid is None


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@given(data=st.data())
@examples(OF_EACH)
def test_any_value_anywhere_gives_an_alert_or_a_rejection_and_nothing_else(
    path: Path, data: st.DataObject
) -> None:
    doc = golden(path)["input"]
    put(doc, data.draw(st.sampled_from(places(doc))), data.draw(ANY))
    if not wazuh5.recognise(doc):
        assert ecs_alert.recognise(doc) in (True, False)
        return
    try:
        alert = wazuh5.parse(doc, ())
    except Rejected:  # any other error is a bug
        return
    assert alert.title
    assert alert.rule_id
    assert (alert.severity_text is None) == (alert.severity_scale is None)
    json.dumps(alert.unmapped)
