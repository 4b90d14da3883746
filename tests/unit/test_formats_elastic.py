"""Elastic and ECS: which documents are known, in every spelling."""

from pathlib import Path
from typing import Any

import pytest

from enrich.errors import DeadCode, Rejected
from enrich.formats import ecs_alert, elastic, suricata, wazuh, wazuh5
from tests.unit.elastic_documents import GOLDEN, MODULES, but_unmapped, dotted, golden, listed, read


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
