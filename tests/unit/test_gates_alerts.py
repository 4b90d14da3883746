"""The leak gate on alerts: that analysts say the same of a rule again and again is no leak."""

from tests.unit.candidates import with_judged
from tests.unit.gated import found, good, judged, refused
from training.gates.better import PLAIN


def test_words_of_rules_that_were_learnt_may_tell_what_analysts_say_of_them() -> None:
    own = judged()
    said = {**own.baselines, PLAIN: own.label}
    known = own.train_texts[: len(own)]
    assert found(with_judged(good(), kind="alert", baselines=said, texts=known), "leak").passed


def test_words_of_new_alerts_that_tell_the_label_are_refused() -> None:
    said = {**judged().baselines, PLAIN: judged().label}
    told = refused(with_judged(good(), kind="alert", baselines=said), "leak")
    assert "words alone, plainly read, predict the label" in told
