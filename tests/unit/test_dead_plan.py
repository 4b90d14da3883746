"""Which letters go back, which stay, and why."""

from typing import Any

import pytest

from tests.unit.letters import UID, letter
from worker.dead import Letter, Sent
from worker.dead_plan import REFUSALS, Terms, plan, refusal
from worker.dead_reading import Choice, Found

TERMS = Terms(topic="alerts.raw", partitions=range(6), size=100, attempts=3)
SENT = Sent(1_700_000_200_000, 0, 7)


def found(sent: Sent | None = None, newer: bool = False, **headers: Any) -> Found:
    return Found(letter(**headers), sent, newer)


def test_a_letter_of_a_worker_goes() -> None:
    assert refusal(found(), TERMS) is None


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_letter_below_the_limit_goes(attempt: int) -> None:
    assert refusal(found(attempt=b"%d" % attempt), TERMS) is None


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("headers", {"attempt": b"abc"}),
        ("headers", {"uid": None}),
        ("headers", {"code": b"\x1b"}),
        ("other_topic", {"topic": b"other"}),
        ("no_bytes", {"size": b"9000"}),
        ("no_bytes", {"code": b"undeliverable"}),
        ("no_bytes", {"value": None}),
        ("too_large", {"value": b"x" * 101}),
        ("attempts", {"attempt": b"3"}),
        ("attempts", {"attempt": b"999999"}),
        ("poison", {"code": b"poison"}),
        ("redriven", {"sent": SENT}),
        ("newer", {"newer": True}),
    ],
)
def test_a_letter_that_stays_has_a_reason(why: str, given: dict[str, Any]) -> None:
    assert refusal(found(**given), TERMS) == why


def test_every_reason_has_words() -> None:
    said = [text.format(topic="t", size=1, attempts=1) for text in REFUSALS.values()]
    assert len(set(said)) == len(REFUSALS)


@pytest.mark.parametrize("given", [{"sent": SENT}, {"newer": True}])
def test_once_more_goes_what_went_before(given: dict[str, Any]) -> None:
    assert refusal(found(**given), TERMS._replace(again=True)) is None


def test_once_more_lifts_no_limit() -> None:
    assert refusal(found(sent=SENT, attempt=b"3"), TERMS._replace(again=True)) == "attempts"


def test_poison_goes_when_it_is_asked_for() -> None:
    assert refusal(found(code=b"poison"), TERMS._replace(poison=True)) is None


def test_an_empty_record_can_go_back() -> None:
    assert refusal(found(value=b""), TERMS) is None


def numbered(count: int) -> list[Found]:
    """Newest first, as they are read."""
    return [Found(letter()._replace(offset=n), None, False) for n in reversed(range(count))]


def test_of_more_than_one_run_takes_the_oldest_go_first() -> None:
    made = plan(numbered(10), TERMS, 3)
    assert ([each.offset for each in made.letters], made.left) == ([0, 1, 2], 7)


def test_what_stays_is_counted_by_reason() -> None:
    made = plan([found(), found(attempt=b"7"), found(attempt=b"3"), found(uid=None)], TERMS, 10)
    assert (len(made.letters), made.refused) == (1, {"attempts": 2, "headers": 1})


EARLY, LATE = 1_700_000_100_000, 1_700_000_100_001


@pytest.mark.parametrize(
    ("choice", "has"),
    [
        (Choice(), True),
        (Choice(codes=frozenset({"unknown_format"})), True),
        (Choice(codes=frozenset({"oversize"})), False),
        (Choice(partitions=frozenset({3})), True),
        (Choice(partitions=frozenset({0})), False),
        (Choice(since_ms=EARLY), True),
        (Choice(since_ms=LATE), False),
        (Choice(until_ms=EARLY), False),
        (Choice(until_ms=LATE), True),
        (Choice(first=17, last=17), True),
        (Choice(first=18), False),
        (Choice(last=16), False),
        (Choice(places=frozenset({(3, 17)})), True),
        (Choice(places=frozenset({(3, 18)})), False),
        (Choice(uids=frozenset({UID})), True),
        (Choice(places=frozenset({(3, 18)}), uids=frozenset({UID})), True),
        (Choice(places=frozenset({(3, 17)}), codes=frozenset({"oversize"})), False),
    ],
)
def test_a_choice_has_what_was_said(choice: Choice, has: bool) -> None:
    assert choice.has(letter()) is has


def test_a_letter_without_a_readable_code_is_in_no_choice_by_code() -> None:
    unreadable: Letter = letter(code=b"\xff")
    assert not Choice(codes=frozenset({"unknown_format"})).has(unreadable)
