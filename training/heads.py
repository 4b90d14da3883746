"""A head for each label source: chosen on validation, fitted on all of its training rows, calibrated."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from enrich.context import Context
from enrich.heads import Head
from training import severity
from training.abstain import known_line
from training.as_served import texts
from training.calibrate import logistic
from training.candidates import CANDIDATES
from training.rounds import Labelled, in_time
from training.search import searched
from training.severity import Choice
from training.split import Split
from training.stages import Stages, key_of
from training.table import Table

# Alerts of these formats come from everywhere: the head of one vendor cannot speak for all of them.
OF_ALL: Final = frozenset(("keyvalue", "syslog", "incident"))
# Rows of a class, in training and test together: with fewer it can neither be learnt nor judged.
CLASS_ROWS: Final = 15
# Rows of a source to learn from, and to judge by; the gates refuse what was judged by fewer.
SOURCE_ROWS: Final = 130


class Made(NamedTuple):
    """formats: of the alerts of its rows. choice: what was tried, and what it was chosen by."""

    head: Head
    formats: frozenset[str]
    choice: Choice


class Rows(NamedTuple):
    """Rows of one label source. ids: of all that are labelled, without classes that are too rare."""

    source: str
    labelled: Labelled
    formats: frozenset[str]
    ids: tuple[str, ...]


def made(
    table: Table, split: Split, seed: int, stages: Stages, within: Context, search_s: float = 0.0
) -> tuple[list[Made], tuple[str, ...]]:
    """Return a head for each source that has enough labels on both sides of the split, and notes.

    search_s: of time to look for better settings, shared by the sources.
    """
    fitting, test = table.at((*split.train, *split.calibrate)), table.at(split.test)
    rows, notes = [], []
    for source in sorted(set(table.frame.loc[table.labelled, "label_source"])):
        counts = [int(side.source(source).labelled.sum()) for side in (fitting, test)]
        if min(counts) < SOURCE_ROWS:
            notes.append(
                f"{source}: {counts[0]:,} rows to learn from and {counts[1]:,} to judge by, at least "
                f"{SOURCE_ROWS} of each are needed: no head"
            )
        else:
            rows.append(_rows(fitting, source, within))
    found = []
    for own in rows:
        others = _before(_joined([each for each in rows if each.source != own.source]), own, test)
        key = key_of("head", own.source, table.content_hash, split.name, seed, search_s)

        def make(tell: Any, own: Rows = own, others: Labelled | None = others) -> Made:
            found = searched(own.labelled, others, seed, search_s / len(rows), tell)
            return _made(own, others, severity.choose(own.labelled, others, seed, (*CANDIDATES, *found)))

        found.append(stages.kept(f"severity: {own.source}", key, make, len(own.labelled)))
    return found, tuple(notes)


def kept_classes(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Return the table without labels of classes that a source has too few rows of, and a note of each."""
    frame = table.frame.copy()
    notes = []
    for source in sorted(set(frame.loc[frame["label"].notna(), "label_source"])):
        own = (frame["label_source"] == source) & frame["label"].notna()
        for name, rows in frame.loc[own, "label"].value_counts().sort_index().items():
            if rows < CLASS_ROWS:
                frame.loc[own & (frame["label"] == name), "label"] = None
                notes.append(
                    f"{source}: severity {name} has {rows} rows, too few to learn or to judge: left out"
                )
    return Table(frame, table.licences, table.notes), tuple(notes)


def formats(found: Sequence[Made]) -> dict[str, str]:
    """Return which head speaks for the alerts of which format; for formats of everywhere none does."""
    speaks: dict[str, set[str]] = {}
    for each in found:
        for name in each.formats - OF_ALL:
            speaks.setdefault(name, set()).add(each.head.label_source)
    # One's own verdicts go before a vendor's rules.
    return {
        name: "verdicts" if "verdicts" in sources else min(sources)
        for name, sources in sorted(speaks.items())
    }


def _rows(fitting: Table, source: str, within: Context) -> Rows:
    own = fitting.source(source)
    own = own.where(own.labelled)
    read, kinds = texts(own, within)
    labelled = Labelled(read, own.label, own.time_ms, own.frame["group"].tolist())
    return Rows(source, labelled, frozenset(kinds), own.ids)


def _joined(rows: list[Rows]) -> Labelled | None:
    if not rows:
        return None
    held = [each.labelled for each in rows]
    return Labelled(
        [text for each in held for text in each.texts],
        np.concatenate([each.label for each in held]),
        np.concatenate([each.time_ms for each in held]),
        [group for each in held for group in each.groups],
    )


def _before(others: Labelled | None, own: Rows, test: Table) -> Labelled | None:
    """Return the other vendors' rules that were written before the first that this source is judged by.

    Those without a date are left out, too, where this source has dates: as in the rounds of validation.
    """
    if others is None or not in_time(own.labelled):
        return others
    first = int(test.source(own.source).time_ms.min())
    known = (others.time_ms >= 0) & (others.time_ms < first)
    return others.at(np.flatnonzero(known)) if known.any() else None


def _made(own: Rows, others: Labelled | None, choice: Choice) -> Made:
    best = choice.best
    fitted = severity.fitted(own.labelled, others, best.candidate, best.shift)
    truth = own.labelled.label[choice.places]
    right = choice.probability.argmax(axis=1) + 1 == truth
    x, y = logistic(choice.probability.max(axis=1), right)
    line = known_line(choice.known, right)
    head = Head(own.source, fitted.vocabulary, fitted.severity, x, y, line.known_share_min)
    return Made(head, own.formats, choice)
