"""Shapes of JSON that came later: recognised strictly, each with its odd cases."""

from typing import Any

import orjson
import pytest

from enrich.alert import Alert, Endpoint
from enrich.errors import Rejected
from enrich.formats import Formats, alert_from, defender_cloud, flow_goflow, graph_v1, windows, zeek
from enrich.formats.actions import action
from millrace.samples import sample

NONE = Formats.of(())


def doc(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(sample(name).value)
    return found


def read(value: dict[str, Any] | str) -> Alert:
    return alert_from(value.encode() if isinstance(value, str) else orjson.dumps(value), NONE)


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        *(("flow_goflow2", ("sampler_address",)), ("flow_goflow2", ("type",)), ("flow_goflow2", ("bytes",))),
        *(("defender_cloud_export", ("SystemAlertId",)), ("defender_cloud_export", ("Severity",))),
        *(("defender_cloud_api_sample", ("type",)), ("defender_cloud_api_sample", ("properties",))),
        ("defender_graph_v1", ("vendorInformation",)),
        ("defender_graph_v1", ("eventDateTime", "createdDateTime")),
        *(("zeek_intel_domain", ("seen.indicator",)), ("zeek_intel_domain", ("sources", "matched"))),
        *(("windows_powershell_logon", ("LogName",)), ("windows_powershell_logon", ("TimeCreated",))),
    ],
)
def test_a_near_miss_is_nobodys(name: str, keys: tuple[str, ...]) -> None:
    with pytest.raises(Rejected):
        read(without(doc(name), *keys))


@pytest.mark.parametrize(
    ("recognise", "value"),
    [
        (
            flow_goflow.recognise,
            {"type": "flow", "sampler_address": "a", "src_addr": "b", "dst_addr": "c", "bytes": 1},
        ),
        (
            flow_goflow.recognise,
            {"type": 3, "sampler_address": "a", "src_addr": "b", "dst_addr": "c", "bytes": 1},
        ),
        (defender_cloud.recognise, {"type": "Microsoft.Security/assessments", "properties": {}}),
        (defender_cloud.recognise, {"type": ["x"], "properties": {}}),
        (graph_v1.recognise, {"vendorInformation": "x", "eventDateTime": "y", "azureTenantId": "z"}),
        (zeek.recognise, {"ts": 1, "seen": {"indicator": "x"}, "sources": []}),
        (
            windows.recognise,
            {"ProviderName": "p", "LogName": "l", "Id": "x", "TimeCreated": 1, "MachineName": "m"},
        ),
    ],
)
def test_wrong_values_under_the_right_keys_are_refused(recognise: Any, value: dict[str, Any]) -> None:
    assert not recognise(value)


def test_a_flow_of_goflow2_without_a_start_has_the_time_of_receipt() -> None:
    found = read({**doc("flow_goflow2"), "time_flow_start_ns": 0})
    assert found.time_ms == 1_709_633_473_000


@pytest.mark.parametrize(
    ("kind", "where", "field"),
    [
        ("Intel::URL", "HTTP::IN_URL", "url"),
        ("Intel::DOMAIN", "DNS::IN_REQUEST", "dns_query"),
        ("Intel::DOMAIN", "SSL::IN_SERVER_NAME", None),
        ("Intel::USER_NAME", "SSH::IN_X", "user"),
        ("Intel::FILE_NAME", "Files::IN_NAME", "file_path"),
        ("Intel::ADDR", "Conn::IN_ORIG", None),
    ],
)
def test_an_indicator_fills_the_field_of_its_type_and_is_never_in_the_rule(
    kind: str, where: str, field: str | None
) -> None:
    value = {
        **doc("zeek_intel_domain"),
        "seen.indicator": "x.example",
        "seen.indicator_type": kind,
        "seen.where": where,
    }
    found = read(value)
    assert found.rule_id == f"{kind} in {where}"
    for name in ("url", "dns_query", "user", "file_path"):
        assert getattr(found, name) == ("x.example" if name == field else None)


def test_another_log_of_zeek_is_still_no_alert() -> None:
    with pytest.raises(Rejected, match="intel"):
        read({"_path": "dns", "ts": 1, "id.orig_h": "192.0.2.1"})


@pytest.mark.parametrize("stamp", ["/Date(1709633472345)/", 1709633472345, "2024-03-05T10:11:12.345Z"])
def test_powershell_writes_times_in_its_own_way(stamp: object) -> None:
    assert read({**doc("windows_powershell_logon"), "TimeCreated": stamp}).time_ms == 1_709_633_472_345


def test_a_command_of_several_lines_is_one_value_and_names_no_user() -> None:
    command = "cmd.exe /c a\r\nUser: EXAMPLE\\boss"
    lines = ["Process Create:", "RuleName: -", f"CommandLine: {command}", "User: EXAMPLE\\ann"]
    values = [{"Value": value} for value in ("-", command, "EXAMPLE\\ann")]
    found = read({**doc("windows_powershell_sysmon"), "Message": "\r\n".join(lines), "Properties": values})
    assert found.user == "EXAMPLE\\ann"
    assert found.process is not None
    assert found.process.command_line == command


def test_properties_without_known_names_are_kept() -> None:
    value = {**doc("windows_powershell_logon"), "Id": 9999}
    assert (read(value).unmapped or {})["Properties"] == value["Properties"]


@pytest.mark.parametrize("entity", ["/subscriptions/x/storage", "", None])
def test_a_compromised_entity_that_is_a_path_is_no_host(entity: str | None) -> None:
    found = read({**doc("defender_cloud_export"), "Entities": [], "CompromisedEntity": entity})
    assert found.device == Endpoint()


INCAPSULA = "CEF:0|Incapsula|SIEMintegration|1|1|x|{}|src=192.0.2.10 cpt=1 sip=198.51.100.7 spt=443 act={}"


@pytest.mark.parametrize(
    ("act", "said"), [("REQ_BLOCKED_SECURITY", "blocked"), ("REQ_PASSED", "allowed"), ("x", None)]
)
def test_incapsulas_ports_are_those_of_the_client_and_the_site(act: str, said: str | None) -> None:
    found = read(INCAPSULA.format(8, act))
    assert (found.src, found.dst) == (
        Endpoint(ip="192.0.2.10", port=1),
        Endpoint(ip="198.51.100.7", port=443),
    )
    assert found.action == said


def test_falcons_external_id_is_the_sensors() -> None:
    found = read(
        "CEF:0|CrowdStrike|FalconHost|1.0|DetectionSummaryEvent|x|3|externalId=abc shost=pc-1 cat=Overwatch"
    )
    assert (found.source_uid, found.device_id, found.device.name) == (None, "abc", "pc-1")
    assert (found.rule_id, found.src) == ("Overwatch", Endpoint())


@pytest.mark.parametrize(
    ("value", "user"),
    [('"ann"', "ann"), ('"a" b "c"', '"a" b "c"'), ('"a \\"b\\""', 'a "b"'), ('"', '"'), ('""', None)],
)
def test_quotes_around_a_value_of_cef_are_not_the_values(value: str, user: str | None) -> None:
    assert read(f"CEF:0|Example|A|1|1|x|3|suser={value} src=192.0.2.1").user == user


def test_a_quote_hides_no_key() -> None:
    assert read('CEF:0|Example|A|1|1|x|3|suser="x src=192.0.2.1 msg=y"').src.ip == "192.0.2.1"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        *(("Allow", "allowed"), ("PERMIT", "allowed"), ("passthrough", "allowed"), ("trust", "allowed")),
        *(
            ("reset-both", "blocked"),
            ("Quarantine", "blocked"),
            ("Malware Block", "blocked"),
            ("ban", "blocked"),
        ),
        *(("prevented", "blocked"), ("detected", None), ("alert", None), (None, None), (7, None)),
    ],
)
def test_one_table_says_what_was_done(word: object, said: str | None) -> None:
    assert action(word) == said
