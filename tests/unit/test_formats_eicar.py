"""The EICAR test file is a sample, by the name of a threat and never by the name of a file."""

from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.formats import Formats, alert_from
from enrich.formats.eicar import all_eicar, is_eicar
from tests.unit.windows_events import evtx

NONE = Formats.of(())


def read(value: str | dict[str, Any]) -> Alert:
    return alert_from(value.encode() if isinstance(value, str) else orjson.dumps(value), NONE)


@pytest.mark.parametrize(
    "name",
    [
        "Virus:DOS/EICAR_Test_File",
        "EICAR-Test-File (not a virus)",
        "Win.Test.EICAR_HDB-1",
        "Eicar-AV-Test",
        "EICARtest",
    ],
)
def test_products_call_it_so(name: str) -> None:
    assert is_eicar(name)


@pytest.mark.parametrize("name", [None, "", "Trojan.Eicarus", "Beicar", "W32.Example"])
def test_other_names_are_other_threats(name: str | None) -> None:
    assert not is_eicar(name)


def test_one_more_threat_is_no_test() -> None:
    assert (all_eicar(["EICAR", None]), all_eicar(["EICAR", "Trojan"]), all_eicar([])) == (True, False, False)


SURICATA = {
    "event_type": "alert",
    "timestamp": "2024-03-05T10:11:12Z",
    "alert": {"signature_id": 1, "severity": 3},
}
WAZUH = {
    "rule": {"level": 12, "id": "62123", "description": "Defender"},
    "agent": {"id": "1"},
    "decoder": {"name": "windows_eventchannel"},
}
WIN = {"system": {"providerName": "Microsoft-Windows-Windows Defender", "eventID": "1116"}}
OCSF = {"class_uid": 2004, "metadata": {"product": {}}, "time": 1, "finding_info": {"title": "Malware"}}
HUB = {
    "ProductArn": "arn:aws:securityhub:x::product/a/b",
    "GeneratorId": "g",
    "AwsAccountId": "1",
    "Title": "t",
}
ECS = {"@timestamp": "2024-03-05T10:11:12Z", "event": {"kind": "alert", "module": "endpoint"}}
GUARD = {"type": "Execution:EC2/MaliciousFile", "resource": {}, "accountId": "1", "id": "i", "severity": 8}
GRAPH = {"@odata.type": "#microsoft.graph.security.alert", "id": "a", "evidence": []}


def scanned(name: str) -> dict[str, Any]:
    threats = {"threatNames": [{"name": name}]}
    return {"service": {"ebsVolumeScanDetails": {"scanDetections": {"threatDetectedByName": threats}}}}


def fortigate(name: str) -> str:
    return f'time=10:11:12 devid="F" logid="0211008192" vd="root" virus="{name}" srcip=192.0.2.10'


SAID: dict[str, Any] = {
    "suricata": lambda name: {**SURICATA, "alert": {**SURICATA["alert"], "signature": f"ET MALWARE {name}"}},
    "wazuh": lambda name: {**WAZUH, "data": {"win": {**WIN, "eventdata": {"threat Name": name}}}},
    "ocsf": lambda name: {**OCSF, "malware": [{"name": name}]},
    "security_hub": lambda name: {**HUB, "Malware": [{"Name": name}]},
    "ecs": lambda name: {**ECS, "rule": {"name": name}},
    "guardduty": lambda name: {**GUARD, **scanned(name)},
    "defender": lambda name: {**GRAPH, "title": f"'{name}' malware was detected"},
    "windows": lambda name: evtx(
        1116, "Microsoft-Windows-Windows Defender", **{"Threat Name": f"Virus:DOS/{name}"}
    ),
    "keyvalue": fortigate,
    "cef": lambda name: f"CEF:0|Example|AV|1|1|Found|8|cs1Label=Virus Name cs1={name}",
    "leef": lambda name: f"LEEF:1.0|Example|AV|1|found|virus={name}\tsrc=192.0.2.10",
}


@pytest.mark.parametrize("format_", SAID)
def test_the_test_file_is_a_sample_and_another_threat_is_none(format_: str) -> None:
    test, other = (read(SAID[format_](name)) for name in ("EICAR_Test_File", "Example_Dropper"))
    assert (test.format, test.is_sample, other.is_sample) == (format_, True, False)


@pytest.mark.parametrize(
    "value",
    [
        {
            **WAZUH,
            "decoder": {"name": "json"},
            "data": {"win": {**WIN, "eventdata": {"threat Name": "EICAR"}}},
        },
        "<38>Mar  5 10:11:12 h app: user=x virus=EICAR_TEST threat=EICAR src=192.0.2.1",
        "<38>Mar  5 10:11:12 h app: login failed user=x virus=EICAR_TEST threat=EICAR src=192.0.2.1",
        "CEF:0|Example|AV|1|1|Blocked the file EICAR.exe|8|fname=eicar.com msg=EICAR",
        {**GRAPH, "title": "Suspicious file eicar.com was run"},
    ],
    ids=["another decoder", "pairs of anybody", "a sentence", "a file's name", "a file in a title"],
)
def test_whoever_names_a_file_or_a_user_makes_no_sample(value: str | dict[str, Any]) -> None:
    assert not read(value).is_sample
