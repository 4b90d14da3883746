"""The event: always valid, the same bytes for the same arguments, and nothing of the alert lost."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest

from enrich.alert import Alert, Endpoint, Process
from enrich.encode.ocsf import encode, escalated, event
from enrich.errors import Quality, QualityCode
from enrich.row import AnomalyPart, Decision, Score
from tests.unit import rows

Doc = dict[str, Any]
CONTEXT = rows.context()


def made(
    alert: Alert = rows.FULL, score: Score = rows.SCORE, decision: Decision = rows.LOW, **parts: Any
) -> Doc:
    """Return the event as a consumer reads it."""
    doc: Doc = orjson.loads(encode(rows.row(alert, **parts), score, decision, CONTEXT)[0])
    return doc


def evidence(alert: Alert) -> Doc:
    """Return the only evidence of an alert's event."""
    doc: Doc = made(alert)["evidences"][0]
    return doc


def test_escalated_differs_by_the_incident_profile_and_its_attributes_only() -> None:
    enriched, other = encode(rows.row(rows.FULL), rows.SCORE, rows.ESCALATED, CONTEXT)
    assert other is not None
    doc, more = orjson.loads(enriched), orjson.loads(other)
    assert more["metadata"].pop("profiles") == [*doc["metadata"].pop("profiles"), "incident"]
    added = {key: more.pop(key) for key in ("priority_id", "priority", "verdict_id", "verdict")}
    assert (more, added) == (
        doc,
        {"priority_id": 4, "priority": "Critical", "verdict_id": 0, "verdict": "Unknown"},
    )


def test_what_is_not_escalated_has_one_value() -> None:
    assert encode(rows.row(), rows.SCORE, rows.LOW, CONTEXT)[1] is None


def test_the_lowest_priority_is_low_for_an_analyst() -> None:
    decision = rows.ESCALATED._replace(priority=0.0)
    assert escalated(event(rows.row(), rows.SCORE, decision, CONTEXT), decision)["priority_id"] == 1


@pytest.mark.parametrize(
    ("route", "status_id"),
    [("escalated", 1), ("low", 1), ("sample", 1), ("over_capacity", 1), ("suppressed", 3), ("never", 3)],
)
def test_status_says_whether_it_was_held_back_by_rule(route: str, status_id: int) -> None:
    assert made(decision=rows.LOW._replace(route=route))["status_id"] == status_id


def test_without_the_sources_own_id_copies_share_the_hash_of_the_raw_bytes() -> None:
    doc = made(rows.SURICATA)
    assert doc["finding_info"]["uid"] == doc["raw_data_hash"]["value"] == sha256(rows.RAW).hexdigest()


def test_the_sources_own_id_is_the_findings() -> None:
    assert made(replace(rows.SURICATA, source_uid="17.4"))["finding_info"]["uid"] == "17.4"


def test_time_is_the_records_where_the_alert_has_none() -> None:
    doc = made(rows.BARE, time_ms=rows.TIME_MS + 250)
    assert (doc["time"], "created_time" in doc["finding_info"]) == (rows.TIME_MS + 250, False)


@pytest.mark.parametrize(("share", "known"), [(0.5, (50, 2)), (0.8, (80, 3)), (0.004, (0, 1))])
def test_a_measured_confidence_is_a_score_with_its_class(share: float, known: tuple[int, int]) -> None:
    doc = made(score=rows.SCORE._replace(confidence=rows.SCORE.confidence._replace(score=share)))
    assert (doc["confidence_score"], doc["confidence_id"]) == known


def test_a_confidence_that_is_not_measured_is_unknown_without_a_score() -> None:
    doc = made(score=rows.UNSCORED)
    assert (doc["confidence_id"], "confidence_score" in doc) == (0, False)


def test_no_anomaly_analysis_without_a_part_to_show() -> None:
    assert rows.SCORE.anomaly is not None
    plain = rows.SCORE._replace(anomaly=rows.SCORE.anomaly._replace(parts=()))
    assert "anomaly_analyses" not in made(score=plain)


def test_an_observed_number_is_written_short() -> None:
    assert rows.SCORE.anomaly is not None
    parts = (AnomalyPart("hour", 1 / 3, 0.01),)
    doc = made(score=rows.SCORE._replace(anomaly=rows.SCORE.anomaly._replace(parts=parts)))
    assert doc["anomaly_analyses"][0]["anomalies"][0]["observations"] == [{"value": "0.333333"}]


def test_a_sub_technique_comes_with_its_technique() -> None:
    attack = made(rows.SURICATA)["finding_info"]["attacks"][0]
    parent = CONTEXT.attack.technique("T1071")
    assert parent is not None
    assert (attack["technique"], attack["sub_technique"]) == (
        {"uid": "T1071", "name": parent.name},
        {"uid": "T1071.001", "name": "Web Protocols"},
    )


def test_each_tactic_is_an_attack_of_its_own() -> None:
    hint = rows.HINT._replace(uid="T1078", tactics=(("TA0001", "Initial Access"), ("TA0003", "Persistence")))
    attacks = made(hints=(hint,))["finding_info"]["attacks"]
    assert [attack["tactic"]["uid"] for attack in attacks] == ["TA0001", "TA0003"]


def test_a_technique_without_a_known_tactic_names_none() -> None:
    attacks = made(hints=(rows.HINT._replace(tactics=()),))["finding_info"]["attacks"]
    assert [attack.keys() for attack in attacks] == [{"version", "technique", "sub_technique"}]


def test_a_label_for_people_is_a_name_and_no_hostname() -> None:
    device = made(replace(rows.BARE, device=Endpoint(name="Web server 2")))["device"]
    assert device == {"type_id": 0, "type": "Unknown", "name": "Web server 2"}


def test_a_path_is_no_url_string() -> None:
    assert evidence(rows.SURICATA)["url"] == {"path": "/gate.php", "query_string": "id=7"}


def test_a_process_without_an_id_is_kept_as_data() -> None:
    alert = replace(rows.BARE, process=Process(name="sh", parent_name="sshd"))
    assert evidence(alert) == {"data": {"process": {"name": "sh", "ancestry": [{"name": "sshd"}]}}}


def test_hashes_without_a_file_are_kept_as_data() -> None:
    alert = replace(rows.BARE, hashes=(("sha1", "ab" * 20),))
    assert evidence(alert)["data"]["hashes"][0]["value"] == "ab" * 20


def test_a_request_alone_is_kept_as_data() -> None:
    alert = replace(rows.BARE, user_agent="Loader/1.2")
    assert evidence(alert) == {"data": {"http_request": {"user_agent": "Loader/1.2"}}}


def test_a_method_that_ocsf_does_not_know_is_kept_as_data() -> None:
    assert evidence(replace(rows.SURICATA, http_method="PROPFIND"))["data"] == {"http_method": "PROPFIND"}


def test_an_alert_that_saw_nothing_has_no_evidence() -> None:
    assert made(rows.BARE).keys().isdisjoint(("evidences", "observables", "device"))


def test_a_control_profile_is_declared_only_with_an_action() -> None:
    assert "profiles" not in made(replace(rows.FULL, action=None))["metadata"]


def test_bytes_that_are_no_utf8_are_written_as_escapes_and_said() -> None:
    doc = made(rows.BARE, raw=b'{"a":"\xff"}')
    assert (doc["raw_data"], doc["unmapped"]["millrace"]["quality"]) == (
        '{"a":"\\xff"}',
        [{"code": "raw_not_utf8", "field": ""}],
    )


def test_a_finding_that_the_parser_made_is_not_said_twice() -> None:
    known = (Quality(QualityCode.RAW_NOT_UTF8),)
    assert len(made(rows.BARE, raw=b"\xff", quality=known)["unmapped"]["millrace"]["quality"]) == 1


def test_a_cut_original_says_its_size_and_keeps_its_hash() -> None:
    raw = b"x" * 3000
    doc = event(rows.row(rows.BARE, raw), rows.UNSCORED, rows.LOW, rows.context(raw_keep=1000))
    assert (
        doc["raw_data"],
        doc["raw_data_size"],
        doc["raw_data_hash"]["value"],
        doc["metadata"]["is_truncated"],
        doc["metadata"]["untruncated_size"],
    ) == ("x" * 1000, 3000, sha256(raw).hexdigest(), True, 3)


@pytest.mark.parametrize(
    "raw", [b"\xff" * 100_000, b"\x00" * 100_000, b'"' * 100_000], ids=["ff", "nul", "quote"]
)
def test_an_event_fits_its_topic_whatever_the_original_holds(raw: bytes) -> None:
    context = rows.context(raw_limit=100_000, raw_keep=100_000)
    value, _ = encode(rows.row(rows.BARE, raw), rows.UNSCORED, rows.LOW, context)
    assert len(value) <= 2 * 100_000 + 65_536


def test_lists_that_a_hostile_record_makes_long_are_cut() -> None:
    doc = made(hints=(rows.HINT,) * 500, quality=(Quality(QualityCode.BAD_TECHNIQUE, "a"),) * 500)
    own = doc["unmapped"]["millrace"]
    assert (len(doc["finding_info"]["attacks"]), len(own["hints"]), len(own["quality"])) == (5, 5, 64)


def test_history_is_null_until_it_is_warm() -> None:
    history = made(history=rows.COLD)["unmapped"]["millrace"]["history"]
    assert (history.pop("warm"), history.pop("folded"), set(history.values())) == (False, True, {None})
