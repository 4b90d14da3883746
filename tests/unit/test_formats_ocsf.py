"""OCSF: classes, severities, what is no alert, versions, evidences."""

from typing import Any

import pytest

from enrich.alert import Endpoint, Process
from enrich.formats import ocsf
from tests.unit.findings import Doc, changed, parsed, refused, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("ocsf").items()}
DETECTION = SAMPLES["ocsf_detection"]
OLD = SAMPLES["ocsf_security_finding_1_0"]
INCIDENT = SAMPLES["ocsf_incident"]
LEAST: Doc = {"class_uid": 2004, "metadata": {}}


def alert(path: str, value: object, source: Doc = DETECTION) -> Any:
    return parsed(ocsf, changed(source, path, value))


@pytest.mark.parametrize("class_uid", [2001, 2002, 2003, 2004, 2005, 2006, 2007, "2004", 2004.0])
def test_findings_are_alerts(class_uid: object) -> None:
    assert alert("class_uid", class_uid).title == "Encoded PowerShell started by Word"


@pytest.mark.parametrize("class_uid", [1001, 2008, 3002, 4001, 6003, 200_4001])
def test_other_classes_are_none(class_uid: int) -> None:
    assert "2001 to 2007" in refused(ocsf, changed(DETECTION, "class_uid", class_uid))


@pytest.mark.parametrize("own", [{}, None, {"schema": "1.0"}, "x"])
def test_an_event_that_millrace_made_is_refused(own: object) -> None:
    assert "Millrace" in refused(ocsf, changed(DETECTION, "unmapped", {"millrace": own}))


def test_what_another_product_left_unmapped_is_no_reason_to_refuse() -> None:
    assert alert("unmapped", {"source": {"millrace": 1}}).unmapped["unmapped"] == {"source": {"millrace": 1}}


def test_a_finding_that_says_it_is_no_alert_is_none() -> None:
    assert "is_alert" in refused(ocsf, changed(DETECTION, "is_alert", False))


@pytest.mark.parametrize("said_", [True, None, "false", 0])
def test_only_false_says_that(said_: object) -> None:
    assert alert("is_alert", said_).source_uid == "f-4711"


@pytest.mark.parametrize(
    ("stated", "severity_id"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 5), ("4", 4)]
)
def test_fatal_is_critical(stated: object, severity_id: int) -> None:
    found = alert("severity_id", stated)
    assert (found.severity_id, found.severity_scale) == (severity_id, "ocsf:severity_id")


@pytest.mark.parametrize("stated", [0, 99])
def test_unknown_and_other_state_none(stated: int) -> None:
    found = parsed(ocsf, {**LEAST, "severity_id": stated})
    assert (found.severity_id, found.severity_text, found.quality) == (None, str(stated), ())


@pytest.mark.parametrize(("stated", "severity_id"), [("High", 4), ("critical", 5), ("P1", None)])
def test_other_may_be_said_in_the_caption(stated: str, severity_id: int | None) -> None:
    found = parsed(ocsf, {**LEAST, "severity_id": 99, "severity": stated})
    assert (found.severity_id, found.severity_text, found.quality) == (severity_id, stated, ())


def test_the_caption_stands_in_for_a_missing_number() -> None:
    found = alert("severity_id", ...)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (4, "High", "ocsf:severity")


@pytest.mark.parametrize("stated", [7, -1, "high", 4.5])
def test_a_severity_outside_the_scale_is_none_and_said(stated: object) -> None:
    found = alert("severity_id", stated)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "severity_id")])


def test_the_least_of_all_findings_is_an_alert() -> None:
    found = parsed(ocsf, LEAST)
    assert (found.title, found.rule_id, found.vendor, found.unmapped, found.quality) == (
        "OCSF finding",
        "unknown",
        "unknown",
        {"metadata": {}},
        (),
    )


def test_a_sub_technique_stands_without_the_one_above_it() -> None:
    assert parsed(ocsf, DETECTION).techniques == ("T1059.001",)


def test_a_technique_is_named_where_it_has_no_id() -> None:
    attacks = [
        {"technique": {"name": "Phishing"}, "tactic": {"name": "Initial Access"}},
        {"tactics": [{"uid": "TA0002"}]},
    ]
    found = alert("finding_info|attacks", attacks)
    assert (found.techniques, found.tactics) == (("Phishing",), ("Initial Access", "TA0002"))


def test_a_technique_never_becomes_a_tactic() -> None:
    found = alert("finding_info|attacks", [{"technique": {"uid": "T1566"}}, {"tactic": {"uid": "TA0001"}}])
    assert (found.techniques, found.tactics) == (("T1566",), ("TA0001",))


def test_attacks_at_the_top_are_read_as_well() -> None:
    assert alert("attacks", [{"technique": {"uid": "T1003"}}]).techniques == ("T1059.001", "T1003")


def test_each_field_comes_from_the_first_evidence_that_has_it() -> None:
    found = parsed(ocsf, DETECTION)
    assert (found.process and found.process.pid, found.http_method, found.url) == (
        4711,
        "GET",
        "https://cdn.example.net/a",
    )


def test_what_stands_at_the_top_is_read_where_no_evidence_has_it() -> None:
    doc = {**LEAST, "src_endpoint": {"ip": "192.0.2.1"}, "actor": {"user": {"email_addr": "a@example.com"}}}
    found = parsed(
        ocsf, doc | {"file": {"name": "a.exe", "hashes": [{"algorithm_id": 99, "value": "a" * 32}]}}
    )
    assert (found.src, found.user, found.file_path, found.hashes) == (
        Endpoint(ip="192.0.2.1"),
        "a@example.com",
        "a.exe",
        (),
    )


def test_ancestry_names_the_parent() -> None:
    found = parsed(
        ocsf, {**LEAST, "process": {"name": "a", "pid": 1, "ancestry": [{"name": "b"}, {"name": "c"}]}}
    )
    assert found.process == Process(name="a", pid=1, parent_name="b")


def test_observables_give_what_is_nowhere_else() -> None:
    seen = [
        {"name": "evidences[].src_endpoint.ip", "type_id": 2, "value": "192.0.2.1"},
        {"name": "evidences[].dst_endpoint.ip", "type_id": 2, "value": "192.0.2.2"},
        {"name": "other.ip", "type_id": 2, "value": "192.0.2.3"},
        {"name": "x", "type_id": 4, "value": "j.doe"},
        {"name": "x", "type_id": 6, "value": "https://example.com"},
        {"name": "x", "type_id": 8, "value": "B" * 40},
    ]
    found = parsed(ocsf, {**LEAST, "observables": seen})
    assert (found.src.ip, found.dst.ip, found.device.ip, found.user, found.url, found.hashes) == (
        "192.0.2.1",
        "192.0.2.2",
        None,
        "j.doe",
        "https://example.com",
        (("sha1", "b" * 40),),
    )


def test_observables_take_the_place_of_nothing() -> None:
    seen = [{"name": "src_endpoint.ip", "type_id": 2, "value": "192.0.2.1"}]
    assert alert("observables", seen).src.ip == "10.20.0.17"


@pytest.mark.parametrize(
    ("control", "action"),
    [
        ({"action_id": 1}, "allowed"),
        ({"action_id": 2}, "blocked"),
        ({"action_id": 0, "disposition_id": 6}, "blocked"),
        ({"action_id": 99, "disposition_id": 15}, None),
        ({"action_id": "x"}, None),
        ({}, None),
    ],
)
def test_the_control_says_what_it_did(control: Doc, action: str | None) -> None:
    assert parsed(ocsf, {**LEAST, **control}).action == action


@pytest.mark.parametrize(
    ("more", "sample"),
    [
        ({"metadata": {"labels": ["sample"]}}, True),
        ({"verdict_id": 6}, True),
        ({"verdict_id": 2}, False),
        ({"metadata": {"labels": "sample"}}, False),
        ({"finding_info": {"title": "[SAMPLE] x"}}, False),
        ({"finding_info": {"title": "[SAMPLE] x"}, "metadata": {"product": {"vendor_name": "AWS"}}}, True),
    ],
)
def test_samples_and_tests_are_told(more: Doc, sample: bool) -> None:
    assert parsed(ocsf, LEAST | more).is_sample is sample


def test_an_incident_is_called_by_its_own_message() -> None:
    found = parsed(ocsf, INCIDENT)
    assert (found.title, found.rule_id, found.source_uid) == (
        "Ransomware on two hosts",
        "Mass rename",
        "inc-7",
    )


@pytest.mark.parametrize(
    ("doc", "rule_id"),
    [
        ({"finding_info": {"analytic": {"uid": "R"}}, "metadata": {"event_code": "E"}}, "R"),
        ({"finding_info": {"analytic": {"name": "N"}}}, "N"),
        ({"metadata": {"event_code": "E"}}, "E"),
        ({"vulnerabilities": [{"cve": {"uid": "CVE-1"}}], "metadata": {}}, "CVE-1"),
        ({"compliance": {"control": "C"}, "metadata": {}}, "C"),
        ({"finding_info": {"types": ["T"]}, "metadata": {}}, "T"),
        ({"message": "M", "metadata": {}}, "M"),
    ],
)
def test_the_rule_is_the_first_that_says_something(doc: Doc, rule_id: str) -> None:
    assert parsed(ocsf, {"class_uid": 2004, **doc, "metadata": doc.get("metadata", {})}).rule_id == rule_id


def test_times_in_text_are_read_too() -> None:
    assert alert("time", "2025-10-09T08:53:20Z").time_ms == 1_760_000_000_000


WRONG: dict[str, tuple[str, object, tuple[str, str]]] = {
    "a time": ("time", -1, ("bad_time", "time")),
    "a finding": ("finding_info", 7, ("bad_type", "finding_info")),
    "a list of evidences": ("evidences", "text", ("bad_type", "evidences")),
    "an end": ("evidences|0|src_endpoint", [1], ("bad_type", "src_endpoint")),
    "a port": ("evidences|0|dst_endpoint|port", 65_536, ("bad_port", "dst_endpoint.port")),
    "a device's address": ("device|ip", "x", ("bad_ip", "device.ip")),
    "a process id": ("evidences|0|process|pid", "x", ("bad_type", "process.pid")),
    "a hash": ("evidences|0|process|file|hashes|0|value", "zz", ("bad_type", "file.hashes")),
    "attacks": ("finding_info|attacks", [7], ("bad_type", "attacks")),
    "a product": ("metadata|product", "x", ("bad_type", "metadata.product")),
}


@pytest.mark.parametrize(("path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(path: str, value: object, quality: tuple[str, str]) -> None:
    assert said(alert(path, value)) == [quality]
