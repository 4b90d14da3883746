"""What the benchmark makes of what it has measured."""

import doctest
import importlib.util
import json
from typing import Any

import orjson
import pytest

from benchmarks import figures, tables
from benchmarks.contestants import CONTESTANTS, LIMIT, LOOP, OURS, PLAIN
from benchmarks.hostile import hostile
from benchmarks.memory import Sample, told
from benchmarks.scale import FULL, QUICK
from benchmarks.suite import joined
from benchmarks.tables import DASH, markdown
from enrich.address import DEFAULT_NETWORKS
from enrich.alert import entity, rule_key
from enrich.features import text_of
from enrich.formats import Formats, alert_from, packaged_mappings

NAMES = [each.name for each in CONTESTANTS]


def doc(**changes: Any) -> dict[str, Any]:
    """A result document in which the worker drains 12,000 alerts/s."""
    rates = {PLAIN: 100.0, "stock": 4_000.0, LOOP: 11_000.0, OURS: 12_000.0, LIMIT: 15_000.0}
    found = {
        name: {"alerts": 1_000, "rate": rate, "rates": [rate - 1, rate], "cpu_us": 80.0, "peak_mb": 300.0}
        | {"lost": 0, "twice": 0, "differing": 0}
        for name, rate in rates.items()
    }
    return {
        "machine": {"cores": "2"},
        "scale": {"runs": 2},
        "alert_bytes": 472.0,
        "throughput": found,
        **changes,
    }


def cell(row: str, column: str, of: dict[str, Any]) -> str:
    table = tables.throughput(of)
    found = next(cells for cells in table.rows if cells[0].startswith(row))
    return found[table.columns.index(column)]


def target(words: str, of: dict[str, Any]) -> tuple[str, ...]:
    return next(row for row in tables.targets(of).rows if words in row[0])


@pytest.mark.parametrize("module", [figures, tables])
def test_the_examples_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_a_slow_start_and_a_slow_end_do_not_count() -> None:
    steady = [5_000 + i for i in range(1_000)]
    assert figures.middle_rate([0, *steady, 99_000]) == pytest.approx(1_000)


def test_arrivals_in_batches_give_the_rate_of_the_batches() -> None:
    batches = [100 * (i // 1_000) for i in range(50_000)]
    assert figures.middle_rate(batches) == pytest.approx(10_000, rel=0.02)


def test_work_that_is_ahead_of_what_has_arrived_does_not_change_the_cost() -> None:
    counts = list(range(0, 10_001, 500))
    ahead = [(n + 1_000) * 100e-6 for n in counts]
    assert figures.middle_cost(counts, ahead, 10_000) == pytest.approx(100)


def test_start_up_is_not_part_of_the_cost() -> None:
    counts = [0, 0, 0, *range(1_000, 10_001, 1_000)]
    cpu = [0.0, 2.0, 4.0, *(4.0 + n * 50e-6 for n in counts[3:])]
    assert figures.middle_cost(counts, cpu, 10_000) == pytest.approx(50)


def test_what_nobody_measured_is_no_number() -> None:
    assert figures.middle_rate([]) != figures.middle_rate([])
    assert figures.percentile([], 0.5) != figures.percentile([], 0.5)


@pytest.mark.parametrize("who", CONTESTANTS, ids=NAMES)
def test_every_contestant_is_a_module_that_can_be_run(who: Any) -> None:
    assert who.words[0] == "-m"
    assert importlib.util.find_spec(who.words[1]) is not None


def test_the_issue_asks_for_a_to_f() -> None:
    assert {each.letter for each in CONTESTANTS} | {"e"} == set("abcdef")


@pytest.mark.parametrize("scale", [FULL, QUICK], ids=["full", "quick"])
def test_there_are_alerts_for_every_part(scale: Any) -> None:
    needed = (scale.alerts, scale.stock, scale.plain, scale.scaling, 2 * scale.stages)
    assert scale.most >= max(needed)
    assert scale.most >= max(scale.rates) * (scale.warm_s + scale.measured_s)


def test_full_measures_latency_as_it_was_asked_for() -> None:
    assert (FULL.rates, FULL.latency_partitions) == ((100, 2_000, 5_000), (4, 24))


def test_each_contestant_is_held_against_the_three_that_matter() -> None:
    assert [cell("d", f"× ({letter})", doc()) for letter in "ace"] == ["120", "1.09", "0.80"]


def test_a_contestant_that_failed_says_why_and_the_others_stand() -> None:
    broken = doc()
    broken["throughput"][LOOP] = {"failed": "it ended with code 1"}
    assert cell("c", "same events", broken) == "it ended with code 1"
    assert cell("d", "× (c)", broken) == DASH
    assert cell("d", "× (a)", broken) == "120"


@pytest.mark.parametrize(
    ("change", "said"),
    [({}, "yes"), ({"differing": 3}, "3 differ"), ({"lost": 2, "twice": 1}, "lost 2, double 1")],
)
def test_events_that_are_not_the_same_are_told(change: dict[str, int], said: str) -> None:
    given = doc()
    given["throughput"][OURS] |= change
    assert cell("d", "same events", given) == said


def test_targets_that_are_met_and_missed_are_told_apart() -> None:
    given = doc(latency=[{"rate": 100, "p99": 40.0}, {"rate": 100, "p99": 140.0}])
    assert target("at least 10,000", given)[2] == "yes"
    assert target("in-process limit", given)[1:] == ("0.80", "yes")
    assert target("p99 at 100/s", given)[1:] == ("140 ms", "NO")


def test_a_target_that_was_not_measured_is_neither() -> None:
    given = doc()
    del given["throughput"][OURS]
    assert target("at least 10,000", given)[1:] == (DASH, "")


def test_scaling_tells_the_ratio_of_two_processes_to_one() -> None:
    core = {"parse": 10.0, "all": 60.0}
    given = doc(
        scaling={
            "1": {"core_us": core, "rate": 10_000.0, "cpu_us": 80.0},
            "2": {"core_us": {"parse": 11.0, "all": 66.0}, "rate": 15_000.0, "cpu_us": 84.0},
        }
    )
    rows = {row[0]: row[1:] for row in tables.scaling(given).rows}
    assert rows["CPU µs per alert, all of it"] == ("80.0", "84.0", "1.05")
    assert rows["Kafka in and out, event loop, the rest"] == ("20.0", "18.0", "0.90")
    assert target("CPU per alert at two", given)[1:] == ("1.05", "yes")


def test_markdown_has_as_many_cells_in_every_row() -> None:
    rows = [line for line in markdown(tables.tables(doc())).splitlines() if line.startswith("|")]
    assert rows
    for title in ("Draining a backlog", "Targets", "Machine"):
        assert title in markdown(tables.tables(doc()))
    table = markdown([tables.throughput(doc())])
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


def test_several_runs_become_the_median_and_the_worst() -> None:
    runs = [{"rate": rate, "peak_mb": rate * 2, "lost": 0} for rate in (1.0, 9.0, 2.0)]
    assert joined(runs) == {"rate": 2.0, "peak_mb": 18.0, "lost": 0, "rates": [1.0, 9.0, 2.0]}


def test_the_memory_slope_is_of_what_comes_after_the_filling() -> None:
    filling = [Sample(i, i * 100_000, 200.0 + 50 * i) for i in range(10)]
    flat = [Sample(i, i * 100_000, 700.0 + i / 10) for i in range(10, 51)]
    found = told(filling + flat, 5_000_000, 500.0, 400.0)
    assert found.since == 1_000_000
    assert found.slope_mb == pytest.approx(1.0)
    assert found.rise_mb == pytest.approx(4.0)
    assert (found.rate, found.cpu_us) == (10_000, 80)


def test_memory_is_told_as_json_and_as_a_table() -> None:
    found = told([Sample(n, n * 1_000, 300.0) for n in range(11)], 10_000, 10.0, 1.0).document()
    assert json.loads(orjson.dumps(found))["samples"][-1] == {"at_s": 10, "alerts": 10_000, "rss_mb": 300.0}
    rows = dict(tables.memory({"memory": found}).rows)
    assert rows["slope after the first 5,000, MB per million alerts"] == "0.00"


def test_hostile_alerts_are_alerts_and_no_two_share_anything() -> None:
    formats = Formats.of(packaged_mappings())
    alerts = [alert_from(hostile(n).value, formats) for n in range(2_000)]
    assert len({entity(alert, DEFAULT_NETWORKS) for alert in alerts}) == 2_000
    assert len({rule_key(alert) for alert in alerts}) == 2_000
    assert len({text_of(alert) for alert in alerts}) == 2_000
    assert len({alert.src.ip for alert in alerts}) == 2_000
    assert all(alert.user and alert.device.name for alert in alerts if alert.format == "wazuh")
    times = [alert.time_ms or 0 for alert in alerts]
    assert times == sorted(times)
    assert not any(alert.quality for alert in alerts)
