"""Snapshots: the state that was dumped and loaded is the state that never was, and no bytes do harm."""

import json
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich import snapshot
from enrich.counts import MEMORY_MS, MINUTE_MS, WINDOW_MS
from enrich.history import Fold
from enrich.pipeline import PartitionState
from enrich.snapshot import BOUNDS, SNAPSHOT_VERSION, Bounds, SnapshotRefused, dump, load
from enrich.suppression import HOUR_MS, Suppression

T0 = 470_000 * HOUR_MS
TINY = Bounds(entities=3, rules=2, pairs=4, suppressions=3)

# An entity, a rule, how far its time is from the newest, its priority. Late, on time, leaping.
steps = st.lists(
    st.tuples(
        st.sampled_from(["ip:10.0.0.1", "host:ü", "user:\U0001f600", "", "a", "\ud800"]),
        st.sampled_from(["s\x001", "s\x002", "t\x00" + "x" * 198, "a"]),
        st.one_of(
            st.integers(-WINDOW_MS, 3 * MINUTE_MS),
            st.integers(0, 3 * WINDOW_MS),
            st.integers(0, 2 * MEMORY_MS),
        ),
        st.integers(0, 100),
    ),
    max_size=40,
)


def new(bounds: Bounds = TINY) -> PartitionState:
    history = Fold(bounds.entities, bounds.rules, bounds.pairs)
    return PartitionState(0, history, Suppression(bounds.suppressions))


def answers(state: PartitionState, steps: Iterable[tuple[str, str, int, int]]) -> list[Any]:
    """Fold the steps and return all that the state said of them."""
    said: list[Any] = []
    for entity, rule, delta, priority in steps:
        newest = T0 if state.history.watermark_ms is None else state.history.watermark_ms
        time, key = newest + delta, (rule, entity)
        state.head += 1
        said.append(state.history.accepts(time, time))
        if said[-1]:
            said.append(state.history.see(entity, rule, time))
        said.append(state.suppression.held(key, time, 30, 1 + priority % 3))
        said.append(state.suppression.day(time, 5))
        state.suppression.ranked(priority, time)
        if priority > 50:
            said.append(state.suppression.passed(key, time, 30))
            state.suppression.escalated(priority, time)
    overflows = state.history.entities.overflow, state.history.rules.overflow, state.history.pair_overflow
    return [*said, state.history.warm, overflows, state.suppression.overflow, len(state.history.entities)]


@given(steps, steps)
def test_a_loaded_state_answers_as_the_one_that_was_never_dumped(before: Any, after: Any) -> None:
    state = new()
    answers(state, before)
    loaded = load(dump(state), TINY)
    assert answers(loaded, after) == answers(state, after)
    assert dump(loaded) == dump(state)


@given(steps)
def test_dumping_a_loaded_state_gives_the_same_bytes(before: Any) -> None:
    state = new()
    answers(state, before)
    data = dump(state)
    assert dump(load(data, TINY)) == data


@given(steps, steps)
def test_dumping_changes_nothing(before: Any, after: Any) -> None:
    state, other = new(), new()
    assert answers(state, before) == answers(other, before)
    dump(state)
    assert answers(state, after) == answers(other, after)


def test_the_memory_of_a_loaded_state_is_bounded_as_before() -> None:
    state = new()
    for number in range(20):
        state = load(dump(state), TINY)
        answers(state, [(f"ip:{number}", f"r{number}", 1, 80)])
    assert (len(state.history.entities), len(state.history.rules)) == (3, 2)


def test_counts_that_nobody_can_read_any_more_are_left_out() -> None:
    state, other = new(), new()
    for each in (state, other):
        each.history.see("a", "r", T0)
        for _ in range(each is state):
            each.history.see("a", "r", T0)
        each.history.see("b", "r2", T0 + 3 * WINDOW_MS)
    assert dump(state) == dump(other)


def test_every_part_of_a_partitions_state_is_dumped() -> None:
    assert [field.name for field in fields(PartitionState)] == ["head", "history", "suppression"]


def test_a_state_with_the_widest_keys_is_within_its_bounds() -> None:
    state = new()
    wide = "\U0001f600" * 199
    answers(state, [(f"{wide}{n}", f"{n}{wide}", n * MINUTE_MS, 90) for n in range(9)])
    assert answers(load(dump(state), TINY), []) == answers(state, [])


def filled() -> PartitionState:
    state = new()
    answers(state, [(f"ip:{n % 5}", f"r{n % 3}", n * 20_000, n * 7 % 101) for n in range(60)])
    return state


DATA = dump(filled())
BODY = snapshot._opened(DATA, TINY)


@given(st.integers(0, len(DATA) - 1))
def test_the_beginning_of_a_snapshot_is_refused(length: int) -> None:
    with pytest.raises(SnapshotRefused):
        load(DATA[:length], TINY)


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_an_altered_byte_is_refused(place: int, flip: int) -> None:
    altered = bytearray(DATA)
    altered[place] ^= flip
    with pytest.raises(SnapshotRefused):
        load(bytes(altered), TINY)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_snapshot_are_refused(data: bytes) -> None:
    for each in (data, DATA + data[:1] + b"\x00", DATA[:6] + data):
        with pytest.raises(SnapshotRefused):
            load(each, TINY)


# Where the checksum is right: somebody wrote it so, or we did. Nothing but a refusal may come of it.
@given(
    st.lists(st.tuples(st.integers(0, len(BODY) - 1), st.binary(max_size=12)), min_size=1, max_size=4),
    st.integers(0, 12),
)
def test_a_sealed_body_of_any_bytes_is_loaded_or_refused(cuts: list[tuple[int, bytes]], drop: int) -> None:
    body = BODY
    for place, put in cuts:
        body = body[:place] + put + body[place + drop :]
    try:
        state = load(snapshot._closed(body), TINY)
    except SnapshotRefused:
        return
    dump(state)
    answers(state, [("a", "b", 1, 90), ("c", "d", WINDOW_MS, 10)])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
@pytest.mark.parametrize("name", ["bounds", "head", "watermark_ms", "first_ms", "hour", "sections"])
def test_facts_of_any_kind_are_loaded_or_refused(name: str, value: object) -> None:
    size = int.from_bytes(BODY[:4], "little")
    facts = json.loads(BODY[4 : 4 + size])
    facts[name] = value
    told = json.dumps(facts).encode()
    body = len(told).to_bytes(4, "little") + told + BODY[4 + size :]
    with suppress(SnapshotRefused):
        dump(load(snapshot._closed(body), TINY))


def test_another_version_is_refused_by_its_number() -> None:
    other = DATA[:4] + (SNAPSHOT_VERSION + 1).to_bytes(2, "little") + DATA[6:]
    with pytest.raises(SnapshotRefused, match=f"of version {SNAPSHOT_VERSION + 1}"):
        load(other, TINY)


def test_other_bounds_are_refused() -> None:
    with pytest.raises(SnapshotRefused, match="other bounds"):
        load(DATA, TINY._replace(pairs=5))


def test_a_body_larger_than_any_state_is_not_decompressed() -> None:
    with pytest.raises(SnapshotRefused, match="cannot be"):
        load(snapshot._closed(bytes(TINY.body_bytes + 1)), TINY)


def test_a_body_larger_than_it_says_is_not_decompressed_further() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    head = snapshot._HEAD.pack(b"MLRS", SNAPSHOT_VERSION, 1000, snapshot._digest(1000, bomb))
    with pytest.raises(SnapshotRefused, match="not the 1000 bytes"):
        load(head + bomb, TINY)


def test_the_bound_of_the_default_state_is_some_ninety_megabytes() -> None:
    assert BOUNDS.body_bytes < 100_000_000
