"""Elastic and ECS: alerts in every spelling, each rule of their reading, each wrong field."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint, Process
from enrich.errors import DeadCode, Rejected
from enrich.formats import ecs_alert, elastic, suricata, wazuh, wazuh5
from millrace.samples import SAMPLES

MODULES: dict[str, Any] = {"elastic": elastic, "ecs": ecs_alert}
GOLDEN = [path for name in MODULES for path in sorted(SAMPLES.glob(f"{name}_*.json"))]
BASE: dict[str, Any] = {
    "@timestamp": "2024-01-14T00:00:09Z",
    "event": {"kind": "signal"},
    "kibana": {
        "alert": {
            "severity": "high",
            "original_time": "2024-01-14T00:00:01Z",
            "uuid": "u",
            "rule": {"name": "N", "rule_id": "r"},
        }
    },
}
PLAIN: dict[str, Any] = {
    "@timestamp": "2024-01-14T00:00:09Z",
    "event": {"kind": "alert", "module": "m", "id": "e"},
    "rule": {"id": "9", "name": "N"},
}


def golden(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def read(path: Path, doc: dict[str, Any]) -> Alert:
    found: Alert = MODULES[path.stem.partition("_")[0]].parse(doc, ())
    return found


def rule_alert(rule: dict[str, Any] | None = None, view: dict[str, Any] | None = None, **alert: Any) -> Alert:
    """Return the Alert of BASE with changes to the rule, the ECS event and the alert; None takes away."""
    doc = copy.deepcopy(BASE)
    doc["kibana"]["alert"].update(alert)
    doc["kibana"]["alert"]["rule"].update(rule or {})
    doc.update(view or {})
    assert elastic.recognise(doc)
    return elastic.parse(doc, ())


def plain_alert(event: dict[str, Any] | None = None, **view: Any) -> Alert:
    doc = copy.deepcopy(PLAIN)
    doc["event"].update(event or {})
    doc.update(view)
    assert ecs_alert.recognise(doc)
    return ecs_alert.parse(doc, ())


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


def dotted(doc: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Return the document with one level and dotted keys, but for objects in lists."""
    flat: dict[str, Any] = {}
    for key, value in doc.items():
        name = f"{at}.{key}" if at else key
        flat |= dotted(value, name) if isinstance(value, dict) and value else {name: value}
    return flat


def listed(doc: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every value as a list of one."""
    return {
        key: listed(value) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for key, value in doc.items()
    }


def but_unmapped(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in Alert.__slots__ if name != "unmapped"}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_sample_is_recognised_by_its_own_format_alone(path: Path) -> None:
    doc = golden(path)["input"]
    taken = [name for name, module in MODULES.items() if module.recognise(doc)]
    own = path.stem.partition("_")[0]
    # A rule's alert is an ECS event too: the table asks ``elastic`` first.
    assert taken[0] == own
    assert not wazuh5.recognise(doc)
    assert not ("rule" in doc and wazuh.recognise(doc))
    assert not ("event_type" in doc and suricata.recognise(doc))


@pytest.mark.parametrize(
    "respell", [dotted, listed, lambda doc: listed(dotted(doc))], ids=["dots", "lists", "both"]
)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_another_spelling_gives_the_same_alert(path: Path, respell: Any) -> None:
    doc = golden(path)["input"]
    inner = doc.get("_source", doc.get("fields", doc))
    assert but_unmapped(read(path, respell(inner))) | {"source_uid": None} == (
        but_unmapped(read(path, inner)) | {"source_uid": None}
    )


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_search_hit_gives_the_same_alert(path: Path) -> None:
    doc = golden(path)["input"]
    if "_source" in doc or "fields" in doc:
        pytest.skip("is one already")
    hit = {"_index": "i", "_id": "h", "_source": doc}
    module = MODULES[path.stem.partition("_")[0]]
    assert module.recognise(hit)
    plain = read(path, doc)
    assert but_unmapped(read(path, hit)) == but_unmapped(plain) | {"source_uid": plain.source_uid or "h"}


@pytest.mark.parametrize(
    "doc",
    [
        {"kibana": {"version": "8.17.0"}},
        {"kibana": {"alert": {"status": "active"}}},
        {"kibana": "x"},
        {"kibana.alert": [1]},
        {"signal": {"rule": {"level": "high"}}},
        {"signal": "SIGTERM"},
        {"signal": {"rule": "x"}},
        {"_source": {"rule": {"level": 5}}},
        {"kibana": {"alert": {"rule": ["x"]}}},
    ],
    ids=str,
)
def test_a_near_miss_is_no_alert_of_a_rule(doc: dict[str, Any]) -> None:
    assert not elastic.recognise(doc)


@pytest.mark.parametrize(
    "doc",
    [
        {"event": {"kind": "alert"}},
        {"@timestamp": 1, "event": {"kind": "Alert"}},
        {"@timestamp": 1, "event": "alert"},
        {"@timestamp": 1, "event": {"kind": {"a": 1}}},
        {"@timestamp": 1, "event": {"kind": "event"}, "winlog": {"event_id": 1}},
        {"@timestamp": 1, "event": {"code": 1}, "winlog.event_id": 1},
        {"@timestamp": 1, "event": {"dataset": "x.alert"}},
        {"@timestamp": 1, "event": {"dataset": "x.log"}, "rule": {"name": "r"}},
    ],
    ids=str,
)
def test_a_near_miss_is_no_ecs_event(doc: dict[str, Any]) -> None:
    assert not ecs_alert.recognise(doc)


@pytest.mark.parametrize("kind", ["event", "metric", "state", "pipeline_error", "asset", "enrichment"])
def test_ecs_events_of_other_kinds_are_no_alerts(kind: str) -> None:
    doc = {"@timestamp": "2024-01-14T00:00:09Z", "event": {"kind": kind}}
    assert ecs_alert.recognise(doc)
    with pytest.raises(Rejected) as refused:
        ecs_alert.parse(doc, ())
    assert refused.value.code is DeadCode.NOT_AN_ALERT


def test_a_windows_event_that_says_it_is_an_alert_is_one() -> None:
    assert ecs_alert.recognise({"@timestamp": 1, "event": {"kind": "alert"}, "winlog": {}})


def test_security_onion_leaves_the_kind_out() -> None:
    doc = {
        "@timestamp": "2025-05-22T18:28:56.590Z",
        "event": {
            "module": "suricata",
            "dataset": "suricata.alert",
            "severity": 2,
            "severity_label": "medium",
        },
        "rule": {"name": "N", "uuid": "2100498", "gid": 1},
    }
    assert ecs_alert.recognise(doc)
    found = ecs_alert.parse(doc, ())
    assert (found.rule_id, found.severity_id, found.severity_text, found.severity_scale) == (
        *("2100498", 3, "medium"),
        ecs_alert.WORD_SCALE,
    )


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


@pytest.mark.parametrize(
    ("module", "stated", "severity_id", "scale"),
    [
        *(("endpoint", 21, 2, "elastic:21-99"), ("endpoint", 47, 3, "elastic:21-99")),
        *(("crowdstrike", 73, 4, "elastic:21-99"), ("m365_defender", "99", 5, "elastic:21-99")),
        *(("suricata", 1, 4, "suricata:1-4"), ("suricata", 4, 1, "suricata:1-4")),
        *(("x", "High", 4, "ecs:words"), ("x", 8, None, "ecs:x"), ("suricata", 47, None, "suricata:1-4")),
    ],
)
def test_a_number_counts_only_on_a_scale_that_is_known(
    module: str, stated: object, severity_id: int | None, scale: str
) -> None:
    found = plain_alert({"module": module, "severity": stated})
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, str(stated), scale)
    assert said(found) == ([] if severity_id else [("bad_severity", "event.severity")])


@pytest.mark.parametrize(
    ("view", "title", "rule_id", "message"),
    [
        ({}, "N", "9", None),
        ({"message": "m"}, "N", "9", "m"),
        ({"rule": {"uuid": "7"}, "message": "m"}, "m", "7", None),
        (
            {"rule": {}, "message": "m", "event": {"kind": "alert", "code": "c", "reason": "why"}},
            "m",
            "c",
            "why",
        ),
        ({"rule": {}, "event": {"kind": "alert", "action": "a"}}, "a", "a", None),
        ({"rule": {}, "event": {"kind": "alert", "module": "x"}}, "x alert", "x alert", None),
    ],
)
def test_an_event_is_named_by_its_rule_or_by_what_it_says(
    view: dict[str, Any], title: str, rule_id: str, message: str | None
) -> None:
    found = plain_alert(**view)
    assert (found.title, found.rule_id, found.message) == (title, rule_id, message)


@pytest.mark.parametrize(
    ("view", "maker"),
    [
        ({"event": {"kind": "alert", "module": "endpoint"}}, ("Elastic", "Elastic Defend", "endpoint")),
        ({"observer": {"vendor": "V", "product": "P"}}, ("V", "P", "m")),
        ({}, ("m", "m", "m")),
        ({"event": {"module": None, "provider": "p"}}, ("p", "p", "p")),
        ({"event": {"module": None}}, ("ecs", "ecs", "ecs")),
    ],
)
def test_the_maker_is_the_observers_or_the_modules(view: dict[str, Any], maker: tuple[str, ...]) -> None:
    found = plain_alert(**view)
    assert (found.vendor, found.product, found.detector) == maker


def test_a_flows_id_is_not_the_alerts() -> None:
    assert (plain_alert().source_uid, plain_alert({"module": "suricata"}).source_uid) == ("e", None)


def test_the_host_of_a_sensor_is_not_the_device() -> None:
    host = {"name": "h", "ip": "192.0.2.1", "id": "i"}
    found = plain_alert({"module": "zeek"}, host=host)
    assert (found.device, found.device_id) == (Endpoint(), None)
    assert plain_alert(host=host).device == Endpoint(ip="192.0.2.1", name="h")


@pytest.mark.parametrize(
    ("ips", "ip"),
    [
        (["127.0.0.1", "::1", "fe80::1", "10.0.0.9", "192.0.2.1"], "10.0.0.9"),
        (["::1"], "::1"),
        ([], None),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_of_a_hosts_addresses_one_is_taken_that_others_can_reach(ips: object, ip: str | None) -> None:
    assert plain_alert(host={"ip": ips}).device.ip == ip


@pytest.mark.parametrize(
    ("view", "src"),
    [
        ({"client": {"ip": "192.0.2.1", "port": 7}}, Endpoint(ip="192.0.2.1", port=7)),
        ({"source": {}, "client": {"ip": "192.0.2.1"}}, Endpoint(ip="192.0.2.1")),
        ({"source": {"ip": "192.0.2.2"}, "client": {"ip": "192.0.2.1"}}, Endpoint(ip="192.0.2.2")),
        ({"source": {"address": "192.0.2.1"}}, Endpoint(ip="192.0.2.1")),
        ({"source": {"address": "h.example"}}, Endpoint(name="h.example")),
        ({"source": {"address": "192.0.2.1", "domain": "h"}}, Endpoint(ip="192.0.2.1", name="h")),
    ],
)
def test_the_source_is_the_client_where_none_is_named(view: dict[str, Any], src: Endpoint) -> None:
    assert plain_alert(**view).src == src


@pytest.mark.parametrize(
    ("view", "user"),
    [
        ({"user": {"name": "n"}}, "n"),
        ({"user": {"name": "n", "domain": "D"}}, "D\\n"),
        ({"user": {"name": "n", "domain": "."}}, "n"),
        ({"user": {"name": "n@d", "domain": "D"}}, "n@d"),
        ({"user": {"email": "n@d"}}, "n@d"),
        ({"source": {"user": {"name": "s"}}, "destination": {"user": {"name": "d"}}}, "s"),
        ({"destination": {"user": {"name": "d"}}}, "d"),
    ],
)
def test_the_user_is_named_with_the_domain(view: dict[str, Any], user: str) -> None:
    assert plain_alert(**view).user == user


@pytest.mark.parametrize(
    ("part", "process"),
    [
        ({"args": ["a", "b c"]}, Process(command_line="a b c")),
        ({"args": ["a"], "command_line": "x"}, Process(command_line="x")),
        ({"executable": "C:\\d\\e.exe"}, Process(name="e.exe", path="C:\\d\\e.exe")),
        ({"executable": "/bin/sh", "pid": "12"}, Process(name="sh", path="/bin/sh", pid=12)),
        ({"parent": {"executable": "/sbin/init"}}, Process(parent_name="init")),
        ({"thread": {"id": 1}}, None),
        ({}, None),
    ],
)
def test_the_process_is_as_much_as_is_known(part: dict[str, Any], process: Process | None) -> None:
    assert plain_alert(process=part).process == process


@pytest.mark.parametrize(
    ("view", "hashes"),
    [
        ({"file": {"hash": {"md5": "A" * 32}}, "process": {"hash": {"md5": "b" * 32}}}, (("md5", "a" * 32),)),
        ({"file": {"name": "f"}, "process": {"hash": {"sha1": "b" * 40}}}, (("sha1", "b" * 40),)),
        ({"hash": {"sha256": ["c" * 64]}}, (("sha256", "c" * 64),)),
    ],
)
def test_hashes_are_the_files_before_the_processes(view: dict[str, Any], hashes: object) -> None:
    assert plain_alert(**view).hashes == hashes


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ({"action": "Blocked"}, "blocked"),
        ({"action": "rename", "type": ["info", "denied"]}, "blocked"),
        ({"type": "allowed"}, "allowed"),
        ({"action": "rename", "type": [{}, 1]}, None),
    ],
)
def test_the_action_is_told_by_the_action_or_the_type(event: dict[str, Any], action: str | None) -> None:
    assert plain_alert(event).action == action


def test_packets_are_the_networks_or_both_ends() -> None:
    ends = {"source": {"packets": 1}, "destination": {"packets": 2}}
    assert (plain_alert(**ends).packets, plain_alert(**ends, network={"packets": 9}).packets) == (3, 9)


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": ({"@timestamp": "soon"}, "time_ms", None, ("bad_time", "@timestamp")),
    "an address": ({"source": {"ip": "1.2.3"}}, "src", Endpoint(), ("bad_ip", "source.ip")),
    "a port": ({"source": {"port": 70000}}, "src", Endpoint(), ("bad_port", "source.port")),
    "a host": ({"host": "h"}, "device", Endpoint(), ("bad_type", "host")),
    "a host's address": ({"host": {"ip": ["x"]}}, "device", Endpoint(), ("bad_ip", "host.ip")),
    "a protocol": ({"network": {"transport": "a b"}}, "proto", None, ("bad_type", "network.transport")),
    "a URL": ({"url": {"full": {"a": 1}}}, "url", None, ("bad_type", "url.full")),
    "a long URL": ({"url": {"full": "/" * 1025}}, "url", "/" * FIELD_LIMIT, ("field_truncated", "url.full")),
    "two users": ({"user": {"name": ["a", "b"]}}, "user", "a", ("field_truncated", "user")),
    "a pid": ({"process": {"pid": "x"}}, "process", None, ("bad_type", "process.pid")),
    "a hash": ({"file": {"hash": {"md5": "x"}}}, "hashes", (), ("bad_type", "file")),
    "bytes": ({"source": {"bytes": -1}}, "bytes_out", None, ("bad_type", "source.bytes")),
    "threat": ({"threat": "T1059"}, "techniques", (), ("bad_type", "threat")),
    "a question": ({"dns": {"question": "x"}}, "dns_query", None, ("bad_type", "dns.question")),
    "a method": (
        {"http": {"request": {"method": True}}},
        "http_method",
        None,
        ("bad_type", "http.request.method"),
    ),
}


@pytest.mark.parametrize(("view", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_left_out_and_said_and_the_alert_goes_on(
    view: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = plain_alert(**view)
    assert (getattr(found, field), said(found), found.rule_id) == (value, [quality], "9")


def test_what_no_field_takes_is_kept_by_its_own_keys() -> None:
    found = plain_alert(tags=["a"], host={"name": "h", "os": {"name": "x"}}, message="m")
    assert found.unmapped == {"tags": ["a"], "host": {"os": {"name": "x"}}, "event": {"id": "e"}}


def test_what_no_field_takes_of_a_rule_is_kept_too() -> None:
    found = rule_alert({"note": "n"}, status="active")
    assert found.unmapped == {"kibana.alert": {"status": "active", "rule": {"note": "n"}}}


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["alert", "signal", "event", "x" * 1100, "192.0.2.1", " ", "T1059", "47", "a.b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "rule", "alert", "rule.name", "a.b", "kind", "ip", "technique"]),
            inner,
        )
    ),
    max_leaves=5,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in inner for path in ((*at, key), *places(item, (*at, key)))]


def put(doc: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        doc = doc[key]
    doc[path[-1]] = value


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@given(data=st.data())
def test_any_value_anywhere_gives_an_alert_or_a_rejection_and_nothing_else(
    path: Path, data: st.DataObject
) -> None:
    doc = golden(path)["input"]
    put(doc, data.draw(st.sampled_from(places(doc))), data.draw(ANY))
    for module in MODULES.values():
        if not module.recognise(doc):
            continue
        try:
            alert = module.parse(doc, ())
        except Rejected:  # any other error is a bug
            continue
        assert alert.title
        assert alert.rule_id
        assert (alert.severity_text is None) == (alert.severity_scale is None)
        assert all(0 < len(text) <= FIELD_LIMIT for text in (*alert.techniques, *alert.tactics))
        assert len(set(alert.quality)) == len(alert.quality)
        json.dumps(alert.unmapped)
