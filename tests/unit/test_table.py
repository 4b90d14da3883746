"""The training table: what it refuses, and that its hash hangs on what rows are, not on where they lay."""

from typing import Any

import pandas as pd
import pytest

from enrich.errors import CorpusRefused
from tests.unit.corpus_rows import row
from training.table import COLUMNS, NAMES, Row, Table, joined


def test_a_row_has_the_columns_of_the_table_in_their_order() -> None:
    assert Row._fields == NAMES


def test_the_columns_have_the_types_that_are_documented() -> None:
    frame = Table.of([row(1), row(2, label=None, time_ms=None, true_positive=True)]).frame
    assert [str(frame[column.name].dtype) for column in COLUMNS] == [column.dtype for column in COLUMNS]


@pytest.mark.parametrize(
    "changed",
    [
        {"label": 0},
        {"label": 6},
        {"id": ""},
        {"kind": "rumour"},
        {"document": "text"},
        {"techniques": ("",)},
        {"techniques": ["T1059"]},
        {"time_ms": -1},
        {"time_ms": 300_000_000_000_000},
        {"label_source": ""},
        {"row": 0},
    ],
    ids=str,
)
def test_a_cell_that_breaks_the_schema_is_named_by_file_and_row(changed: dict[str, Any]) -> None:
    with pytest.raises(CorpusRefused, match=rf"^rules.jsonl:{changed.get('row', 7)}: {next(iter(changed))} "):
        Table.of([row(1), row(7, **changed)])


def test_two_rows_with_one_id_are_both_named() -> None:
    with pytest.raises(CorpusRefused, match=r"^b.yml:4: sigma:1 is in rules.jsonl:1 too"):
        Table.of([row(1), row(2), row(1, path="b.yml", row=4)])


def test_a_column_of_another_type_is_refused() -> None:
    frame = Table.of([row(1)]).frame
    with pytest.raises(CorpusRefused, match="column label is of type"):
        Table(frame.assign(label=["high"]))


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(CorpusRefused, match="columns are"):
        Table(Table.of([row(1)]).frame.drop(columns="group"))


def test_the_hash_is_the_same_in_any_order_and_at_any_place() -> None:
    rows = [row(number) for number in range(1, 30)]
    moved = [each._replace(path="elsewhere.jsonl", row=each.row + 7) for each in reversed(rows)]
    assert Table.of(rows).content_hash == Table.of(moved).content_hash


@pytest.mark.parametrize(
    "changed",
    [
        {"label": 3},
        {"label": None},
        {"text": "other"},
        {"document": b"[]"},
        {"techniques": ()},
        {"true_positive": False},
        {"time_ms": None},
        {"group": "g"},
        {"attack": "scan"},
    ],
    ids=str,
)
def test_the_hash_is_another_when_anything_of_a_row_is(changed: dict[str, Any]) -> None:
    assert Table.of([row(1)]).content_hash != Table.of([row(1, **changed)]).content_hash


def test_the_hash_is_another_under_another_licence() -> None:
    assert Table.of([row(1)], {"sigma": "a"}).content_hash != Table.of([row(1)], {"sigma": "b"}).content_hash


def test_a_row_without_a_group_is_its_own() -> None:
    assert Table.of([row(1), row(2, group="g")]).frame["group"].tolist() == ["sigma:1", "g"]


def test_labels_and_times_are_numbers_where_they_are_missing_too() -> None:
    table = Table.of([row(1, label=None, time_ms=None), row(2)])
    assert (table.label.tolist(), table.time_ms.tolist()) == ([0, 3], [-1, 2000])
    assert table.labelled.tolist() == [False, True]


def test_rows_are_taken_by_id_in_the_order_asked_for() -> None:
    table = Table.of([row(number) for number in range(1, 6)])
    assert table.at(["sigma:4", "sigma:2"]).ids == ("sigma:4", "sigma:2")
    with pytest.raises(CorpusRefused, match="1 rows are not in the corpora, first 'sigma:9'"):
        table.at(["sigma:1", "sigma:9"])


def test_time_order_is_decided_by_the_id_among_equals_and_starts_with_the_timeless() -> None:
    table = Table.of([row(3, time_ms=5), row(1, time_ms=5), row(2, time_ms=None)])
    assert table.in_time().ids == ("sigma:2", "sigma:1", "sigma:3")


def test_shares_count_classes_verdicts_and_techniques() -> None:
    rows = [row(1, label=2), row(2, label=None, techniques=()), row(3, label=2, true_positive=True)]
    (share,) = Table.of(rows).shares
    assert share == ("sigma", "rule", 3, (0, 2, 0, 0, 0), 1, 0, 2)


def test_joining_keeps_licences_and_notes_and_refuses_one_id_twice() -> None:
    one = Table.of([row(1)], {"sigma": "DRL"}, ["a"])
    other = Table.of([row(2, label_source="wazuh")], {"wazuh": "GPL"}, ["a", "b"])
    both = joined([one, other])
    assert (len(both), both.licences, both.notes) == (2, {"sigma": "DRL", "wazuh": "GPL"}, ("a", "b"))
    with pytest.raises(CorpusRefused, match="is in"):
        joined([one, one])


def test_an_empty_table_is_a_table() -> None:
    assert (len(Table.of(())), Table.of(()).shares) == (0, ())
    assert isinstance(Table.of(()).content_hash, str)


def test_parts_keep_only_the_licences_that_they_need() -> None:
    table = Table.of([row(1), row(2, label_source="wazuh")], {"sigma": "DRL", "wazuh": "GPL"})
    assert table.source("wazuh").licences == {"wazuh": "GPL"}
    assert len(table.source("sigma", "alert")) == 0


def test_missing_values_are_pandas_own() -> None:
    assert Table.of([row(1, label=None)]).frame["label"].iloc[0] is pd.NA
