"""A busy process is kept on one CPU, and let go again."""

import os
import sys
from pathlib import Path

import pytest

from worker import affinity
from worker.affinity import Together

linux = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="needs Linux with two CPUs"
)


def cpus() -> list[int]:
    """Return how many CPUs each thread may use."""
    return [len(os.sched_getaffinity(int(task.name))) for task in affinity.TASKS.iterdir()]


@linux
def test_all_threads_are_held_while_it_is_busy_and_let_go_when_it_is_not() -> None:
    before, together = cpus(), Together(True)
    together.turn(busy=True)
    held = cpus()
    together.turn(busy=False)
    assert (set(held), cpus(), together.held) == ({1}, before, False)


@linux
def test_after_a_second_the_kernel_may_choose_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "HOLD_S", -1.0)
    together = Together(True)
    found = []
    for _ in range(3):
        together.turn(busy=True)
        found.append(together.held)
    together.let_go()
    assert found == [True, False, True]


@linux
def test_without_proc_only_speed_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(affinity, "TASKS", tmp_path / "no")
    together = Together(True)
    for busy in (True, True, False):
        together.turn(busy=busy)
    assert not together.held


@linux
def test_one_cpu_is_what_a_user_may_refuse() -> None:
    before, together = cpus(), Together(False)
    together.turn(busy=True)
    assert (cpus(), together.held) == (before, False)


@linux
def test_a_process_that_has_one_cpu_only_is_left_alone() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        together = Together(True)
        together.turn(busy=True)
        assert not together.held
    finally:
        os.sched_setaffinity(0, allowed)
