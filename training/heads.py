"""A head for each label source: chosen on validation, fitted on all of its training rows, calibrated."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from enrich.context import Context
from enrich.heads import Head
from training import forests, severity
from training.abstain import known_line
from training.as_served import texts
from training.calibrate import logistic
from training.candidates import CANDIDATES, TEXT_OF_ALERTS, Candidate
from training.of_alerts import Alerts
from training.rounds import Labelled, in_time
from training.search import searched
from training.severity import Choice
from training.split import SHARES, Split
from training.stages import Stages, key_of
from training.table import Table
from training.units import HOUR_MS
from training.verdicts import SOURCE as VERDICTS

# Alerts of these formats come from everywhere: the head of one vendor cannot speak for all of them.
OF_ALL: Final = frozenset(("keyvalue", "syslog", "incident"))
# Rows of a class, in training and test together: with fewer it can neither be learnt nor judged.
CLASS_ROWS: Final = 15
# Rows of a source to learn from, and to judge by; the gates refuse what was judged by fewer.
SOURCE_ROWS: Final = 130


class Made(NamedTuple):
    """formats: of the alerts of its rows. choice: what was tried, and what it was chosen by.

    told: what a forest weighs, for people; empty of a linear head.
    """

    head: Head
    formats: frozenset[str]
    choice: Choice
    told: str = ""


class Rows(NamedTuple):
    """Rows of one label source. ids: of all that are labelled, without classes that are too rare."""

    source: str
    labelled: Labelled
    formats: frozenset[str]
    ids: tuple[str, ...]


def made(
    table: Table,
    split: Split,
    seed: int,
    stages: Stages,
    within: Context,
    search_s: float = 0.0,
    alerts: Alerts | None = None,
) -> tuple[list[Made], tuple[str, ...]]:
    """Return a head for each source that has enough labels on both sides of the split, and notes.

    search_s: of time to look for better settings, shared by the sources. alerts: those of the table; sources
    that are alerts are tried with columns, too.
    """
    fitting, test = table.at((*split.train, *split.calibrate)), table.at(split.test)
    rows, notes = [], []
    for source in sorted(set(table.frame.loc[table.labelled, "label_source"])):
        counts = [int(side.source(source).labelled.sum()) for side in (fitting, test)]
        if min(counts) < SOURCE_ROWS:
            notes.append(
                f"{source}: {counts[0]:,} rows to learn from and {counts[1]:,} to judge by, at least "
                f"{SOURCE_ROWS} of each are needed: no head{_advice(source, sum(counts))}"
            )
        elif len(classes := set(fitting.source(source).label.tolist()) - {0}) == 1:
            notes.append(
                f"{source}: all rows to learn from have severity {min(classes)}, others are needed: no head"
            )
        else:
            rows.append(_rows(fitting, source, within, alerts))
    found = []
    for own in rows:
        others = _before(_joined([each for each in rows if each.source != own.source]), own, test)
        # The test, too: other vendors' rules are older than it, and it hangs on the champion.
        key = key_of("head", own.source, table.content_hash, split.name, split.test, seed, search_s)

        def make(tell: Any, own: Rows = own, others: Labelled | None = others) -> Made:
            found = searched(own.labelled, others, seed, search_s / len(rows), tell)
            return _made(own, others, _chosen(own.labelled, others, seed, found), seed)

        found.append(stages.kept(f"severity: {own.source}", key, make, len(own.labelled)))
    notes += [f"{each.head.label_source}: {each.told}" for each in found if each.told]
    return found, tuple(notes)


def _advice(source: str, rows: int) -> str:
    """Return what helps where there are too few rows: of verdicts about seven times those that judge."""
    if source != VERDICTS:
        return ""
    needed = round(SOURCE_ROWS / SHARES[2]) - rows
    return f"; give about {needed:,} more verdicts with --severity" if needed > 0 else "; give more verdicts"


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
        name: VERDICTS if VERDICTS in sources else min(sources) for name, sources in sorted(speaks.items())
    }


def _rows(fitting: Table, source: str, within: Context, alerts: Alerts | None) -> Rows:
    own = fitting.source(source)
    own = own.where(own.labelled)
    if alerts is not None and bool((own.frame["kind"] == "alert").all()):
        return _rows_of_alerts(own, source, alerts)
    read, kinds = texts(own, within)
    labelled = Labelled(read, own.label, own.time_ms, own.frame["group"].tolist())
    return Rows(source, labelled, frozenset(kinds), own.ids)


def _rows_of_alerts(own: Table, source: str, alerts: Alerts) -> Rows:
    """Return the first and the last alert of each text in an hour: how a flood begins, and how it has grown.

    On generated alerts held out in time, accuracy and macro-F1 over all rows .71, .64; with the first of each
    .65, .58; over the first of each no difference.
    """
    place_of = {row: place for place, row in enumerate(alerts.table.ids)}
    wanted = np.sort([place_of[row] for row in own.ids])
    hours = alerts.table.time_ms // HOUR_MS
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    for place in wanted.tolist():
        key = alerts.served.texts[place], int(hours[place])
        first.setdefault(key, place)
        last[key] = place
    kept = np.array(sorted({*first.values(), *last.values()}), dtype=np.intp)
    frame = alerts.table.frame
    labelled = Labelled(
        [alerts.served.texts[place] for place in kept.tolist()],
        alerts.table.label[kept],
        alerts.table.time_ms[kept],
        frame["group"].to_numpy()[kept].tolist(),
        alerts.served.X[kept],
    )
    kinds = {alerts.served.formats[place] for place in wanted.tolist()}
    return Rows(source, labelled, frozenset(kinds), own.ids)


def _chosen(rows: Labelled, others: Labelled | None, seed: int, found: Sequence[Candidate]) -> Choice:
    """Return what is chosen on validation; of alerts, with columns beside the text."""
    if rows.X is None:
        return severity.choose(rows, others, seed, (*CANDIDATES, *found))
    texts = severity.choose(rows, others, seed, (*TEXT_OF_ALERTS, *found))
    return forests.chosen(rows, texts, seed)


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


def _made(own: Rows, others: Labelled | None, choice: Choice, seed: int) -> Made:
    best = choice.best
    told = ""
    if best.candidate.columns:
        grown = forests.grown(own.labelled, best.candidate, seed)
        vocabulary, model, told = grown.vocabulary, grown.forest, grown.told
    else:
        fitted = severity.fitted(own.labelled, others, best.candidate, best.shift)
        vocabulary, model = fitted.vocabulary, fitted.severity
    truth = own.labelled.label[choice.places]
    right = choice.probability.argmax(axis=1) + 1 == truth
    x, y = logistic(choice.probability.max(axis=1), right)
    line = known_line(choice.known, right)
    return Made(Head(own.source, vocabulary, model, x, y, line.known_share_min), own.formats, choice, told)
