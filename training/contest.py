"""A candidate beside the champion, on rows that neither was fitted to: what the gates are asked with."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from enrich.context import Context
from enrich.features import FEATURES_HASH, NAMES, head_of
from enrich.pipeline import prepare
from enrich.record import RawRecord
from enrich.score import Models
from training import gates, judging, trial
from training.facts import left_out
from training.gates import Evidence, Inputs
from training.judged import Judged
from training.of_alerts import Alerts
from training.reports.sections import LeftOut
from training.split import Split
from training.table import Table

# Rows that are scored in batches of several sizes, to see that a row's bits do not hang on them.
TRIED: Final = 1_200


class Champion(NamedTuple):
    """What is promoted. models: None where problem says why it cannot be opened.

    trained: ids of rows that it was fitted on, as far as they are known.
    """

    bundle_id: str
    models: Models | None
    trained: frozenset[str]
    problem: str = ""


def sound(
    models: Models, judged: tuple[Judged, ...], champion: Champion | None, alerts: Alerts
) -> tuple[Models, tuple[Judged, ...], tuple[LeftOut, ...]]:
    """Leave out heads that fail by themselves: of their alerts the bundle then says that it does not know.

    Where none is left all stay, and the gates refuse them. A source that the champion knows stays, too: the
    gates must say that it would be lost. Returns also what the report tells of those that were left out.
    """
    known = champion.models.heads if champion is not None and champion.models is not None else ()
    held = {head.label_source for head in known}
    failed = []
    for each in judged:
        refused = gates.refusals(gates.of_head(each, None, _inputs(each, models, alerts)))
        if refused and each.label_source not in held:
            failed.append(left_out(each, refused[0]))
    if len(failed) in (0, len(judged)):
        return models, judged, ()
    gone = {each.label_source for each in failed}
    heads = tuple(head for head in models.heads if head.label_source not in gone)
    formats = {name: source for name, source in models.formats.items() if source not in gone}
    kept = tuple(each for each in judged if each.label_source not in gone)
    return replace(models, heads=heads, formats=formats), kept, tuple(failed)


def _inputs(judged: Judged, models: Models, alerts: Alerts) -> Inputs:
    """Heads of texts have no columns that could leak; a forest's are those of its alerts.

    Of alerts the first of each rule and label is shown: analysts say the same of a rule each time it fires,
    and its name is no leak. A label that is written into alerts stands in those of many rules.
    """
    texts, label, ids = judged.train_texts, judged.train_label, judged.train_ids
    if judged.kind == "alert":
        keys = zip(map(head_of, texts), label.tolist(), strict=True)
        first = sorted({key: place for place, key in reversed(list(enumerate(keys)))}.values())
        texts, ids = tuple(texts[i] for i in first), tuple(ids[i] for i in first)
        label = label[first]
    own = Inputs(label_source=judged.label_source, texts=texts, label=label)
    head = next(head for head in models.heads if head.label_source == judged.label_source)
    if head.kind == "linear":
        return own
    X, tested = alerts.columns(ids), alerts.columns(judged.ids)
    never = np.isnan(X).all(axis=0) & np.isnan(tested).all(axis=0)
    absent = frozenset(np.array(NAMES)[never].tolist())
    return replace(own, names=NAMES, X=X, tested=tested, absent=absent)


def unseen(split: Split, seen: frozenset[str]) -> Split:
    """Return the split without test rows that the champion was fitted on: of those it knows the answers."""
    test = tuple(each for each in split.test if each not in seen)
    return replace(split, test=test, left_out=(*split.left_out, *sorted(set(split.test) - set(test))))


def beside(
    champion: Champion | None, table: Table, split: Split, judged: Sequence[Judged], within: Context
) -> tuple[tuple[Judged, ...] | None, str]:
    """Return what the champion says of the same rows; else None and why it cannot be judged."""
    if champion is None:
        return None, ""
    if champion.models is None:
        return None, f"what is promoted cannot be opened: {champion.problem}"
    shared = {head.label_source for head in champion.models.heads} & {each.label_source for each in judged}
    if not shared:
        sources = ", ".join(head.label_source for head in champion.models.heads)
        return None, f"it knows {sources}, of which these corpora have nothing to judge by"
    return tuple(judging.judged_of(champion.models, table, split, within)), ""


def evidence(
    models: Models,
    judged: tuple[Judged, ...],
    beside: tuple[Judged, ...] | None,
    unjudged: str,
    table: Table,
    split: Split,
    within: Context,
    alerts: Alerts,
) -> Evidence:
    """Return what the gates judge by."""
    batch = prepare(_tried(table, split), {}, within)
    return Evidence(
        challenger=judged,
        champion=beside,
        unjudged=unjudged,
        inputs=tuple(_inputs(each, models, alerts) for each in judged),
        canned=trial.canned(models, within),
        batches=trial.batches(models, batch.rows, batch.texts, batch.X),
        features_hash=FEATURES_HASH,
        serving_hash=FEATURES_HASH,
    )


def _tried(table: Table, split: Split) -> list[RawRecord]:
    """Return test rows of every source and kind as records."""
    test = table.at(split.test)
    test = test.where((test.frame["document"].map(len) > 0).to_numpy(np.bool_))
    kinds = [part.index[: TRIED // 4] for _, part in test.frame.groupby(["label_source", "kind"], sort=True)]
    places = sorted(place for index in kinds for place in index)[:TRIED]
    documents = test.frame["document"]
    return [RawRecord("tried", 0, i, None, None, documents.iloc[place]) for i, place in enumerate(places)]
