"""Severity learned from public rules: figures beside a plain floor, computed in the same run."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from enrich.forest import Floats
from training import as_served, corpora
from training.abstain import SURE_SHARE, known_line, risk
from training.calibrate import logistic
from training.candidates import CANDIDATES
from training.dataset import context
from training.figures.calibration import ece
from training.rounds import Labelled, bare
from training.severity import CLASSES, Choice, Fitted, choose, fitted, folded, probabilities

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CUT = np.datetime64("2024-01-01", "ms").astype(np.int64)
SOURCES = ("elastic", "sigma", "splunk")
PLAIN = next(each for each in CANDIDATES if each.name.startswith("plain"))
SERVING = [each for each in CANDIDATES if each.serves]
# In the folds only these two: five times five rounds of all would take half an hour.
FEW = [each for each in SERVING if each.name.endswith("others .3")]
# Splunk's dates are those of a release, not of the rules.
UNDATED = ("splunk",)

pytestmark = [
    pytest.mark.quality,
    pytest.mark.figures,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not beside the checkout"),
]


@cache
def rules() -> dict[str, Labelled]:
    table = corpora.read(DATA / "rules")
    found = {}
    for source in SOURCES:
        own = table.source(source).where(table.source(source).labelled)
        texts, _ = as_served.texts(own, context())
        times = np.full(len(own), -1, dtype=np.int64) if source in UNDATED else own.time_ms
        found[source] = Labelled(texts, own.label, times, own.frame["group"].tolist())
    return found


def where(rows: Labelled, chosen: np.ndarray) -> Labelled:  # type: ignore[type-arg]
    return rows.at(np.flatnonzero(chosen))


def joined(parts: list[Labelled]) -> Labelled:
    return Labelled(
        [text for part in parts for text in part.texts],
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.time_ms for part in parts]),
        [group for part in parts for group in part.groups],
    )


def told(rows: Labelled, train: np.ndarray, probability: Floats) -> tuple[str, dict[str, float]]:  # type: ignore[type-arg]
    said = probability.argmax(axis=1) + 1
    one, other = folded(rows.label, train), folded(said, train)

    def both(at: slice | np.ndarray) -> tuple[float, float]:  # type: ignore[type-arg]
        f1 = f1_score(one[at], other[at], average="macro", zero_division=0)
        return float(accuracy_score(rows.label[at], said[at])), float(f1)

    dice, count = np.random.default_rng(0), len(rows)
    drawn = [both(dice.integers(0, count, count)) for _ in range(500)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    accuracy, macro = both(slice(None))
    figures = {
        "accuracy": accuracy,
        "macro": macro,
        "strict": float(f1_score(rows.label, said, average="macro", zero_division=0)),
        "kappa": float(cohen_kappa_score(rows.label, said, weights="quadratic")),
        "within": float((abs(rows.label - said) <= 1).mean()),
    }
    line = (
        f"accuracy {accuracy:.3f} [{low[0]:.3f}, {high[0]:.3f}]  macro-F1 {macro:.3f} "
        f"[{low[1]:.3f}, {high[1]:.3f}], strict {figures['strict']:.3f}  kappa {figures['kappa']:.3f}  "
        f"within one {figures['within']:.3f}"
    )
    return line, figures


def confidence(choice: Choice, rows: Labelled, probability: Floats) -> Floats:
    right = choice.probability.argmax(axis=1) + 1 == rows.label[choice.places]
    x, y = logistic(choice.probability.max(axis=1), right)
    return np.interp(probability.max(axis=1), x, y)


def test_sigma_before_2024_tells_2024(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rules()["sigma"]
    train, test = where(rows, rows.time_ms < CUT), where(rows, rows.time_ms >= CUT)
    elastic = rules()["elastic"]
    others = where(elastic, elastic.time_ms < CUT)
    choice = choose(train, others, candidates=SERVING)
    best = choice.best
    model = fitted(train, others, best.candidate, best.shift)
    floor = fitted(train, None, PLAIN, 0.0)
    views = {
        "whole": test,
        "title + description": Labelled([bare(t) for t in test.texts], test.label, test.time_ms, test.groups),
    }
    lines = ["", f"Sigma: {len(train)} rules before 2024, {len(test)} after; chosen: {best}"]
    for name, seen in views.items():
        line, figures = told(seen, train.label, probabilities(model, seen.texts))
        below, floors = told(seen, train.label, probabilities(floor, seen.texts))
        lines += [f"  {name:20} {line}", f"  {'plain floor':20} {below}"]
        assert figures["accuracy"] > floors["accuracy"]
        assert figures["accuracy"] > 0.55
    probability = probabilities(model, test.texts)
    right = probability.argmax(axis=1) + 1 == test.label
    sure = confidence(choice, train, probability)
    error = ece(sure, right)
    worth = risk(sure, right)
    dice = np.random.default_rng(0)
    drawn = [dice.integers(0, len(right), len(right)) for _ in range(300)]
    low, high = np.quantile([ece(sure[at], right[at]) for at in drawn], [0.025, 0.975])
    ratios = np.quantile([risk(sure[at], right[at]).ratio for at in drawn], [0.025, 0.975])
    chance = np.mean([ece(sure, dice.random(len(sure)) < sure) for _ in range(300)])
    said = choice.probability.argmax(axis=1) + 1
    shares = np.array([read.known for read in model.vocabulary.read(test.texts)])
    line_at = known_line(choice.known, said == train.label[choice.places])
    lines += [
        f"  ECE {error:.3f} [{low:.3f}, {high:.3f}]; of a perfect confidence on so many rows {chance:.3f}",
        f"  risk: {worth}, ratio [{ratios[0]:.3f}, {ratios[1]:.3f}]",
        f"  ratio of exact confidences that lie like these: {_exact(sure):.3f}",
        f"  line: {line_at}; in 2024 {(shares >= line_at.known_share_min).mean():.3f}",
    ]
    lines += _foreign(model, choice, train, line_at.known_share_min)
    with capsys.disabled():
        print("\n".join(lines))
    assert error < 0.12
    assert worth.ratio < 1.0


def _exact(sure: Floats) -> float:
    """The error of the most confident 80 %, of all errors, were each right as often as it says."""
    wrong = np.sort(1 - sure)
    return float(wrong[: round(SURE_SHARE * len(wrong))].mean() / wrong.mean())


def _foreign(model: Fitted, choice: Choice, train: Labelled, least: float) -> list[str]:
    lines = []
    for source in ("elastic", "splunk"):
        rows = rules()[source]
        probability = probabilities(model, rows.texts)
        right = probability.argmax(axis=1) + 1 == rows.label
        sure = confidence(choice, train, probability)
        shares = np.array([read.known for read in model.vocabulary.read(rows.texts)])
        known, covered = shares.mean(), (shares >= least).mean()
        lines.append(
            f"  the same head on {source}, which it never saw: right {right.mean():.3f}, confidence "
            f"{sure.mean():.3f}, ECE {ece(sure, right):.3f}, known words {known:.3f}, covered {covered:.3f}"
        )
    return lines


@pytest.mark.parametrize("source", ["elastic", "splunk"])
def test_rules_of_other_groups_are_told(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = rules()[source]
    others = joined([rules()[each] for each in SOURCES if each != source])
    untimed = Labelled(rows.texts, rows.label, np.full(len(rows), -1, dtype=np.int64), rows.groups)
    found, plain = np.zeros((len(rows), len(CLASSES))), np.zeros((len(rows), len(CLASSES)))
    stripped, plain_stripped = np.zeros_like(found), np.zeros_like(found)
    groups = np.array(rows.groups, dtype=object)
    for train, held in StratifiedGroupKFold(5, shuffle=True, random_state=1).split(
        groups, rows.label, groups
    ):
        mine, test = untimed.at(train), untimed.at(held)
        apart = where(others, ~np.isin(np.array(others.groups, dtype=object), groups[held]))
        best = choose(mine, apart, candidates=FEW).best
        model, floor = fitted(mine, apart, best.candidate, best.shift), fitted(mine, None, PLAIN, 0.0)
        bare_texts = [bare(text) for text in test.texts]
        found[held], plain[held] = probabilities(model, test.texts), probabilities(floor, test.texts)
        stripped[held], plain_stripped[held] = (probabilities(each, bare_texts) for each in (model, floor))
    lines = ["", f"{source}: {len(rows)} rules, grouped 5-fold, candidate and shift by folds inside"]
    figures = {}
    for name, probability in (
        ("whole", found),
        ("plain floor", plain),
        ("title + description", stripped),
        ("plain floor", plain_stripped),
    ):
        line, values = told(rows, rows.label, probability)
        figures.setdefault(name, values)
        lines.append(f"  {name:20} {line}")
    with capsys.disabled():
        print("\n".join(lines))
    # The floor reads a rule as one text, with every class weighing the same; on Elastic it is as good.
    assert figures["whole"]["macro"] > figures["plain floor"]["macro"] - 0.03
    assert figures["whole"]["macro"] > 0.50
