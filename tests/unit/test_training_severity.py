"""Severity from invented rules: rounds that keep time and groups, candidates, what serves."""

import numpy as np
import pytest

from enrich.errors import CorpusRefused
from training.candidates import CANDIDATES, LINES, Candidate
from training.rounds import Labelled, bare, others_for, rounds, with_bare
from training.severity import choose, fitted, folded, probabilities

DAY = 86_400_000
WORDS = {2: "policy audit listing", 3: "suspicious script download", 4: "credential theft beacon"}
NOTES = {2: "Administrators all day", 3: "Some installers", 4: "Unknown"}


def rule(i: int, label: int) -> str:
    title = f"{WORDS[label].split()[i % 3]} seen {('alpha', 'beta', 'gamma')[i % 3]}"
    return f"{title}\nwindows\n\nLooks for {WORDS[label]} on hosts\n{NOTES[label]}\ntag{i % 4}"


def corpus(count: int = 240, timed: bool = True) -> Labelled:
    label = np.array([2 + i % 3 for i in range(count)], dtype=np.int64)
    times = np.arange(count, dtype=np.int64) * DAY if timed else np.full(count, -1, dtype=np.int64)
    texts = [rule(i // 3, int(each)) for i, each in enumerate(label)]
    return Labelled(texts, label, times, [f"g{i // 2}" for i in range(count)])


@pytest.mark.parametrize("timed", [True, False])
def test_no_group_is_on_both_sides_of_a_round_and_no_row_is_validated_twice(timed: bool) -> None:
    rows = corpus(timed=timed)
    held_before: set[int] = set()
    for train, held in rounds(rows, 1):
        assert not {rows.groups[i] for i in train} & {rows.groups[i] for i in held}
        assert not held_before & set(held.tolist())
        held_before |= set(held.tolist())
        if timed:
            assert rows.time_ms[train].max() < rows.time_ms[held].min()
    assert held_before


def test_a_row_without_a_date_is_fitted_and_the_rounds_stay_in_time() -> None:
    rows = corpus()
    times = rows.time_ms.copy()
    times[200] = -1
    groups = [*rows.groups[:200], "its own", *rows.groups[201:]]
    made = rounds(Labelled(rows.texts, rows.label, times, groups), 1)
    assert len(made) == 3
    for train, held in made:
        assert 200 in train
        assert 200 not in held
        assert times[train].max() < times[held].min()


def test_with_many_rows_without_a_date_rounds_are_of_groups() -> None:
    rows = corpus()
    times = np.where(np.arange(len(rows)) % 5 == 0, -1, rows.time_ms)
    made = rounds(Labelled(rows.texts, rows.label, times, rows.groups), 1)
    assert sum(len(held) for _, held in made) == len(rows)


def test_other_vendors_rows_are_earlier_and_unlike_what_is_held_out() -> None:
    rows = corpus()
    _, held = rounds(rows, 1)[0]
    start = rows.time_ms[held].min()
    others = Labelled(
        ["a", "b", "c", "d"],
        np.array([2, 3, 4, 2]),
        np.array([start - 1, start, -1, start - 1]),
        ["x", "y", "z", rows.groups[int(held[0])]],
    )
    assert list(others_for(others, rows, held).texts) == ["a"]


def test_a_bare_copy_stands_beside_each_row_that_says_more() -> None:
    rows = Labelled(
        ["T\n\n\nD\n\n", "T\nC\nS\nD\nN\nG\nprocess"], np.array([2, 3]), np.array([1, 2]), ["a", "b"]
    )
    both = with_bare(rows)
    assert list(both.texts) == [*rows.texts, "T\n\n\nD\n\n"]
    assert both.label.tolist() == [2, 3, 3]
    assert bare("only a title").split("\n")[0] == "only a title"


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda each: each.name)
def test_every_candidate_learns_what_is_plain(candidate: Candidate) -> None:
    others = corpus(60)
    choice = choose(corpus(120, timed=False), others, candidates=[candidate])
    assert choice.best.candidate == candidate
    assert choice.best.accuracy > 0.9
    assert choice.probability.shape == (len(choice.places), 5)
    assert ((choice.known > 0) & (choice.known <= 1)).all()
    np.testing.assert_allclose(choice.probability.sum(axis=1), 1)
    assert (choice.probability[:, [0, 4]] == 0).all()


def test_what_may_not_serve_is_never_chosen() -> None:
    forest = next(each for each in CANDIDATES if each.kind == "forest")
    weak = Candidate("tags alone", "logistic", LINES[-1:])
    choice = choose(corpus(120), candidates=[forest, weak])
    assert choice.best.candidate == weak
    assert choice.trials[1].worth > choice.best.worth


@pytest.mark.parametrize("name", [each.name for each in CANDIDATES if each.serves])
def test_fitting_twice_gives_the_same_bits_and_each_row_its_own(name: str) -> None:
    candidate = next(each for each in CANDIDATES if each.name == name)
    rows, others = corpus(), corpus(60)
    first, again = (fitted(rows, others, candidate, 0.25) for _ in range(2))
    assert first.severity.coefficients.tobytes() == again.severity.coefficients.tobytes()
    assert first.severity.coefficients.shape == (len(first.vocabulary), len(first.severity.classes_))
    whole = probabilities(first, rows.texts)
    alone = np.vstack([probabilities(first, [text]) for text in rows.texts[:7]])
    assert whole[:7].tobytes() == alone.tobytes()


def test_a_shift_moves_the_answer_towards_rare_classes() -> None:
    rows = corpus()
    many = rows.at(np.concatenate([np.flatnonzero(rows.label < 4), np.flatnonzero(rows.label == 4)[:10]]))
    plain, shifted = (fitted(many, None, CANDIDATES[0], shift) for shift in (0.0, 0.5))
    strange = ["nothing known here\n\n\n\n\n"]
    assert probabilities(shifted, strange)[0, 3] > probabilities(plain, strange)[0, 3]


def test_two_classes_are_told_by_the_same_arrays() -> None:
    rows = corpus()
    two = rows.at(np.flatnonzero(rows.label != 3))
    model = fitted(two, None, CANDIDATES[0], 0.0)
    assert model.severity.classes_.tolist() == [2, 4]
    assert (probabilities(model, two.texts).argmax(axis=1) + 1 == two.label).mean() > 0.95


def test_one_class_or_no_words_are_refused_with_the_reason() -> None:
    rows = corpus()
    with pytest.raises(CorpusRefused, match="one severity"):
        fitted(rows.at(np.flatnonzero(rows.label == 2)), None, CANDIDATES[0], 0.0)
    empty = Labelled(["", ""], np.array([2, 3]), np.array([-1, -1]), ["a", "b"])
    with pytest.raises(CorpusRefused, match="no word"):
        fitted(empty, None, CANDIDATES[0], 0.0)
    with pytest.raises(CorpusRefused, match="too few"):
        choose(rows.at(np.arange(1)))


def test_rare_classes_count_with_their_neighbours_towards_the_middle() -> None:
    shares = np.array([1, *[2] * 500, *[3] * 500, *[4] * 500, *[5] * 3])
    assert folded(np.array([1, 2, 3, 4, 5]), shares).tolist() == [2, 2, 3, 4, 4]
    assert folded(np.array([1, 5]), np.array([1, 2, 3, 4, 5])).tolist() == [1, 5]
