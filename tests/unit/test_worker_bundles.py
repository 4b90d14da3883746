"""The promoted bundle in a worker: taken between two batches, or refused, and the last good one stays."""

import asyncio
import gc
import io
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import orjson
import pytest

from enrich.errors import BundleRefused
from enrich.score import ANY, Models
from models import Promotion
from tests.unit import tiny
from tests.unit.models_fixture import House
from tests.unit.watched import Worker, log_lines, promoted_house, spoil, told
from worker import bundles, tables_watch
from worker.current import Current
from worker.run import following
from worker.settings import Settings
from worker.stall import Stall
from worker.warm import warm


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    with log_lines() as stream:
        yield stream


@pytest.fixture
def home(tmp_path: Path) -> House:
    return promoted_house(tmp_path)


def speaking_as(source: str) -> Models:
    """The tiny models, with another label source, which every event that they scored names."""
    head = replace(tiny.models().heads[0], label_source=source, _texts={})
    return replace(tiny.models(), heads=(head,), formats={ANY: source}, bundle_id=source)


# What the core takes


def test_every_batch_names_the_bundle_that_scored_it_whenever_the_swap_comes() -> None:
    pairs = [(speaking_as("one"), 1), (speaking_as("two"), 2)]
    current = Current(tiny.context())
    current.take_models(*pairs[0])
    core, over, swaps = following(current), threading.Event(), 0

    def swap() -> None:
        nonlocal swaps
        while not over.is_set():
            swaps += 1
            current.take_models(*pairs[swaps % 2])

    thread = threading.Thread(target=swap)
    thread.start()
    seen: list[set[tuple[str, str]]] = []
    try:
        for n in range(40):
            outputs = core(tiny.records([tiny.suricata(i) for i in range(8)], first=8 * n), {}).outputs
            events = [orjson.loads(made[0].value)["unmapped"]["millrace"] for made in outputs]
            seen.append({(each["bundle_id"], each["confidence"]["label_source"]) for each in events})
    finally:
        over.set()
        thread.join(10)
    assert all(len(batch) == 1 for batch in seen)
    assert set.union(*seen) == {("one", "one"), ("two", "two")}


def test_a_swap_leaves_the_history_of_a_partition_alone() -> None:
    current = Current(tiny.context())
    counts = []
    states: Any = {}
    for n, models in enumerate([speaking_as("one"), speaking_as("two")]):
        current.take_models(models, n + 1)
        values = [tiny.suricata(0) for _ in range(5)]
        following(current)(tiny.records(values, first=5 * n), states)
        counts.append(states[0].head)
    alone: Any = {}
    following(Current(tiny.context()))(tiny.records([tiny.suricata(0) for _ in range(10)]), alone)
    assert counts == [5, 10]
    assert len(states[0].history.entities) == len(alone[0].history.entities)
    assert states[0].history.watermark_ms == alone[0].history.watermark_ms


def test_the_context_changes_with_the_bundle_and_comes_back_with_it() -> None:
    current = Current(tiny.context())
    ids = [current.take_models(speaking_as(name), n).context_id for n, name in enumerate("aba")]
    assert ids[0] == ids[2] != ids[1]


# Looking


def test_a_promotion_is_taken_over_noted_and_told(home: House, logged: io.StringIO) -> None:
    worker = Worker(home)
    first, second = home.bundle.name, home.another(2)
    assert worker.look() == (first, 1)
    home.promoted(second)
    before = worker.current.now.context.context_id
    assert worker.look() == (second, 2)
    assert (worker.notes.promotion, worker.notes.before) == ((2, second), [1])
    assert (worker.pulse.bundle_id, worker.pulse.promotion, worker.swaps("taken")) == (second, 2, 1)
    (line,) = told(logged, "bundle")
    assert (line["before"], line["bundle"], line["promotion"]) == (first, second, 2)
    assert line["context"] == worker.pulse.context_id != before
    assert {"seconds", "stall_ms"} <= set(line)


def test_a_rollback_is_a_promotion_too_and_gives_the_old_context_back(home: House) -> None:
    worker = Worker(home)
    before = worker.pulse.context_id
    home.promoted(home.another(2))
    worker.look()
    home.promoted(home.bundle.name)
    assert worker.look() == (home.bundle.name, 3)
    assert worker.pulse.context_id == before


def test_the_same_bundle_promoted_again_is_not_opened_again(home: House) -> None:
    worker = Worker(home)
    models = worker.current.now.models
    home.promoted(home.bundle.name)
    assert worker.look() == (home.bundle.name, 2)
    assert worker.current.now.models is models


@pytest.mark.parametrize("what", ["bundle in place", "promotion", "trusted key", "bundle"])
def test_a_look_sees_a_change_of(home: House, what: str) -> None:
    settings = Settings(state=home.root)
    before = bundles.look(settings)
    assert bundles.look(settings) == before
    if what == "bundle in place":
        spoil(home.bundle)
    elif what == "promotion":
        home.promoted(home.bundle.name)
    elif what == "trusted key":
        next(home.trust.glob("*.json")).unlink()
    else:
        home.another(7)
    assert bundles.look(settings) != before


# Both watches


def test_a_table_and_a_bundle_that_change_at_once_are_both_in_force(home: House, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("203.0.113.1 3\n")
    worker = Worker(home, blocklists=(f"feed={file}",))
    second = home.another(2)
    others = tables_watch.Watch(worker.settings, worker.current, worker.pulse, worker.metrics)

    async def work() -> None:
        await others.look()
        file.with_suffix(".new").write_text("203.0.113.1 4\n203.0.113.2\n")
        file.with_suffix(".new").replace(file)
        await others.look()
        home.promoted(second)
        await asyncio.gather(worker.watch.look(), others.look())

    asyncio.run(work())
    now = worker.current.now
    assert (now.context.bundle_id, now.promotion) == (second, 2)
    assert [table.facts.entries for table in now.context.tables.tables] == [2]
    assert worker.pulse.context_id == now.context.context_id


# Opening


def test_models_that_are_warm_have_scored_with_every_head() -> None:
    head = tiny.models().heads[0]
    heads = tuple(replace(head, label_source=name, _texts={}) for name in ("one", "two"))
    models = replace(tiny.models(), heads=heads, formats={"suricata": "one", "wazuh": "two"})
    warm(models, tiny.context())
    assert all(each._texts for each in heads)


def test_models_that_cannot_score_an_alert_are_refused() -> None:
    broken = replace(tiny.models(), anomaly_reference=np.empty(0))
    with pytest.raises(BundleRefused, match=r"it cannot score an alert \(ValueError\)") as raised:
        warm(broken, tiny.context())
    assert "\n" not in str(raised.value)


def test_the_models_of_a_promotion_are_those_of_its_bundle(home: House) -> None:
    settings = Settings(state=home.root)
    found: Promotion = bundles.promotion(settings)
    models = bundles.models(settings, found)
    assert (models.bundle_id, found.bundle_id) == (home.bundle.name, home.bundle.name)
    assert bundles.models(settings, found, in_use=models) is models


def test_a_loop_that_was_held_up_is_noticed() -> None:
    async def body() -> tuple[float, float]:
        async with Stall() as free:
            await asyncio.sleep(0)
        async with Stall() as held:
            await asyncio.sleep(0)
            until = monotonic() + 0.1
            while monotonic() < until:
                pass
        return free.seconds, held.seconds

    free, held = asyncio.run(body())
    assert held >= 0.09 > free


def test_models_that_are_given_up_are_gone_at_once_and_not_when_the_collector_comes(home: House) -> None:
    # The collector never looks at the first ones (worker.memory.settle), and at others once in 100 batches.
    settings = Settings(state=home.root)
    models = bundles.models(settings, bundles.promotion(settings))
    warm(models, tiny.context())
    gone = [weakref.ref(part.vectorizer) for head in models.heads for part in head.vocabulary.parts]
    gone += [weakref.ref(each) for each in (models, models.anomaly, models.heads[0].severity)]
    gc.disable()
    try:
        del models
        assert [each() for each in gone] == [None] * len(gone)
    finally:
        gc.enable()
