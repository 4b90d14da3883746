"""Rounds of validation inside the rows to train: in time where rows have one, else by whole groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold

from enrich.features import DESCRIPTION, HEAD_LINES, TITLE
from enrich.forest import Matrix

Classes = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

# Where the three windows begin, as shares of the time order. Three, because one (the last 15 %, some 490
# rules of Sigma) tells two candidates apart by chance: the best of one window is rarely that of the next.
WINDOWS: Final = (0.55, 0.70, 0.85)
FOLDS: Final = 5
# With fewer rows that have a time it does not part them. Above it, those without one are fitted each time.
DATED_MIN: Final = 0.9
# Rows with fewer different days than this have the time of a release, not of their writing.
DAYS_MIN: Final = 60
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Labelled:
    """n rows of one label source.

    texts: ``features.text_of``. label: (n,) class 1-5. time_ms: (n,), -1 where unknown. groups: n names;
    rows of one group never stand on two sides. X: (n, k) of alerts, in the order in which they came; None of
    rules.
    """

    texts: Sequence[str]
    label: Classes
    time_ms: npt.NDArray[np.int64]
    groups: Sequence[str]
    X: Matrix | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, places: npt.NDArray[np.integer]) -> "Labelled":
        """Return the rows at these places."""
        return Labelled(
            [self.texts[place] for place in places],
            self.label[places],
            self.time_ms[places],
            [self.groups[place] for place in places],
            None if self.X is None else self.X[places],
        )


def rounds(rows: Labelled, seed: int) -> list[tuple[Places, Places]]:
    """Return (places to fit, places to validate) of each round; no place is validated twice."""
    groups = np.array(rows.groups, dtype=object)
    if not in_time(rows):
        count = min(FOLDS, len(set(rows.groups)))
        if count < 2:
            return []
        folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return [(train, held) for train, held in folds.split(groups, rows.label, groups)]
    ordered = np.sort(rows.time_ms[rows.time_ms >= 0])
    cuts = [ordered[int(len(ordered) * share)] for share in WINDOWS] + [ordered[-1] + 1]
    found = []
    for start, end in pairwise(cuts):
        held = np.flatnonzero((rows.time_ms >= start) & (rows.time_ms < end))
        apart = ~np.isin(groups, groups[held])
        train = np.flatnonzero((rows.time_ms < start) & apart)
        if len(held) and len(set(rows.label[train].tolist())) > 1:
            found.append((train, held))
    return found


def bare(text: str) -> str:
    """Return a text with title and description only.

    >>> bare("ET SCAN\\nRecon\\nT1595\\nLooks for scans\\nScanners\\n\\n/etc/passwd")
    'ET SCAN\\n\\n\\nLooks for scans\\n\\n'
    """
    lines = text.split("\n", HEAD_LINES)[:HEAD_LINES]
    return "\n".join(line if place in (TITLE, DESCRIPTION) else "" for place, line in enumerate(lines))


def with_bare(rows: Labelled) -> Labelled:
    """Return the rows and, behind them, those that say more than title and description once more, bare."""
    stripped = [bare(text) for text in rows.texts]
    more = np.flatnonzero([one != other for one, other in zip(stripped, rows.texts, strict=True)])
    again = rows.at(more)
    return Labelled(
        [*rows.texts, *(stripped[place] for place in more)],
        np.concatenate([rows.label, again.label]),
        np.concatenate([rows.time_ms, again.time_ms]),
        [*rows.groups, *again.groups],
        None if rows.X is None or again.X is None else np.vstack([rows.X, again.X]),
    )


def in_time(rows: Labelled) -> bool:
    """Return whether these rows came one after the other, as far as their times say: rules, on many days.

    Alerts of a flood are nearly copies: parted by groups, a model would be asked what it was told. Macro-F1
    on generated alerts with verdicts: .67 so, .52 on the days after.
    """
    dated = rows.time_ms >= 0
    if not len(rows) or dated.mean() < DATED_MIN:
        return False
    days = np.unique(rows.time_ms[dated] // _DAY_MS)
    return len(days) >= DAYS_MIN or (
        rows.X is not None and len(np.unique(rows.time_ms[dated])) > len(WINDOWS)
    )


def others_for(others: Labelled, rows: Labelled, held: Places) -> Labelled:
    """Return the other vendors' rows that nothing held out is to be told by: none later, none alike.

    With rounds in time, only rows dated before the first row held out; rows without a date are left out too.
    """
    theirs = {rows.groups[place] for place in held}
    apart = np.array([group not in theirs for group in others.groups], dtype=np.bool_)
    if in_time(rows):
        apart &= (others.time_ms >= 0) & (others.time_ms < rows.time_ms[held].min())
    return others.at(np.flatnonzero(apart))
