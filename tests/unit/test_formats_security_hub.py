"""Security Hub: severities, rules, tactics, samples, ends, wrappings."""

from typing import Any

import pytest

from enrich.alert import Endpoint
from enrich.formats import ocsf, security_hub
from tests.unit.findings import Doc, changed, parsed, refused, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("security_hub").items()}
EVENT = SAMPLES["security_hub_guardduty_event"]
FINDING = EVENT["detail"]["findings"][0]
CONTROL = SAMPLES["security_hub_control"]
CUSTOM = SAMPLES["security_hub_custom_malware"]


def alert(path: str, value: object, source: Doc = FINDING) -> Any:
    return parsed(security_hub, changed(source, path, value))


@pytest.mark.parametrize(
    ("label", "severity_id"),
    [("INFORMATIONAL", 1), ("LOW", 2), ("MEDIUM", 3), ("HIGH", 4), ("CRITICAL", 5), ("high", 4)],
)
def test_the_label_counts(label: str, severity_id: int) -> None:
    found = alert("Severity", {"Label": label, "Normalized": 0, "Original": "x"})
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        label,
        "asff:informational-critical",
    )


@pytest.mark.parametrize(
    ("number", "severity_id"),
    [(0, 1), (1, 2), (39, 2), (40, 3), (69, 3), (70, 4), (89, 4), (90, 5), (100, 5), ("90", 5)],
)
def test_without_a_label_the_normalized_number_counts(number: object, severity_id: int) -> None:
    found = alert("Severity", {"Normalized": number})
    assert (found.severity_id, found.severity_scale) == (severity_id, "asff:0-100")


@pytest.mark.parametrize(
    ("severity", "path"),
    [({"Label": "URGENT"}, "Severity.Label"), ({"Normalized": 101}, "Severity.Normalized")],
)
def test_a_severity_outside_the_scale_is_none_and_said(severity: Doc, path: str) -> None:
    found = alert("Severity", severity)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", path)])


def test_the_products_own_severity_is_left_for_the_unmapped() -> None:
    assert parsed(security_hub, FINDING).unmapped["Severity"] == {"Product": 5, "Normalized": 50}  # type: ignore[index]


def test_the_rule_of_a_guardduty_finding_is_its_type_not_the_detector() -> None:
    assert parsed(security_hub, FINDING).rule_id == FINDING["Types"][0]


def test_the_rule_of_another_finding_is_its_generator() -> None:
    assert alert("GeneratorId", "acme-1").rule_id == "acme-1"


def test_the_rule_of_a_control_is_the_control() -> None:
    assert alert("Compliance", {"SecurityControlId": "EC2.9"}, CONTROL).rule_id == "EC2.9"
    assert (
        alert("ProductFields", {"ControlId": "EC2.7"}, changed(CONTROL, "Compliance", ...)).rule_id == "EC2.7"
    )


@pytest.mark.parametrize(
    ("types", "tactics"),
    [
        (["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"], ("Initial Access",)),
        (["TTPs/Discovery", "TTPs/Discovery/Recon:EC2-Portscan"], ("Discovery",)),
        (["Effects/Data Exposure", "Sensitive Data Identifications/PII"], ()),
        (["TTPs"], ()),
        (["TTPs/ "], ()),
        ([], ()),
        (7, ()),
    ],
)
def test_tactics_are_the_middle_of_the_types(types: object, tactics: tuple[str, ...]) -> None:
    assert alert("Types", types).tactics == tactics


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Sample", True),
        ("ProductFields", {"aws/guardduty/service/additionalInfo/sample": "true"}),
        ("Title", "[SAMPLE] Something"),
    ],
)
def test_samples_are_told(path: str, value: object) -> None:
    assert alert(path, value).is_sample


@pytest.mark.parametrize(("path", "value"), [("Sample", "yes"), ("Sample", False), ("Title", "A [SAMPLE]")])
def test_others_are_no_samples(path: str, value: object) -> None:
    assert not alert(path, value).is_sample


def test_a_partners_title_does_not_make_a_sample() -> None:
    assert not alert("Title", "[SAMPLE] x", changed(CUSTOM, "Sample", ...)).is_sample


def test_network_goes_before_the_action() -> None:
    network = {"SourceIpV4": "192.0.2.1", "DestinationIpV4": "192.0.2.2", "Protocol": "UDP"}
    found = alert("Network", network)
    assert (found.src, found.dst, found.proto) == (Endpoint(ip="192.0.2.1"), Endpoint(ip="192.0.2.2"), "udp")
    assert found.action == "allowed"


def test_a_network_without_ends_leaves_those_of_the_action() -> None:
    assert alert("Network", {"Direction": "IN"}).src.ip == "198.51.100.23"


def test_the_user_is_that_of_the_access_key() -> None:
    assert parsed(security_hub, CUSTOM).user == "deploy"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:ec2:eu-central-1:1:instance/i-1", "i-1"),
        ("arn:aws:lambda:eu-central-1:1:function:f", "f"),
        ("i-2", "i-2"),
        ("x/", "x/"),
    ],
)
def test_a_server_is_named_by_the_end_of_its_id(arn: str, name: str) -> None:
    found = alert("Resources", [{"Type": "AwsS3Bucket", "Id": "b"}, {"Type": "AwsEc2Instance", "Id": arn}])
    assert (found.device.name, found.device_id) == (name, arn)


def test_a_finding_without_product_name_is_named_by_its_arn() -> None:
    found = alert("ProductName", ...)
    assert (found.product, found.detector) == ("guardduty", "guardduty")
    assert alert("ProductName", ..., CUSTOM).product == "Security Hub"


def test_a_custom_action_of_one_finding_is_read() -> None:
    found = parsed(security_hub, changed(EVENT, "detail-type", "Security Hub Findings - Custom Action"))
    assert found.source_uid == FINDING["Id"]


def test_several_findings_in_one_record_are_refused() -> None:
    assert "2 findings" in refused(security_hub, changed(EVENT, "detail|findings", [FINDING, FINDING]))


def test_insight_results_are_no_alerts() -> None:
    insight = {
        "detail-type": "Security Hub Insight Results",
        "source": "aws.securityhub",
        "detail": {"insightName": "x"},
    }
    assert "EventBridge" in refused(security_hub, insight)


def test_the_new_security_hub_is_ocsf() -> None:
    event = samples("ocsf")["ocsf_security_hub_v2_event"]["input"]
    assert (security_hub.recognise(event), ocsf.recognise(event)) == (False, True)


WRONG: dict[str, tuple[str, object, tuple[str, str]]] = {
    "a time": ("LastObservedAt", "yesterday", ("bad_time", "LastObservedAt")),
    "a list of resources": ("Resources", "text", ("bad_type", "Resources")),
    "a resource": ("Resources|0|Details", 7, ("bad_type", "Resources.Details")),
    "an address": (
        "Resources|0|Details|AwsEc2Instance|IpV4Addresses",
        ["x"],
        ("bad_ip", "Resources.Details"),
    ),
    "an action": ("Action", [1], ("bad_type", "Action")),
    "a product": ("ProductName", {"a": 1}, ("bad_type", "ProductName")),
    "a list of types": ("Types", {"a": 1}, ("bad_type", "Types")),
}


@pytest.mark.parametrize(("path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(path: str, value: object, quality: tuple[str, str]) -> None:
    assert said(alert(path, value)) == [quality]
