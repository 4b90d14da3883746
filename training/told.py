"""What a training tells of itself in the report: data, splits, choices, coverage, drift."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from enrich.attack import AttackKnowledge
from training.figures.drift import class_drift
from training.heads import Made
from training.judged import Judged
from training.reports.attack import attack_coverage
from training.reports.sections import Moved, Part, Source, Tactic, Technique
from training.split import Split
from training.table import Table

_SIDES: Final = ("train", "calibrate", "test")


def sources(table: Table) -> tuple[Source, ...]:
    """Return rows, classes, hash and licence of each label source."""
    found = []
    for share in table.shares:
        part = table.source(share.label_source, share.kind)
        one, two, three, four, five = share.classes
        licence = table.licences.get(share.label_source, "not stated")
        classes = (one, two, three, four, five)
        found.append(Source(share.label_source, share.rows, classes, part.content_hash, licence, share.kind))
    return tuple(found)


def splits(table: Table, split: Split) -> tuple[Part, ...]:
    """Return rows and dates of each side of each label source."""
    found = []
    for name, rows in zip(_SIDES, split.tables(table), strict=True):
        for source in sorted(set(rows.frame["label_source"])):
            times = rows.source(source).time_ms
            known = times[times >= 0]
            first, last = ("", "") if not len(known) else (_day(int(known.min())), _day(int(known.max())))
            found.append(Part(source, name, len(times), first, last))
    return tuple(found)


def choices(made: Sequence[Made]) -> tuple[str, ...]:
    """Return what was tried for each head, best first, a line each."""
    lines = []
    for each in made:
        source, rows = each.head.label_source, len(each.choice.places)
        lines.append(
            f"{source}: chosen on {rows:,} rows held out inside the training: "
            + "; ".join(
                f"{trial.candidate.name}{'' if trial.candidate.serves else ' (for comparison)'} "
                f"{trial.accuracy:.3f}/{trial.macro_f1:.3f}"
                for trial in each.choice.trials
            )
            + " (accuracy/macro-F1 with rare classes folded)"
        )
    return tuple(lines)


def coverage(table: Table, attack: AttackKnowledge) -> tuple[tuple[Tactic, ...], tuple[Technique, ...]]:
    """Return how many rules and alerts there are of each tactic and technique, and which have none."""
    rules = table.frame["kind"] != "procedure"
    return attack_coverage(table.frame.loc[rules, "techniques"], attack.table)


def drifted(judged: Sequence[Judged]) -> tuple[Moved, ...]:
    """Return how far the labels of the test lie from those of the training rows."""
    return tuple(
        Moved(each.label_source, "training to test", class_drift(each.train_label, each.label))
        for each in judged
    )


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()
