"""Bundles with linear heads and guesses: bit-equal on the other side, and refused where parts do not fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enrich.errors import BundleRefused
from enrich.features import NAMES
from enrich.score import Models
from enrich.vocabulary import Vocabulary
from models import Store, load
from models.sound import check
from tests.unit import heads
from tests.unit.models_fixture import FACTS, House, house

X = np.zeros((len(heads.TEXTS), len(NAMES)), dtype=np.float32)


@pytest.fixture
def mine(tmp_path: Path) -> House:
    return house(tmp_path / "state")


def test_heads_and_guesses_are_bit_equal_after_the_way_through_a_bundle(mine: House) -> None:
    store = Store(mine.root / "bundles")
    made = heads.models()
    loaded = load(store.path(store.add(made, FACTS, mine.key)), mine.trusted())
    assert [head.label_source for head in loaded.heads] == ["tiny", "rules"]
    assert loaded.formats == made.formats
    for before, after in zip(made.heads, loaded.heads, strict=True):
        assert (
            after.of(heads.TEXTS, X).probability.tobytes() == before.of(heads.TEXTS, X).probability.tobytes()
        )
        assert after.known_share_min == before.known_share_min
    assert loaded.techniques is not None
    assert made.techniques is not None
    assert loaded.techniques.of(heads.TEXTS) == made.techniques.of(heads.TEXTS)


def changed(part: str, **changes: Any) -> Models:
    models = heads.models()
    if part == "techniques":
        assert models.techniques is not None
        labels = replace(models.techniques.labels, **changes)
        return replace(models, techniques=replace(models.techniques, labels=labels))
    head = models.heads[1]
    if part == "head":
        return replace(models, heads=(models.heads[0], replace(head, **changes)))
    return replace(models, heads=(models.heads[0], replace(head, severity=replace(head.severity, **changes))))


def with_part(**changes: Any) -> Models:
    (first, *others) = heads.linear().vocabulary.parts
    return changed("head", vocabulary=Vocabulary((first._replace(**changes), *others)))


BROKEN: dict[str, tuple[Callable[[], Models], str]] = {
    "two heads of one source": (
        lambda: replace(heads.models(), heads=heads.models().heads[:1] * 2),
        "two of one label source",
    ),
    "no head": (lambda: replace(heads.models(), heads=()), "holds no head"),
    "a format without a head": (
        lambda: replace(heads.models(), formats={"wazuh": "another"}),
        "no head 'another'",
    ),
    "classes of another scale": (lambda: changed("linear", classes_=np.array([0, 1, 2, 3, 9])), "classes"),
    "classes out of order": (lambda: changed("linear", classes_=np.array([2, 1, 3, 4, 5])), "classes"),
    "too few coefficients": (lambda: changed("linear", coefficients=np.zeros((3, 5))), "coefficients"),
    "coefficients that are not finite": (
        lambda: changed("linear", intercepts=np.full(5, np.nan)),
        "not finite",
    ),
    "a curve that falls": (lambda: changed("head", calibration_x=np.array([1.0, 0.0])), "does not increase"),
    "a curve beyond 1": (lambda: changed("head", calibration_y=np.array([0.1, 1.5])), "not within 0 and 1"),
    "a vectorizer that is none": (lambda: with_part(vectorizer=print), "TfidfVectorizer"),
    "a line that no rule has": (lambda: with_part(line=9), "line 9"),
    "a part that weighs nothing": (lambda: with_part(weight=0.0), "weighs"),
    "labels that are not there": (
        lambda: changed("techniques", labels=np.full_like(heads.techniques().labels.labels, 99)),
        "labels that it does not have",
    ),
    "rows that run backwards": (
        lambda: changed("techniques", starts=heads.techniques().labels.starts[::-1]),
        "rows",
    ),
    "parts of different lengths": (
        lambda: changed("techniques", values=np.zeros(3, dtype=np.float32)),
        "different lengths",
    ),
    "a curve that is not finite": (lambda: changed("techniques", slope=float("inf")), "not finite"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_parts_that_do_not_fit_are_refused_in_one_line(what: str) -> None:
    make, said = BROKEN[what]
    with pytest.raises(BundleRefused, match=said) as raised:
        check(make(), Path("new bundle"))
    assert "\n" not in str(raised.value)
