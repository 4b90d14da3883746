"""A forest on words and columns: chosen where columns tell, bounded, the same bits as it is served."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pytest

from enrich.features import NAMES
from enrich.heads import Head
from enrich.pipeline import prepare, process
from enrich.record import RawRecord
from enrich.row import History
from tests.unit import tiny
from tests.unit.corpus_rows import row
from training import as_served, forests, heads, severity
from training.candidates import COLUMNS_OF_ALERTS, TEXT_OF_ALERTS
from training.dataset import context
from training.place import Place
from training.rounds import Labelled, in_time, rounds
from training.split import by_time
from training.stages import Stages
from training.table import Table
from training.verdict_record import Verdict
from training.verdicts import rows as rows_of

FOREST = COLUMNS_OF_ALERTS[0]
HOUR = 3_600_000
LINE = np.array([0.0, 1.0])


def alerts(count: int = 240, told: str = "column") -> Labelled:
    """Alerts of an hour each. told: whether a column or a word says what is severe."""
    dice = np.random.default_rng(5)
    label = dice.choice([2, 4], count).astype(np.int64)
    X = dice.normal(size=(count, len(NAMES))).astype(np.float32)
    X[dice.random(X.shape) < 0.1] = np.nan
    if told == "column":
        X[:, 7] = label
    words = [("kettle", "oven")[int(each > 2)] if told == "word" else "teapot" for each in label]
    texts = [f"Rule {'abc'[i % 3]}{'xyz'[i % 3]} {word}\nkitchen\n\n\n\n" for i, word in enumerate(words)]
    times = np.arange(count, dtype=np.int64) * HOUR
    return Labelled(texts, label, times, [str(i) for i in range(count)], X)


def choice(rows: Labelled) -> severity.Choice:
    return forests.chosen(rows, severity.choose(rows, candidates=TEXT_OF_ALERTS), 1)


def test_where_a_column_tells_the_forest_is_chosen_and_where_a_word_does_it_need_not_be() -> None:
    told = choice(alerts())
    assert told.best.candidate.columns
    assert told.best.accuracy > 0.95
    plain = choice(alerts(told="word"))
    assert plain.best.accuracy > 0.95
    assert {trial.candidate.name for trial in told.trials} == {
        each.name for each in (*TEXT_OF_ALERTS, *COLUMNS_OF_ALERTS) if not each.others
    }
    assert told.probability.shape == told.bare_probability.shape == (len(told.places), 5)


def test_what_is_there_for_comparison_is_never_chosen() -> None:
    boosting = next(each for each in COLUMNS_OF_ALERTS if not each.serves)
    rows = alerts()
    found = forests.chosen(rows, severity.choose(rows, candidates=TEXT_OF_ALERTS[:1]), 1, [boosting])
    assert found.best.candidate == TEXT_OF_ALERTS[0]
    assert found.trials[1].accuracy > found.best.accuracy + 0.3


def test_alerts_of_a_few_days_are_validated_on_what_came_after() -> None:
    rows = alerts()
    assert in_time(rows)
    assert not in_time(Labelled(rows.texts, rows.label, rows.time_ms, rows.groups))
    for train, held in rounds(rows, 1):
        assert rows.time_ms[train].max() < rows.time_ms[held].min()


@pytest.mark.parametrize("size", [1, 7, 64, 240])
def test_a_row_is_read_with_the_same_bits_in_training_and_in_any_batch_of_serving(size: int) -> None:
    rows = alerts()
    grown = forests.grown(rows, FOREST, 1)
    head = Head("verdicts", grown.vocabulary, grown.forest, LINE, LINE, 0.0)
    fitted = grown.forest.predict_proba(forests._matrix(grown.vocabulary, rows.texts, rows.X))
    served = [
        Head("verdicts", grown.vocabulary, grown.forest, LINE, LINE, 0.0)
        .of(rows.texts[start : start + size], np.asfortranarray(rows.X[start : start + size]))  # type: ignore[index]
        .probability
        for start in range(0, len(rows), size)
    ]
    assert np.vstack(served).tobytes() == fitted.tobytes()
    assert head.kind == "forest"


def test_the_same_rows_give_the_same_trees_and_a_forest_is_bounded() -> None:
    rows = alerts()
    one, other = (forests.grown(rows, FOREST, 1) for _ in range(2))
    X = forests._matrix(one.vocabulary, rows.texts, rows.X)
    assert one.forest.predict_proba(X).tobytes() == other.forest.predict_proba(X).tobytes()
    assert one.forest.n_jobs == 1
    assert 0 < one.leaves <= len(one.forest.estimators_) * forests.LEAVES
    assert f"{one.leaves:,} leaves" in one.told


def test_a_tree_has_no_more_leaves_than_it_may_however_many_rows_there_are() -> None:
    for rows in (1, 3_000, 3_001, 50_000, 1_000_000):
        assert rows // forests.rows_of_leaf(rows) <= forests.LEAVES


def events(count: int) -> tuple[list[dict[str, Any]], Any]:
    """Events of a worker that read an alert every seven seconds, and the matrix that its models read."""
    lines = [tiny.suricata(number) for number in range(count)]
    records = [RawRecord("raw", 0, n, tiny.T0 + n * 7_000, None, line) for n, line in enumerate(lines)]
    outputs = process(records, {}, context(), None).outputs
    return [orjson.loads(output[0].value) for output in outputs], prepare(records, {}, context())


def test_a_few_alerts_with_verdicts_have_the_columns_that_the_worker_saw() -> None:
    made, batch = events(900)
    assert batch.rows[-1].history.warm
    chosen = list(range(0, 900, 30))
    said = [Verdict(made[i]["metadata"]["uid"], "benign", "anna", 1, 2, None) for i in chosen]
    places = [(Place("events", i + 1), event) for i, event in enumerate(made)]
    found, _ = rows_of(places, [(Place("said", 1), each) for each in said], ("anna",))
    served = as_served.alerts(Table.of(found), context())
    assert served.X.tobytes() == batch.X[chosen].tobytes()


def test_an_event_whose_history_is_none_is_read_without() -> None:
    made, _ = events(2)
    made[0]["unmapped"]["millrace"]["history"]["warm"] = "yes"
    made[1]["unmapped"]["millrace"]["history"] |= {"warm": True, "entity_1m": -1}
    said = [Verdict(each["metadata"]["uid"], "benign", "anna", 1, 2, None) for each in made]
    places = [(Place("events", i + 1), event) for i, event in enumerate(made)]
    found, _ = rows_of(places, [(Place("said", 1), each) for each in said], ("anna",))
    assert [each.history for each in found] == [None, None]
    assert History._fields[-2:] == ("warm", "folded")


def labelled(label: list[int]) -> Table:
    """Alerts with verdicts, an hour each."""
    lines = [tiny.suricata(number) for number in range(len(label))]
    return Table.of(
        row(
            number,
            id=f"{number:032x}",
            kind="alert",
            label=each,
            label_source="verdicts",
            document=line,
            time_ms=tiny.T0 + number * HOUR,
            row=number + 1,
        )
        for number, (line, each) in enumerate(zip(lines, label, strict=True))
    )


class Keys(Stages):
    """Makes nothing, and knows what would be taken from where it was kept."""

    def __init__(self) -> None:
        super().__init__(None)
        self.seen: list[str] = []

    def kept(self, name: str, key: str, make: Any, rows: int = 0) -> Any:
        self.seen.append(key)
        return SimpleNamespace(told="")


def test_a_head_is_made_again_where_other_rows_judge_it() -> None:
    """Rows that the champion knows leave the test; other vendors' rules are older than what is left."""
    table = labelled([2, 4] * 500)
    split, stages = by_time(table), Keys()
    for test in (split.test, split.test, split.test[10:]):
        heads.made(table, replace(split, test=test), 1, stages, context())
    assert stages.seen[0] == stages.seen[1] != stages.seen[2]


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ([2, 4] * 150, "130 of each are needed: no head; give about 567 more verdicts with --severity"),
        ([4] * 1_000, "all rows to learn from have severity 4, others are needed: no head"),
    ],
)
def test_too_few_verdicts_or_all_of_one_severity_are_one_line_and_stop_no_other_source(
    label: list[int], why: str
) -> None:
    table = labelled(label)
    found, notes = heads.made(table, by_time(table), 1, Stages(None), context())
    assert found == []
    assert len(notes) == 1
    assert why in notes[0]
