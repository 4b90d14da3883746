"""What is remembered of texts: the same answers, within a bound of characters."""

from hypothesis import given
from hypothesis import strategies as st

from enrich.attack import load_attack
from enrich.attack.kept import Kept
from tests.unit.attack_alert import alert


def test_an_answer_is_asked_for_once_while_it_is_kept() -> None:
    asked: list[str] = []
    kept: Kept[str, int] = Kept(lambda text: asked.append(text) or len(text), len, 10_000)  # type: ignore[func-returns-value]
    assert [kept(text) for text in ("a", "bb", "a", "bb", "a")] == [1, 2, 1, 2, 1]
    assert asked == ["a", "bb"]


@given(st.lists(st.text(max_size=2_000), max_size=60))
def test_the_texts_held_are_bounded_and_the_answers_right(texts: list[str]) -> None:
    kept: Kept[str, int] = Kept(len, len, 3_000)
    for text in texts:
        assert kept(text) == len(text)
        assert kept.held <= 2 * 3_000 + 2_000


def test_what_was_asked_for_lately_outlives_what_was_not() -> None:
    asked: list[str] = []
    kept: Kept[str, int] = Kept(lambda text: asked.append(text) or 1, len, 2_000)  # type: ignore[func-returns-value]
    for number in range(40):
        kept("often")
        kept(f"once {number}")
    assert asked.count("often") == 1


def test_long_hostile_texts_fill_no_more_than_the_bound() -> None:
    attack = load_attack()
    for number in range(400):
        attack.hints(alert(f"{number} {'x' * 1000}", message=f"{number} {'y' * 1000}", url="z" * 1000))
    assert attack._heads.held < 600_000
    assert attack._elsewhere.held < 600_000
