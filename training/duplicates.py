"""Near-duplicate texts: which rows say the same, so that a split never has one on each side.

Rules are copied, translated and varied. Two texts are near-duplicates where their normalised words are
equal, or where the sets of their runs of three words overlap by SIMILAR (Jaccard). Candidates come from
MinHash with bands (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", chapter 3), each is then
checked exactly; the groups are what hangs together. The same texts give the same groups, in any order.

Alerts of one rule say the same each time it fires, and are no copies of each other: of them only equal
documents are one group, and those that their corpus has put into one.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from training.table import Table, joined

SIMILAR: Final = 0.6
WORDS: Final = 3
# Kinds of rows of which the near-duplicates are one group.
BY_TEXT: Final = ("rule", "procedure")
# 32 bands of 4: a pair with overlap .6 is missed by one in 85, one with .7 by one in 6,000.
_BANDS: Final = 32
_IN_BAND: Final = 4
# Of a bucket each text is compared with so many before it in the order of words: texts of one template are
# all in one bucket, and meet in other bands again.
_CROWD: Final = 32
_PRIME: Final = (1 << 31) - 1
# Texts signed, and pairs checked, at once: some 20 MB.
_SIGNED: Final = 128
_CHECKED: Final = 16_384
_WORD: Final = re.compile(r"[^\W_]+")
_DIGITS: Final = re.compile(r"\d+")

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]


def normalised(text: str) -> str:
    """Return the words in small letters, every number as 0.

    >>> normalised("CVE-2024-4040: Used!")
    'cve 0 0 used'
    """
    return " ".join(_DIGITS.sub("0", word) for word in _WORD.findall(text.lower()))


def same(texts: Sequence[str]) -> Places:
    """Return (n,) the place of the first text that each hangs together with."""
    firsts: dict[str, int] = {}
    numbers = np.array([firsts.setdefault(normalised(text), len(firsts)) for text in texts], dtype=np.intp)
    # Texts are compared in the order of their words, so that the order of rows decides nothing.
    words = sorted(firsts)
    parts = np.empty(len(words), dtype=np.intp)
    parts[[firsts[each] for each in words]] = _parts([_runs(each) for each in words])
    return _first_of(parts[numbers])


def grouped(table: Table) -> Table:
    """Return the table with near-duplicate rules and procedures joined, and alerts with equal documents.

    Groups that a corpus gave are kept whole; scenarios of alerts and flows are left as they are. A group that
    is made here is named for the least of its rows' ids. Grouped again it is the same.
    """
    frame = table.frame
    by_text = (frame["kind"].isin(BY_TEXT) & (frame["text"] != "")).to_numpy(np.bool_)
    own = (frame["group"] == frame["id"]).to_numpy(np.bool_)
    by_document = own & ((frame["kind"] == "alert") & frame["document"].map(bool)).to_numpy(np.bool_)
    places = np.flatnonzero(by_text | by_document)
    if not len(places):
        return table
    firsts = np.arange(len(frame), dtype=np.intp)
    texts = np.flatnonzero(by_text)
    firsts[texts] = texts[same(frame["text"].iloc[texts].tolist())]
    alerts = np.flatnonzero(by_document)
    firsts[alerts] = alerts[_first_of(pd.factorize(frame["document"].iloc[alerts])[0])]
    given = _first_of(pd.factorize(frame["group"])[0])
    each = np.arange(len(frame), dtype=np.intp)
    parts = _connected(len(frame), np.concatenate([each, each]), np.concatenate([firsts, given]))
    touched = np.isin(parts, parts[places])
    least = frame["id"].groupby(parts).transform("min")
    changed = frame.assign(group=frame["group"].where(~touched, least).astype("str"))
    return Table(changed, table.licences, table.notes)


def joined_and_grouped(tables: Iterable[Table]) -> Table:
    """Return the rows of all tables, with near-duplicates across them in one group.

    Raises CorpusRefused where two have one id.
    """
    return grouped(joined(tables))


def _runs(words: str) -> Hashes:
    """Return the hashes of all runs of three words, sorted; of a shorter text, the text."""
    parts = words.split()
    count = max(1, len(parts) - WORDS + 1)
    runs = {zlib.crc32(" ".join(parts[i : i + WORDS]).encode()) & _PRIME for i in range(count)}
    return np.array(sorted(runs), dtype=np.uint64)


def _parts(sets: Sequence[Hashes]) -> Places:
    """Return (n,) the number of the part that each set of runs hangs together with."""
    parts = np.arange(len(sets), dtype=np.intp)
    if not len(sets):
        return parts
    runs = _matrix(sets)
    sizes = np.diff(runs.indptr)
    for one, other in _candidates(_signatures(sets)):
        # What hangs together already need not be checked: of copies that is nearly all.
        apart = np.flatnonzero(parts[one] != parts[other])
        near = np.concatenate(
            [
                _similar(runs, sizes, one[some], other[some])
                for some in np.array_split(apart, len(apart) // _CHECKED + 1)
            ]
        )
        if near.any():
            found = apart[near]
            parts = _connected(len(sets), parts[one[found]], parts[other[found]])[parts]
    return parts


def _matrix(sets: Sequence[Hashes]) -> Any:
    """Return (n, runs) a sparse matrix with 1 where a text has a run."""
    ends = np.cumsum([0, *map(len, sets)])
    runs, columns = np.unique(np.concatenate(sets), return_inverse=True)
    ones = np.ones(len(columns), dtype=np.int32)
    return sparse.csr_matrix((ones, columns.astype(np.int32), ends), shape=(len(sets), len(runs)))


def _similar(runs: Any, sizes: npt.NDArray[np.int32], one: Places, other: Places) -> npt.NDArray[np.bool_]:
    """Return which of these pairs overlap by SIMILAR."""
    shared = np.asarray(runs[one].multiply(runs[other]).sum(axis=1)).ravel()
    return np.asarray(shared >= SIMILAR * (sizes[one] + sizes[other] - shared))


def _signatures(sets: Sequence[Hashes]) -> npt.NDArray[np.uint32]:
    """Return (bands, n, 4) the least of each of so many hashes over a text's runs."""
    dice = np.random.default_rng(0)
    factors = dice.integers(1, _PRIME, _BANDS * _IN_BAND, dtype=np.uint64)
    offsets = dice.integers(0, _PRIME, _BANDS * _IN_BAND, dtype=np.uint64)
    signed = np.empty((len(sets), _BANDS * _IN_BAND), dtype=np.uint32)
    for start in range(0, len(sets), _SIGNED):
        some = sets[start : start + _SIGNED]
        hashes = (np.concatenate(some)[:, None] * factors + offsets) % np.uint64(_PRIME)
        begins = np.cumsum([0, *map(len, some[:-1])])
        signed[start : start + len(some)] = np.minimum.reduceat(hashes, begins, axis=0)
    return np.ascontiguousarray(signed.reshape(len(sets), _BANDS, _IN_BAND).swapaxes(0, 1))


def _candidates(signatures: npt.NDArray[np.uint32]) -> Iterator[tuple[Places, Places]]:
    """Yield pairs of places that share a band of their signatures, those of one band and distance at once."""
    for band in signatures:
        # Stable: within a bucket the places stay in the order of words.
        order = np.lexsort(band.T[::-1])
        ordered = band[order]
        starts = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
        bucket = np.cumsum(starts)
        for distance in range(1, _CROWD + 1):
            pairs = np.flatnonzero(bucket[distance:] == bucket[:-distance])
            if not len(pairs):
                break
            yield order[pairs], order[pairs + distance]


def _connected(count: int, one: Places, other: Places) -> Places:
    """Return (count,) the number of the part of the graph with these edges in which each place is."""
    edges = sparse.coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.intp)


def _first_of(numbers: npt.NDArray[np.integer[Any]]) -> Places:
    """Return (n,) the first place that has the same number."""
    _, firsts, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    return np.asarray(firsts[inverse], dtype=np.intp)
