"""What holds for each of the cloud and EDR formats: samples, recognition, wrong fields, hostile records."""

import copy
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.formats import (
    crowdstrike,
    defender,
    defender_cloud,
    defender_hunting,
    graph_v1,
    guardduty,
    incident,
    ocsf,
    security_hub,
    sentinel,
)
from tests.examples import OF_EACH, examples
from tests.unit import findings
from tests.unit.findings import Doc

MODULES: dict[str, list[ModuleType]] = {
    "ocsf": [ocsf],
    "guardduty": [guardduty],
    "security_hub": [security_hub],
    "defender": [defender, defender_hunting, sentinel, defender_cloud, graph_v1],
    "crowdstrike": [crowdstrike],
    "incident": [incident],
}
SAMPLES = {name: doc for format_ in MODULES for name, doc in findings.samples(format_).items()}
NASTY: list[Any] = [
    None,
    True,
    -1,
    7,
    1.5,
    2**63,
    "",
    " ",
    "x" * 2000,
    [],
    [[]],
    {},
    {"id": {}},
    [None] * 100,
]


def taken_by(doc: Doc) -> list[ModuleType]:
    """Return the modules that recognise a document, asked as the table would ask them."""
    return [
        module
        for modules in MODULES.values()
        for module in modules
        if (module is not incident or {"description", "log_source"} <= doc.keys()) and module.recognise(doc)
    ]


def module_of(name: str) -> ModuleType:
    (module,) = taken_by(SAMPLES[name]["input"])
    return module


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_becomes_exactly_the_alert_beside_it(name: str) -> None:
    found = findings.parsed(module_of(name), SAMPLES[name]["input"])
    assert findings.plain(found) == SAMPLES[name]["alert"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_taken_by_one_module_of_its_own_format(name: str) -> None:
    assert [
        module in MODULES[SAMPLES[name]["alert"]["format"]] for module in taken_by(SAMPLES[name]["input"])
    ] == [True]


@pytest.mark.parametrize("format_", MODULES)
def test_every_format_has_four_samples(format_: str) -> None:
    assert len(findings.samples(format_)) >= 4


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"type": "dns", "resource": "x", "accountId": 1},
        {"type": "SensitiveData:S3Object/Personal", "accountId": "1", "resourcesAffected": {}},
        {"type": "a:b", "accountId": "1", "resource": {}, "arn": "arn:aws:inspector2:x"},
        {"detail-type": "EC2 Instance State-change", "source": "aws.ec2", "detail": {"state": "running"}},
        {"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": "text"},
        {"detail-type": [], "source": {}, "detail": []},
        {"Findings": []},
        {"Findings": ["text"]},
        {"findings": {"id": 1}},
        {"ProductArn": "arn:aws:x", "GeneratorId": "g", "AwsAccountId": 1},
        {"class_uid": 2004},
        {"class_uid": "text", "metadata": {}},
        {"class_uid": 7, "metadata": {}},
        {"class_uid": True, "metadata": {}},
        {"@odata.type": "#microsoft.graph.security.incident", "id": "1", "severity": "high"},
        {"serviceSource": "x", "id": "1", "createdDateTime": "2025-10-09T08:55:00Z"},
        {"AlertId": "1", "Title": "x"},
        {"category": "AuditLogs", "properties": {"AlertId": "1"}},
        {"records": [{"category": "SignInLogs", "properties": {}}]},
        {"records": []},
        {"AlertSeverity": "High", "message": "x"},
        {"IncidentNumber": 1, "Severity": "High"},
        {"metadata": {"eventType": "push"}, "event": {}},
        {"metadata": {"eventType": 1, "customerIDString": "x"}, "event": {}},
        {"metadata": "x", "event": {}},
        {"composite_id": "x"},
        {"composite_id": 1, "cid": "x"},
        {"ExternalApiType": "ProcessRollup2"},
        {"description": "x", "log_source": "edr"},
        {"description": "", "log_source": "edr", "event_id": 1},
        {"description": {}, "log_source": "edr", "event_id": 1},
        {"rule": {"level": 5}, "agent": {"id": "001"}, "id": "1", "description": "x"},
        {"event_type": "alert", "alert": {"signature": "x"}, "timestamp": "x", "metadata": {}},
    ],
    ids=str,
)
def test_what_is_like_none_of_them_is_taken_by_none(doc: Doc) -> None:
    assert taken_by(doc) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_wrong_value_anywhere_costs_at_most_recognition(name: str) -> None:
    source = SAMPLES[name]["input"]
    for path in list(findings.places(source)):
        for value in NASTY:
            doc = copy.deepcopy(source)
            at: Any = doc
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = value
            for module in taken_by(doc):
                findings.assert_alert_or_rejection(module, doc)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_wrong_field_below_the_top_never_costs_the_alert(name: str) -> None:
    """But for the few that make it no alert: the finding itself, or its kind."""
    module = module_of(name)
    source = SAMPLES[name]["input"]
    for path in list(findings.places(source)):
        if path[0] in ("detail", "Findings", "event", "properties") and len(path) < 4:
            continue
        if len(path) < 2 or path == ("metadata", "eventType") or path == ("metadata", "customerIDString"):
            continue
        doc = copy.deepcopy(source)
        at: Any = doc
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = {"nested": [1]}
        if module.recognise(doc):
            findings.assert_sound(module.parse(doc, ()))


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_anywhere_give_an_alert_or_a_rejection(name: str, data: st.DataObject) -> None:
    findings.assert_alert_or_rejection(module_of(name), findings.mutated(SAMPLES[name]["input"], data.draw))


@pytest.mark.parametrize("name", SAMPLES)
def test_parsing_changes_nothing_of_the_document(name: str) -> None:
    doc = copy.deepcopy(SAMPLES[name]["input"])
    module_of(name).parse(doc, ())
    assert doc == SAMPLES[name]["input"]


def test_only_samples_say_that_they_are() -> None:
    assert {name for name in SAMPLES if SAMPLES[name]["alert"].get("is_sample")} == {
        "crowdstrike_sample_flat",
        "defender_cloud_api_sample",
        "defender_endpoint_api",
        "guardduty_sample_dns_event",
        "ocsf_incident",
        "ocsf_security_hub_v2_event",
        "security_hub_custom_malware",
    }
