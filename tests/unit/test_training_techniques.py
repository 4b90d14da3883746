"""Technique guesses from invented texts."""

import numpy as np
import pytest

from enrich.errors import CorpusRefused
from training.techniques import (
    DESCRIPTION,
    KEPT,
    LEAST,
    NAME,
    PROCEDURE,
    RULE,
    Told,
    curve,
    fitted,
    least_of,
    model,
)

SUBJECTS = {
    "T1003": "credential dumping memory lsass",
    "T1059": "powershell interpreter encoded command",
    "T1110": "password guessing brute login",
    "T1486": "ransomware encrypting files impact",
}


def told(sources: tuple[str, ...] = ("one", "two", "three")) -> Told:
    texts, techniques, kinds, owners = [], [], [], []
    for uid, words in SUBJECTS.items():
        first, second, third, fourth = words.split()
        for source in sources:
            for text in (
                f"Possible {first} {second} by {third}",
                f"{source} sees {third} and {fourth} {first}",
            ):
                texts.append(text)
                techniques.append(frozenset({uid}))
                kinds.append(RULE)
                owners.append(source)
        for kind, text in ((PROCEDURE, f"The actor used {second} {third}"), (NAME, f"{first} {second}")):
            texts.append(text)
            techniques.append(frozenset({uid}))
            kinds.append(kind)
            owners.append("attack")
    return Told(texts, techniques, kinds, owners)


def best(found: tuple[object, ...], text: str) -> str:
    vocabulary, labels = found
    (read,) = vocabulary.read([text])  # type: ignore[attr-defined]
    scores = labels.scores(read.columns, read.weights)  # type: ignore[attr-defined]
    return str(labels.uids[int(scores.argmax())])  # type: ignore[attr-defined]


def test_a_text_is_told_by_the_words_of_other_texts() -> None:
    found = model(told())
    for uid, words in SUBJECTS.items():
        assert best(found, f"Something about {words.split()[1]} and {words.split()[0]}") == uid


def test_a_word_counts_for_others_of_its_stem() -> None:
    rules = told()
    more = Told(
        [*rules.texts, "Guessed sessions", "Guessed sessions of no one"],
        [*rules.techniques, frozenset({"T1003"}), frozenset({"T1003"})],
        [*rules.kinds, PROCEDURE, PROCEDURE],
        [*rules.sources, "attack", "attack"],
    )
    vocabulary, labels = model(more)
    word = vocabulary.names.index("guessed")
    own = labels.labels[labels.starts[word] : labels.starts[word + 1]].tolist()
    assert {labels.uids[place] for place in own} >= {"T1003", "T1110"}  # "guessing" is T1110's
    assert "guess" not in vocabulary.names


def test_what_a_description_says_is_learnt() -> None:
    rules = told()
    texts = ["Adversaries may harvest wallets", "Wallets of adversaries"]
    more = Told(
        [*rules.texts, *texts],
        [*rules.techniques, frozenset({"T1657"}), frozenset({"T1657"})],
        [*rules.kinds, DESCRIPTION, DESCRIPTION],
        [*rules.sources, "attack", "attack"],
    )
    assert best(model(more), "Wallets") == "T1657"


def test_each_word_keeps_a_bounded_number_of_coefficients_in_order() -> None:
    vocabulary, labels = model(told())
    sizes = np.diff(labels.starts)
    assert len(labels.starts) == len(vocabulary) + 1
    assert 0 < sizes.max() <= KEPT
    for start, end in zip(labels.starts[:-1], labels.starts[1:], strict=True):
        assert (np.diff(labels.labels[start:end]) > 0).all()


def test_words_that_say_nothing_are_no_columns() -> None:
    vocabulary, _ = model(told())
    assert not {"the", "by", "and", "the actor"} & set(vocabulary.names)
    assert "used" in vocabulary.names


def test_fitting_twice_gives_the_same_bits() -> None:
    first, again = fitted(told()), fitted(told())
    assert first.labels.values.tobytes() == again.labels.values.tobytes()
    assert (first.labels.slope, first.labels.offset) == (again.labels.slope, again.labels.offset)


def test_a_guess_is_probable_where_held_out_sources_were_told_right() -> None:
    found = fitted(told())
    (read,) = found.vocabulary.read(["Credential dumping of lsass memory"])
    likely = found.labels.likely(read.columns, read.weights, 5, found.least)
    assert likely[0][0] == "T1003"
    assert likely[0][1] > 0.5
    (strange,) = found.vocabulary.read(["quarterly figures"])
    assert strange.known < found.known_share_min


def test_one_source_of_rules_leaves_scores_as_they_are() -> None:
    found = fitted(told(("one",)))
    assert (found.labels.slope, found.labels.offset, found.known_share_min) == (1.0, 0.0, 0.0)


def test_a_curve_rises_with_the_share_of_right_guesses() -> None:
    dice = np.random.default_rng(0)
    scores = dice.random(2000)
    slope, offset = curve(scores, dice.random(2000) < scores)
    assert slope > 2
    assert 1 / (1 + np.exp(-(slope * 0.5 + offset))) == pytest.approx(0.5, abs=0.05)


def test_guesses_are_made_from_where_a_third_of_them_is_right() -> None:
    probability = np.repeat([0.12, 0.22, 0.45], 100)
    log_odds = np.log(probability / (1 - probability))
    right = np.concatenate([np.zeros(100), np.arange(100) < 20, np.arange(100) < 50]).astype(np.bool_)
    assert least_of(log_odds, right) == 0.15
    assert least_of(log_odds, np.zeros(300, np.bool_)) == LEAST[-1]
    assert least_of(np.array([]), np.array([], dtype=np.bool_)) == LEAST[0]


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(CorpusRefused, match="names a technique"):
        fitted(Told([], [], [], []))
    with pytest.raises(CorpusRefused, match="no word"):
        model(Told(["the"], [frozenset({"T1003"})], [RULE], ["one"]))
