"""Counting of attack phases on a stream that is small enough to count by hand."""

from dataclasses import replace

import numpy as np

from benchmarks.attack_phases import known, models, of_rows, policy
from benchmarks.phases import Stream, by_points, by_scores, caught, tail_points
from enrich.pipeline import PartitionState, finish, scored
from tests.unit import tiny

# Alert 3 begins the scan by chance; 4 and 5 are of it; 7 was caused after the phase "shell" had ended.
STREAM = Stream(
    ["", "", "", "scan", "scan", "scan", "shell", "", ""],
    np.array([False, False, False, False, True, True, True, True, False]),
    [0, 1_000, 2_000, 10_000, 14_000, 15_000, 20_000, 25_000, 90_000],
)


def flags(*places: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isin(np.arange(9), places)


def test_a_phase_is_caught_by_the_first_escalation_within_it() -> None:
    found = caught(STREAM, flags(4, 5), STREAM.begins, days=2.0)
    assert (found.phases, found.caused, found.of, found.escalated) == (1, 1, 2, 2)
    assert found.delay_s == {"scan": 4.0}
    assert found.false_a_day == 0


def test_an_alert_that_fell_into_a_phase_by_chance_is_told_apart() -> None:
    found = caught(STREAM, flags(3), STREAM.begins, days=1.0)
    assert (found.phases, found.caused, found.false_a_day) == (1, 0, 0)


def test_false_is_what_neither_a_phase_nor_a_step_explains() -> None:
    assert caught(STREAM, flags(0, 1, 7, 8), STREAM.begins, days=2.0).false_a_day == 1.5
    assert caught(STREAM, flags(), STREAM.begins, days=2.0).median_delay_s is None


def test_a_share_of_the_stream_keeps_the_begin_that_the_whole_had() -> None:
    part = STREAM.where(flags(4, 5, 8))
    assert caught(part, np.array([True, False, True]), STREAM.begins, 1.0).delay_s == {"scan": 4.0}


def test_the_rarest_row_has_all_points_and_the_commonest_none() -> None:
    points = tail_points(np.array([1.0, 1.0, 1.0, 2.0]))
    assert points.tolist() == [0.0, 0.0, 0.0, 100.0]


def rows(n: int) -> list[dict[str, object]]:
    return [
        {
            "ts": f"2026-01-{1 + i // 96:02}T{i // 4 % 24:02}:{i % 4 * 15:02}:00+00:00",
            "detector": "IDS",
            "name": f"Rule {i % 7}",
            "ip": f"10.0.0.{i % 5}",
            "host": f"host{i % 5}",
            "code": f"R-{i % 7}",
            "phase": "scan" if 200 <= i < 220 else "false_positive",
            "event": "scan" if 205 <= i < 215 else None,
        }
        for i in range(n)
    ]


def test_the_quick_way_escalates_what_the_workers_last_step_does() -> None:
    run = of_rows(rows(400), tiny.context())
    scores = scored(run.batch, models(run, None))
    ruled = policy(20, 0.0)
    quick = by_scores(run.batch, scores, ruled)
    out = finish(run.records, run.batch, scores, {0: PartitionState()}, replace(tiny.context(), policy=ruled))
    assert [len(records) > 1 for records in out.outputs] == quick.tolist()
    assert 0 < quick.sum() < 100


def test_no_label_reaches_an_alert_and_the_unknown_are_left_out() -> None:
    plain, other = rows(400), [{**row, "phase": "x", "event": "y", "scenario": "z"} for row in rows(400)]
    run = of_rows(plain, tiny.context())
    assert run.records == of_rows(other, tiny.context()).records
    some, sure = known(run)
    assert sure.sum() == len(some.texts) == 390
    assert some.true.sum() == 10


def test_rivals_obey_the_capacity() -> None:
    run = of_rows(rows(960), tiny.context())
    points = np.random.default_rng(1).random(960) * 100
    assert by_points(run.batch, points, policy(5, 0.0)).sum() <= 5 * 11
