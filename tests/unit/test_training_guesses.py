"""Technique guesses from the table: what is learnt of ATT&CK's own rows."""

import pytest

from tests.unit.corpus_rows import row
from training.dataset import context
from training.guesses import guessing
from training.table import Row, Table


def technique(uid: str, text: str) -> Row:
    return row(
        id=f"attack:{uid}", kind="procedure", text=text, label=None, label_source="attack", techniques=(uid,)
    )


def sentence(number: int, text: str) -> Row:
    return row(
        id=f"attack:relationship--{number}",
        kind="procedure",
        text=text,
        label=None,
        label_source="attack",
        techniques=("T1059.001",),
    )


@pytest.fixture(scope="module")
def words() -> list[str]:
    table = Table.of(
        [
            technique("T1003", "OS Credential Dumping\nAdversaries may steal hashes"),
            technique("T1110", "Brute Force\nAdversaries may steal logins"),
            technique("T1059.001", "PowerShell"),
            technique("T1059.003", "Windows Command Shell"),
            sentence(1, "The tool ran PowerShell cmdlets"),
            sentence(2, "The malware has cmdlets"),
        ]
    )
    found = guessing(table, table.ids, context())
    assert found is not None
    return found.model.vocabulary.names


def test_a_sub_technique_is_named_with_its_technique(words: list[str]) -> None:
    assert {"interpreter", "scripting interpreter"} <= set(words)  # of T1059's name, in those of both


def test_descriptions_and_sentences_are_read(words: list[str]) -> None:
    assert {"steal", "adversaries", "cmdlets"} <= set(words)


def test_a_table_that_names_no_technique_guesses_nothing() -> None:
    table = Table.of([row(techniques=())])
    assert guessing(table, table.ids, context()) is None
