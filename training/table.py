"""The one table that training reads: every row of every corpus, typed, with its label, time and group.

What each column holds is in ``columns.COLUMNS``; a frame that breaks it is refused with the file and row of
the first offence. The content hash does not hang on the order of rows, nor on where the files lie.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from enrich.errors import CorpusRefused
from training.columns import CLASSES, COLUMNS, KINDS, NAMES, Column, Flags, check, where

__all__ = [
    "CLASSES",
    "COLUMNS",
    "KINDS",
    "NAMES",
    "Column",
    "Row",
    "Share",
    "Table",
    "check",
    "joined",
    "where",
]

Classes = npt.NDArray[np.int64]

# Where a row was read is no part of what it is.
_HASHED: Final = tuple(name for name in NAMES if name not in ("path", "row"))


class Row(NamedTuple):
    """One row as importers make it: the fields are the columns. ``group`` empty: the row's own."""

    id: str
    kind: str
    text: str
    document: bytes
    label: int | None
    label_source: str
    techniques: tuple[str, ...]
    true_positive: bool | None
    attack: str
    time_ms: int | None
    group: str
    path: str
    row: int
    history: tuple[int | float | bool | None, ...] | None = None


class Share(NamedTuple):
    """How many rows of one label source and kind have a label: by class, of either verdict, techniques."""

    label_source: str
    kind: str
    rows: int
    classes: tuple[int, ...]
    true: int
    false: int
    techniques: int


@dataclass(frozen=True)
class Table:
    """n rows. Raises CorpusRefused for a frame that is not as ``COLUMNS`` says.

    licences: label source -> the corpus's licence in one line.
    notes: what was left out or is worth knowing, one line each ("sigma: 165 deprecated rules left out").
    """

    frame: pd.DataFrame
    licences: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check(self.frame)

    def __len__(self) -> int:
        return len(self.frame)

    @classmethod
    def of(
        cls, rows: Iterable[Row], licences: Mapping[str, str] | None = None, notes: Iterable[str] = ()
    ) -> "Table":
        """Return the table of these rows."""
        return cls(frame_of(rows), dict(licences or {}), tuple(notes))

    @property
    def ids(self) -> tuple[str, ...]:
        """The rows' ids, in their order."""
        return tuple(self.frame["id"])

    @property
    def label(self) -> Classes:
        """(n,) class 1-5, 0 where the row has no label."""
        return self.frame["label"].fillna(0).to_numpy(np.int64)

    @property
    def time_ms(self) -> npt.NDArray[np.int64]:
        """(n,) ms since 1970 UTC, -1 where the row has no time."""
        return self.frame["time_ms"].fillna(-1).to_numpy(np.int64)

    @property
    def labelled(self) -> Flags:
        """(n,) whether the row has a severity class."""
        return self.frame["label"].notna().to_numpy(np.bool_)

    def where(self, chosen: Flags) -> "Table":
        """Return the rows for which ``chosen`` holds, in their order."""
        return self._of(self.frame.loc[chosen])

    def at(self, ids: Iterable[str]) -> "Table":
        """Return the rows of these ids, in the order given. Raises CorpusRefused for an id it has not."""
        places = self._places
        wanted = list(ids)
        missing = [each for each in wanted if each not in places]
        if missing:
            raise CorpusRefused(f"{len(missing):,} rows are not in the corpora, first {missing[0]!r}")
        return self._of(self.frame.iloc[[places[each] for each in wanted]])

    def source(self, label_source: str, kind: str | None = None) -> "Table":
        """Return the rows of one label source, and of one kind."""
        chosen = (self.frame["label_source"] == label_source).to_numpy(np.bool_)
        if kind is not None:
            chosen = chosen & (self.frame["kind"] == kind).to_numpy(np.bool_)
        return self.where(chosen)

    def in_time(self) -> "Table":
        """Return the rows by time, then id; those without a time are first."""
        order = np.lexsort((np.array(self.ids, dtype=np.str_), self.time_ms))
        return self._of(self.frame.iloc[order])

    @cached_property
    def content_hash(self) -> str:
        """Hash of all rows and licences, 32 hex digits; the same in any order and at any place."""
        columns = [self.frame[name].tolist() for name in _HASHED]
        digests = sorted(_digest(cells) for cells in zip(*columns, strict=True))
        licences = repr(sorted(self.licences.items())).encode()
        return blake2b(b"".join([*digests, licences]), digest_size=16).hexdigest()

    @property
    def shares(self) -> tuple[Share, ...]:
        """Counts by label source and kind, in alphabetical order."""
        found = []
        for (source, kind), part in self.frame.groupby(["label_source", "kind"], sort=True):
            labels, verdict = part["label"].fillna(0), part["true_positive"]
            found.append(
                Share(
                    str(source),
                    str(kind),
                    len(part),
                    tuple(int((labels == name).sum()) for name in CLASSES),
                    int((verdict == True).fillna(False).sum()),  # noqa: E712 (three values)
                    int((verdict == False).fillna(False).sum()),  # noqa: E712
                    int(part["techniques"].map(bool).sum()),
                )
            )
        return tuple(found)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {each: place for place, each in enumerate(self.ids)}

    def _of(self, frame: pd.DataFrame) -> "Table":
        left = frozenset(frame["label_source"])
        licences = {source: text for source, text in self.licences.items() if source in left}
        return Table(frame.reset_index(drop=True), licences, self.notes)


def frame_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Return a frame with the columns' types."""
    cells = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    made: dict[str, Any] = {}
    for column, values in zip(COLUMNS, cells, strict=True):
        made[column.name] = pd.Series(list(values), dtype=column.dtype)
    own = made["group"] == ""
    made["group"] = made["group"].where(~own, made["id"])
    return pd.DataFrame(made)


def joined(tables: Iterable[Table]) -> Table:
    """Return the rows of all tables. Raises CorpusRefused where two have one id."""
    held = list(tables)
    if not held:
        return Table.of(())
    licences = {source: text for table in held for source, text in table.licences.items()}
    notes = tuple(dict.fromkeys(note for table in held for note in table.notes))
    return Table(pd.concat([table.frame for table in held], ignore_index=True), licences, notes)


def _digest(cells: tuple[Any, ...]) -> bytes:
    plain = [cell.hex() if type(cell) is bytes else None if cell is pd.NA else cell for cell in cells]
    return blake2b(orjson.dumps(plain), digest_size=16).digest()
