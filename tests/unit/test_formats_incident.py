"""Incident reports: labels fill no field, protocols, titles, wrong fields."""

from typing import Any

import pytest

from enrich.formats import incident
from tests.unit.findings import Doc, changed, parsed, said, samples

SAMPLES = {name: doc["input"] for name, doc in samples("incident").items()}
FULL = SAMPLES["incident_full"]
LABELS = ("event_type", "is_true_positive", "mitre_technique", "mitre_clause")


def alert(path: str, value: object) -> Any:
    return parsed(incident, changed(FULL, path, value))


def read(doc: Doc) -> Doc:
    """Return every field but what is unmapped."""
    found = parsed(incident, doc)
    return {name: getattr(found, name) for name in found.__slots__ if name != "unmapped"}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("value", ["benign_activity", 0, None, {"a": 1}, "T1003"])
def test_labels_fill_no_field(label: str, value: object) -> None:
    assert read(changed(FULL, label, value)) == read(FULL)


def test_labels_are_kept_as_the_source_has_them() -> None:
    unmapped = parsed(incident, FULL).unmapped
    assert unmapped is not None
    assert {name: unmapped[name] for name in LABELS} == {name: FULL[name] for name in LABELS}


def test_labels_need_not_be_there() -> None:
    assert read(SAMPLES["incident_without_labels"]) == read(FULL)


@pytest.mark.parametrize(
    ("word", "severity_id"),
    [("info", 1), ("informational", 1), ("low", 2), ("Medium", 3), ("HIGH", 4), ("critical", 5)],
)
def test_severities(word: str, severity_id: int) -> None:
    found = alert("severity", word)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        severity_id,
        word,
        "incident:info-critical",
    )


@pytest.mark.parametrize("word", ["urgent", "5", 5])
def test_a_severity_outside_the_scale_is_none_and_said(word: object) -> None:
    found = alert("severity", word)
    assert (found.severity_id, said(found)) == (None, [("bad_severity", "severity")])


@pytest.mark.parametrize(
    ("stated", "proto", "app_proto"),
    [
        ("TCP", "tcp", None),
        ("udp", "udp", None),
        ("HTTP", None, "http"),
        ("https", None, "https"),
        ("", None, None),
    ],
)
def test_an_application_is_no_transport(stated: str, proto: str | None, app_proto: str | None) -> None:
    found = alert("protocol", stated)
    assert (found.proto, found.app_proto) == (proto, app_proto)


def test_without_a_rule_the_short_text_is_the_title() -> None:
    found = alert("detection_rule", "")
    assert (found.title, found.rule_id) == ("Bulk rename on WS-17.", "report")


def test_without_both_the_description_is() -> None:
    doc = changed(changed(FULL, "detection_rule", ...), "description_short", ...)
    assert parsed(incident, doc).title == FULL["description"]


def test_the_other_spelling_of_the_destination_is_read() -> None:
    doc = changed(changed(FULL, "dest_ip", ...), "dest_port", ...)
    found = parsed(incident, {**doc, "dst_ip": "192.0.2.1", "dst_port": "22"})
    assert (found.dst.ip, found.dst.port) == ("192.0.2.1", 22)


WRONG: dict[str, tuple[str, object, tuple[str, str]]] = {
    "a time": ("timestamp", "yesterday", ("bad_time", "timestamp")),
    "an address": ("src_ip", "x", ("bad_ip", "src_ip")),
    "a port": ("dest_port", "70000", ("bad_port", "dest_port")),
    "a user": ("user", ["a"], ("bad_type", "user")),
    "a protocol": ("protocol", ["TCP"], ("bad_type", "protocol")),
    "a rule": ("detection_rule", {"a": 1}, ("bad_type", "detection_rule")),
    "a long text": ("description", "x" * 2000, ("field_truncated", "description")),
}


@pytest.mark.parametrize(("path", "value", "quality"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_none_and_said(path: str, value: object, quality: tuple[str, str]) -> None:
    assert said(alert(path, value)) == [quality]


def test_a_blank_description_still_gives_an_alert() -> None:
    doc = {"description": "  ", "log_source": " ", "event_id": 1}
    assert (parsed(incident, doc).title, parsed(incident, doc).detector) == ("Incident report", "report")
