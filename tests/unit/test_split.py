"""Splits: in time, by groups, never a near-duplicate on both sides, the same each time."""

import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import CorpusRefused
from tests.unit.corpus_rows import row
from training import split
from training.duplicates import SIMILAR, grouped, joined_and_grouped, normalised, same
from training.table import Row, Table

WORDS = [
    *("kettle", "boils", "without", "a", "cup", "near", "the", "window", "while", "nobody", "looks", "at"),
    *("steam", "that", "rises", "from", "old", "iron", "lids", "in", "winter"),
]


def texts(count: int, copies: int) -> list[str]:
    """Texts of which each comes ``copies`` times, varied in numbers, marks and a word."""
    dice = np.random.default_rng(3)
    made = []
    for number in range(count):
        words = [f"{WORDS[place]}{chr(97 + number % 26)}" for place in dice.integers(0, len(WORDS), 24)]
        for copy in range(copies):
            varied = [*words[:12], *(["again"] if copy % 2 else []), *words[12:]]
            made.append(" ".join(varied) + f" ({copy}).")
    return made


def table(count: int = 60, copies: int = 4) -> Table:
    """Rows of two sources; copies of a text are far apart in time."""
    told = texts(count, copies)
    rows = [
        row(
            place + 1,
            text=text,
            time_ms=(place % copies) * 1_000_000 + place,
            label_source=("sigma", "elastic")[place % 2],
        )
        for place, text in enumerate(told)
    ]
    return grouped(Table.of(rows))


def overlap(one: str, other: str) -> float:
    """Jaccard overlap of runs of three words, computed without the code under test."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = normalised(text).split()
        return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}

    return len(runs(one) & runs(other)) / len(runs(one) | runs(other))


@pytest.mark.parametrize(
    "made", [split.by_time, lambda of: split.at_date(of, 1_500_000)], ids=["shares", "date"]
)
def test_no_id_and_no_near_duplicate_text_crosses(made: object) -> None:
    of = table()
    found = made(of)  # type: ignore[operator]
    text = dict(zip(of.ids, of.frame["text"], strict=True))
    sides = [found.train, found.calibrate, found.test]
    for one, other in combinations(sides, 2):
        assert not set(one) & set(other)
        assert max((overlap(text[a], text[b]) for a in one for b in other), default=0) < SIMILAR
    assert split.crossing(of, found) == {}


def test_every_row_is_on_one_side_or_left_out() -> None:
    of = table()
    found = split.by_time(of)
    assert sorted((*found.train, *found.calibrate, *found.test, *found.left_out)) == sorted(of.ids)


def test_what_judges_is_not_thinned_out() -> None:
    of = table()
    assert len(split.by_time(of).test) == round(0.15 * len(of))


def test_rows_that_train_are_older_than_those_that_calibrate_and_these_than_those_that_test() -> None:
    of = Table.of([row(number) for number in range(1, 101)])
    found = split.by_time(of)
    times = dict(zip(of.ids, of.time_ms.tolist(), strict=True))
    ends = [
        (min(times[i] for i in side), max(times[i] for i in side))
        for side in (found.train, found.calibrate, found.test)
    ]
    assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0]
    assert (len(found.train), len(found.calibrate), len(found.test)) == (70, 15, 15)


def test_each_label_source_is_split_by_its_own_time() -> None:
    old = [row(number) for number in range(1, 21)]
    new = [row(number, label_source="elastic", time_ms=number * 1_000_000) for number in range(21, 41)]
    of = Table.of(old + new)
    assert split.counts(of, split.by_time(of)) == {"elastic": (14, 3, 3), "sigma": (14, 3, 3)}


def test_a_cut_date_tests_what_came_from_then_on_and_calibrates_with_the_last_before() -> None:
    of = Table.of([row(number) for number in range(1, 101)])
    found = split.at_date(of, 81_000, calibrate_share=0.25)
    assert found.test == tuple(f"sigma:{number}" for number in range(81, 101))
    assert found.calibrate == tuple(f"sigma:{number}" for number in range(61, 81))
    assert found.name == "test from 1970-01-01"


def test_a_cut_date_that_parts_nothing_is_refused() -> None:
    with pytest.raises(CorpusRefused, match="no corpus has rows before and after 1999-01-01"):
        split.at_date(Table.of([row(1), row(2)]), 915_148_800_000)


def test_rows_without_times_are_shared_out_by_whole_groups() -> None:
    rows = [row(number, time_ms=None, group=f"g{number // 4}") for number in range(1, 401)]
    of = Table.of(rows)
    found = split.by_time(of)
    assert split.crossing(of, found) == {}
    assert found.left_out == ()
    assert abs(len(found.train) - 280) <= 4
    assert abs(len(found.calibrate) - 60) <= 4


def test_the_name_says_which_sources_were_split_by_groups() -> None:
    timed = [row(number) for number in range(1, 101)]
    untimed = [
        row(number, id=f"wazuh:{number}", label_source="wazuh", time_ms=None) for number in range(1, 101)
    ]
    of = Table.of(timed + untimed)
    assert split.at_date(of, 81_000).name == "test from 1970-01-01; wazuh by groups"
    assert split.by_time(of).name == "70/15/15 by time and group; wazuh by groups"


def test_one_rule_without_a_date_trains_and_the_rest_is_split_by_time() -> None:
    of = Table.of([row(number, time_ms=None if number == 90 else number * 1_000) for number in range(1, 101)])
    for found in (split.at_date(of, 81_000), split.by_time(of)):
        assert "sigma:90" in found.train
        assert found.notes == ("sigma: 1 of 100 rows have no time, and train",)
        assert "groups" not in found.name
    assert split.at_date(of, 81_000).test == tuple(f"sigma:{n}" for n in range(81, 101) if n != 90)


def test_a_source_mostly_without_dates_is_split_by_groups() -> None:
    of = Table.of([row(number, time_ms=None if number % 5 == 0 else number) for number in range(1, 101)])
    assert split.by_time(of).name.endswith("; sigma by groups")


def alerts(count: int, rules: int) -> list[Row]:
    """Alerts of a few rules, each with its own document, one after the other."""
    return [
        row(
            number,
            id=f"uid{number}",
            kind="alert",
            label_source="verdicts",
            text=f"Teapot {chr(97 + number % rules)} boils",
            document=b'{"n":%d}' % number,
        )
        for number in range(1, count + 1)
    ]


def test_alerts_of_one_rule_are_no_near_duplicates_and_are_split_by_time() -> None:
    of = grouped(Table.of(alerts(400, 4)))
    found = split.by_time(of)
    assert split.counts(of, found) == {"verdicts": (280, 60, 60)}
    assert found.left_out == ()


def test_alerts_with_one_document_are_one_group() -> None:
    first, second, third = alerts(3, 1)
    groups = grouped(Table.of([first, second, third._replace(document=first.document)])).frame["group"]
    assert groups.tolist() == ["uid1", "uid2", "uid1"]


def test_a_scenario_of_alerts_stays_one_group() -> None:
    of = [each._replace(label_source="ait-ads", group="ait-ads:harbour") for each in alerts(3, 1)]
    assert set(grouped(Table.of(of)).frame["group"]) == {"ait-ads:harbour"}


def test_near_duplicates_of_tables_that_are_joined_are_one_group() -> None:
    one, other = texts(1, 2)
    tables = [Table.of([row(2, text=one)]), Table.of([row(1, text=other)])]
    assert joined_and_grouped(tables).frame["group"].tolist() == ["sigma:1", "sigma:1"]
    assert joined_and_grouped([grouped(each) for each in tables]).frame["group"].nunique() == 1


def test_grouped_again_a_table_is_the_same() -> None:
    of = grouped(Table.of([*table().frame.itertuples(index=False), *alerts(5, 1)]))  # type: ignore[misc]
    assert grouped(of).content_hash == of.content_hash


def test_of_two_great_groups_the_first_in_time_trains_and_the_other_tests() -> None:
    rows = [row(number, group="late" if number > 30 else "early") for number in range(1, 91)]
    found = split.by_time(Table.of(rows))
    assert (len(found.train), len(found.calibrate), len(found.test)) == (30, 0, 60)


def test_the_order_of_files_changes_no_split() -> None:
    of = table()
    turned = Table(of.frame.iloc[::-1].reset_index(drop=True))
    assert split.by_time(turned) == split.by_time(of)
    assert split.folds(turned) == split.folds(of)


def test_a_split_that_was_saved_is_the_same(tmp_path: Path) -> None:
    of = table()
    found = split.by_time(of)
    found.save(tmp_path / "split.json")
    assert split.Split.load(tmp_path / "split.json", of) == found
    assert [part.ids for part in found.tables(of)] == [found.train, found.calibrate, found.test]


def test_a_split_of_other_corpora_is_refused(tmp_path: Path) -> None:
    of = table()
    split.by_time(of).save(tmp_path / "split.json")
    with pytest.raises(CorpusRefused, match="made from other corpora"):
        split.Split.load(tmp_path / "split.json", Table.of([row(1)]))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"name":1,"content_hash":"x"}'])
def test_a_file_that_is_no_split_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "split.json").write_bytes(content)
    with pytest.raises(CorpusRefused, match="no split of ours"):
        split.Split.load(tmp_path / "split.json", Table.of([row(1)]))


def test_folds_have_whole_groups_and_each_row_is_tested_once() -> None:
    of = table()
    group_of = dict(zip(of.ids, of.frame["group"], strict=True))
    made = split.folds(of)
    assert sorted(row_id for _, test in made for row_id in test) == sorted(of.ids)
    for train, test in made:
        assert not {group_of[i] for i in train} & {group_of[i] for i in test}


def test_folds_leave_rows_without_a_label_out() -> None:
    rows = [row(number, label=None if number % 3 == 0 else 1 + number % 2) for number in range(1, 61)]
    assert sum(len(test) for _, test in split.folds(Table.of(rows))) == 40


def test_fewer_groups_than_folds_are_refused() -> None:
    with pytest.raises(CorpusRefused, match="3 groups of labelled rows are too few for 5 folds"):
        split.folds(Table.of([row(number) for number in range(1, 4)]))


def test_near_duplicates_of_two_sources_are_one_group() -> None:
    one, other = texts(1, 2)
    made = grouped(Table.of([row(1, text=one), row(2, text=other, label_source="elastic"), row(3)]))
    assert made.frame["group"].tolist() == ["sigma:1", "sigma:1", "sigma:3"]


def test_groups_of_an_importer_hang_together_whatever_their_texts() -> None:
    made = grouped(Table.of([row(1, group="w"), row(2, group="w", text="quite another")]))
    assert made.frame["group"].nunique() == 1


def test_flows_keep_their_groups() -> None:
    rows = [row(number, kind="flow", text="", group=f"g{number}") for number in range(1, 4)]
    assert grouped(Table.of(rows)).frame["group"].tolist() == ["g1", "g2", "g3"]


def test_texts_that_differ_in_numbers_and_marks_are_the_same() -> None:
    assert same(["CVE-2024-1: used!", "cve 2021 999 used", "other"]).tolist() == [0, 0, 2]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12), st.randoms(use_true_random=False))
def test_groups_are_the_same_in_any_order(listed: list[str], dice: object) -> None:
    def groups(of: list[tuple[int, str]]) -> set[frozenset[int]]:
        found: dict[int, set[int]] = {}
        for (number, _), first in zip(of, same([text for _, text in of]).tolist(), strict=True):
            found.setdefault(first, set()).add(number)
        return {frozenset(each) for each in found.values()}

    numbered = list(enumerate(listed))
    turned = numbered.copy()
    dice.shuffle(turned)  # type: ignore[attr-defined]
    assert groups(numbered) == groups(turned)


def test_texts_of_one_template_are_grouped_in_little_memory() -> None:
    """Kept all at once, the pairs of these texts took 9 kB a row, of longer ones 27; in parts they take 2."""
    dice = np.random.default_rng(5)
    frame = [f"{one}{other}" for one, other in zip(WORDS, reversed(WORDS), strict=True)]
    told = []
    for letters in dice.integers(97, 117, (6_000, 3, 6)).tolist():
        varied = list(frame)
        for place, word in zip((3, 9, 15), letters, strict=True):
            varied[place] = "".join(map(chr, word))
        told.append(" ".join(varied))
    tracemalloc.start()
    same(told)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / len(told) < 5_000


def test_all_pairs_that_overlap_enough_are_found() -> None:
    told = texts(80, 3)
    firsts = same(told)
    missed = [
        (a, b)
        for a, b in combinations(range(len(told)), 2)
        if overlap(told[a], told[b]) >= 0.75 and firsts[a] != firsts[b]
    ]
    assert missed == []
