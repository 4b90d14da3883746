"""Splits by time and group: what is fitted, what calibrates and chooses, what judges. Row ids are kept.

Each label source has its own time and is split by itself. No group (near-duplicates, a rule's family, equal
flows) stands on two sides: of one that would, the rows of the earlier side leave the split, so that what
judges is never thinned out. A source whose rows have no time, or of which one group has most rows, is split
by whole groups, in an order that hashes give; the split's name says which. Where a few rows of a source have
no time, they train.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from os import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from enrich.errors import CorpusRefused
from training.table import Table

SHARES: Final = (0.70, 0.15, 0.15)
# Of the rows before a cut date, so many calibrate: the last ones.
CALIBRATE_SHARE: Final = 0.15
FOLDS: Final = 5
# With fewer groups than sides, the first in time trains and the other tests.
_FEW: Final = 3
# With fewer rows that have a time, it does not part a source. Above it, those without one train: of 16,708
# texts of ATT&CK the 691 techniques have no date.
DATED_MIN: Final = 0.9
_NAMES: Final = ("train", "calibrate", "test")

Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """Ids of rows, in order of time. name: how it was made. content_hash: of the table that it was made from.

    left_out: rows of groups that would have stood on two sides. notes: what is worth knowing, one line each.
    """

    name: str
    content_hash: str
    train: tuple[str, ...]
    calibrate: tuple[str, ...]
    test: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        beside = path.with_name(path.name + ".part")
        beside.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))
        replace(beside, path)

    @classmethod
    def load(cls, path: Path, table: Table) -> "Split":
        """Return a split that was saved. Raises CorpusRefused if it is none, or of another table."""
        try:
            doc: Any = orjson.loads(path.read_bytes())
            listed = {name: tuple(doc[name]) for name in (*_NAMES, "left_out", "notes")}
            split = cls(name=doc["name"], content_hash=doc["content_hash"], **listed)
        except OSError as error:
            raise CorpusRefused(f"{path}: {error.strerror}") from None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CorpusRefused(f"{path}: no split of ours: make it again from the corpora") from None
        if split.content_hash != table.content_hash:
            raise CorpusRefused(
                f"{path}: made from other corpora ({split.content_hash[:12]}, these are "
                f"{table.content_hash[:12]}): make it again, or give the corpora it was made from"
            )
        return split

    def tables(self, table: Table) -> tuple[Table, Table, Table]:
        """Return the rows to train, to calibrate and to test."""
        return table.at(self.train), table.at(self.calibrate), table.at(self.test)


def by_time(table: Table, shares: tuple[float, float, float] = SHARES) -> Split:
    """Return the first rows of each source to train, the next to calibrate, the last to test."""
    sides = np.full(len(table), -1)
    edges = np.cumsum(shares)
    sources = _sources(table)
    for each in sources:
        if each.timed:
            ends = np.round(edges * len(each.dated)).astype(np.intp)
            sides[each.undated] = 0
            sides[each.dated] = np.searchsorted(ends, np.arange(len(each.dated)), side="right")
        else:
            sides[each.places] = _by_groups(table, each.places, shares)
    percent = "/".join(f"{share:.0%}".rstrip("%") for share in shares)
    return _split(f"{percent} by time and group", table, sides, sources)


def at_date(table: Table, cut_ms: int, calibrate_share: float = CALIBRATE_SHARE) -> Split:
    """Return the rows from a time on to test, those before it to train, the last of these to calibrate.

    cut_ms: ms since 1970 UTC. Sources without times are split by groups as in ``by_time``. Raises
    CorpusRefused where no source has rows on both sides.
    """
    sides = np.full(len(table), -1)
    both = False
    sources = _sources(table)
    for each in sources:
        if not each.timed:
            sides[each.places] = _by_groups(table, each.places, SHARES)
            continue
        before = int((table.time_ms[each.dated] < cut_ms).sum())
        train = round(before * (1 - calibrate_share))
        sides[each.undated] = 0
        sides[each.dated[:train]], sides[each.dated[train:before]], sides[each.dated[before:]] = 0, 1, 2
        both = both or 0 < before < len(each.dated)
    day = str(np.datetime64(cut_ms, "ms").astype("datetime64[D]"))
    if not both:
        raise CorpusRefused(f"no corpus has rows before and after {day}: give another date")
    return _split(f"test from {day}", table, sides, sources)


def folds(
    table: Table, count: int = FOLDS, seed: int = 1
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return (ids to train, ids to test) of each fold: whole groups, classes shared out evenly.

    Only rows with a label are in them. Raises CorpusRefused for fewer groups than folds.
    """
    labelled = table.where(table.labelled)
    groups = labelled.frame["group"].to_numpy()
    if len(set(groups.tolist())) < count:
        raise CorpusRefused(
            f"{len(set(groups.tolist()))} groups of labelled rows are too few for {count} folds"
        )
    # By id first: the order in which files were read must not move a row to another fold.
    order = np.argsort(np.array(labelled.ids, dtype=np.str_), kind="stable")
    ids = np.array(labelled.ids, dtype=object)[order]
    made = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Elastic has three critical rules: they cannot be in all of five folds.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        places = list(made.split(ids, labelled.label[order], groups[order]))
    return tuple((tuple(ids[train].tolist()), tuple(ids[test].tolist())) for train, test in places)


def crossing(table: Table, split: Split) -> dict[str, Sequence[str]]:
    """Return groups that stand on more than one side, with their sides: none, for a split of ours."""
    group_of = dict(zip(table.ids, table.frame["group"].tolist(), strict=True))
    sides: dict[str, dict[str, None]] = {}
    for name in _NAMES:
        for row_id in getattr(split, name):
            sides.setdefault(group_of[row_id], {})[name] = None
    return {group: tuple(found) for group, found in sides.items() if len(found) > 1}


def counts(table: Table, split: Split) -> Mapping[str, tuple[int, int, int]]:
    """Return how many rows of each label source train, calibrate and test."""
    source_of = dict(zip(table.ids, table.frame["label_source"].tolist(), strict=True))
    found: dict[str, list[int]] = {}
    for side, name in enumerate(_NAMES):
        for row_id in getattr(split, name):
            found.setdefault(source_of[row_id], [0, 0, 0])[side] += 1
    return {source: (each[0], each[1], each[2]) for source, each in sorted(found.items())}


class _Source(NamedTuple):
    """Rows of one label source and kind, as places. dated: in order of time. timed: time parts them."""

    name: str
    places: Places
    dated: Places
    undated: Places
    timed: bool


def _split(name: str, table: Table, sides: npt.NDArray[np.int64], sources: Sequence[_Source]) -> Split:
    """Return the split with each group on its latest side only."""
    groups = table.frame["group"]
    latest = pd.Series(sides).groupby(groups.to_numpy()).transform("max").to_numpy()
    kept = sides == latest
    ordered = _in_time(table, np.arange(len(table)))
    ids = np.array(table.ids, dtype=object)

    def listed(chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(ids[ordered[chosen[ordered]]].tolist())

    three = [listed(kept & (sides == side)) for side in range(3)]
    untimed = [each.name for each in sources if not each.timed]
    if untimed:
        name += f"; {', '.join(untimed)} by groups"
    notes = tuple(
        f"{each.name}: {len(each.undated):,} of {len(each.places):,} rows have no time, and train"
        for each in sources
        if each.timed and len(each.undated)
    )
    return Split(name, table.content_hash, three[0], three[1], three[2], listed(~kept), notes)


def _sources(table: Table) -> list[_Source]:
    """Return the rows of each label source and kind; a source of several kinds is named with the kind."""
    frame = table.frame
    pairs = sorted(set(zip(frame["label_source"].tolist(), frame["kind"].tolist(), strict=True)))
    names = [source for source, _ in pairs]
    found = []
    for source, kind in pairs:
        chosen = (frame["label_source"] == source) & (frame["kind"] == kind)
        places = np.flatnonzero(chosen.to_numpy(np.bool_))
        own = frame.iloc[places]
        dated = own["time_ms"].notna().to_numpy(np.bool_)
        # Where one group has most rows, time would leave it alone on one side.
        timed = dated.mean() >= DATED_MIN and own["group"].value_counts().iloc[0] <= len(own) / 2
        name = source if names.count(source) == 1 else f"{source} ({kind}s)"
        found.append(_Source(name, places, _in_time(table, places[dated]), places[~dated], bool(timed)))
    return found


def _in_time(table: Table, places: Places) -> Places:
    """Return the places by time, those of one time by id."""
    ids = np.array(table.ids, dtype=np.str_)[places]
    return places[np.lexsort((ids, table.time_ms[places]))]


def _by_groups(table: Table, places: Places, shares: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """Return the side of each of these rows; whole groups go by the hash of their names.

    Of two groups the first in time trains and the other tests.
    """
    groups = table.frame["group"].iloc[places]
    sizes = groups.value_counts()
    names = sorted(sizes.index, key=lambda name: blake2b(str(name).encode(), digest_size=8).digest())
    if len(names) < _FEW:
        first = pd.Series(table.time_ms[places]).groupby(groups.to_numpy()).min()
        names.sort(key=lambda name: (int(first[name]), str(name)))
        side_of = {name: 2 if place else 0 for place, name in enumerate(names)}
        return groups.map(side_of).to_numpy(np.int64)
    before = np.concatenate([[0], np.cumsum(sizes.loc[names].to_numpy())[:-1]]) / len(places)
    edges = np.cumsum(shares)
    side_of = {
        name: min(int(np.searchsorted(edges, share, side="right")), 2)
        for name, share in zip(names, before, strict=True)
    }
    return groups.map(side_of).to_numpy(np.int64)
