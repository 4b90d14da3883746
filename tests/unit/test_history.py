"""The history fold against a plain list that forgets nothing, and at its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from enrich.counts import MEMORY_MS, MINUTE_MS, WINDOW_MS, Counts
from enrich.history import FUTURE_MS, Fold

T0 = 1_700_000_000_000 // MINUTE_MS * MINUTE_MS

steps = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["r1", "r2"]),
        st.one_of(st.integers(-50 * MINUTE_MS, 3 * MINUTE_MS), st.integers(0, 3 * MEMORY_MS)),
    ),
    max_size=60,
)


def naive_count(seen: list[tuple[str, int]], key: str, now: int, minutes: int, watermark: int) -> int:
    minute = now // MINUTE_MS
    oldest_kept = max((t for k, t in seen if k == key), default=0) // MINUTE_MS - 59
    return sum(
        k == key and max(minute - minutes + 1, oldest_kept) <= t // MINUTE_MS <= minute for k, t in seen
    )


@given(steps)
def test_counts_and_last_sights_equal_those_of_a_plain_list(steps: list[tuple[str, str, int]]) -> None:
    fold = Fold()
    entities: list[tuple[str, int]] = []
    rules: list[tuple[str, int]] = []
    pairs: list[tuple[tuple[str, str], int]] = []
    now = T0
    for entity, rule, delta in steps:
        time = now + delta
        if not fold.accepts(time, time):
            continue
        now = max(now, time)
        got = fold.see(entity, rule, time)
        for seen, key, counts, since in (
            (entities, entity, got[0:3], got.entity_since_s),
            (rules, rule, got[3:6], got.rule_since_s),
        ):
            last = max((t for k, t in seen if k == key), default=None)
            if last is None or time - last > MEMORY_MS:
                assert (counts, since) == ((0, 0, 0), None)
                continue
            assert since == max(time - last, 0) / 1000
            if time - last < WINDOW_MS - MINUTE_MS:
                assert counts == tuple(naive_count(seen, key, time, m, now) for m in (1, 10, 60))
        last_pair = max((t for k, t in pairs if k == (entity, rule)), default=None)
        known = last_pair is not None and time - last_pair <= MEMORY_MS
        assert got.pair_since_s == (max(time - last_pair, 0) / 1000 if known and last_pair else None)
        entities.append((entity, time))
        rules.append((rule, time))
        pairs.append(((entity, rule), time))


def test_history_is_missing_until_a_whole_window_was_seen() -> None:
    fold = Fold()
    assert not fold.see("a", "r", T0).warm
    assert not fold.see("a", "r", T0 + WINDOW_MS - 1).warm
    assert fold.see("a", "r", T0 + WINDOW_MS).warm


def test_late_alerts_do_not_make_the_memory_older_than_it_is() -> None:
    fold = Fold()
    fold.see("a", "r", T0)
    fold.see("a", "r", T0 - WINDOW_MS + 1)
    assert not fold.see("a", "r", T0 + 61_000).warm


def test_one_alert_with_a_clock_of_another_year_does_not_warm_the_fold() -> None:
    fold = Fold()
    fold.see("a", "r", 0)
    assert not fold.see("a", "r", T0).warm
    assert not fold.see("a", "r", T0 + 1_000).warm


def test_a_time_in_the_records_future_is_not_accepted() -> None:
    fold = Fold()
    assert fold.accepts(T0 + FUTURE_MS, T0)
    assert not fold.accepts(T0 + FUTURE_MS + 1, T0)


def test_a_time_before_the_window_is_not_accepted() -> None:
    fold = Fold()
    fold.see("a", "r", T0)
    assert fold.accepts(T0 - WINDOW_MS + 1, T0)
    assert not fold.accepts(T0 - WINDOW_MS, T0)


def test_the_entity_folded_longest_ago_makes_room_and_is_counted() -> None:
    counts = Counts(limit=2)
    for key, time in (("a", T0), ("b", T0 + 1), ("a", T0 + 2), ("c", T0 + 3)):
        counts.add(key, time, time)
    assert counts.look("b", T0 + 4)[3] is None
    assert counts.look("a", T0 + 4)[2] == 2
    assert counts.overflow == 1


def test_memory_is_bounded_however_many_entities_an_attacker_invents() -> None:
    fold = Fold(entities=100, rules=10, pairs=50)
    for i in range(5_000):
        fold.see(f"ip:{i}", f"rule {i % 37}", T0 + i)
    assert len(fold.entities) == 100
    assert len(fold.entities._buckets) == 100 * 60
    assert len(fold.rules) == 10
    assert len(fold._pairs) == 50


def test_a_reused_slot_does_not_carry_the_counts_of_its_last_owner() -> None:
    counts = Counts(limit=1)
    for _ in range(9):
        counts.add("a", T0, T0)
    counts.add("b", T0, T0)
    assert counts.look("b", T0)[2] == 1


moves = st.integers(-70 * MINUTE_MS, 70 * MINUTE_MS) | st.integers(-300, 300)
leaps = st.sampled_from([0, MINUTE_MS, 59 * MINUTE_MS, WINDOW_MS, MEMORY_MS, MEMORY_MS + 1])


@given(st.lists(st.tuples(st.sampled_from("abcd"), moves | leaps), max_size=80))
def test_seeing_is_looking_and_then_adding(steps: list[tuple[str, int]]) -> None:
    one, two = Counts(limit=3), Counts(limit=3)
    now = T0
    for key, delta in steps:
        time = max(now + delta, now - WINDOW_MS + 1)
        now = max(now, time)
        looked = two.look(key, time)
        two.add(key, time, now)
        assert one.see(key, time, now) == looked
    assert (one._buckets, one._last_ms, one._minute) == (two._buckets, two._last_ms, two._minute)
    assert (list(one._slot.items()), one.overflow) == (list(two._slot.items()), two.overflow)
    assert list(one._total) == [sum(one._buckets[i * 60 : i * 60 + 60]) for i in range(len(one._total))]
