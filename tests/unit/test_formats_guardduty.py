"""GuardDuty: severities, ends, samples, wrappings."""

from typing import Any

import pytest

from enrich.alert import Endpoint
from enrich.formats import guardduty
from tests.unit.findings import Doc, changed, parsed, refused, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("guardduty").items()}
BRUTE_FORCE = SAMPLES["guardduty_ssh_brute_force"]
EVENT = SAMPLES["guardduty_sample_dns_event"]
LISTED = SAMPLES["guardduty_api_call_pascal"]
RUNTIME = SAMPLES["guardduty_runtime"]
CONNECTION = "service|action|networkConnectionAction|"


def alert(path: str, value: object, source: Doc = BRUTE_FORCE) -> Any:
    return parsed(guardduty, changed(source, path, value))


@pytest.mark.parametrize(
    ("stated", "severity_id"),
    [(1, 2), (1.0, 2), (3.9, 2), (4, 3), (6.9, 3), (7, 4), (8.9, 4), (9, 5), (9.0, 5), (10, 5), ("8.5", 4)],
)
def test_bands_are_those_of_the_documentation(stated: object, severity_id: int) -> None:
    found = alert("severity", stated)
    assert (found.severity_id, found.severity_scale, found.quality) == (severity_id, "guardduty:1-10", ())


@pytest.mark.parametrize("stated", [0, 0.5, 10.1, 11, "High", "1e1"])
def test_a_severity_outside_the_scale_is_none_and_said(stated: object) -> None:
    found = alert("severity", stated)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "severity")])
    assert found.severity_text == str(stated)


def test_a_missing_severity_is_not_wrong() -> None:
    found = alert("severity", ...)
    assert (found.severity_id, found.severity_scale, found.quality) == (None, None, ())


def test_the_severity_is_kept_as_received() -> None:
    assert (alert("severity", 8.5).severity_text, alert("severity", 8.0).severity_text) == ("8.5", "8")


def test_an_outbound_connection_begins_at_the_resource() -> None:
    found = alert(CONNECTION + "connectionDirection", "OUTBOUND")
    assert (found.src, found.dst) == (
        Endpoint(ip="10.20.0.17", port=22),
        Endpoint(ip="198.51.100.23", port=41022),
    )


@pytest.mark.parametrize(("role", "src"), [("ACTOR", "10.20.0.17"), ("TARGET", "198.51.100.23")])
def test_where_the_direction_is_unknown_the_role_tells(role: str, src: str) -> None:
    doc = changed(
        changed(BRUTE_FORCE, CONNECTION + "connectionDirection", "UNKNOWN"), "service|resourceRole", role
    )
    assert parsed(guardduty, doc).src.ip == src


def test_a_local_address_that_is_not_stated_is_the_instances() -> None:
    assert alert(CONNECTION + "localIpDetails", ...).dst.ip == "10.20.0.17"


def test_the_first_probe_of_a_port_probe_is_read() -> None:
    probes = [
        {"localPortDetails": {"port": 80}, "remoteIpDetails": {"ipAddressV4": "198.51.100.1"}},
        {"localPortDetails": {"port": 81}, "remoteIpDetails": {"ipAddressV4": "198.51.100.2"}},
    ]
    found = alert("service|action", {"portProbeAction": {"blocked": True, "portProbeDetails": probes}})
    assert (found.src.ip, found.dst.port, found.action) == ("198.51.100.1", 80, "blocked")


def test_a_kubernetes_call_gives_uri_agent_and_source() -> None:
    call = {
        "requestUri": "/api/v1/pods",
        "userAgent": "kubectl",
        "remoteIpDetails": {"ipAddressV4": "198.51.100.9"},
    }
    found = alert("service|action", {"kubernetesApiCallAction": call})
    assert (found.url, found.user_agent, found.src.ip) == ("/api/v1/pods", "kubectl", "198.51.100.9")


def test_an_instance_without_a_host_name_is_named_by_its_id() -> None:
    found = alert("resource|instanceDetails|networkInterfaces|0|privateDnsName", "")
    assert found.device == Endpoint(ip="10.20.0.17", name="i-0a1b2c3d4e5f60718")


def test_the_account_of_the_process_stands_in_for_a_missing_user() -> None:
    assert alert("resource|kubernetesDetails", ..., RUNTIME).user == "root"


def test_a_file_that_a_volume_scan_found_has_path_and_hash() -> None:
    file = {"filePath": "/opt/", "fileName": "x", "hash": "A" * 64}
    scan = {"scanDetections": {"threatDetectedByName": {"threatNames": [{"name": "E", "filePaths": [file]}]}}}
    found = alert("service|ebsVolumeScanDetails", scan)
    assert (found.file_path, found.hashes) == ("/opt/x", (("sha256", "a" * 64),))


@pytest.mark.parametrize("purpose", ["Recon", "UnauthorizedAccess", "Backdoor", "Policy", "Stealth"])
def test_a_purpose_of_guarddutys_own_is_no_tactic(purpose: str) -> None:
    found = alert("type", purpose + ":EC2/X")
    assert (found.category, found.tactics, found.techniques) == (purpose, (), ())


@pytest.mark.parametrize("purpose", ["DefenseEvasion", "Exfiltration", "InitialAccess"])
def test_a_purpose_that_is_a_tactic_is_stated_as_received(purpose: str) -> None:
    assert alert("type", purpose + ":EC2/X").tactics == (purpose,)


@pytest.mark.parametrize(
    "info",
    [
        {"sample": True},
        {"sample": "true"},
        {"value": '{"a":1,"sample":true}'},
        {"sample": True, "value": "{"},
    ],
)
def test_a_sample_is_told_by_its_additional_info(info: Doc) -> None:
    assert alert("service|additionalInfo", info).is_sample


@pytest.mark.parametrize(
    "info",
    [{"sample": False}, {"value": '{"x":{"sample":true}}'}, {"value": '"sample"'}, {"value": "sample: true"}],
)
def test_what_only_speaks_of_samples_is_none(info: Doc) -> None:
    assert not alert("service|additionalInfo", info).is_sample


def test_a_sample_is_told_by_its_title() -> None:
    assert alert("title", "[SAMPLE] Something").is_sample
    assert not alert("title", "Something about a [SAMPLE]").is_sample


def test_archived_findings_are_alerts_and_say_so_in_what_is_left() -> None:
    found = parsed(guardduty, SAMPLES["guardduty_rds_login"])
    assert found.unmapped is not None
    assert found.unmapped["service"]["archived"] is True


@pytest.mark.parametrize("times", [{}, {"eventLastSeen": None}, {"eventLastSeen": ""}])
def test_the_time_of_the_update_stands_in_for_a_missing_last_sight(times: Doc) -> None:
    assert alert("service", times).time_text == "2025-10-09T08:58:01.120Z"


def test_other_events_of_guarddutys_are_no_alerts() -> None:
    assert "EventBridge" in refused(
        guardduty, changed(EVENT, "detail-type", "GuardDuty Malware Protection X")
    )


def test_several_findings_in_one_record_are_refused() -> None:
    assert "2 findings" in refused(guardduty, {"Findings": LISTED["Findings"] * 2})


def test_a_list_of_the_apis_spelling_is_read_too() -> None:
    assert parsed(guardduty, {"findings": [BRUTE_FORCE]}) == parsed(guardduty, BRUTE_FORCE)


def test_both_spellings_give_the_same_alert() -> None:
    def pascal(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
        return [pascal(item) for item in value] if isinstance(value, list) else value

    first, second = parsed(guardduty, BRUTE_FORCE), parsed(guardduty, pascal(BRUTE_FORCE))
    assert first.unmapped is not None
    assert pascal(first.unmapped) == second.unmapped
    assert {name: getattr(first, name) for name in first.__slots__ if name != "unmapped"} == {
        name: getattr(second, name) for name in second.__slots__ if name != "unmapped"
    }


WRONG: dict[str, tuple[str, object, tuple[str, str]]] = {
    "a time": ("service|eventLastSeen", "yesterday", ("bad_time", "service.eventLastSeen")),
    "a service": ("service", "text", ("bad_type", "service")),
    "a resource": ("resource", ["x"], ("bad_type", "resource")),
    "an action": ("service|action", 7, ("bad_type", "service.action")),
    "an address": (
        CONNECTION + "remoteIpDetails|ipAddressV4",
        "010.1.1.1",
        ("bad_ip", "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4"),
    ),
    "a port": (
        CONNECTION + "localPortDetails|port",
        70_000,
        ("bad_port", "service.action.networkConnectionAction.localPortDetails.port"),
    ),
    "a protocol": (CONNECTION + "protocol", {}, ("", "")),
    "a title": ("title", [1], ("bad_type", "title")),
}


@pytest.mark.parametrize(("path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(path: str, value: object, quality: tuple[str, str]) -> None:
    assert said(alert(path, value)) == ([quality] if quality[0] else [])
