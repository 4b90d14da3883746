"""The promoted bundle in a worker: taken between two batches, or refused, and the last good one stays."""

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import orjson
import pytest

from enrich.context import PASSTHROUGH_BUNDLE
from enrich.errors import BundleRefused
from enrich.score import ANY, Models
from models import Promotion, new_key
from tests.unit import tiny
from tests.unit.models_fixture import House, add, house
from worker import bundles, compose, tables_watch
from worker.bundles_watch import Watch
from worker.current import Current, Noted, with_models
from worker.health_conditions import degraded
from worker.log import configure
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.run import following
from worker.settings import Settings
from worker.stall import Stall
from worker.state import StateFailed
from worker.warm import warm


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that goes to the log, as JSON lines."""
    configure(Settings(), json=True)
    stream = io.StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    handler.setStream(sys.stderr)


def told(logged: io.StringIO, *events: str) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in lines if line["event"] in events]


def speaking_as(source: str) -> Models:
    """The tiny models, with another label source, which every event that they scored names."""
    head = replace(tiny.models().heads[0], label_source=source, _texts={})
    return replace(tiny.models(), heads=(head,), formats={ANY: source}, bundle_id=source)


class Notes:
    """The state topic's part in this, in memory. fails: what the next calls raise. before: at each note."""

    def __init__(self) -> None:
        self.promotion = Noted()
        self.reads = 0
        self.fails: Exception | None = None
        self.before: list[int] = []
        self.worker: Worker | None = None

    async def promotions(self) -> Noted:
        self.reads += 1
        return self.promotion

    async def note_promotion(self, sequence: int, bundle_id: str) -> None:
        if self.fails is not None:
            raise self.fails
        if self.worker is not None:
            self.before.append(self.worker.current.now.promotion)
        self.promotion = max(self.promotion, Noted(sequence, bundle_id))


class Worker:
    """What a running worker has beside its core, around a store that the test promotes in."""

    def __init__(self, home: House, notes: Notes | None = None, **more: Any) -> None:
        self.settings = Settings(state=home.root, **more)
        self.notes = notes or Notes()
        self.notes.worker = self
        context = compose.context(self.settings, 1, None)
        found = compose.promoted(self.settings, self.notes.promotion, context)
        self.current = Current(with_models(context, found.models), found.models, found.sequence)
        now = self.current.now.context
        self.pulse = Pulse(now.bundle_id, now.context_id)
        self.metrics = Metrics(self.pulse)
        self.watch = Watch(
            self.settings,
            self.current,
            self.notes,  # type: ignore[arg-type]
            self.pulse,
            self.metrics,
            found.reason,
        )

    def look(self, times: int = 1) -> tuple[str, int]:
        """Look so often; return bundle and promotion that are in force then."""

        async def looks() -> None:
            for _ in range(times):
                await self.watch.look()

        asyncio.run(looks())
        return self.current.now.context.bundle_id, self.current.now.promotion

    def swaps(self, result: str) -> float:
        name = f'millrace_bundle_swaps_total{{result="{result}"}} '
        lines = self.metrics.text().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).rpartition(" ")[2])


@pytest.fixture
def home(tmp_path: Path) -> House:
    """A state directory with one bundle, promoted."""
    made = house(tmp_path)
    made.promoted(made.bundle.name)
    return made


def spoil(directory: Path) -> bytes:
    """Change a byte of the largest file in place; return what it held."""
    path = max(directory.iterdir(), key=lambda each: each.stat().st_size)
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    return before


def mend(directory: Path, content: bytes) -> None:
    max(directory.iterdir(), key=lambda each: each.stat().st_size).write_bytes(content)


def refused(worker: Worker) -> bool:
    return bool(degraded(worker.pulse)) and "millrace_bundle_refused 1.0" in worker.metrics.text().decode()


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


# Refusing


def test_a_corrupt_bundle_is_tried_and_refused_once_and_taken_when_it_is_whole(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    home.promoted(second)
    content = spoil(home.root / "bundles" / second)
    assert worker.look(4) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "was changed after it was signed" in line["reason"]
    assert (line["level"], line["meaning"]) == ("error", "the last good one stays")
    assert (refused(worker), worker.swaps("refused"), worker.notes.promotion) == (True, 1, Noted())
    assert worker.notes.reads == 1
    mend(home.root / "bundles" / second, content)
    assert worker.look() == (second, 2)
    assert not refused(worker)


def test_an_old_directory_of_promotions_is_refused_and_the_right_one_clears_it(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    record = home.promoted(second)
    worker.look()
    path = home.root / "bundles" / "promotions" / f"{record.sequence:010d}.json"
    content = path.read_bytes()
    path.unlink()
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert "older than what this group has seen" in line["reason"]
    assert refused(worker)
    path.write_bytes(content)
    assert worker.look() == (second, 2)
    assert (refused(worker), len(told(logged, "bundle_as_promoted"))) == (False, 1)


def test_a_fresh_worker_refuses_what_is_older_than_its_group_has_seen(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(5, "a" * 16)
    with pytest.raises(BundleRefused, match="older than what this group has seen"):
        Worker(home, notes)
    worker = Worker(home, notes, on_bundle_error="passthrough")
    assert worker.look() == (PASSTHROUGH_BUNDLE, 0)


def test_another_bundle_under_the_number_in_use_is_refused_and_never_said_to_be_in_force(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second, third = home.another(2), home.another(3)
    record = home.promoted(second)
    worker.look()
    # The store is restored to before that promotion, and somebody promotes in it.
    (home.root / "bundles" / "promotions" / f"{record.sequence:010d}.json").unlink()
    home.promoted(third)
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert f"two promotions 2: of {third} here, of {second} as this group" in line["reason"]
    assert "promote again with --after 2" in line["reason"]
    assert (refused(worker), told(logged, "bundle_as_promoted")) == (True, [])
    home.promoted(third, after=2)
    assert (worker.look(), refused(worker)) == ((third, 3), False)


def test_a_fresh_worker_refuses_another_bundle_under_the_number_that_its_group_has_used(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(1, "a" * 16)
    with pytest.raises(
        BundleRefused, match=r"two promotions 1: of .* promote again with --after 1"
    ) as raised:
        Worker(home, notes)
    assert "\n" not in str(raised.value)
    worker = Worker(home, notes, on_bundle_error="passthrough")
    assert worker.look() == (PASSTHROUGH_BUNDLE, 0)


def test_a_note_that_does_not_say_which_bundle_is_no_reason_to_refuse(home: House) -> None:
    notes = Notes()
    notes.promotion = Noted(1, "")
    assert Worker(home, notes).look() == (home.bundle.name, 1)


def test_another_bundle_that_another_worker_has_noted_under_this_number_is_refused(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)

    class Late(Notes):
        """Another worker notes between the look and the reading of the topic."""

        async def promotions(self) -> Noted:
            return Noted(2, "a" * 16)

    worker.watch = Watch(
        worker.settings,
        worker.current,
        Late(),  # type: ignore[arg-type]
        worker.pulse,
        worker.metrics,
    )
    home.promoted(home.another(2))
    assert worker.look() == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "two promotions 2" in line["reason"]


def test_a_key_of_the_bundle_in_use_that_is_distrusted_is_told_and_the_bundle_stays(
    home: House, logged: io.StringIO
) -> None:
    theirs = new_key(home.keys, home.trust, comment="theirs")
    second = add(home.root, theirs, 5)
    home.promoted(second)  # by the key of the house
    worker = Worker(home)
    assert (worker.look(), refused(worker)) == ((second, 2), False)
    (public,) = home.trust.glob(f"{theirs.key_id}*")
    content = public.read_bytes()
    public.unlink()
    assert worker.look(3) == (second, 2)
    (line,) = told(logged, "bundle_refused")
    assert f"signed by key {theirs.key_id}, which is not trusted" in line["reason"]
    assert refused(worker)
    public.write_bytes(content)
    assert (worker.look(), refused(worker)) == ((second, 2), False)


def test_what_another_worker_has_noted_meanwhile_is_the_least_that_is_taken(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.promotion = Noted(9, "a" * 16)
    assert worker.look(2) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_refused")
    assert "9 was seen" in line["reason"]


def test_a_sequence_that_cannot_be_noted_is_not_used_and_is_tried_again(
    home: House, logged: io.StringIO
) -> None:
    worker = Worker(home)
    second = home.another(2)
    home.promoted(second)
    worker.notes.fails = StateFailed("topic alerts.state: no receipt within 120 s (no answer)")
    assert worker.look(3) == (home.bundle.name, 1)
    (line,) = told(logged, "bundle_failed")
    assert line["reason"].startswith("topic alerts.state: no receipt")
    assert (refused(worker), worker.swaps("failed")) == (True, 1)
    worker.notes.fails = None
    assert worker.look() == (second, 2)


def test_a_key_that_is_distrusted_before_the_sequence_is_noted_takes_its_bundle_along(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.fails = StateFailed("topic alerts.state: no receipt within 120 s (no answer)")
    worker.look()
    next(home.trust.glob("*.json")).unlink()
    worker.notes.fails = None
    assert worker.look() == (home.bundle.name, 1)


def test_a_worker_without_a_bundle_takes_the_first_that_is_promoted(
    tmp_path: Path, logged: io.StringIO
) -> None:
    home = house(tmp_path)
    worker = Worker(home, on_bundle_error="passthrough")
    assert worker.look(2) == (PASSTHROUGH_BUNDLE, 0)
    assert told(logged, "bundle_refused") == []  # it was told at the start
    assert refused(worker)
    home.promoted(home.bundle.name)
    assert worker.look() == (home.bundle.name, 1)
    assert not refused(worker)


def test_a_key_that_is_trusted_later_makes_its_promotion_good(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    (public,) = home.trust.glob("*.json")
    content = public.read_bytes()
    public.unlink()
    assert worker.look()[1] == 1
    public.write_bytes(content)
    assert worker.look()[1] == 2


def test_a_worker_that_is_told_to_stop_swaps_no_more(home: House) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.pulse.stopping = True
    assert worker.look() == (home.bundle.name, 1)
    assert worker.notes.promotion == Noted()


def test_a_bug_does_not_end_the_watch_and_is_told_without_its_text(home: House, logged: io.StringIO) -> None:
    worker = Worker(home)
    home.promoted(home.another(2))
    worker.notes.fails = ValueError("SECRET")
    assert worker.look(3) == (home.bundle.name, 1)
    assert [line["reason"].startswith("error=ValueError") for line in told(logged, "bundle_failed")] == [True]
    assert "SECRET" not in logged.getvalue()


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
