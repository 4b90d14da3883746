"""Events and verdicts in a directory of their own, or among other corpora: nothing is passed over."""

from pathlib import Path

import orjson
import pytest

from training import corpora
from training.corpora import own, sigma

EVENT = {"class_uid": 2004, "unmapped": {"millrace": {}}}
VERDICT = {"uid": "u", "verdict_id": 1, "author": "kim"}
RULE = dict.fromkeys(sigma.MARKS, "")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, doc in (("events", EVENT), ("verdicts", VERDICT)):
        (tmp_path / f"{name}.jsonl").write_bytes(orjson.dumps(doc))
    return tmp_path


def names(path: Path) -> list[tuple[str, str]]:
    return [(each.corpus.name, each.path.name) for each in corpora.found(path)[0]]


def test_a_directory_of_events_and_verdicts_is_one_corpus(place: Path) -> None:
    assert names(place) == [("events with verdicts", place.name)]
    assert sorted(each.name for each in own.files(place)) == ["events.jsonl", "verdicts.jsonl"]


def test_corpora_beside_them_and_in_directories_below_are_read_too(place: Path) -> None:
    (place / "rules.jsonl").write_bytes(orjson.dumps(RULE))
    (place / "below").mkdir()
    (place / "below" / "more.jsonl").write_bytes(orjson.dumps(RULE))
    assert names(place) == [
        ("events with verdicts", place.name),
        ("Sigma rules", "more.jsonl"),
        ("Sigma rules", "rules.jsonl"),
    ]


def test_a_file_beside_them_that_is_no_corpus_is_told(place: Path) -> None:
    (place / "notes.txt").write_text("of somebody")
    assert [each.name for each in corpora.found(place)[1]] == ["notes.txt"]
