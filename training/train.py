"""From corpora to a candidate: every stage in order, each kept as it is done. Nothing is promoted here.

corpora -> split by time and group -> a head for each label source: choose, fit, calibrate, abstain
        -> techniques -> alerts: what is usual, what was worth a look -> judge -> gates
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.features import FEATURES_HASH
from enrich.pipeline import prepare
from enrich.record import RawRecord
from enrich.score import Models
from enrich.techniques import Techniques
from models import Facts
from models.parts import encoded
from training import gates, guesses, heads, judging, of_alerts, trial
from training.dataset import context
from training.facts import left_out, manifest_facts, sections
from training.gates import Evidence, Inputs
from training.heads import Made
from training.judged import Judged
from training.of_alerts import Usual
from training.reports import Sections
from training.reports.sections import LeftOut
from training.split import Split, at_date, by_time
from training.stages import Stages, key_of
from training.table import Table
from training.worth import Learnt

# Rows that are scored in batches of several sizes, to see that a row's bits do not hang on them.
TRIED: Final = 1_200


class Options(NamedTuple):
    """name: of the bundle. cut_ms: rows from then on test; None: the last of each source.

    search_s: of time to look for better settings of the heads; 0: those of the table are tried.
    worth: learn it from another network's attacks, too.
    """

    name: str = "candidate"
    seed: int = 1
    cut_ms: int | None = None
    search_s: float = 0.0
    worth: bool = False


class Champion(NamedTuple):
    """What is promoted. models: None where problem says why it cannot be opened.

    trained: ids of rows that it was fitted on, as far as they are known.
    """

    bundle_id: str
    models: Models | None
    trained: frozenset[str]
    problem: str = ""


@dataclass(frozen=True)
class Candidate:
    """A bundle to be. beside: the champion's rows; None: there is none, or it was fitted to some of them.

    facts: for the manifest. sections: for the report. content: hash of the models alone: the same for the
    same table, options and code.
    """

    models: Models
    split: Split
    judged: tuple[Judged, ...]
    beside: tuple[Judged, ...] | None
    champion: Champion | None
    facts: Facts
    sections: Sections
    content: str


def candidate(
    table: Table, options: Options, now: datetime, stages: Stages, champion: Champion | None = None
) -> Candidate:
    """Return what is learnt of the corpora, judged on rows that nothing was fitted to.

    The same table, options and code give the same models, bit for bit. champion: what it has to beat; None:
    nothing, or a bootstrap bundle. Raises CorpusRefused where there is nothing to learn from.
    """
    within = context()
    table, notes = heads.kept_classes(table)
    key = (table.content_hash, options)
    split = by_time(table) if options.cut_ms is None else at_date(table, options.cut_ms)
    notes += split.notes
    if champion is not None:
        split = _unseen(split, champion.trained)
    fitted = frozenset((*split.train, *split.calibrate))
    made, more = heads.made(table, split, options.seed, stages, within, options.search_s)
    notes += more
    if not made:
        why = more[0] if more else "no corpus has severities: give rules or verdicts"
        raise CorpusRefused(f"there is nothing to learn from: {why}")
    guessing = stages.kept(
        "techniques", key_of("techniques", *key), lambda _: guesses.guessing(table, fitted, within)
    )
    alerts = stages.kept(
        "alerts as served",
        key_of("alerts", table.content_hash),
        lambda tell: of_alerts.read(table, within, tell),
        int((table.frame["kind"] == "alert").sum()),
    )
    usual = stages.kept(
        "what is usual", key_of("usual", *key), lambda _: of_alerts.usual(alerts, fitted, options.seed)
    )
    worth, why = stages.kept(
        "what was worth a look",
        key_of("worth", *key),
        lambda _: of_alerts.worth(alerts, fitted, options.worth),
    )
    models = _models(made, guessing, usual, worth)
    with stages.timed("judge"):
        judged = tuple(judging.judged_of(models, table, split))
        beside, unjudged = _beside(champion, table, split, judged)
    with stages.timed("gates"):
        models, judged, failed = _sound(models, judged, champion)
        found = gates.results(_evidence(models, judged, beside, unjudged, table, split, within))
        hits = () if guessing is None else guesses.hits(guessing, table.at(split.test), within)
    if why:
        notes = (*notes, f"worth: {why}")
    content = _content(models)
    parameters = _parameters(options, table, split, made, content)
    facts = manifest_facts(
        options.name,
        now,
        parameters,
        table.at((*split.train, *split.calibrate)),
        judged,
        found,
        hits,
        worth,
        "" if champion is None else champion.bundle_id,
    )
    said = sections(
        options.name,
        now,
        parameters,
        table,
        split,
        models,
        made,
        judged,
        found,
        hits,
        usual,
        notes,
        stages.told,
        within.attack,
    )
    said = replace(said, left_out=failed)
    return Candidate(models, split, judged, beside, champion, facts, said, content)


def _parameters(
    options: Options, table: Table, split: Split, made: Sequence[Made], content: str
) -> dict[str, bool | int | float | str]:
    chosen = {
        f"severity.{each.head.label_source}": f"{each.choice.best.candidate.name}, shift "
        f"{each.choice.best.shift:g}"
        for each in made
    }
    return {
        "seed": options.seed,
        "split": split.name,
        "corpora": table.content_hash,
        "content": content,
        "search_s": options.search_s,
        **chosen,
    }


def _models(made: Sequence[Made], guessing: Techniques | None, usual: Usual, worth: Learnt | None) -> Models:
    return Models(
        heads=tuple(each.head for each in made),
        formats=heads.formats(made),
        anomaly=usual.anomaly,
        anomaly_reference=usual.anomaly_reference,
        feature_quantiles=usual.feature_quantiles,
        missing_share=usual.missing_share,
        bundle_id="",
        bootstrap=False,
        techniques=guessing,
        worth=None if worth is None else worth.worth,
    )


def _sound(
    models: Models, judged: tuple[Judged, ...], champion: Champion | None
) -> tuple[Models, tuple[Judged, ...], tuple[LeftOut, ...]]:
    """Leave out heads that fail by themselves: of their alerts the bundle then says that it does not know.

    Where none is left all stay, and the gates refuse them. A source that the champion knows stays, too: the
    gates must say that it would be lost. Returns also what the report tells of those that were left out.
    """
    known = champion.models.heads if champion is not None and champion.models is not None else ()
    held = {head.label_source for head in known}
    failed = []
    for each in judged:
        refused = gates.refusals(gates.of_head(each, None, _inputs(each)))
        if refused and each.label_source not in held:
            failed.append(left_out(each, refused[0]))
    if len(failed) in (0, len(judged)):
        return models, judged, ()
    gone = {each.label_source for each in failed}
    heads = tuple(head for head in models.heads if head.label_source not in gone)
    formats = {name: source for name, source in models.formats.items() if source not in gone}
    kept = tuple(each for each in judged if each.label_source not in gone)
    return replace(models, heads=heads, formats=formats), kept, tuple(failed)


def _inputs(judged: Judged) -> Inputs:
    """Heads of texts have no columns that could leak."""
    return Inputs(label_source=judged.label_source, texts=judged.train_texts, label=judged.train_label)


def _unseen(split: Split, seen: frozenset[str]) -> Split:
    """Return the split without test rows that the champion was fitted on: of those it knows the answers."""
    test = tuple(each for each in split.test if each not in seen)
    return replace(split, test=test, left_out=(*split.left_out, *sorted(set(split.test) - set(test))))


def _beside(
    champion: Champion | None, table: Table, split: Split, judged: Sequence[Judged]
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
    return tuple(judging.judged_of(champion.models, table, split)), ""


def _evidence(
    models: Models,
    judged: tuple[Judged, ...],
    beside: tuple[Judged, ...] | None,
    unjudged: str,
    table: Table,
    split: Split,
    within: Context,
) -> Evidence:
    """Return what the gates judge by."""
    batch = prepare(_tried(table, split), {}, within)
    return Evidence(
        challenger=judged,
        champion=beside,
        unjudged=unjudged,
        inputs=tuple(_inputs(each) for each in judged),
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


def _content(models: Models) -> str:
    digest = sha256()
    for name, content in sorted(encoded(models).items()):
        digest.update(name.encode() + b"\x00" + sha256(content).digest())
    return digest.hexdigest()[:16]
