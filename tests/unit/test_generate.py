"""The generator's promises: reproducible, in order, exact in number, and lifelike where it matters."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from enrich.errors import SettingsWrong
from training.generate import FORMATS, Parameters, Sample, samples
from training.generate.rhythm import DAY_MS, is_office

PLAIN = Parameters(seed=3, count=6_000, days=3)


@cache
def made(parameters: Parameters = PLAIN) -> tuple[Sample, ...]:
    return tuple(samples(parameters))


def share(chosen: list[bool]) -> float:
    return sum(chosen) / len(chosen)


def test_the_same_parameters_give_the_same_bytes() -> None:
    assert made() == tuple(samples(PLAIN))


def test_another_seed_gives_other_bytes() -> None:
    other = {sample.line for sample in samples(replace(PLAIN, seed=4))}
    assert not other & {sample.line for sample in made()}


def test_alerts_come_in_order_of_time() -> None:
    assert all(before.time_ms <= after.time_ms for before, after in pairwise(made()))


@pytest.mark.parametrize("count", [1, 2, 39, 300, 5_000])
def test_as_many_alerts_come_as_were_asked_for(count: int) -> None:
    assert len(list(samples(Parameters(seed=1, count=count)))) == count


def test_alerts_begin_on_the_first_day_and_go_on_to_the_last() -> None:
    days = Counter((sample.time_ms - PLAIN.start_ms) // DAY_MS for sample in made())
    assert min(days[day] for day in range(3)) > 1_000


def test_each_format_has_its_share() -> None:
    formats = Counter(sample.format for sample in made())
    assert [name for name, wanted in PLAIN.shares if abs(formats[name] / PLAIN.count - wanted) > 0.1] == []


@pytest.mark.parametrize("name", FORMATS)
def test_one_format_can_be_had_alone(name: str) -> None:
    alone = samples(Parameters(seed=1, count=2_000, shares=((name, 1.0),)))
    assert {sample.format for sample in alone} == {name}


def test_a_third_to_three_quarters_of_the_rows_are_byte_identical_to_another() -> None:
    lines = Counter(sample.line for sample in made())
    assert 1 / 3 <= sum(n for n in lines.values() if n > 1) / PLAIN.count <= 3 / 4


def test_some_row_is_repeated_hundreds_of_times_in_all_but_time() -> None:
    rules = Counter((sample.format, sample.time_ms // DAY_MS, sample.line[-60:]) for sample in made())
    assert max(rules.values()) >= 100


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_class_has_at_least_one_row_in_a_hundred(seed: int) -> None:
    classes = Counter(sample.severity for sample in samples(Parameters(seed=seed, count=6_000)))
    assert [c for c in range(1, 6) if classes[c] < 60] == []


def test_people_are_louder_at_office_hours_than_their_share_of_the_week() -> None:
    # 50 of 168 hours
    assert share([is_office(s.time_ms) for s in samples(Parameters(seed=1, count=7_000, days=7))]) > 0.4


def test_a_story_is_told_in_steps_by_several_detectors() -> None:
    stories: dict[str, set[str]] = {}
    for sample in made():
        if sample.story is not None:
            stories.setdefault(sample.story, set()).add(sample.format)
    assert max(len(formats) for formats in stories.values()) == 3


def test_a_short_stream_too_has_a_story() -> None:
    assert any(sample.story for sample in samples(Parameters(seed=1, count=500)))


def test_stories_are_graver_than_the_noise() -> None:
    grave = {True: [], False: []}  # type: dict[bool, list[bool]]
    for sample in made():
        grave[sample.story is not None].append(sample.severity >= 4)
    assert share(grave[True]) > 5 * share(grave[False])


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3])
def test_label_noise_is_the_share_of_labels_that_are_wrong(noise: float) -> None:
    once = {sample.line: sample for sample in samples(replace(PLAIN, label_noise=noise))}
    assert share([s.label != s.severity for s in once.values()]) == pytest.approx(noise, abs=0.02)


def test_a_wrong_label_is_one_class_off() -> None:
    assert {abs(s.label - s.severity) for s in samples(replace(PLAIN, label_noise=0.5))} == {0, 1}


def test_label_noise_changes_no_line() -> None:
    assert [s.line for s in samples(replace(PLAIN, label_noise=0.5))] == [s.line for s in made()]


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"days": 0},
        {"label_noise": 1.5},
        {"start_ms": 5},
        {"shares": (("zeek", 1.0),)},
        {"shares": ()},
        {"story_share": 0.7, "flood_share": 0.7},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_parameters_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsWrong, match=r"^generator: "):
        replace(PLAIN, **wrong)  # type: ignore[arg-type]
