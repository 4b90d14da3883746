"""From corpora to a candidate: every stage in order, each kept as it is done. Nothing is promoted here.

corpora -> split by time and group -> a head for each label source: choose, fit, calibrate, abstain
        -> techniques -> alerts: what is usual, what was worth a look -> judge -> gates
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from enrich.address import DEFAULT_NETWORKS
from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.score import Models
from enrich.techniques import Techniques
from models import Facts
from models.parts import encoded
from training import contest, gates, guesses, heads, judging, of_alerts
from training.contest import Champion
from training.dataset import context
from training.explained import explained
from training.facts import manifest_facts, sections
from training.heads import Made
from training.judged import Judged
from training.of_alerts import Usual
from training.reports import Sections
from training.reports.sections import Hits
from training.split import Split, at_date, by_time
from training.stages import Stages, key_of
from training.table import Table
from training.worth import Learnt


class Options(NamedTuple):
    """name: of the bundle. cut_ms: rows from then on test; None: the last of each source.

    search_s: of time to look for better settings of the heads; 0: those of the table are tried.
    worth: learn it from another network's attacks, too. networks, zone, mappings: as ``dataset.context``
    takes them.
    """

    name: str = "candidate"
    seed: int = 1
    cut_ms: int | None = None
    search_s: float = 0.0
    worth: bool = False
    networks: tuple[str, ...] = DEFAULT_NETWORKS.cidrs
    zone: str = "UTC"
    mappings: tuple[tuple[str, str], ...] = ()

    @property
    def within(self) -> Context:
        """What rows are prepared in."""
        return context(self.networks, self.zone, self.mappings)


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
    within = options.within
    table, notes = heads.kept_classes(table)
    key = (table.content_hash, options)
    split = by_time(table) if options.cut_ms is None else at_date(table, options.cut_ms)
    notes += split.notes
    if champion is not None:
        split = contest.unseen(split, champion.trained)
    fitted = frozenset((*split.train, *split.calibrate))
    alerts = stages.kept(
        "alerts as served",
        key_of("alerts", *key),
        lambda tell: of_alerts.read(table, within, tell),
        int((table.frame["kind"] == "alert").sum()),
    )
    made, more = heads.made(table, split, options.seed, stages, within, options.search_s, alerts)
    notes += more
    if not made:
        why = more[0] if more else "no row has a severity: give rules, or verdicts with --severity"
        raise CorpusRefused(f"there is nothing to learn from: {why}")
    guessing = stages.kept(
        "techniques", key_of("techniques", *key), lambda _: guesses.guessing(table, fitted, within)
    )
    usual = stages.kept(
        "what is usual", key_of("usual", *key), lambda _: of_alerts.usual(alerts, fitted, options.seed)
    )
    worth, why = stages.kept(
        "what was worth a look",
        key_of("worth", *key),
        lambda _: of_alerts.worth(alerts, fitted, options.worth),
    )
    models = _models(made, None if guessing is None else guessing.model, usual, worth)
    with stages.timed("judge"):
        judged = tuple(judging.judged_of(models, table, split, within))
        beside, unjudged = contest.beside(champion, table, split, judged, within)
    with stages.timed("gates"):
        models, judged, failed = contest.sound(models, judged, champion, alerts)
        found = gates.results(
            contest.evidence(models, judged, beside, unjudged, table, split, within, alerts)
        )
        hits: tuple[Hits, ...] = ()
        if guessing is not None:
            hits = (*guessing.unseen, *guesses.hits(guessing.model, table.at(split.test), within))
    if why:
        notes = (*notes, f"worth: {why}")
    content = _content(models)
    told = stages.kept(
        "what features are worth",
        key_of("explained", content, *key, split.test, [each.ids for each in judged]),
        lambda tell: explained(models, judged, alerts, table, split, options.seed, within, tell),
        len(models.heads),
    )
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
        told,
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


def _content(models: Models) -> str:
    digest = sha256()
    for name, content in sorted(encoded(models).items()):
        digest.update(name.encode() + b"\x00" + sha256(content).digest())
    return digest.hexdigest()[:16]
