"""What the manifest says of a training, and what the report says beyond the judged rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from enrich.attack import AttackKnowledge
from enrich.features import FEATURES_HASH
from enrich.score import Models
from models import Facts, Window
from training import gates, told
from training.explained import Explained
from training.figures.calibration import ece
from training.gates import GateResult
from training.gates.better import PLAIN
from training.guesses import GUESSES
from training.heads import Made
from training.judged import CLASSES, Judged
from training.of_alerts import Usual
from training.reports.sections import Hits, LeftOut, Sections, Stage
from training.split import Split
from training.table import Table
from training.worth import Learnt

# A training set that has no time at all.
_NO_TIME: Final = 0


def manifest_facts(
    name: str,
    now: datetime,
    parameters: dict[str, bool | int | float | str],
    fitted: Table,
    judged: Sequence[Judged],
    found: Sequence[GateResult],
    hits: Sequence[Hits],
    worth: Learnt | None,
    champion: str = "",
) -> Facts:
    """Return what ``models.bundle.write`` cannot find out by itself.

    fitted: the rows that were. champion: id of the bundle that the gates held it against; empty: none.
    """
    times = fitted.time_ms[fitted.time_ms >= 0]
    first, last = (int(times.min()), int(times.max())) if len(times) else (_NO_TIME, _NO_TIME)
    metrics: dict[str, float | int] = {}
    for each in judged:
        metrics |= {f"{each.label_source}.{name}": value for name, value in figures(each).items()}
    for each_hits in hits:
        if each_hits.by == GUESSES:
            known = "held_out" if each_hits.held_out else "in_source"
            metrics[f"{each_hits.label_source}.techniques.hit_at_3_{known}"] = round(each_hits.at_3.value, 4)
    if worth is not None:
        precision = worth.average_precision[worth.penalty]
        metrics["worth.average_precision_chosen"] = round(precision, 4)
    return Facts(
        name=name,
        created=now,
        training_window=Window(first=_time(first), last=_time(last), rows=len(fitted)),
        metrics=metrics,
        parameters=parameters,
        gates=gates.facts(found),
        champion=champion,
    )


def figures(judged: Judged) -> dict[str, float | int]:
    """Return the few figures that a list of bundles shows; the report has all, with intervals."""
    inside = judged.covered
    found: dict[str, float | int] = {
        "rows": len(judged),
        "accuracy": round(float(accuracy_score(judged.label, judged.predicted)), 4),
        "macro_f1": _macro(judged.label, judged.predicted),
        "ece": round(ece(judged.confidence[inside], judged.right[inside]), 4) if inside.any() else 1.0,
        "covered": round(float(inside.mean()), 4),
    }
    if PLAIN in judged.baselines:
        found["macro_f1_plain"] = _macro(judged.label, judged.baselines[PLAIN])
    return found


def left_out(judged: Judged, reason: str) -> LeftOut:
    """Return what the report keeps of a head that is not carried. reason: of ``gates.refusals``."""
    found = figures(judged)
    return LeftOut(
        judged.label_source,
        reason,
        len(judged),
        float(found["accuracy"]),
        float(found["macro_f1"]),
        float(found["ece"]),
    )


def sections(
    name: str,
    now: datetime,
    parameters: dict[str, bool | int | float | str],
    table: Table,
    split: Split,
    models: Models,
    made: Sequence[Made],
    judged: Sequence[Judged],
    found: Sequence[GateResult],
    hits: tuple[Hits, ...],
    usual: Usual,
    explained: Explained,
    notes: Sequence[str],
    stages: Sequence[Stage],
    attack: AttackKnowledge,
    left_out: tuple[LeftOut, ...] = (),
) -> Sections:
    """Return all that a report tells besides judged rows. left_out: heads that are not carried."""
    tactics, techniques = told.coverage(table, attack)
    unusual = f"what is usual was learnt from {usual.rows:,} findings of {usual.origin}"
    return Sections(
        name=name,
        made=f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        features_hash=FEATURES_HASH,
        parameters=tuple((key, str(value)) for key, value in parameters.items()),
        sources=told.sources(table),
        splits=told.splits(table, split),
        gates=tuple(found),
        left_out=left_out,
        ablation=explained.ablation,
        importance=explained.importance,
        shap=explained.shap,
        shap_lines=explained.shap_lines,
        paths=explained.paths,
        tactics=tactics,
        techniques=techniques,
        hints=hits,
        anomaly=explained.anomaly,
        drift=told.drifted(judged),
        stages=tuple(stages),
        notes=(*table.notes, *notes, unusual, *told.choices(made)),
    )


def _macro(label: "np.typing.NDArray[np.int64]", said: "np.typing.NDArray[np.int64]") -> float:
    present = [name for name in CLASSES if (label == name).any() or (said == name).any()]
    return round(float(f1_score(label, said, average="macro", labels=present, zero_division=0)), 4)


def _time(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)
