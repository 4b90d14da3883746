"""Each gate is tripped by what it is there for, and by a reason that names it."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.candidates import COLUMNS, HASH, corpus, evidence, linear, with_inputs, with_judged
from training.gates import (
    GATES,
    LIMITS,
    Batches,
    Canned,
    Evidence,
    GateResult,
    facts,
    promotable,
    refusals,
    results,
)
from training.judged import Judged


@cache
def good() -> Evidence:
    """An honest candidate: 2,000 rows, of which 500 are the test."""
    return evidence(corpus(1, 2_000), 1, linear)


def judged() -> Judged:
    return good().challenger[0]


def found(given: Evidence, name: str) -> GateResult:
    return next(each for each in results(given) if each.name == name)


def refused(given: Evidence, name: str) -> str:
    """The gate's reason; it must have refused, and the candidate must not be promotable."""
    result = found(given, name)
    assert not result.passed, result
    assert not promotable(results(given))
    return result.reason


def champion(predicted: np.ndarray, **changes: Any) -> Evidence:
    """The good candidate, beside a champion that predicts these classes for the same rows."""
    other = replace(judged(), probability=np.eye(5)[predicted - 1], **changes)
    return replace(good(), champion=(other,))


def worse_at(share: float, classes: tuple[int, ...] = (1, 2, 3, 4, 5)) -> np.ndarray:
    """The candidate's own classes, spoilt in this share of the rows of some classes."""
    own = judged().predicted
    spoilt = (np.random.default_rng(3).random(len(own)) < share) & np.isin(judged().label, classes)
    return np.where(spoilt, judged().label % 5 + 1, own)


def test_an_honest_candidate_is_promotable() -> None:
    assert refusals(results(good())) == ()


def test_every_gate_is_asked_once() -> None:
    names = [each.name for each in results(good())]
    assert (len(names), len(set(names))) == (len(GATES), len(GATES))


def test_every_gate_gives_a_reason_that_fits_into_a_manifest() -> None:
    assert [each.passed for each in facts(results(good()))] == [True] * len(GATES)


def test_no_results_are_no_pass() -> None:
    assert not promotable(())


def test_nothing_judged_is_refused() -> None:
    assert "nothing was judged" in refused(replace(good(), challenger=()), "shapes")


def test_a_label_source_that_the_champion_knew_may_not_be_lost() -> None:
    other = replace(judged(), label_source="elastic")
    assert "elastic" in refused(replace(good(), champion=(judged(), other)), "sources")


def test_a_head_whose_training_is_not_shown_is_refused() -> None:
    assert "is not shown" in refused(replace(good(), inputs=()), "sources")


def test_a_class_with_four_training_rows_has_too_little_support() -> None:
    label = judged().train_label.copy()
    label[np.flatnonzero(label == 5)[4:]] = 4
    assert "critical has 4 training rows" in refused(
        with_judged(good(), train_label=label), "training support"
    )


def test_a_class_of_the_test_that_was_never_trained_has_too_little_support() -> None:
    label = np.where(judged().train_label == 5, 4, judged().train_label)
    assert "critical has 0" in refused(with_judged(good(), train_label=label), "training support")


def test_ninety_test_rows_are_too_few() -> None:
    assert "90 different test rows" in refused(with_judged(good(), **first(90)), "test support")


def test_a_test_of_one_class_is_none() -> None:
    label = np.full(len(judged()), 3)
    assert "fewer than two classes" in refused(with_judged(good(), label=label), "test support")


def test_nearly_all_training_rows_of_one_class_are_refused() -> None:
    label = judged().train_label.copy()
    label[6:] = 2
    assert "are low" in refused(with_judged(good(), train_label=label), "imbalance")


def test_columns_of_other_lengths_are_refused_before_anything_is_measured() -> None:
    given = with_judged(good(), confidence=judged().confidence[:-1])
    assert [each.name for each in results(given)] == ["shapes"]


def test_test_rows_out_of_time_order_are_refused() -> None:
    given = with_judged(good(), time_ms=judged().time_ms[::-1])
    assert "no order of time" in refused(given, "shapes")


def test_a_label_that_is_no_class_is_refused() -> None:
    assert "no class 1-5" in refused(with_judged(good(), label=judged().label * 0), "shapes")


def test_a_probability_that_is_not_a_number_is_refused() -> None:
    probability = judged().probability.copy()
    probability[7, 2] = np.nan
    assert "1 row with" in refused(with_judged(good(), probability=probability), "probabilities")


def test_probabilities_that_do_not_sum_to_one_are_refused() -> None:
    assert "500 rows" in refused(with_judged(good(), probability=judged().probability * 0.9), "probabilities")


def test_a_confidence_above_one_is_refused() -> None:
    confidence = judged().confidence.copy()
    confidence[0] = 1.2
    assert "1 row with" in refused(with_judged(good(), confidence=confidence), "probabilities")


def test_confidence_that_is_not_kept_is_refused() -> None:
    surer = np.clip(judged().confidence + 0.2, 0, 1)
    assert "calibration error" in refused(with_judged(good(), confidence=surer), "calibration")


def test_a_model_that_abstains_on_all_is_refused() -> None:
    nothing = np.zeros(len(judged()), dtype=bool)
    assert "abstains on every row" in refused(with_judged(good(), covered=nothing), "calibration")


@pytest.mark.parametrize(("stated", "passes"), [(2, False), (90, False), (240, False), (260, True)])
def test_a_model_that_abstains_on_most_rows_is_refused(stated: int, passes: bool) -> None:
    covered = np.arange(len(judged())) < stated
    result = found(with_judged(good(), covered=covered), "coverage")
    assert (result.passed, f"on {stated} of 500 test rows" in result.reason) == (passes, True)


def test_half_of_a_small_test_is_too_few_stated_rows() -> None:
    covered = np.arange(150) < 90
    assert "on 90 of 150" in refused(with_judged(good(), **{**first(150), "covered": covered}), "coverage")


def test_rows_of_the_same_text_count_once() -> None:
    places = np.sort(np.arange(len(judged())) % 12)
    texts = tuple(f"{judged().texts[i]} {place}" for place, i in enumerate(places.tolist()))
    given = with_judged(good(), texts=texts, label=judged().label[places])
    assert "12 different test rows" in refused(given, "test support")


def test_one_class_for_all_is_refused() -> None:
    always = np.tile([0.1, 0.1, 0.6, 0.1, 0.1], (len(judged()), 1))
    always[0] = [0.1, 0.2, 0.5, 0.1, 0.1]
    assert "100.0% of the predictions are medium" in refused(
        with_judged(good(), probability=always), "constant"
    )


def test_the_same_probabilities_for_all_are_refused() -> None:
    always = np.full((len(judged()), 5), 0.2)
    assert "same probabilities" in refused(with_judged(good(), probability=always), "constant")


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


def test_labels_of_other_rows_are_no_better_than_chance() -> None:
    mixed = np.random.default_rng(1).permutation(judged().probability)
    assert "0 is chance" in refused(with_judged(good(), probability=mixed), "chance")


def test_the_commonest_class_that_is_as_good_is_enough_to_refuse() -> None:
    same = {**judged().baselines, "majority": judged().predicted}
    assert "against majority" in refused(with_judged(good(), baselines=same), "baselines")


def test_plain_logistic_regression_that_is_better_is_enough_to_refuse() -> None:
    better = judged().predicted.copy()
    wrong = np.flatnonzero(~judged().right)[:20]
    better[wrong] = judged().label[wrong]
    given = with_judged(good(), baselines={**judged().baselines, "logistic regression": better})
    assert "against logistic regression" in refused(given, "baselines")


@pytest.mark.parametrize("name", ["majority", "logistic regression"])
def test_a_baseline_that_was_not_judged_is_enough_to_refuse(name: str) -> None:
    rest = {other: classes for other, classes in judged().baselines.items() if other != name}
    assert "was not judged" in refused(with_judged(good(), baselines=rest), "baselines")


def test_a_champion_that_is_as_good_stays() -> None:
    assert "against the champion" in refused(champion(judged().predicted), "champion")


def test_a_champion_that_is_clearly_worse_is_replaced() -> None:
    assert promotable(results(champion(worse_at(0.2))))


def test_a_champion_that_was_judged_on_other_rows_is_no_comparison() -> None:
    ids = tuple(f"other:{i}" for i in range(len(judged())))
    assert "not judged on the same rows" in refused(champion(worse_at(0.2), ids=ids), "champion")


def test_a_candidate_that_misses_more_criticals_is_refused_though_it_is_better_in_all() -> None:
    better_at_five = np.where(judged().label == 5, 5, worse_at(0.4, (1, 2, 3)))
    given = champion(better_at_five)
    assert (found(given, "champion").passed, found(given, "grave").passed) == (True, False)


def test_a_candidate_that_finds_no_critical_at_all_is_refused() -> None:
    probability = judged().probability.copy()
    probability[:, 3] += probability[:, 4]
    probability[:, 4] = 0
    assert "finds 0 of" in refused(with_judged(good(), probability=probability), "grave")


def test_a_candidate_that_finds_far_fewer_than_plain_logistic_regression_is_refused() -> None:
    probability = judged().probability.copy()
    grave = np.flatnonzero(judged().predicted >= 4)
    kept = [int(grave[judged().label[grave] == each][0]) for each in (4, 5)]
    lost = np.setdiff1d(grave, kept)
    probability[lost] = [0.1, 0.1, 0.6, 0.1, 0.1]
    assert "finds 2 of" in refused(with_judged(good(), probability=probability), "grave")


def test_a_canned_alert_without_a_score_is_named() -> None:
    given = replace(good(), canned=Canned(12, ("wazuh: score_failed",)))
    assert "wazuh: score_failed" in refused(given, "canned")


def test_no_canned_alert_is_no_pass() -> None:
    assert "no canned alert" in refused(replace(good(), canned=Canned(0, ())), "canned")


def test_outputs_that_depend_on_the_batch_are_refused() -> None:
    given = replace(good(), batches=Batches(1_000, different=(64, 1_000)))
    assert "64, 1,000" in refused(given, "batches")


def test_a_batch_size_that_was_not_tried_is_no_pass() -> None:
    assert "not tried" in refused(replace(good(), batches=Batches(1_000, sizes=(1, 7))), "batches")


@settings(max_examples=20)
@given(
    column=st.sampled_from(("probability", "confidence", "known")),
    value=st.sampled_from((np.nan, np.inf, -np.inf, -1.0, 2.0, 1e300)),
    share=st.floats(0.01, 1.0),
)
def test_numbers_that_are_none_are_refused_and_never_raise(column: str, value: float, share: float) -> None:
    spoilt = getattr(judged(), column).copy()
    spoilt[: max(1, int(len(spoilt) * share))] = value
    candidate = with_judged(good(), **{column: spoilt})
    assert not promotable(results(candidate))


def test_limits_are_frozen() -> None:
    with pytest.raises(AttributeError):
        LIMITS.leak_max = 1.0  # type: ignore[misc]


def first(n: int) -> dict[str, Any]:
    """The first n test rows."""
    given = judged()
    return {
        "ids": given.ids[:n],
        "texts": given.texts[:n],
        "baselines": {name: classes[:n] for name, classes in given.baselines.items()},
        **{
            name: getattr(given, name)[:n]
            for name in ("label", "time_ms", "probability", "confidence", "known", "covered")
        },
    }
