"""Microsoft: Graph and Endpoint alerts, hunting rows, Sentinel's alerts and incidents."""

import json
from typing import Any

import pytest

from enrich.alert import Endpoint
from enrich.formats import defender, defender_hunting, sentinel
from tests.unit.findings import Doc, changed, parsed, refused, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("defender").items()}
GRAPH = SAMPLES["defender_graph_endpoint"]
SIGN_IN = SAMPLES["defender_graph_identity"]
ENDPOINT = SAMPLES["defender_endpoint_api"]
STREAM = SAMPLES["defender_alert_info_stream"]
ROW = SAMPLES["defender_alert_evidence_row"]
SENTINEL = SAMPLES["defender_sentinel_alert"]
INCIDENT = SAMPLES["defender_sentinel_incident"]
EVIDENCE = "#microsoft.graph.security."


def graph(path: str, value: object, source: Doc = GRAPH) -> Any:
    return parsed(defender, changed(source, path, value))


def with_evidence(*evidence: Doc, **more: object) -> Any:
    return parsed(defender, {**SIGN_IN, "evidence": list(evidence), **more})


def with_entities(*entities: Doc, **more: object) -> Any:
    return parsed(sentinel, {**SENTINEL, "Entities": json.dumps(entities), **more})


@pytest.mark.parametrize(
    ("stated", "severity_id"),
    [("informational", 1), ("low", 2), ("Medium", 3), ("HIGH", 4), ("unknown", None)],
)
def test_graph_severities(stated: str, severity_id: int | None) -> None:
    found = graph("severity", stated)
    assert (found.severity_id, found.severity_text, found.severity_scale, found.quality) == (
        severity_id,
        stated,
        "defender:informational-high",
        (),
    )


@pytest.mark.parametrize("stated", ["critical", "4", 4])
def test_a_severity_outside_the_scale_is_none_and_said(stated: object) -> None:
    found = graph("severity", stated)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "severity")])


def test_the_older_api_says_unspecified() -> None:
    found = graph("severity", "UnSpecified", ENDPOINT)
    assert (found.severity_id, found.severity_text, found.quality) == (None, "UnSpecified", ())


def test_a_graph_alert_is_known_without_its_type_too() -> None:
    assert graph("@odata.type", ...).source_uid == GRAPH["id"]


def test_a_graph_incident_is_not_taken_for_an_alert() -> None:
    assert not defender.recognise({**GRAPH, "@odata.type": EVIDENCE + "incident", "serviceSource": 1})


@pytest.mark.parametrize(
    ("category", "tactics"),
    [("DefenseEvasion", ("DefenseEvasion",)), ("Malware", ()), ("SuspiciousActivity", ()), (None, ())],
)
def test_a_category_is_a_tactic_only_where_it_is_called_so(
    category: str | None, tactics: tuple[str, ...]
) -> None:
    found = graph("category", category)
    assert (found.category, found.tactics) == (category, tactics)


@pytest.mark.parametrize(
    ("roles", "src", "dst"),
    [
        (["source"], "192.0.2.9", None),
        (["attacker", "suspicious"], "192.0.2.9", None),
        (["destination"], None, "192.0.2.9"),
        (["commandAndControl"], None, "192.0.2.9"),
        (["contextual"], None, None),
        ("source", "192.0.2.9", None),
    ],
)
def test_an_addresss_role_tells_its_end(roles: object, src: str | None, dst: str | None) -> None:
    address = {"@odata.type": EVIDENCE + "ipEvidence", "ipAddress": "192.0.2.9", "roles": roles}
    found = with_evidence(address, serviceSource="microsoftDefenderForEndpoint")
    assert (found.src.ip, found.dst.ip) == (src, dst)


def test_a_network_connection_has_both_ends() -> None:
    connection = {
        "@odata.type": EVIDENCE + "networkConnectionEvidence",
        "sourceAddress": {"ipAddress": "192.0.2.1"},
        "sourcePort": 50512,
        "destinationAddress": {"ipAddress": "192.0.2.2"},
        "destinationPort": 443,
        "protocol": "tcp",
    }
    found = with_evidence(connection)
    assert (found.src, found.dst, found.proto) == (
        Endpoint(ip="192.0.2.1", port=50512),
        Endpoint(ip="192.0.2.2", port=443),
        "tcp",
    )


def test_a_message_gives_its_recipient_sender_and_first_url() -> None:
    message = {
        "@odata.type": EVIDENCE + "analyzedMessageEvidence",
        "senderIp": "192.0.2.5",
        "recipientEmailAddress": "j.doe@example.com",
        "urls": ["https://example.com/a", "https://example.com/b"],
    }
    found = with_evidence(message)
    assert (found.user, found.src.ip, found.url) == (
        "j.doe@example.com",
        "192.0.2.5",
        "https://example.com/a",
    )


def test_other_evidences_are_read() -> None:
    found = with_evidence(
        {"@odata.type": EVIDENCE + "mailboxEvidence", "primaryAddress": "box@example.com"},
        {"@odata.type": EVIDENCE + "fileHashEvidence", "value": "C" * 64},
        {"@odata.type": EVIDENCE + "dnsEvidence", "domainName": "c2.example.com"},
        {"@odata.type": EVIDENCE + "unheardOfEvidence", "x": 1},
        {"@odata.type": 7},
    )
    assert (found.user, found.hashes, found.dns_query) == (
        "box@example.com",
        (("sha256", "c" * 64),),
        "c2.example.com",
    )


def test_the_image_gives_the_hashes_where_there_is_no_file() -> None:
    evidence = [each for each in GRAPH["evidence"] if "file" not in each["@odata.type"]]
    assert [name for name, _ in graph("evidence", evidence).hashes] == ["sha1", "sha256"]


@pytest.mark.parametrize(
    ("title", "source", "sample"),
    [
        ("[SAMPLE ALERT] Detected something", "microsoftDefenderForServers", True),
        ("[Test Alert] Suspicious Powershell commandline", "microsoftDefenderForEndpoint", True),
        ("[SAMPLE ALERT] written by a rule", "customDetection", False),
        ("Alert for [SAMPLE ALERT]", "microsoftDefenderForEndpoint", False),
    ],
)
def test_only_microsofts_own_titles_tell_samples(title: str, source: str, sample: bool) -> None:
    assert graph("title", title, changed(GRAPH, "detectionSource", source)).is_sample is sample


def test_an_endpoint_alert_may_have_one_evidence_outside_a_list() -> None:
    found = graph(
        "evidence",
        {"entityType": "User", "accountName": "a", "domainName": "D"},
        changed(ENDPOINT, "relatedUser", None),
    )
    assert found.user == "D\\a"


def test_rows_of_other_tables_are_no_alerts() -> None:
    assert "AlertInfo" in refused(
        defender_hunting, changed(STREAM, "category", "AdvancedHunting-DeviceEvents")
    )


def test_a_batch_of_one_record_is_that_record() -> None:
    assert parsed(defender_hunting, {"records": [STREAM]}) == parsed(defender_hunting, STREAM)


def test_a_batch_of_several_records_is_refused() -> None:
    assert "2 records" in refused(defender_hunting, {"records": [STREAM, STREAM]})


def test_a_bare_row_gives_the_same_alert_as_a_streamed_one() -> None:
    bare, streamed = parsed(defender_hunting, STREAM["properties"]), parsed(defender_hunting, STREAM)
    assert {name: getattr(bare, name) for name in bare.__slots__ if name != "unmapped"} == {
        name: getattr(streamed, name) for name in streamed.__slots__ if name != "unmapped"
    }


@pytest.mark.parametrize(
    ("stated", "techniques"),
    [
        ('["Phishing (T1566)"]', ("Phishing (T1566)",)),
        (["T1566"], ("T1566",)),
        ("", ()),
        ("T1566", ("T1566",)),
        ('["T1566"', ()),
    ],
)
def test_techniques_of_a_row_in_each_spelling(stated: object, techniques: tuple[str, ...]) -> None:
    assert parsed(defender_hunting, {**ROW, "AttackTechniques": stated}).techniques == techniques


@pytest.mark.parametrize(
    ("direction", "src", "dst"), [("Source", "198.51.100.44", None), (None, None, "198.51.100.44")]
)
def test_the_far_end_is_the_source_only_where_it_is_said(
    direction: object, src: str | None, dst: str | None
) -> None:
    found = parsed(defender_hunting, {**ROW, "EvidenceDirection": direction})
    assert (found.src.ip, found.dst.ip) == (src, dst)


def test_a_row_of_a_file_has_no_process() -> None:
    found = parsed(defender_hunting, {**ROW, "EntityType": "File", "ProcessCommandLine": None})
    assert (found.process, found.file_path) == (None, "C:\\Windows\\System32\\rundll32.exe")


def test_sentinels_entities_may_be_a_list_already() -> None:
    first = parsed(sentinel, SENTINEL)
    second = parsed(sentinel, {**SENTINEL, "Entities": json.loads(SENTINEL["Entities"])})
    assert (first.device, first.process, first.hashes) == (second.device, second.process, second.hashes)


@pytest.mark.parametrize("text", ["[{]", "text", "[[[", "😀"])
def test_entities_that_are_no_json_cost_only_themselves(text: str) -> None:
    found = parsed(sentinel, {**SENTINEL, "Entities": text})
    assert (found.title, found.device.ip, said(found)) == (
        "Rare process on ws-17",
        None,
        [("bad_type", "Entities")],
    )


def test_a_broken_character_in_the_entities_costs_nothing() -> None:
    text = '[{"Type": "host", "HostName": "ws-\\ud800"}]'
    found = parsed(sentinel, {**SENTINEL, "Entities": text})
    assert (found.device.name, said(found)) == ("ws-\ufffd", [("lone_surrogate", "Entities")])


def test_a_lone_address_is_the_source_unless_it_is_the_hosts() -> None:
    assert with_entities({"Type": "ip", "Address": "192.0.2.7"}).src.ip == "192.0.2.7"
    host = {"Type": "host", "HostName": "a", "IpInterfaces": [{"$ref": "2"}]}
    found = with_entities(host, {"$id": "2", "Type": "ip", "Address": "192.0.2.7"})
    assert (found.device.ip, found.src) == ("192.0.2.7", Endpoint())


def test_an_entity_that_refers_to_itself_does_no_harm() -> None:
    found = with_entities({"$id": "1", "Type": "process", "CommandLine": "a", "ParentProcess": {"$ref": "1"}})
    assert found.process.command_line == "a"


@pytest.mark.parametrize(
    ("entity", "user"),
    [
        ({"Name": "j.doe", "UPNSuffix": "example.com"}, "j.doe@example.com"),
        ({"Name": "j.doe", "NTDomain": "EXAMPLE", "UPNSuffix": "example.com"}, "EXAMPLE\\j.doe"),
        ({"Name": "j.doe@example.com", "UPNSuffix": "example.com"}, "j.doe@example.com"),
        ({"Sid": "S-1-5-18"}, "S-1-5-18"),
    ],
)
def test_an_account_in_each_spelling(entity: Doc, user: str) -> None:
    assert with_entities({"Type": "account", **entity}).user == user


@pytest.mark.parametrize(
    ("stated", "tactics"),
    [
        ("InitialAccess, Execution", ("InitialAccess", "Execution")),
        ('["InitialAccess"]', ("InitialAccess",)),
        ("Unknown", ()),
        ("", ()),
    ],
)
def test_tactics_of_a_row_in_each_spelling(stated: str, tactics: tuple[str, ...]) -> None:
    assert parsed(sentinel, {**SENTINEL, "Tactics": stated}).tactics == tactics


def test_a_technique_that_is_only_above_a_sub_technique_is_left_out() -> None:
    found = parsed(
        sentinel, {**SENTINEL, "Techniques": '["T1059","T1003"]', "SubTechniques": '["T1059.001"]'}
    )
    assert found.techniques == ("T1059.001", "T1003")


@pytest.mark.parametrize(
    ("provider", "sample"), [("Azure Security Center", True), ("ASI Scheduled Alerts", False)]
)
def test_a_rules_own_title_makes_no_sample(provider: str, sample: bool) -> None:
    doc = {**SENTINEL, "AlertName": "[SAMPLE ALERT] x", "ProviderName": provider}
    assert parsed(sentinel, doc).is_sample is sample


def test_defender_for_cloud_names_the_host_in_the_extended_properties() -> None:
    doc = {**SENTINEL, "Entities": "", "ExtendedProperties": '{"Compromised Host": "vm-1"}'}
    assert parsed(sentinel, doc).device == Endpoint(name="vm-1")


def test_an_incident_without_rules_is_known_by_its_title() -> None:
    assert parsed(sentinel, {**INCIDENT, "RelatedAnalyticRuleIds": "[]"}).rule_id == INCIDENT["Title"]


WRONG: dict[str, tuple[str, object, tuple[str, str]]] = {
    "a time": ("lastActivityDateTime", "yesterday", ("bad_time", "lastActivityDateTime")),
    "a list of evidences": ("evidence", 7, ("bad_type", "evidence")),
    "an address": ("evidence|3|ipAddress", "x", ("bad_ip", "evidence.ipAddress")),
    "a process id": ("evidence|1|processId", "x", ("bad_type", "evidence.processId")),
    "an image": ("evidence|1|imageFile", "x", ("bad_type", "evidence.imageFile")),
    "a hash": ("evidence|2|fileDetails|md5", "zz", ("bad_type", "evidence.fileDetails")),
    "techniques": ("mitreTechniques", {"a": 1}, ("bad_type", "mitreTechniques")),
    "a title": ("title", [1], ("bad_type", "title")),
}


@pytest.mark.parametrize(("path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(path: str, value: object, quality: tuple[str, str]) -> None:
    assert said(graph(path, value)) == [quality]
