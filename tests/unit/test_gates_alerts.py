"""The leak gate on alerts: that analysts say the same of a rule again and again is no leak."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.candidates import with_judged
from tests.unit.gated import found, good, judged, refused
from training.gates import Inputs
from training.gates.better import PLAIN
from training.gates.leak import leak
from training.gates.limits import LIMITS


def test_words_of_rules_that_were_learnt_may_tell_what_analysts_say_of_them() -> None:
    own = judged()
    said = {**own.baselines, PLAIN: own.label}
    known = own.train_texts[: len(own)]
    assert found(with_judged(good(), kind="alert", baselines=said, texts=known), "leak").passed


def test_words_of_new_alerts_that_tell_the_label_are_refused() -> None:
    said = {**judged().baselines, PLAIN: judged().label}
    told = refused(with_judged(good(), kind="alert", baselines=said), "leak")
    assert "words alone, plainly read, predict the label" in told


def of_a_dozen_rules(written: float, rows: int = 12) -> Inputs:
    """The first alerts of a few rules, as many of each of three classes. written: share with its label."""
    label = np.repeat([1, 2, 4], rows)
    dice = np.random.default_rng(3)
    texts = [f"Rule {dice.choice(list('abcdefgh'))} {n // 4}x" for n in range(len(label))]
    told = [
        f"{text} sev{name}" if n % rows < written * rows else text
        for n, (text, name) in enumerate(zip(texts, label.tolist(), strict=True))
    ]
    return Inputs(label_source=judged().label_source, texts=told, label=label)


@pytest.mark.parametrize("rows", [8, 12, 19])
def test_a_label_that_is_written_into_the_alerts_of_a_few_rules_is_refused(rows: int) -> None:
    seen = leak(replace(good(), inputs=(of_a_dozen_rules(1.0, rows),)), LIMITS)
    assert not seen.passed
    assert "the word “sev" in seen.reason
    assert (seen.value, seen.limit) == (1.0, LIMITS.leak_few_max)


@pytest.mark.parametrize(("written", "rows"), [(0.0, 12), (0.75, 12), (1.0, 5)])
def test_words_of_a_few_rules_need_more_to_be_a_leak(written: float, rows: int) -> None:
    assert leak(replace(good(), inputs=(of_a_dozen_rules(written, rows),)), LIMITS).passed
