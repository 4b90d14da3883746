"""What a report tells of features: a line that tells is worth something, one that does not is not."""

from dataclasses import replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import tostring

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest, RandomForestClassifier

from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.heads import Head
from enrich.score import Models
from models.parts import encoded
from tests.unit.candidates import corpus, evidence, linear
from training import flows_judged, line_effects, moved, unusual
from training.candidates import LINES, Candidate
from training.corpora import read
from training.dataset import context
from training.feature_groups import GROUPS
from training.figures.intervals import Interval
from training.judged import Judged
from training.reports import worth_part
from training.reports.sections import Effect, Sections
from training.rounds import Labelled
from training.severity import fitted
from training.split import by_time
from training.text_columns import vocabulary
from training.worth import Known

WORDS: Final = {1: "audit", 3: "script", 5: "implant"}
N: Final = 300
EVEN: Final = np.array([0.0, 1.0])


def texts(seed: int) -> tuple[list[str], np.ndarray]:
    """The title tells the class, the tags tell nothing, all other lines are empty."""
    dice = np.random.default_rng(seed)
    label = dice.choice(sorted(WORDS), N)
    fill = dice.choice(["red", "green", "blue"], N)
    return [f"{WORDS[int(c)]} found\n\n\n\n\n{word} tag" for c, word in zip(label, fill, strict=True)], label


def judged(read_: list[str], label: np.ndarray, head: Head, X: np.ndarray) -> Judged:
    base = evidence(corpus(1, 1_200), 1, linear).challenger[0]
    given = np.zeros((N, 5))
    given[:, head.classes - 1] = head.of(read_, np.asfortranarray(X)).probability
    none = np.zeros(N)
    return replace(
        base,
        label_source="sigma",
        ids=tuple(map(str, range(N))),
        texts=tuple(read_),
        label=label.astype(np.int64),
        time_ms=none.astype(np.int64),
        probability=given,
        confidence=none,
        known=none,
        covered=none.astype(bool),
        baselines={},
        train_texts=tuple(read_),
    )


@pytest.fixture(scope="module")
def of_texts() -> tuple[Head, Judged, np.ndarray]:
    train, label = texts(1)
    rows = Labelled(train, label.astype(np.int64), np.arange(N), [str(i) for i in range(N)])
    made = fitted(rows, None, Candidate("plain", "logistic", LINES), 0.0)
    head = Head("sigma", made.vocabulary, made.severity, EVEN, EVEN, 0.0)
    X = np.zeros((N, len(NAMES)), dtype=np.float32)
    return head, judged(*texts(2), head, X), X


@pytest.fixture(scope="module")
def of_columns() -> tuple[Head, Judged, np.ndarray]:
    """A forest whose only news is the hour."""
    train, label = texts(1)
    train = ["seen found\n\n\n\n\n" + text.rsplit("\n", 1)[1] for text in train]
    X = np.full((N, len(NAMES)), np.nan, dtype=np.float32)
    X[:, NAMES.index("hour")] = label
    own = vocabulary(train, LINES)
    shell = Head("sigma", own, RandomForestClassifier(), EVEN, EVEN, 0.0)
    both = np.hstack([shell.tfidf(shell.read(train)), X])
    head = Head("sigma", own, RandomForestClassifier(20, random_state=1).fit(both, label), EVEN, EVEN, 0.0)
    return head, judged(train, label, head, X), X


def test_every_feature_is_in_one_group() -> None:
    grouped = [name for _, names in GROUPS for name in names]
    assert sorted(grouped) == sorted(NAMES)


def test_a_line_that_tells_is_lost_and_one_that_does_not_is_not(
    of_texts: tuple[Head, Judged, np.ndarray],
) -> None:
    found = line_effects.of_head(*of_texts)
    for effects in (found.left_out, found.mixed):
        lost = {each.name: each.lost for each in effects}
        assert set(lost) == {"title", "tags"}
        assert lost["title"].low > 0.3
        assert lost["tags"].low <= 0 <= lost["tags"].high


def test_the_words_that_move_a_class_are_those_that_tell_it(
    of_texts: tuple[Head, Judged, np.ndarray],
) -> None:
    words, lines = moved.shap_of(*of_texts[:2])
    first = {each.severity: each for each in reversed(words) if each.speaks_for}
    assert {severity: each.word.split()[0] for severity, each in first.items()} == WORDS
    assert lines[0].line == "title"
    assert lines[0].moved > 5 * lines[1].moved


def test_a_forest_has_paths_and_no_shap_and_its_columns_are_mixed(
    of_columns: tuple[Head, Judged, np.ndarray],
) -> None:
    head, rows, X = of_columns
    assert moved.shap_of(head, rows) == ((), ())
    assert moved.paths_of_head(head, rows, X)[0].column == "hour"
    lost = {each.name: each.lost for each in line_effects.of_head(head, rows, X).mixed}
    assert lost["hour and weekday"].low > 0.3
    assert "octets and networks" not in lost


def test_a_linear_head_has_no_paths(of_texts: tuple[Head, Judged, np.ndarray]) -> None:
    assert moved.paths_of_head(*of_texts) == ()


def known(units: int = 400) -> Known:
    """Two rows a unit; attacks come from rules that nobody saw before."""
    dice = np.random.default_rng(1)
    unit = np.repeat(np.arange(units), 2)
    true = dice.random(2 * units) < 0.1
    X = np.zeros((2 * units, len(NAMES)), dtype=np.float32)
    X[:, NAMES.index("rule_first")] = true
    X[:, NAMES.index("entity_1m")] = dice.random(2 * units)
    return Known([""] * len(true), X, true, [""] * len(true), unit, np.arange(len(true)))


def models(forest: IsolationForest) -> Models:
    return Models((), {}, forest, EVEN, np.zeros((len(NAMES), 101)), np.zeros(len(NAMES)), "", False)


def test_findings_are_the_first_row_of_each_unit() -> None:
    judged_by = unusual.findings(known())
    assert (len(judged_by.true), len(set(judged_by.unit.tolist()))) == (400, 400)


def test_what_an_anomaly_model_hangs_on_is_named_and_what_is_constant_is_left_out() -> None:
    rows = unusual.findings(known())
    quiet = rows.X[~rows.true][:, ANOMALY_COLUMNS]
    quiet = np.vstack([quiet, quiet[:9]])
    quiet[-9:, list(ANOMALY_COLUMNS).index(NAMES.index("rule_first"))] = 1
    bundle = models(IsolationForest(n_estimators=50, random_state=1).fit(quiet))
    effects = {each.name: each for each in unusual._mixed("net", rows, bundle)}
    assert set(effects) == {"first and last seen", "rule_first", "counts of the last hour", "entity_1m"}
    assert effects["first and last seen"].lost.low > 0.2
    assert effects["first and last seen"].lost.value > effects["entity_1m"].lost.value


def test_flows_are_judged_by_attacks_that_nothing_was_fitted_to(tmp_path: Path) -> None:
    names = "duration,protocol_type,service,flag,src_bytes,dst_bytes,count,srv_count,label,difficulty"
    dice = np.random.default_rng(1)
    lines = [names]
    for place in range(600):
        attack = ("normal", "normal", "normal", "big", "small")[place % 5]
        size = int(dice.integers(1, 90)) + (9_000 if attack != "normal" else 0)
        lines.append(f"{int(dice.integers(9))},tcp,http,SF,{size},{place},1,1,{attack},20")
    (tmp_path / "kdd.csv").write_text("\n".join(lines) + "\n")
    table = read(tmp_path / "kdd.csv")
    split = by_time(table)
    ids = frozenset((*split.train, *split.calibrate))
    X = np.zeros((50, len(ANOMALY_COLUMNS)), dtype=np.float32)
    bundle = models(IsolationForest(n_estimators=10, random_state=1).fit(X))
    told = flows_judged.areas(table, bundle, ids, split.test, context(), 1)
    area = {each.by: each.area for each in told if each.figure == "ROC area"}
    assert area["rival: prototypes"].low > 0.9
    assert area[flows_judged.BUNDLE].value == pytest.approx(0.5)
    assert {each.by for each in told if each.own} == {flows_judged.BUNDLE}
    assert "of 1 types never seen" in told[0].what


def test_explaining_leaves_the_models_as_they_are(of_texts: tuple[Head, Judged, np.ndarray]) -> None:
    head, rows, _ = of_texts
    bundle = replace(
        models(IsolationForest(n_estimators=5, random_state=1).fit(known().X[:, ANOMALY_COLUMNS])),
        heads=(head,),
    )
    before = encoded(bundle)
    line_effects.of_head(head, rows, np.zeros((N, len(NAMES)), dtype=np.float32))
    moved.shap_of(head, rows)
    moved.paths_of_anomaly(bundle.anomaly, known().X)
    assert encoded(bundle) == before


def test_what_seeds_alone_move_is_in_the_interval_of_a_loss() -> None:
    """Means of five forests that differ by nothing but chance: their differences, and how far these go."""
    dice = np.random.default_rng(4)
    areas = dice.normal(0.8, 0.05, (400, 5))
    error = unusual.by_seed(areas.tolist())
    away = areas[::2].mean(axis=1) - areas[1::2].mean(axis=1)
    assert error == pytest.approx(away.std(), rel=0.15)
    inside = [unusual.wider(Interval(each, each, each, 9), error) for each in away.tolist()]
    assert np.mean([each.low <= 0 <= each.high for each in inside]) == pytest.approx(0.95, abs=0.03)


def test_a_wider_interval_is_never_narrower_and_stays_about_its_value() -> None:
    rows = Interval(0.1, 0.04, 0.12, 9)
    assert unusual.wider(rows, 0.0) == pytest.approx(rows)
    low, high = unusual.wider(rows, 0.05)[1:3]
    assert (low, high) == pytest.approx((0.1 - np.hypot(0.06, 0.098), 0.1 + np.hypot(0.02, 0.098)))


def effect(source: str, name: str, value: float) -> Effect:
    return Effect(source, name, Interval(value, value - 0.01, value + 0.01, N), "macro-F1", 1.0)


def test_the_chart_of_a_head_that_reads_columns_has_them_beside_its_lines() -> None:
    given = Sections(
        name="x",
        made="",
        features_hash="aa",
        ablation=(effect("verdicts", "title", 0.1), effect("sigma", "title", 0.1)),
        importance=(
            effect("verdicts", "title", 0.2),
            effect("verdicts", "hour and weekday", 0.3),
            effect("verdicts", "hour_cos", 0.25),
            effect("sigma", "title", 0.2),
        ),
    )
    charts = [tostring(each, "unicode") for each in worth_part.worth(given) if each.tag == "figure"]
    of_columns, of_lines = charts
    assert of_columns.index("hour and weekday") < of_columns.index("title")
    assert ("hour_cos" in of_columns, "if another row's" in of_columns) == (False, True)
    assert "without each line" in of_lines


def test_the_hours_of_attacks_that_somebody_played_are_no_word_on_ones_own_verdicts() -> None:
    def said(source: str) -> str:
        lost = Effect(f"{source}, anomaly", "hour and weekday", Interval(0.1, 0.0, 0.2, N), "ROC area", 1.0)
        given = Sections(name="x", made="", features_hash="aa", ablation=(lost,))
        return tostring(next(iter(worth_part.worth(given))), "unicode")

    assert "somebody played them" in said("ait-ads")
    assert "somebody played them" not in said("verdicts")
    assert "hour and weekday: 0.100" in said("verdicts")
