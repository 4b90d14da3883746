"""The validator refuses what OCSF 1.8.0 does not allow, each for its own reason, and nothing else."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from enrich.encode.ocsf import escalated, event
from enrich.encode.schema import validate, warnings
from tests.unit import rows

Doc = dict[str, Any]
Edit = Callable[[Doc], None]


def example() -> Doc:
    """Return an escalated event that uses every attribute we know, as a consumer reads it."""
    whole = event(rows.row(rows.FULL), rows.SCORE, rows.ESCALATED, rows.context())
    doc: Doc = orjson.loads(orjson.dumps(escalated(whole, rows.ESCALATED)))
    return doc


def _parent(doc: Any, path: str) -> tuple[Any, Any]:
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        doc = doc[step]
    return doc, last


def put(path: str, value: object) -> Edit:
    """Return an edit that puts a value at a dotted path; numbers are places in a list."""

    def edit(doc: Doc) -> None:
        parent, last = _parent(doc, path)
        parent[last] = value

    return edit


def drop(*paths: str) -> Edit:
    """Return an edit that takes attributes away."""

    def edit(doc: Doc) -> None:
        for path in paths:
            parent, last = _parent(doc, path)
            del parent[last]

    return edit


REFUSED: list[tuple[str, Edit, str]] = [
    ("no class", drop("class_uid"), "class_uid: expected 2004"),
    ("another class", put("class_uid", 2005), "class_uid: expected 2004"),
    ("class as text", put("class_uid", "2004"), "class_uid: expected 2004"),
    ("no time", drop("time"), "time: required, but missing"),
    ("no metadata", drop("metadata"), "metadata: required, but missing"),
    ("no version", drop("metadata.version"), "metadata.version: required, but missing"),
    ("no product", drop("metadata.product"), "metadata.product: required, but missing"),
    ("no finding uid", drop("finding_info.uid"), "finding_info.uid: required, but missing"),
    ("no device type", drop("device.type_id"), "device.type_id: required, but missing"),
    ("no file name", drop("evidences.0.file.name"), "evidences[0].file.name: required, but missing"),
    (
        "no analysis target",
        drop("anomaly_analyses.0.analysis_targets"),
        "anomaly_analyses[0].analysis_targets: required, but missing",
    ),
    ("unknown attribute", put("severity_name", "High"), "severity_name: unknown attribute"),
    (
        "unknown attribute deep inside",
        put("evidences.0.src_endpoint.ip_address", "10.0.0.1"),
        "evidences[0].src_endpoint.ip_address: unknown attribute",
    ),
    ("text for a number", put("risk_score", "83"), "risk_score: expected integer_t, got str"),
    (
        "fraction for a number",
        put("confidence_score", 81.5),
        "confidence_score: expected integer_t, got float",
    ),
    ("truth for a number", put("raw_data_size", True), "raw_data_size: expected long_t, got bool"),
    ("number for a truth", put("is_alert", 1), "is_alert: expected boolean_t, got int"),
    ("number for a text", put("message", 7), "message: expected string_t, got int"),
    ("time as text", put("time", "2025-10-09T08:53:20Z"), "time: expected timestamp_t, got str"),
    ("number wider than 64 bits", put("metadata.sequence", 2**63), "metadata.sequence: expected integer_t"),
    ("null", put("message", None), "message: expected string_t, got NoneType"),
    ("lone surrogate", put("message", "\ud800"), "message: lone surrogate"),
    ("object for a list", put("observables", {}), "observables: expected a list of observable"),
    (
        "one for a list",
        put("finding_info.types", "Trojan"),
        "finding_info.types: expected a list of string_t",
    ),
    ("text for an object", put("device", "ws-17"), "device: expected an object device"),
    ("list for an object", put("finding_info", []), "finding_info: expected an object finding_info"),
    ("text in a list of objects", put("evidences", ["a"]), "evidences[0]: expected an object evidences"),
    ("severity out of the enum", put("severity_id", 7), "severity_id: 7 is not in the enum"),
    ("activity out of the enum", put("activity_id", 4), "activity_id: 4 is not in the enum"),
    ("category of another class", put("category_uid", 1), "category_uid: 1 is not in the enum"),
    (
        "observable of no known type",
        put("observables.0.type_id", 1000),
        "observables[0].type_id: 1000 is not in the enum",
    ),
    (
        "method out of the enum of texts",
        put("evidences.0.http_request.http_method", "BREW"),
        "evidences[0].http_request.http_method: 'BREW' is not in the enum",
    ),
    ("caption of another id", put("severity", "Low"), "severity: 'Low' contradicts the id 5, 'Critical'"),
    ("caption in another case", put("status", "new"), "status: 'new' contradicts the id 1, 'New'"),
    (
        "port too large",
        put("evidences.0.src_endpoint.port", 65_536),
        "evidences[0].src_endpoint.port: 65536 is outside 0 to 65535 of port_t",
    ),
    (
        "port below zero",
        put("evidences.0.dst_endpoint.port", -1),
        "evidences[0].dst_endpoint.port: -1 is outside 0 to 65535 of port_t",
    ),
    (
        "address that is none",
        put("evidences.0.src_endpoint.ip", "10.20.0.256"),
        "evidences[0].src_endpoint.ip: does not match the pattern of ip_t",
    ),
    (
        "address too long",
        put("device.ip", "10.20.0.17" + " " * 31),
        "device.ip: longer than the 40 characters of ip_t",
    ),
    (
        "e-mail address that is none",
        put("evidences.0.user.email_addr", "j.doe"),
        "evidences[0].user.email_addr: does not match the pattern of email_t",
    ),
    (
        "hardware address that is none",
        put("device.mac", "00:00:5e:00:53"),
        "device.mac: does not match the pattern of mac_t",
    ),
    (
        "evidence of nothing",
        put("evidences.0", {"http_request": {"user_agent": "Loader/1.2"}}),
        "evidences[0]: needs at least one of actor, api, ",
    ),
    (
        "attack of nothing",
        put("finding_info.attacks.0", {"version": "18"}),
        "finding_info.attacks[0]: needs at least one of tactic, technique, sub_technique",
    ),
    (
        "process without an id",
        drop("evidences.0.process.pid"),
        "evidences[0].process: needs at least one of pid, uid, cpid",
    ),
    (
        "device without a name",
        drop("device.ip", "device.hostname", "device.uid"),
        "device: needs at least one of ip, uid, name, hostname",
    ),
    (
        "two of just one",
        put("vulnerabilities", [{"cve": {"uid": "CVE-2024-0001"}, "cwe": {"uid": "CWE-79"}}]),
        "vulnerabilities[0]: needs exactly one of advisory, cve, cwe, has 2",
    ),
    (
        "type of another activity",
        put("type_uid", 200402),
        "type_uid: 200402 is not class_uid * 100 + activity_id",
    ),
    (
        "other schema version",
        put("metadata.version", "1.7.0"),
        "metadata.version: '1.7.0' is not the table's",
    ),
    (
        "profile that is none",
        put("metadata.profiles.0", "alarm"),
        "metadata.profiles: no profile is called 'alarm'",
    ),
    (
        "incident attribute without its profile",
        put("metadata.profiles", ["security_control"]),
        "verdict_id: belongs to profile incident, which is not declared",
    ),
    (
        "control attribute without its profile",
        put("metadata.profiles", ["incident"]),
        "disposition_id: belongs to profile security_control, which is not declared",
    ),
    (
        "twin of a time without its profile",
        put("time_dt", "2025-10-09T08:53:20Z"),
        "time_dt: belongs to profile datetime, which is not declared",
    ),
    (
        "profile without what it requires",
        put("metadata.profiles", ["incident", "security_control", "cloud"]),
        "cloud: required, but missing",
    ),
    (
        "observable of no attribute",
        put("observables.0.name", "device.address"),
        "observables[0].name: the class has no attribute 'device.address'",
    ),
    (
        "observable of an absent attribute",
        put("observables.0.name", "device.mac"),
        "observables[0].name: 'device.mac' is not in this event",
    ),
]

ACCEPTED: list[tuple[str, Edit]] = [
    ("nothing changed", lambda doc: None),
    ("anything under unmapped", put("unmapped.vendor", {"a": [1, None, {"b": 2.5}], "severity_id": "x"})),
    ("any JSON as evidence", put("evidences.0.data", [None, {"process": {"name": "sh"}}])),
    ("no optional texts", drop("message", "severity", "raw_data", "finding_info.desc", "type_name")),
    ("the source's own word beside Other", lambda doc: doc.update(severity_id=99, severity="P1")),
    ("IPv6", put("evidences.0.src_endpoint.ip", "2001:db8::17")),
    ("the lowest port", put("evidences.0.src_endpoint.port", 0)),
    ("the highest port", put("evidences.0.src_endpoint.port", 65_535)),
    ("a name for people", put("device.name", "Büro, zweiter Stock \u202e")),
    (
        "a twin of a time with its profile",
        lambda doc: (
            doc.update(time_dt="2025-10-09T08:53:20.000Z"),
            doc["metadata"]["profiles"].append("datetime"),
        )[0],
    ),
    ("an attribute freed of its profile", lambda doc: doc.update(impact_id=3, impact="High")),
    (
        "an evidence of one attribute",
        lambda doc: doc.update(evidences=[{"user": {"name": "j.doe"}}], observables=[]),
    ),
    (
        "a closed finding",
        lambda doc: doc.update(
            activity_id=3, activity_name="Close", type_uid=200403, type_name="Detection Finding: Close"
        ),
    ),
]


@pytest.mark.parametrize(
    ("edit", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refuses(edit: Edit, problem: str) -> None:
    doc = example()
    edit(doc)
    assert [line for line in validate(doc) if line.startswith(problem)]


@pytest.mark.parametrize("edit", [case[1] for case in ACCEPTED], ids=[case[0] for case in ACCEPTED])
def test_accepts(edit: Edit) -> None:
    doc = example()
    edit(doc)
    assert validate(doc) == []


@pytest.mark.parametrize("value", [None, [], "event", 1])
def test_refuses_what_is_no_object(value: object) -> None:
    assert validate(value) == ["event: expected an object"]


def test_says_where_something_deprecated_is_used() -> None:
    doc = example()
    doc["finding_info"]["attacks"][0]["tactics"] = [{"uid": "TA0011"}]
    assert validate(doc) == []
    assert warnings(doc) == ["finding_info.attacks[0].tactics: deprecated since 1.1.0"]


def test_our_own_event_uses_nothing_deprecated() -> None:
    assert warnings(example()) == []
