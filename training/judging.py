"""Models on rows that they were not fitted to, as serving would judge them: judged rows come out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.features import NAMES
from enrich.forest import Matrix
from enrich.heads import Head
from enrich.score import Models
from training import as_served
from training.gates.better import MAJORITY, PLAIN
from training.heads import kept_classes
from training.judged import CLASSES, Classes, Judged, firsts
from training.split import Split, by_time
from training.table import Table
from training.units import HOUR_MS

# Rows that the plain baseline is fitted on; more add seconds and, from some thousands on, no macro-F1.
PLAIN_ROWS: Final = 10_000


def judged_of(models: Models, table: Table, split: Split, within: Context) -> list[Judged]:
    """Return what each head says of the test rows of its label source; sources without any are left out.

    within: what rows are prepared in, as workers prepare them.

    Rules stand without history, alerts with the history of the alerts before them in their stream, of the
    test alone. Then the first row of each text judges, of alerts the first in each hour. Raises
    CorpusRefused: a document that no format takes, or no row that any head could be judged by.
    """
    train = table.at((*split.train, *split.calibrate))  # what calibrates is fitted, too
    test = table.at(split.test)
    found = []
    for head in models.heads:
        own = test.source(head.label_source)
        own = own.where(own.labelled).in_time()
        if not len(own):
            continue
        fitted = train.source(head.label_source)
        fitted = fitted.where(fitted.labelled)
        texts, X = _read(own, head, within)
        alerts = bool((own.frame["kind"] == "alert").any())
        first = _hourly(texts, own) if alerts else firsts(texts)
        own, X = own.where(first), X[first]
        texts = tuple(text for text, kept in zip(texts, first.tolist(), strict=True) if kept)
        fitted_texts = tuple(as_served.texts(fitted, within)[0])
        one = _judged(head, split.name, own, texts, X, fitted, fitted_texts)
        found.append(replace(one, kind="alert") if alerts else one)
    if not found:
        heads = ", ".join(head.label_source for head in models.heads)
        raise CorpusRefused(f"no labelled test row of {heads}: give corpora of these label sources")
    return found


def _hourly(texts: Sequence[str], rows: Table) -> npt.NDArray[np.bool_]:
    """Return which rows are the first of their text within an hour."""
    keys = list(zip(texts, (rows.time_ms // HOUR_MS).tolist(), strict=True))
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return np.array([first[key] == place for place, key in enumerate(keys)], dtype=np.bool_)


def split_for(table: Table, saved: Path, trained: frozenset[str]) -> Split:
    """Return the split to judge by: the one that training saved for these corpora, else a new one.

    saved: where training saves its split. trained: ids that the bundle was fitted on, as far as they are
    known: their groups are taken out of the test. Raises CorpusRefused where no row is left.
    """
    split = _saved(saved, table) or by_time(table)
    group_of = dict(zip(table.ids, table.frame["group"].tolist(), strict=True))
    groups = {group_of[each] for each in trained if each in group_of}
    test = tuple(each for each in split.test if group_of[each] not in groups)
    if not test:
        raise CorpusRefused("every test row of these corpora was trained on: give others")
    seen = tuple(each for each in split.test if group_of[each] in groups)
    return replace(split, test=test, left_out=(*split.left_out, *seen))


def as_trained(table: Table, saved: Path) -> Table:
    """Return the table without labels of rare classes, as training had it, if the split is of that table.

    Corpora that training did not see keep all their labels: a class that it left out is judged as missed.
    """
    kept, _ = kept_classes(table)
    return table if _saved(saved, kept) is None else kept


def plain(train_texts: tuple[str, ...], label: Classes, texts: tuple[str, ...]) -> Classes:
    """Return what plain logistic regression says: words and pairs, balanced classes, nothing chosen."""
    classes = np.unique(label)
    if len(classes) < 2:
        return np.full(len(texts), classes[0] if len(classes) else CLASSES[0], dtype=np.int64)
    some = np.arange(len(label))
    if len(some) > PLAIN_ROWS:
        some = np.sort(np.random.default_rng(0).choice(some, PLAIN_ROWS, replace=False))
    kept = [train_texts[i] for i in some.tolist()]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=min(2, len(kept)))
    model = LogisticRegression(class_weight="balanced", max_iter=1_000)
    model.fit(words.fit_transform(kept), label[some])
    told: Classes = model.predict(words.transform(texts)).astype(np.int64)
    return told


def _saved(saved: Path, table: Table) -> Split | None:
    try:
        return Split.load(saved, table)
    except CorpusRefused:
        return None  # nothing saved, or made from other corpora: these are judged by a split of their own


def _read(rows: Table, head: Head, within: Context) -> tuple[tuple[str, ...], Matrix]:
    """Return texts and matrix; a head that reads the text alone is spared the history."""
    if head.kind == "linear":
        return tuple(as_served.texts(rows, within)[0]), np.zeros((len(rows), len(NAMES)), dtype=np.float32)
    served = as_served.alerts(rows, within)
    return tuple(served.texts), served.X


def _judged(
    head: Head,
    name: str,
    rows: Table,
    texts: tuple[str, ...],
    X: Matrix,
    fitted: Table,
    fitted_texts: tuple[str, ...],
) -> Judged:
    said = head.of(texts, np.asfortranarray(X))
    probability = np.zeros((len(rows), len(CLASSES)))
    probability[:, head.classes - 1] = said.probability
    label = fitted.label
    commonest = int(np.bincount(label, minlength=len(CLASSES) + 1).argmax()) or CLASSES[0]
    return Judged(
        name=f"{head.label_source}, {name}",
        label_source=head.label_source,
        ids=rows.ids,
        texts=texts,
        label=rows.label,
        time_ms=rows.time_ms,
        probability=probability,
        confidence=np.interp(probability.max(axis=1), head.calibration_x, head.calibration_y),
        known=said.known,
        covered=said.known >= head.known_share_min,
        baselines={
            MAJORITY: np.full(len(rows), commonest, dtype=np.int64),
            PLAIN: plain(fitted_texts, label, texts),
        },
        train_label=label,
        train_ids=fitted.ids,
        train_texts=fitted_texts,
    )
