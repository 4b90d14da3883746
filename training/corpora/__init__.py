"""Corpora: public rule sets, labelled alerts and flows, and one's own verdicts, read into one typed table.

``read(path)`` looks at a file, or at a directory and what is in it, and knows by names and first bytes what
is which. All of it is read, or nothing: a broken row, a wrong column, a word of another scale or a set
without a positive is refused with file and row (``CorpusRefused``).
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from enrich.errors import CorpusRefused
from enrich.formats import Formats
from training.corpora import (
    ait_ads,
    alertsage,
    attack,
    elastic,
    flows,
    own,
    sigma,
    splunk,
    unknown,
    wazuh,
)
from training.corpora.reading import Reading, Tell, first_columns, first_object, quiet
from training.duplicates import grouped
from training.table import Row, Table

# Directories within the given one: a data directory of directories of corpora, some of them clones.
_DEEPEST: Final = 3


class Corpus(NamedTuple):
    """A kind of corpus.

    is_mine: asked with a file or directory. rows: of that one, strict. marks: keys or columns by which a file
    that lacks one of them is still known for one that is broken.
    """

    name: str
    label_source: str
    licence: str
    is_mine: Callable[[Path], bool]
    rows: Callable[[Path, Reading], Iterator[Row]]
    marks: frozenset[str] = frozenset()


def _of(name: str, module: Any) -> Corpus:
    return Corpus(name, module.SOURCE, module.LICENCE, module.is_mine, module.rows, module.MARKS)


def _flows(name: str, source: str, is_mine: Any, rows: Any, needed: tuple[str, ...]) -> Corpus:
    return Corpus(name, source, flows.LICENCES[source], is_mine, rows, frozenset(needed))


CORPORA: Final[tuple[Corpus, ...]] = (
    _of("Sigma rules", sigma),
    _of("Elastic detection rules", elastic),
    _of("Splunk detections", splunk),
    _of("ATT&CK", attack),
    _of("Wazuh rules", wazuh),
    _of("AIT-ADS alerts", ait_ads),
    _of("AlertSage reports", alertsage),
    _of("events with verdicts", own),
    _flows("NSL-KDD flows", flows.NSL_KDD, flows.is_nsl_kdd, flows.nsl_kdd, flows.KDD_NEEDED),
    _flows("NF flows", flows.NF, flows.is_nf, flows.nf, flows.NF_NEEDED),
    _flows("CIC flows", flows.CIC, flows.is_cic, flows.cic, flows.CIC_NEEDED),
)
# A file with so many of a corpus's marks is a broken one of that corpus: it is read, and refused by what it
# lacks. ``unknown`` refuses what has fewer.
_NEARLY: Final = 0.75


class Found(NamedTuple):
    """A corpus and the file or directory that it is."""

    corpus: Corpus
    path: Path


def found(path: Path) -> tuple[tuple[Found, ...], tuple[Path, ...]]:
    """Return the corpora at a path, in order of their paths, and the files that are none.

    Raises CorpusRefused where there is no such path, no corpus, or a file that is a broken one.
    """
    if not path.exists():
        raise CorpusRefused(f"{path}: no such file or directory")
    corpora: list[Found] = []
    others: list[Path] = []
    _look(path, 0, corpora, others)
    reading = Reading(path if path.is_dir() else path.parent)
    marks = {corpus.name: corpus.marks for corpus in CORPORA if corpus.marks}
    for other in others:
        unknown.check(other, reading, marks)
    if not corpora:
        raise CorpusRefused(f"{path}: no corpus that is known is in it; docs/corpora.md lists what is read")
    return tuple(corpora), tuple(others)


def read(
    path: Path,
    tell: Tell = quiet,
    deprecated: bool = False,
    near: bool = True,
    authors: Collection[str] = (),
    formats: Formats | None = None,
) -> Table:
    """Return the table of all corpora at a path.

    tell: told a file and how many rows of it are read, now and then. deprecated: whether rules that their
    authors have given up are rows, too. near: whether near-duplicate texts become one group. Of tables that
    are to be joined they are looked for among all: near=False, then ``duplicates.joined_and_grouped``.
    authors: whose verdicts count, formats: by what their originals are read; for events of your own.
    Raises CorpusRefused for the first thing that is wrong; nothing is returned of the rest.
    """
    rows: list[Row] = []
    notes: list[str] = []
    licences: dict[str, str] = {}
    corpora, others = found(path)
    for each in corpora:
        reading = Reading(path if path.is_dir() else path.parent, tell, deprecated, authors, formats)
        before = len(rows)
        rows.extend(each.corpus.rows(each.path, reading))
        if len(rows) == before:
            raise CorpusRefused(f"{reading.shown(each.path)}: {each.corpus.name} without a row")
        licences[each.corpus.label_source] = each.corpus.licence
        notes += [
            f"{reading.shown(each.path)}: {count:,} {what} left out"
            for what, count in sorted(reading.left_out.items())
        ]
        notes += reading.notes
    if others:
        notes.append(unknown.told(others, Reading(path if path.is_dir() else path.parent)))
    table = Table.of(rows, licences, notes)
    check_labels(table)
    return grouped(table) if near else table


def check_labels(table: Table) -> None:
    """Raise CorpusRefused where a label source has no positive, no negative, or one class only."""
    frame = table.frame
    for source, part in frame.groupby("label_source", sort=True):
        path = part["path"].iloc[0]
        verdicts = part["true_positive"].dropna()
        if len(verdicts) and not verdicts.any():
            what = "true_positive verdicts" if source == own.SOURCE else "a part that has some"
            raise CorpusRefused(f"{path}: no attack among {len(verdicts):,} rows of {source}: add {what}")
        if len(verdicts) and verdicts.all() and source != own.SOURCE:
            raise CorpusRefused(
                f"{path}: all {len(verdicts):,} rows of {source} are attacks: add a part with others"
            )
        labels = part["label"].dropna()
        if len(labels) > 1 and labels.nunique() == 1 and source != own.SOURCE:
            raise CorpusRefused(
                f"{path}: all {len(labels):,} rows of {source} have severity {labels.iloc[0]}"
            )


def _look(path: Path, depth: int, corpora: list[Found], others: list[Path]) -> None:
    read: Collection[Path] = ()
    for corpus in CORPORA:
        if corpus.is_mine(path):
            corpora.append(Found(corpus, path))
            if corpus.label_source != own.SOURCE:
                return
            read = own.files(path)  # beside which other corpora may lie
            break
    if path.is_file():
        broken = _nearly(path)
        if broken is None:
            others.append(path)
        else:
            corpora.append(Found(broken, path))
    elif depth < _DEEPEST:
        for inner in sorted(path.iterdir()):
            if inner not in read and not inner.name.startswith(".") and (inner.is_file() or inner.is_dir()):
                _look(inner, depth + 1, corpora, others)


def _nearly(path: Path) -> Corpus | None:
    """Return the corpus that a file would be of if no key or column were missing: it is read, and refused."""
    name = path.name.lower()
    keys = first_columns(path) if ".csv" in name else frozenset(first_object(path) if "jsonl" in name else ())
    marked = [corpus for corpus in CORPORA if corpus.marks]
    shares = [len(corpus.marks & keys) / len(corpus.marks) for corpus in marked]
    return marked[shares.index(max(shares))] if max(shares) >= _NEARLY else None
