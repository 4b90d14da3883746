"""Each gate is tripped by what it is there for, and by a reason that names it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.candidates import with_judged
from tests.unit.gated import found, good, judged, refused
from training.gates import (
    GATES,
    LIMITS,
    Batches,
    Canned,
    facts,
    promotable,
    refusals,
    results,
)


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
