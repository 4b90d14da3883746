"""Elastic: what an alert of a rule says: severity, time, rule, ATT&CK."""

from typing import Any

import pytest

from enrich.formats import elastic
from tests.unit.elastic_documents import rule_alert, said


@pytest.mark.parametrize(("stated", "severity_id"), [("low", 2), ("medium", 3), ("High", 4), ("critical", 5)])
def test_a_rules_severity_is_a_word(stated: str, severity_id: int) -> None:
    found = rule_alert(severity=stated)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        stated,
        elastic.SCALE,
    )


@pytest.mark.parametrize("stated", ["urgent", 7, "5"])
def test_a_severity_outside_the_scale_is_none_and_said(stated: object) -> None:
    found = rule_alert(severity=stated)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "kibana.alert.severity")])


def test_an_alerts_severity_goes_before_its_rules() -> None:
    assert rule_alert(severity="critical", rule={"severity": "low"}).severity_id == 5


def test_the_rules_severity_stands_in_for_a_missing_one() -> None:
    assert rule_alert(severity=None, rule={"severity": "low"}).severity_id == 2


@pytest.mark.parametrize(
    ("score", "severity_id"),
    [(0, 2), (21, 2), (21.5, 2), ("73", 4), (47, 3), (48, 4), (73, 4), (74, 5), (100, 5)],
)
def test_a_risk_score_is_read_where_no_severity_is_stated(score: object, severity_id: int) -> None:
    found = rule_alert(severity=None, risk_score=score)
    assert (found.severity_id, found.severity_scale) == (severity_id, elastic.RISK_SCALE)


@pytest.mark.parametrize("score", [101, -1, "x", True])
def test_a_risk_score_outside_its_range_has_no_class(score: object) -> None:
    assert rule_alert(severity=None, risk_score=score).severity_id is None


def test_a_missing_severity_is_not_wrong() -> None:
    found = rule_alert(severity=None)
    assert (found.severity_id, found.severity_text, found.severity_scale, found.quality) == (
        None,
        None,
        None,
        (),
    )


def test_the_time_is_the_events_own() -> None:
    assert (rule_alert().time_ms, rule_alert(original_time=None).time_ms) == (
        1_705_190_401_000,
        1_705_190_409_000,
    )


@pytest.mark.parametrize(
    ("rule", "rule_id"),
    [
        ({}, "r"),
        ({"rule_id": None, "uuid": "u"}, "u"),
        ({"rule_id": None, "id": "i"}, "i"),
        ({"rule_id": None, "parameters": {"rule_id": "p"}}, "p"),
        ({"rule_id": None}, "N"),
    ],
)
def test_the_rules_id_is_the_one_that_travels(rule: dict[str, Any], rule_id: str) -> None:
    assert rule_alert(rule).rule_id == rule_id


def test_a_rule_without_a_name_is_titled_by_its_id() -> None:
    assert rule_alert({"name": " "}).title == "Elastic rule r"


def test_a_rule_that_passes_on_a_sensors_alert_names_the_sensor() -> None:
    original = {"kind": "alert", "module": "endpoint"}
    assert rule_alert(original_event=original).detector == "endpoint"
    assert rule_alert(original_event=original | {"kind": "event"}).detector == "elastic"


def test_the_rule_to_try_alerting_with_is_a_sample() -> None:
    (rule_id,) = elastic.SAMPLE_RULES
    assert (rule_alert({"rule_id": rule_id}).is_sample, rule_alert().is_sample) == (True, False)


TECHNIQUE = {"id": "T1003", "subtechnique": [{"id": "T1003.001"}, {"id": "T1003.002"}]}


@pytest.mark.parametrize(
    ("stated", "techniques", "tactics"),
    [
        ([{"technique": [TECHNIQUE], "tactic": {"id": "TA0006", "name": "x"}}], 3, ("TA0006",)),
        ({"technique": TECHNIQUE, "tactic": {"name": "Credential Access"}}, 3, ("Credential Access",)),
        ({"technique.id": ["T1003"], "technique.subtechnique.id": ["T1003.001", "T1003.002"]}, 3, ()),
        ([{"framework": "MITRE ATLAS", "technique": [{"id": "AML.T0051"}]}], 0, ()),
        ([{"framework": "MITRE ATT&CK", "technique": []}], 0, ()),
        ([{"technique": [TECHNIQUE]}, {"technique": [TECHNIQUE]}], 3, ()),
    ],
)
def test_attack_is_read_as_stated(stated: object, techniques: int, tactics: tuple[str, ...]) -> None:
    found = rule_alert({"threat": stated})
    assert found.techniques == ("T1003", "T1003.001", "T1003.002")[:techniques]
    assert found.tactics == tactics
    assert said(found) == []


def test_the_event_states_attack_where_the_rule_does_not() -> None:
    assert rule_alert(view={"threat": {"technique": {"id": ["T1071"]}}}).techniques == ("T1071",)
