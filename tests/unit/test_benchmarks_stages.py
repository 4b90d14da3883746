"""The clocks of the benchmark measure the core, and leave it as it was."""

import importlib
from typing import Any

import pytest

from benchmarks.stages import INSIDE, Clock, by_stage, own_ns
from enrich.pipeline import process
from tests.unit import tiny


def joints() -> list[Any]:
    return [getattr(importlib.import_module(module), name) for _, module, name in INSIDE]


def test_every_joint_that_is_timed_is_there() -> None:
    assert all(callable(each) for each in joints())


def test_stages_sum_to_all_and_the_models_parts_to_the_models() -> None:
    told = by_stage([tiny.line(i) for i in range(120)], tiny.context(), tiny.models(), rows=40)
    stages = ("parse", "enrich + fold + features", "models", "decide + encode")
    assert sum(told[name] for name in stages) == pytest.approx(told["all"], abs=0.1)
    parts = [value for name, value in told.items() if name.startswith("– ")]
    assert sum(parts) == pytest.approx(told["models"], abs=0.1)
    assert all(value > 0 for value in told.values())


def test_the_core_is_as_it_was_after_being_timed() -> None:
    before = joints()
    context, models, records = tiny.context(), tiny.models(), tiny.records([tiny.line(i) for i in range(20)])
    events = process(records, {}, context, models).outputs
    by_stage([tiny.line(i) for i in range(20)], context, models)
    assert joints() == before
    assert process(records, {}, context, models).outputs == events


def test_a_clock_gives_what_the_function_gives_and_counts_when_it_raises() -> None:
    def fails(value: int) -> int:
        sum(range(20_000))
        if value:
            raise KeyError(value)
        return 7

    clock = Clock(fails, own_ns())
    assert clock(0) == 7
    once = clock.seconds
    with pytest.raises(KeyError):
        clock(1)
    assert clock.seconds > once > 0
