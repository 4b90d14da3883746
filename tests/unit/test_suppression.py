"""The second fold: repeats held back, and a day's capacity kept, in event time."""

from hypothesis import given
from hypothesis import strategies as st

from enrich.suppression import HOUR_MS, Suppression

T0 = 470_000 * HOUR_MS
KEY = ("r", "ip:10.0.0.1")


def test_after_one_escalation_repeats_are_held_back_and_counted() -> None:
    fold = Suppression()
    assert fold.held(KEY, T0, 60, 1) == 0
    assert fold.passed(KEY, T0, 60) == 0
    assert [fold.held(KEY, T0 + i, 60, 1) for i in (1, 2, 3)] == [1, 2, 3]


def test_the_escalation_after_the_window_says_how_many_were_held_back() -> None:
    fold = Suppression()
    fold.passed(KEY, T0, 60)
    fold.held(KEY, T0 + 1, 60, 1)
    later = T0 + 60 * 60_000
    assert fold.held(KEY, later, 60, 1) == 0
    assert fold.passed(KEY, later, 60) == 1


def test_a_count_lets_that_many_through_first() -> None:
    fold = Suppression()
    for i in range(3):
        assert fold.held(KEY, T0 + i, 60, 3) == 0
        fold.passed(KEY, T0 + i, 60)
    assert fold.held(KEY, T0 + 3, 60, 3) == 1


def test_the_memory_is_bounded() -> None:
    fold = Suppression(keys=10)
    for i in range(1_000):
        fold.passed((str(i), ""), T0 + i, 60)
    assert len(fold._running) == 10


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 5 * HOUR_MS)), max_size=80), st.integers(1, 9))
def test_the_threshold_leaves_room_for_one_more_within_the_capacity_of_the_day(
    rows: list[tuple[int, int]], capacity: int
) -> None:
    fold = Suppression()
    now = T0
    seen: list[tuple[int, int]] = []
    for priority, wait in rows:
        now += wait
        fold.ranked(priority, now)
        seen.append((now // HOUR_MS, priority))
    lowest = fold.day(now, capacity).threshold
    in_window = [p for hour, p in seen if hour > now // HOUR_MS - 24]
    assert sum(p >= lowest for p in in_window) < capacity


def test_in_the_first_hours_the_threshold_spares_most_of_the_capacity() -> None:
    fold = Suppression()
    for i in range(100):
        fold.ranked(50 + i % 40, T0)
    day = fold.day(T0, 24)
    assert (day.threshold, day.allowed) == (90, 1)  # 89 was seen: to be the highest takes more


def test_escalations_leave_the_count_after_a_day() -> None:
    fold = Suppression()
    fold.escalated(80, T0)
    assert fold.day(T0 + 23 * HOUR_MS, 5)[1:] == (1, 5, 80)
    assert fold.day(T0 + 24 * HOUR_MS, 5)[1:] == (0, 5, -1)
