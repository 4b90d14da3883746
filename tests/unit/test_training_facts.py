"""What a manifest says of a training, and what is kept of a head that it does not carry."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from models import Facts, Window
from tests.unit.candidates import corpus, evidence, linear
from training.facts import figures, left_out

ROWS = evidence(corpus(1, 1_000), 1, linear).challenger[0]
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def facts(champion: str) -> Facts:
    window = Window(first=NOW, last=NOW, rows=1)
    return Facts(name="x", created=NOW, training_window=window, metrics={}, parameters={}, champion=champion)


def test_without_a_plain_baseline_no_figure_is_told_of_one() -> None:
    bare = replace(ROWS, baselines={"majority": np.full(len(ROWS), 3)})
    assert ("macro_f1_plain" in figures(ROWS), "macro_f1_plain" in figures(bare)) == (True, False)


def test_what_is_kept_of_a_head_that_is_left_out_are_its_figures() -> None:
    found, kept = figures(ROWS), left_out(ROWS, "chance: kappa 0.01")
    assert kept[:3] == ("invented", "chance: kappa 0.01", len(ROWS))
    assert kept[3:] == (found["accuracy"], found["macro_f1"], found["ece"])


def test_the_champion_of_a_manifest_is_a_bundle_id_or_nothing() -> None:
    assert [facts(each).champion for each in ("", "0123456789abcdef")] == ["", "0123456789abcdef"]
    with pytest.raises(ValidationError, match="champion"):
        facts("../etc")
