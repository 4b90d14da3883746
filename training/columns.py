"""The columns of the training table, and what is wrong with a frame that breaks them: by file and row."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from enrich.errors import CorpusRefused
from enrich.row import History

Flags = npt.NDArray[np.bool_]

KINDS: Final = ("rule", "alert", "flow", "procedure")
CLASSES: Final = (1, 2, 3, 4, 5)
# Latest time that an event can have, as in ``Alert.time_ms``: before the year 10000.
_LAST_MS: Final = 253_402_300_800_000
_HISTORY: Final = len(History._fields)


class Column(NamedTuple):
    """dtype: of pandas; "object" where cells are bytes or tuples. what: a line for docs/corpora.md."""

    name: str
    dtype: str
    what: str


COLUMNS: Final = (
    Column("id", "str", "unique, `corpus:id`; of an event with verdicts its `metadata.uid`"),
    Column("kind", "str", "`rule`, `alert`, `flow` or `procedure`"),
    Column("text", "str", "for people and for near-duplicates: title, newline, description; of flows empty"),
    Column("document", "object", "bytes: the alert in its vendor's format, without severity; empty if none"),
    Column("label", "Int64", "severity class 1-5, or missing"),
    Column("label_source", "str", "who gave label, techniques or verdict: `sigma`, `verdicts`, `ait-ads` …"),
    Column("techniques", "object", "tuple of ATT&CK ids, upper case, as the corpus gives them"),
    Column("true_positive", "boolean", "whether it was an attack, or missing"),
    Column("attack", "str", "attack type, step or phase in the corpus's own word; empty: none or unknown"),
    Column(
        "time_ms", "Int64", "of the event; of a rule the date it was written; ms since 1970 UTC, or missing"
    ),
    Column("group", "str", "rows of one group never stand on both sides of a split"),
    Column("path", "str", "file, relative to what was read"),
    Column("row", "Int64", "line or record in that file, from 1"),
    Column(
        "history", "object", "what the worker's memory knew before the alert (`History`'s fields), or missing"
    ),
)
NAMES: Final = tuple(column.name for column in COLUMNS)


def check(frame: pd.DataFrame) -> None:
    """Raise CorpusRefused, naming file and row, if the frame is not as ``COLUMNS`` says."""
    if tuple(frame.columns) != NAMES:
        raise CorpusRefused(f"the table's columns are {list(frame.columns)}, not {list(NAMES)}")
    for column in COLUMNS:
        if str(frame[column.name].dtype) != column.dtype:
            kind = frame[column.name].dtype
            raise CorpusRefused(f"the table's column {column.name} is of type {kind}, not {column.dtype}")
    for name, wrong, what in _RULES:
        broken = wrong(frame[name])
        if broken.any():
            place = int(np.flatnonzero(broken)[0])
            raise CorpusRefused(f"{where(frame, place)}: {name} {what}")
    twice = frame["id"].duplicated(keep=False).to_numpy(np.bool_)
    if twice.any():
        first, second = np.flatnonzero(frame["id"] == frame["id"].iloc[int(np.flatnonzero(twice)[0])])[:2]
        raise CorpusRefused(
            f"{where(frame, int(second))}: {frame['id'].iloc[int(second)]} is in "
            f"{where(frame, int(first))} too; give one of the two"
        )


def where(frame: pd.DataFrame, place: int) -> str:
    """Return "file:row" of the row at a place."""
    return f"{frame['path'].iloc[place]}:{frame['row'].iloc[place]}"


def _empty(column: "pd.Series[str]") -> Flags:
    return (column.isna() | (column == "")).to_numpy(np.bool_)


def _none(column: "pd.Series[str]") -> Flags:
    return column.isna().to_numpy(np.bool_)


def _not_of_kinds(column: "pd.Series[str]") -> Flags:
    return (~column.isin(KINDS)).to_numpy(np.bool_)


def _not_a_class(column: "pd.Series[int]") -> Flags:
    return (column.notna() & ~column.isin(CLASSES)).to_numpy(np.bool_)


def _not_a_time(column: "pd.Series[int]") -> Flags:
    filled = column.fillna(0).to_numpy(np.int64)
    return np.asarray((filled < 0) | (filled >= _LAST_MS))


def _not_bytes(column: "pd.Series[Any]") -> Flags:
    return np.array([type(cell) is not bytes for cell in column], dtype=np.bool_)


def _not_texts(column: "pd.Series[Any]") -> Flags:
    return np.array(
        [type(cell) is not tuple or not all(type(part) is str and part for part in cell) for cell in column],
        dtype=np.bool_,
    )


def _not_a_history(column: "pd.Series[Any]") -> Flags:
    return np.array(
        [not (cell is None or (type(cell) is tuple and len(cell) == _HISTORY)) for cell in column],
        dtype=np.bool_,
    )


def _not_a_row(column: "pd.Series[int]") -> Flags:
    return (column.fillna(0) < 1).to_numpy(np.bool_)


_RULES: Final[tuple[tuple[str, Callable[[Any], Flags], str], ...]] = (
    ("path", _empty, "is empty"),
    ("row", _not_a_row, "is not a number from 1"),
    ("id", _empty, "is empty"),
    ("kind", _not_of_kinds, f"is none of {', '.join(KINDS)}"),
    ("text", _none, "is missing"),
    ("document", _not_bytes, "is not bytes"),
    ("label", _not_a_class, "is no class 1-5"),
    ("label_source", _empty, "is empty"),
    ("techniques", _not_texts, "is no tuple of texts"),
    ("attack", _none, "is missing"),
    ("time_ms", _not_a_time, "is no time between 1970 and the year 10000"),
    ("group", _empty, "is empty"),
    ("history", _not_a_history, f"is no tuple of {_HISTORY}"),
)
