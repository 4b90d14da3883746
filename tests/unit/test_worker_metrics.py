"""Metrics: what is counted is exported, bounded, and named alike in the code, the documents and deploy/."""

import json
import re
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from enrich.errors import DeadCode, QualityCode
from worker.metrics import GAPS, ROUTES, SOURCES, STAGES, Metrics
from worker.metrics_table import SPEC, SPECS, table
from worker.pulse import Pulse

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "metrics.md"
ALERTS = ROOT / "deploy" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana-millrace.json"
NOW_S = 1_800_000_000.0
TICK_S = 5000.0
ON_LINUX = Path("/proc/self/stat").exists()


def metrics(pulse: Pulse | None = None) -> Metrics:
    return Metrics(pulse or Pulse("b1", "c1"), clock=lambda: NOW_S, monotonic=lambda: TICK_S)


def families(exported: Metrics) -> dict[str, Metric]:
    """What Prometheus would understand, by the name in the table: the parser drops ``_total``."""
    parsed = text_string_to_metric_families(exported.text().decode())
    return {f"{each.name}_total" if each.type == "counter" else each.name: each for each in parsed}


def value(exported: Metrics, name: str, **labels: str) -> float | None:
    """The value of one sample, None if it is not exported."""
    for family in families(exported).values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


def values(exported: Metrics, name: str, label: str) -> dict[str, float]:
    return {sample.labels[label]: sample.value for sample in families(exported)[name].samples}


def full() -> Metrics:
    """Metrics of which every one has a sample."""
    pulse = Pulse("b1", "c1", lag=lambda: {0: 5})
    made = metrics(pulse)
    made.scored({"in": 1, "source.suricata": 1}, 1, {"core": 0.1})
    made.sent({"enriched": 1}, 0.1, 0.1)
    made.retried(1, "NotLeaderForPartitionError")
    made.fold(0, 1, 1, 1)
    return made


def test_what_is_exported_is_what_the_table_says() -> None:
    exported = {name: family.type for name, family in families(full()).items()}
    wanted = {spec.name: spec.kind for spec in SPECS if ON_LINUX or not spec.name.startswith("process_")}
    assert exported == wanted


def test_the_labels_are_those_of_the_table() -> None:
    for name, family in families(full()).items():
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(SPEC[name].labels), sample.name


def test_no_metric_is_named_twice_and_each_says_what_it_is() -> None:
    assert len(SPEC) == len(SPECS)
    assert all(spec.help.endswith(".") and spec.unit for spec in SPECS)


def test_every_code_is_exported_from_the_start() -> None:
    made = metrics()
    assert values(made, "millrace_dead_letters_total", "code") == dict.fromkeys(DeadCode, 0)
    assert values(made, "millrace_quality_total", "code") == dict.fromkeys(QualityCode, 0)
    assert values(made, "millrace_decisions_total", "route") == dict.fromkeys(ROUTES, 0)
    assert values(made, "millrace_gaps_total", "kind") == dict.fromkeys(GAPS, 0)
    assert all(value(made, "millrace_stage_seconds_count", stage=stage) == 0 for stage in STAGES)


def test_every_route_of_a_decision_is_known() -> None:
    """enrich.row.Decision lists them in its docstring."""
    from enrich.row import Decision

    first = (Decision.__doc__ or "").partition("\n")[0]
    assert set(re.findall(r'"(\w+)"', first)) == set(ROUTES)


def test_a_batch_is_counted_by_what_became_of_its_records() -> None:
    made = metrics()
    counts = {
        "in": 10, "enriched": 7, "escalated": 2, "dead": 2, "tombstone": 1, "replayed": 3,
        "dead.oversize": 2, "quality.bad_ip": 4, "route.low": 5, "route.escalated": 2, "source.Wazuh": 7,
    }  # fmt: skip
    for _ in range(2):
        made.scored(counts, rows=13, seconds={"wait": 0.02, "core": 0.3})
    assert value(made, "millrace_records_in_total") == 20
    assert value(made, "millrace_tombstones_total") == 2
    assert value(made, "millrace_replayed_total") == 6
    assert value(made, "millrace_dead_letters_total", code="oversize") == 4
    assert value(made, "millrace_quality_total", code="bad_ip") == 8
    assert value(made, "millrace_decisions_total", route="low") == 10
    assert value(made, "millrace_source_alerts_total", source="Wazuh") == 14
    assert value(made, "millrace_last_event_timestamp_seconds", source="Wazuh") == NOW_S
    assert value(made, "millrace_batch_rows_sum") == 26
    assert value(made, "millrace_stage_seconds_sum", stage="core") == pytest.approx(0.6)


def test_a_count_that_it_does_not_know_changes_nothing() -> None:
    made = metrics()
    before = families(made).keys()
    made.scored({"novel": 1, "novel.code": 1, "enriched": 1}, 1, {})
    assert families(made).keys() == before


def test_receipts_are_counted_by_topic_and_in_all() -> None:
    made = metrics()
    made.sent({"enriched": 8, "escalated": 1, "dead": 2}, seconds=0.2, oldest_age_s=3.0)
    assert values(made, "millrace_records_out_total", "topic") == {"enriched": 8, "escalated": 1, "dead": 2}
    assert value(made, "millrace_receipts_total") == 11
    assert value(made, "millrace_produce_seconds_sum") == pytest.approx(0.2)
    assert value(made, "millrace_event_age_seconds_sum") == 3


@pytest.mark.parametrize(("age_s", "count"), [(None, 0), (-7.0, 1)])
def test_an_age_that_nobody_knows_is_none_and_one_in_the_future_is_zero(
    age_s: float | None, count: int
) -> None:
    made = metrics()
    made.sent({}, 0.1, age_s)
    assert value(made, "millrace_event_age_seconds_count") == count
    assert value(made, "millrace_event_age_seconds_sum") == 0


def test_a_gap_counts_once_and_its_offsets_too_and_those_that_expired_are_lost() -> None:
    made = metrics()
    made.gap("compacted", 4)
    made.gap("expired", 1000)
    made.gap("went_back", 7)
    made.gap("caught", 0)
    assert values(made, "millrace_gaps_total", "kind") == dict.fromkeys(GAPS, 1)
    assert value(made, "millrace_gap_rows_total", kind="compacted") == 4
    assert value(made, "millrace_offsets_expired_total") == 1000


def test_a_dead_letter_is_counted_once_by_whoever_makes_it() -> None:
    made = metrics()
    made.poisoned()
    made.scored({"in": 1, "dead": 1, "dead.poison": 1}, 1, {})
    made.undeliverable()
    assert value(made, "millrace_poison_total") == 1
    assert value(made, "millrace_dead_letters_total", code="poison") == 1
    assert value(made, "millrace_dead_letters_total", code="undeliverable") == 1


def test_the_rest_of_the_notes_arrive() -> None:
    made = metrics()
    made.delivered(500, 300_000)
    made.retried(3, "KafkaTimeoutError")
    made.rebalanced()
    made.restored(1.5, 200, "snapshot")
    made.snapshot(0.1, 14_000_000)
    assert value(made, "millrace_delivered_records_total") == 500
    assert value(made, "millrace_delivered_bytes_total") == 300_000
    assert value(made, "millrace_produce_retries_total", error="KafkaTimeoutError") == 3
    assert value(made, "millrace_rebalances_total") == 1
    assert value(made, "millrace_restore_seconds_sum", how="snapshot") == 1.5
    assert value(made, "millrace_restored_records_total", how="snapshot") == 200
    assert value(made, "millrace_snapshot_bytes_sum") == 14_000_000


def test_the_pulse_is_read_when_somebody_asks() -> None:
    pulse = Pulse("b1", "c1")
    made = metrics(pulse)
    assert value(made, "millrace_joined") == 0
    pulse.joined, pulse.reading, pulse.restoring = True, {0, 3}, {5}
    pulse.waiting_rows, pulse.outstanding_rows, pulse.outstanding_bytes = 7, 8, 900
    pulse.oldest, pulse.core_since_s, pulse.polled_s = lambda: TICK_S - 12, TICK_S - 2, TICK_S + 1
    pulse.lag, pulse.bundle_id = lambda: {0: 40, 3: 0}, "b2"
    assert value(made, "millrace_joined") == 1
    assert values(made, "millrace_partitions", "state") == {"reading": 2, "restoring": 1}
    assert value(made, "millrace_queue_rows") == 7
    assert value(made, "millrace_outstanding_rows") == 8
    assert value(made, "millrace_outstanding_bytes") == 900
    assert value(made, "millrace_oldest_unacknowledged_seconds") == 12
    assert value(made, "millrace_core_busy_seconds") == 2
    assert value(made, "millrace_poll_age_seconds") == 0
    assert values(made, "millrace_lag", "partition") == {"0": 40, "3": 0}
    assert value(made, "millrace_bundle_info", bundle="b2", context="c1") == 1


def test_a_partition_that_was_given_up_is_exported_no_more() -> None:
    made = metrics()
    made.fold(2, entities=900, rules=30, overflow=5)
    made.fold(3, entities=1, rules=1, overflow=0)
    assert values(made, "millrace_fold_entities", "partition") == {"2": 900, "3": 1}
    made.forget(2)
    made.forget(9)
    assert values(made, "millrace_fold_rules", "partition") == {"3": 1}
    assert values(made, "millrace_fold_overflow_total", "partition") == {"3": 0}


def test_more_sources_than_a_hundred_are_one() -> None:
    made = metrics()
    made.scored({f"source.s{n}": 1 for n in range(SOURCES + 50)}, 1, {})
    made.scored({"source.s0": 1, "source.s149": 1}, 1, {})
    counted = values(made, "millrace_source_alerts_total", "source")
    assert (len(counted), counted["s0"], counted["other"]) == (SOURCES + 1, 2, 51)
    assert len(values(made, "millrace_last_event_timestamp_seconds", "source")) == SOURCES + 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a"} 1\nmillrace_joined 0\n', 'a"} 1␊millrace_joined 0␊'),
        ("back\\slash", "back\\slash"),
        ("lone \ud800", "lone ‹U+D800›"),
        ("\u202eright to left", "‹U+202E›right to left"),
        ("x" * 10_000, "x" * 63 + "…"),
        ("Wazuh 4.x", "Wazuh 4.x"),
        ("", "unknown"),
    ],
)
def test_the_name_of_a_source_cannot_break_out_of_its_label(name: str, shown: str) -> None:
    made = metrics()
    for _ in range(2):
        made.scored({f"source.{name}": 1}, 1, {})
    assert values(made, "millrace_source_alerts_total", "source") == {shown: 2}


def test_two_workers_metrics_in_one_process_are_two_and_the_global_registry_has_none() -> None:
    one, other = metrics(), metrics()
    one.rebalanced()
    assert value(other, "millrace_rebalances_total") == 0
    assert b"millrace_" not in prometheus_client.generate_latest(prometheus_client.REGISTRY)


def test_the_process_is_measured_and_its_garbage_collector_is_not() -> None:
    text = metrics().text()
    assert (b"process_cpu_seconds_total" in text or not ON_LINUX, b"python_gc" in text) == (True, False)


def test_the_times_at_which_series_began_are_left_out() -> None:
    assert b"_created" not in full().text()


def test_every_metric_is_in_the_documentation_as_the_command_prints_it() -> None:
    assert table() in DOCS.read_text("utf-8"), (
        "python -m worker.metrics_table prints what docs/metrics.md lacks"
    )


NAME = re.compile(r"\b((?:millrace|process)_[a-z_]+[a-z])(?:\{([^}]*)\})?")
# What stands where a label of the target stands, put there by Prometheus.
OF_THE_TARGET = {"job", "instance"}


def spec_of(name: str) -> str:
    """The name in the table of a sample's name."""
    for suffix in ("_bucket", "_sum", "_count"):
        plain = name.removesuffix(suffix)
        if plain in SPEC and SPEC[plain].kind == "histogram" and plain != name:
            return plain
    return name


def misnamed(expression: str) -> set[str]:
    """Metrics in a PromQL expression that nobody exports, and labels that they do not have."""
    wrong = set()
    for name, matchers in NAME.findall(expression):
        if spec_of(name) not in SPEC:
            wrong.add(name)
            continue
        known = {*SPEC[spec_of(name)].labels, *OF_THE_TARGET}
        wrong |= {f"{name}.{label}" for label in re.findall(r"(\w+)\s*[=!]", matchers) if label not in known}
    labels = {label for spec in SPECS for label in spec.labels} | OF_THE_TARGET | {"le"}
    by = {label.strip() for some in re.findall(r"\bby \(([^)]*)\)", expression) for label in some.split(",")}
    return wrong | (by - labels)


def expressions(node: Any) -> list[str]:
    """Every PromQL expression of a Grafana dashboard."""
    if isinstance(node, list):
        return [found for each in node for found in expressions(each)]
    if not isinstance(node, dict):
        return []
    own = [text for key in ("expr", "definition") if isinstance(text := node.get(key), str)]
    return own + [found for each in node.values() for found in expressions(each)]


def test_the_check_of_names_sees_a_wrong_metric_a_wrong_label_and_a_wrong_grouping() -> None:
    wrong = 'sum by (le, cod) (millrace_produce_seconds_bucket) + millrace_lag{topic="x"} + millrace_lags'
    assert misnamed(wrong) == {"cod", "millrace_lag.topic", "millrace_lags"}


def test_every_alert_rule_asks_for_metrics_and_labels_that_there_are() -> None:
    found = re.findall(r"^ +expr: (.+)$", ALERTS.read_text("utf-8"), re.MULTILINE)
    assert found
    assert {wrong for expression in found for wrong in misnamed(expression)} == set()


def test_every_alert_rule_says_how_bad_it_is_and_what_to_do() -> None:
    rules = re.split(r"^ +- alert: ", ALERTS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    names = [rule.partition("\n")[0] for rule in rules]
    assert len(set(names)) == len(names)
    for rule in rules:
        assert re.search(r"severity: (critical|warning|info)\}", rule), rule
        assert "summary: " in rule


def test_the_dashboard_is_json_and_asks_for_metrics_and_labels_that_there_are() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    found = expressions(dashboard)
    assert len(found) > 20
    assert {wrong for expression in found for wrong in misnamed(expression)} == set()


def test_the_dashboards_panels_have_each_their_own_number_and_place() -> None:
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
