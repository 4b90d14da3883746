"""What the models of a candidate live on, and how well what is unusual is found: told in the report alone.

Nothing here is fitted into the bundle, so its content is the same with and without it.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from enrich.context import Context
from enrich.features import NAMES
from enrich.forest import Matrix
from enrich.heads import Head
from enrich.score import Models
from training import flows_judged, line_effects, moved, unusual
from training.judged import Judged
from training.of_alerts import Alerts
from training.reports.sections import Area, Effect, PathPart, Shap, ShapLine
from training.split import Split
from training.table import Table

# Alerts that tell by what columns the anomaly forest splits, evenly taken.
ALERTS: Final = 5_000


class Explained(NamedTuple):
    """See ``training.reports.sections.Sections``."""

    ablation: tuple[Effect, ...] = ()
    importance: tuple[Effect, ...] = ()
    shap: tuple[Shap, ...] = ()
    shap_lines: tuple[ShapLine, ...] = ()
    paths: tuple[PathPart, ...] = ()
    anomaly: tuple[Area, ...] = ()


def explained(
    models: Models,
    judged: Sequence[Judged],
    alerts: Alerts,
    table: Table,
    split: Split,
    seed: int,
    within: Context,
    tell: Callable[[int], None] = lambda done: None,
) -> Explained:
    """Return it, of the rows that judged. tell: told how many heads are done."""
    rows_of = {each.label_source: each for each in judged}
    effects, shaps = [], []
    parts: list[PathPart] = []
    for done, head in enumerate(models.heads, 1):
        if (own := rows_of.get(head.label_source)) is None or not len(own):
            continue
        X = _columns(head, own, alerts)
        effects.append(line_effects.of_head(head, own, X))
        shaps.append(moved.shap_of(head, own))
        parts += moved.paths_of_head(head, own, X)
        tell(done)
    fitted = frozenset((*split.train, *split.calibrate))
    found = unusual.found(models, alerts, fitted, split.test, seed)
    test = np.flatnonzero(alerts.table.frame["id"].isin(set(split.test)).to_numpy(np.bool_))
    if len(test):
        some = test[np.unique(np.linspace(0, len(test) - 1, min(ALERTS, len(test))).astype(np.intp))]
        parts += moved.paths_of_anomaly(models.anomaly, alerts.served.X[some])
    flows = flows_judged.areas(table, models, fitted, split.test, within, seed)
    return Explained(
        ablation=(*(each for one in effects for each in one.left_out), *found.left_out),
        importance=(*(each for one in effects for each in one.mixed), *found.mixed),
        shap=tuple(each for words, _ in shaps for each in words),
        shap_lines=tuple(each for _, lines in shaps for each in lines),
        paths=tuple(parts),
        anomaly=(*found.areas, *flows),
    )


def _columns(head: Head, judged: Judged, alerts: Alerts) -> Matrix:
    """Return the matrix of the judged rows; a head that reads the text alone has no use for it."""
    if head.kind == "linear":
        return np.zeros((len(judged), len(NAMES)), dtype=np.float32)
    return alerts.columns(judged.ids)
