"""Health: when a worker is alive and ready."""

from typing import Any

import pytest

from tests.unit.health_served import NOW_S, pulse
from worker.health_conditions import Bounds, not_alive, not_ready, passthrough
from worker.pulse import Pulse

BOUNDS = Bounds.of(60.0)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reading": set(), "polled_s": None},
        {"reading": set(), "polled_s": NOW_S - 3600},
        {"lag": lambda: {0: 10**9, 1: 10**9}, "waiting_rows": 8000, "outstanding_rows": 8000},
        {"oldest": lambda: NOW_S - 29, "core_since_s": NOW_S - 29},
        {"oldest": lambda: NOW_S - 29, "polled_s": NOW_S - 25},
    ],
    ids=["well", "idle and never polled", "idle", "far behind", "slow", "full: not polled for a while"],
)
def test_a_worker_is_ready_that(fields: dict[str, Any]) -> None:
    assert not_ready(pulse(**fields), BOUNDS, NOW_S) == []


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({"joined": False, "reading": set()}, ["joined"]),
        ({"restoring": {4, 5}}, ["restored"]),
        ({"polled_s": None}, ["polled"]),
        ({"polled_s": NOW_S - 11}, ["polled"]),
        ({"oldest": lambda: NOW_S - 31}, ["acknowledged"]),
        ({"stopping": True}, ["stopping"]),
        ({"core_since_s": NOW_S - 61}, ["core"]),
        ({"stopping": True, "joined": False}, ["stopping", "joined"]),
    ],
)
def test_each_condition_that_is_not_met_is_named(fields: dict[str, Any], conditions: list[str]) -> None:
    unmet = not_ready(pulse(**fields), BOUNDS, NOW_S)
    assert [each.condition for each in unmet] == conditions


def test_a_worker_without_a_bundle_is_not_ready_and_one_in_passthrough_is() -> None:
    none, through = pulse(), pulse()
    none.bundle_id, through.bundle_id = "", "none"
    assert [each.condition for each in not_ready(none, BOUNDS, NOW_S)] == ["bundle"]
    assert (not_ready(through, BOUNDS, NOW_S), passthrough(through), passthrough(pulse())) == (
        [],
        True,
        False,
    )


def test_a_new_pulse_is_alive_and_not_ready() -> None:
    new = Pulse("b1", "c1")
    assert not_alive(new, BOUNDS, NOW_S) == []
    assert [each.condition for each in not_ready(new, BOUNDS, NOW_S)] == ["joined"]


def test_only_a_core_beyond_its_time_is_not_alive() -> None:
    ill = pulse(joined=False, restoring={1}, polled_s=None, oldest=lambda: 0.0, stopping=True)
    assert not_alive(ill, BOUNDS, NOW_S) == []
    ill.core_since_s = NOW_S - 60
    assert not_alive(ill, BOUNDS, NOW_S) == []
    ill.core_since_s = NOW_S - 60.5
    assert [each.condition for each in not_alive(ill, BOUNDS, NOW_S)] == ["core"]


@pytest.mark.parametrize(("core_timeout_s", "oldest_s"), [(5.0, 30.0), (60.0, 30.0), (200.0, 100.0)])
def test_a_list_may_wait_for_half_the_cores_time_but_thirty_seconds_at_least(
    core_timeout_s: float, oldest_s: float
) -> None:
    assert Bounds.of(core_timeout_s).oldest_s == oldest_s
