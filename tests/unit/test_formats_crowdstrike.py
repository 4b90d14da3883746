"""CrowdStrike: severities, whose techniques, samples, outcomes, the host."""

from typing import Any

import pytest

from enrich.alert import Endpoint
from enrich.formats import crowdstrike
from tests.unit.findings import Doc, changed, parsed, refused, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("crowdstrike").items()}
FIRST = SAMPLES["crowdstrike_detection_summary"]
EPP = SAMPLES["crowdstrike_epp_prevention"]
IDP = SAMPLES["crowdstrike_idp"]
API = SAMPLES["crowdstrike_api_alert"]
FLAT = SAMPLES["crowdstrike_sample_flat"]


def alert(path: str, value: object, source: Doc = API) -> Any:
    return parsed(crowdstrike, changed(source, path, value))


def unnamed(number: object, source: Doc) -> Any:
    return parsed(crowdstrike, changed(changed(source, "event|SeverityName", ...), "event|Severity", number))


@pytest.mark.parametrize(("number", "severity_id"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)])
def test_the_first_event_counts_to_five(number: int, severity_id: int) -> None:
    found = unnamed(number, FIRST)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        str(number),
        "crowdstrike:1-5",
    )


@pytest.mark.parametrize(
    ("number", "severity_id"),
    [(1, 1), (19, 1), (20, 2), (39, 2), (40, 3), (60, 4), (79, 4), (80, 5), (100, 5), ("70", 4)],
)
def test_its_successors_count_to_a_hundred(number: object, severity_id: int) -> None:
    found = unnamed(number, EPP)
    assert (found.severity_id, found.severity_scale) == (severity_id, "crowdstrike:1-100")


def test_the_name_goes_before_the_number() -> None:
    found = alert("severity_name", "Critical")
    assert (found.severity_id, found.severity_text) == (5, "30")


def test_a_name_alone_is_enough() -> None:
    found = alert("severity", ...)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        2,
        "Low",
        "crowdstrike:informational-critical",
    )


def test_a_wrong_name_leaves_the_number() -> None:
    found = alert("severity_name", "Bad")
    assert (found.severity_id, said(found)) == (2, [("bad_severity", "severity_name")])


@pytest.mark.parametrize(("number", "source"), [(6, FIRST), (0, FIRST), (101, EPP), (-1, EPP), ("x", EPP)])
def test_a_severity_outside_the_scale_is_none_and_said(number: object, source: Doc) -> None:
    found = unnamed(number, source)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "Severity")])


def test_falcons_own_ids_go_through_as_received() -> None:
    found = parsed(crowdstrike, API)
    assert (found.techniques, found.tactics) == (("CST0000",), ("CSTA0004",))


def test_a_technique_of_falcons_own_is_not_passed_on_by_a_name_that_attack_has_too() -> None:
    found = parsed(crowdstrike, FIRST)
    assert (FIRST["event"]["Technique"], found.techniques, found.tactics) == (
        "Malicious File",
        (),
        ("Malware",),
    )
    assert found.unmapped is not None
    assert found.unmapped["event"]["Technique"] == "Malicious File"


def test_nor_in_the_list() -> None:
    mixed = [
        {"Tactic": "Malware", "Technique": "Malicious File"},
        {"Tactic": "Execution", "Technique": "User Execution"},
        {
            "Tactic": "Machine Learning",
            "TacticID": "CSTA0004",
            "Technique": "Cloud-based ML",
            "TechniqueID": "CST0008",
        },
    ]
    found = alert("event|MitreAttack", mixed, FIRST)
    assert (found.techniques, found.tactics) == (
        ("User Execution", "CST0008"),
        ("Malware", "Execution", "CSTA0004"),
    )


def test_attacks_ids_are_passed_on() -> None:
    found = parsed(crowdstrike, EPP)
    assert (found.techniques, found.tactics) == (("T1003",), ("TA0006",))


def test_the_sensors_own_process_number_is_no_process_id() -> None:
    found = parsed(crowdstrike, FIRST)
    assert found.process is not None
    assert found.process.pid is None


def test_a_file_that_a_scan_found_is_no_process() -> None:
    found = alert("cmdline", ...)
    assert (found.process, found.file_path) == (None, API["filepath"])


@pytest.mark.parametrize(
    ("outcome", "action"),
    [
        ("Prevention, process was killed.", "blocked"),
        ("Prevention/Quarantine, process was blocked.", "blocked"),
        ("Detection, standard detection.", "allowed"),
        ("Other", None),
        (None, None),
    ],
)
def test_what_falcon_did(outcome: str | None, action: str | None) -> None:
    assert alert("pattern_disposition_description", outcome).action == action


def test_an_inbound_connection_begins_at_the_far_end() -> None:
    found = alert("event|NetworkAccesses|0|ConnectionDirection", "1", FIRST)
    assert (found.src, found.dst) == (
        Endpoint(ip="198.51.100.23", port=443),
        Endpoint(ip="10.20.0.17", port=53517),
    )


@pytest.mark.parametrize("nothing", ["N/A", "0" * 64, "", None])
def test_what_says_that_there_is_no_hash_is_none_and_not_wrong(nothing: object) -> None:
    found = alert("sha256", nothing)
    assert ([name for name, _ in found.hashes], found.quality) == (["md5"], ())


@pytest.mark.parametrize(("domain", "user"), [("EXAMPLE", "EXAMPLE\\j.doe"), ("N/A", "j.doe"), ("", "j.doe")])
def test_the_user_has_the_domain_before_it(domain: str, user: str) -> None:
    assert alert("logon_domain", domain).user == user


def test_a_sample_is_told_by_falcons_words_not_by_the_command_line() -> None:
    assert parsed(crowdstrike, FLAT).is_sample
    assert not alert("Description", "Suspicious.", FLAT).is_sample
    assert not alert("cmdline", "choice /m crowdstrike_sample_detection").is_sample


@pytest.mark.parametrize(
    "kind", ["EPPDetectionSummaryEvent", "XdrDetectionSummaryEvent", "MobileDetectionSummaryEvent"]
)
def test_every_summary_of_a_detection_is_an_alert(kind: str) -> None:
    found = alert("metadata|eventType", kind, EPP)
    assert found.detector == kind.lower().removesuffix("detectionsummaryevent")


def test_an_incident_of_identity_protection_is_an_alert() -> None:
    event = {
        "IncidentType": "SUSPICIOUS_MOVEMENT",
        "Severity": 50,
        "SeverityName": "MEDIUM",
        "UserName": "j.doe",
        "EndpointName": "pc",
        "EndpointIp": "192.0.2.4",
    }
    doc = {"metadata": {"eventType": "IdentityProtectionEvent", "customerIDString": "c"}, "event": event}
    found = parsed(crowdstrike, doc)
    assert (found.title, found.severity_id, found.device, found.user, found.detector) == (
        "SUSPICIOUS_MOVEMENT",
        3,
        Endpoint(ip="192.0.2.4", name="pc"),
        "j.doe",
        "idp",
    )


@pytest.mark.parametrize(
    "kind", ["AuthActivityAuditEvent", "FirewallMatchEvent", "IncidentSummaryEvent", "x"]
)
def test_other_events_are_no_alerts(kind: str) -> None:
    assert "no detection" in refused(crowdstrike, changed(EPP, "metadata|eventType", kind))
    assert "no detection" in refused(crowdstrike, changed(FLAT, "ExternalApiType", "Event_" + kind))


def test_a_detection_without_a_name_is_titled_by_what_it_says() -> None:
    doc = changed(changed(API, "display_name", ...), "name", ...)
    assert parsed(crowdstrike, doc).title == API["description"]


def test_the_times_of_a_flat_event_in_their_order() -> None:
    assert alert("UTCTimestamp", ..., FLAT).time_ms == 1_760_000_000_000


WRONG: dict[str, tuple[Doc, str, object, tuple[str, str]]] = {
    "a time": (API, "timestamp", "yesterday", ("bad_time", "timestamp")),
    "a device": (API, "device", "x", ("bad_type", "device")),
    "an address": (API, "device|local_ip", "x", ("bad_ip", "local_ip")),
    "a process id": (API, "local_process_id", "x", ("bad_type", "local_process_id")),
    "a hash": (API, "md5", "zz", ("bad_type", "sha256")),
    "a command line": (API, "cmdline", ["a"], ("bad_type", "cmdline")),
    "a port": (FIRST, "event|NetworkAccesses|0|LocalPort", -1, ("bad_port", "NetworkAccesses.LocalPort")),
    "a list of techniques": (EPP, "event|MitreAttack", "x", ("bad_type", "MitreAttack")),
    "a list of questions": (FIRST, "event|DnsRequests", "x", ("bad_type", "DnsRequests")),
}


@pytest.mark.parametrize(("source", "path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(
    source: Doc, path: str, value: object, quality: tuple[str, str]
) -> None:
    assert said(alert(path, value, source)) == [quality]


def test_an_identity_detection_has_its_source_and_target() -> None:
    found = parsed(crowdstrike, IDP)
    assert (found.src.name, found.dst.name, found.device.ip) == (
        "pc01.example.com",
        "srv-01.example.com",
        "10.20.0.40",
    )
