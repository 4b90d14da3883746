"""Gates over what a candidate was trained on: features, missing values, overlap with the test, leaks."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.candidates import COLUMNS, HASH, with_inputs, with_judged
from tests.unit.gated import found, good, judged, refused
from training.gates import (
    results,
)


def test_other_features_are_refused() -> None:
    assert HASH in refused(replace(good(), serving_hash="ffffffffffffffff"), "features")


def test_a_column_without_values_is_named() -> None:
    X = good().inputs[0].X
    assert X is not None
    lost = X.copy()
    lost[:, 2] = np.nan
    assert "age" in refused(with_inputs(good(), X=lost), "missing")


def test_a_column_that_the_source_cannot_have_may_be_without_values() -> None:
    X, tested = good().inputs[0].X, good().inputs[0].tested
    assert X is not None
    assert tested is not None
    lost = [each.copy() for each in (X, tested)]
    for each in lost:
        each[:, 2] = np.nan
    given = with_inputs(good(), X=lost[0], tested=lost[1], absent=frozenset({"age"}))
    assert found(given, "missing").passed


def test_a_column_that_is_missing_in_training_alone_is_named() -> None:
    X = good().inputs[0].X
    assert X is not None
    lost = X.copy()
    lost[:, 2] = np.nan
    given = with_inputs(good(), X=lost, absent=frozenset({"age"}))
    assert "not in the test" in refused(given, "missing")


def test_infinite_values_are_refused() -> None:
    X = good().inputs[0].X
    assert X is not None
    wrong = X.copy()
    wrong[3, 4] = np.inf
    assert "infinite values in depth" in refused(with_inputs(good(), X=wrong), "missing")


def test_columns_that_are_all_constant_are_refused() -> None:
    flat = np.ones((len(judged().train_label), len(COLUMNS)), dtype=np.float32)
    assert "all 6 columns are constant" in refused(with_inputs(good(), X=flat), "varies")


def test_a_test_row_that_was_trained_on_is_named() -> None:
    ids = (judged().train_ids[4], *judged().ids[1:])
    assert "train:4" in refused(with_judged(good(), ids=ids), "overlap")


def test_a_test_text_that_was_trained_on_is_refused_whatever_its_numbers_and_case() -> None:
    texts = (f"{judged().texts[0]} 17", *judged().texts[1:])
    trained = (f"{judged().texts[0].upper()} -- 4", *judged().train_texts[1:])
    given = with_judged(good(), texts=texts, train_texts=trained)
    assert "also in training" in refused(given, "overlap")


def test_alerts_of_one_rule_say_the_same_on_both_sides_and_may() -> None:
    given = with_judged(good(), texts=judged().train_texts[: len(judged())], kind="alert")
    assert "overlap" not in [each.name for each in results(given) if not each.passed]
    ids = (judged().train_ids[4], *judged().ids[1:])
    assert "train:4" in refused(with_judged(given, ids=ids), "overlap")


def test_near_duplicates_are_refused() -> None:
    trained = (*(f"{text} once more" for text in judged().texts[:40]), *judged().train_texts[40:])
    assert "40 of 500 test texts" in refused(with_judged(good(), train_texts=trained), "overlap")


def test_a_title_with_control_characters_is_told_in_visible_ones() -> None:
    nasty = "\x1b[31mred\u202e " + judged().texts[0]
    given = with_judged(
        good(), texts=(nasty, *judged().texts[1:]), train_texts=(nasty, *judged().train_texts[1:])
    )
    assert "␛[31mred‹U+202E›" in refused(given, "overlap")


@pytest.mark.parametrize("share", [1.0, 0.7])
def test_a_word_that_tells_the_label_is_named(share: float) -> None:
    given = good().inputs[0]
    told = np.random.default_rng(1).random(len(given.label)) < share
    texts = tuple(
        f"{text} sev_{label}" if tell else text
        for text, label, tell in zip(given.texts, given.label.tolist(), told.tolist(), strict=True)
    )
    assert "the word “sev_" in refused(with_inputs(good(), texts=texts), "leak")


@pytest.mark.parametrize(("share", "synonyms"), [(0.3, 1), (1.0, 6)])
def test_words_of_one_class_alone_are_named_when_many_rows_have_one(share: float, synonyms: int) -> None:
    given, dice = good().inputs[0], np.random.default_rng(9)
    words = [f"tag{label}x{dice.integers(synonyms)}" for label in given.label.tolist()]
    told = dice.random(len(words)) < share
    texts = tuple(
        f"{text} {word}" if tell else text
        for text, word, tell in zip(given.texts, words, told.tolist(), strict=True)
    )
    assert "a word of one class alone: “tag" in refused(with_inputs(good(), texts=texts), "leak")


def test_a_word_of_one_class_alone_in_few_rows_passes() -> None:
    given = good().inputs[0]
    low = np.flatnonzero(given.label == 2)[::4].tolist()
    texts = tuple(f"{text} bbr" if i in low else text for i, text in enumerate(given.texts))
    assert found(with_inputs(good(), texts=texts), "leak").passed


def test_words_alone_that_tell_nearly_every_label_are_refused() -> None:
    plain = np.where(np.arange(len(judged())) % 20 == 0, 3, judged().label)
    given = with_judged(good(), baselines={**judged().baselines, "logistic regression": plain})
    assert "words alone, plainly read, predict the label with kappa 0.9" in refused(given, "leak")


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_column_that_tells_the_label_is_named(share: float) -> None:
    given = good().inputs[0]
    assert given.X is not None
    told = np.random.default_rng(1).random(len(given.label)) < share
    X = given.X.copy()
    X[told, 3] = np.array([0, 30, 10, 40, 20, 50])[given.label[told]]
    assert "column size alone" in refused(with_inputs(good(), X=X), "leak")
