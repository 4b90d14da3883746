"""Which offsets of a topic a stretch is, in each partition."""

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition

from enrich.errors import SettingsWrong
from worker.replay import Bound, spans


class Log:
    """A consumer of a topic "t" with two partitions: offsets 10 to 100, a record each second; and none."""

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {0, 1} if topic == "t" else None

    def beginning_offsets(self, places: list[Any]) -> dict[Any, int]:
        return {place: 0 if place.partition else 10 for place in places}

    def end_offsets(self, places: list[Any]) -> dict[Any, int]:
        return {place: 0 if place.partition else 100 for place in places}

    def offsets_for_times(self, times: dict[Any, int]) -> dict[Any, Any]:
        (place, time_ms), *_ = times.items()
        offset = max(-(-time_ms // 1000), 10)
        there = offset < 100 and not place.partition
        return {place: SimpleNamespace(offset=offset) if there else None}


FIRST = TopicPartition("t", 0)


@pytest.mark.parametrize(
    ("start", "end", "newest", "expected"),
    [
        (Bound(), Bound(), None, (10, 100)),
        (Bound(offset=20), Bound(offset=30), None, (20, 30)),
        (Bound(offset=0), Bound(offset=999), None, (10, 100)),
        (Bound(time_ms=50_000), Bound(), None, (50, 100)),
        (Bound(time_ms=50_000), Bound(time_ms=60_000), None, (50, 60)),
        (Bound(), Bound(), 20, (90, 100)),
        (Bound(offset=95), Bound(), 20, (95, 100)),
        (Bound(), Bound(offset=50), 1, (49, 50)),
    ],
)
def test_a_stretch_is_what_its_bounds_say(
    start: Bound, end: Bound, newest: int | None, expected: tuple[int, int]
) -> None:
    assert spans(Log(), "t", start, end, newest) == {FIRST: expected}


@pytest.mark.parametrize("bounds", [(Bound(offset=30), Bound(offset=30)), (Bound(time_ms=10**9), Bound())])
def test_an_empty_stretch_is_left_out(bounds: tuple[Bound, Bound]) -> None:
    assert spans(Log(), "t", *bounds) == {}


def test_a_topic_that_is_not_there_is_told() -> None:
    with pytest.raises(SettingsWrong, match="topic x does not exist"):
        spans(Log(), "x", Bound(), Bound())
