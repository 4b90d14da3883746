"""What is learnt of alerts in the order they came: what is usual, and which were worth a look."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.alert import entity, rule_key
from enrich.context import Context
from enrich.errors import CorpusRefused
from enrich.features import ANOMALY_COLUMNS
from enrich.forest import Floats, Matrix
from training.anomaly import forest_of_alerts
from training.as_served import Served, alerts
from training.bootstrap import bootstrap_split
from training.calibrate import REFERENCE_STEPS, feature_quantiles
from training.dataset import joined
from training.table import Table
from training.units import Flags, Places, units
from training.verdicts import SOURCE as VERDICTS
from training.worth import Known, Learnt, learnt

# Of the rows to fit, the last fifth is the reference: a forest finds the rows that it grew on too usual.
REFERENCE_SHARE: Final = 0.2
# With fewer alerts their reference has steps of more than a hundredth.
ALERTS_MIN: Final = 1_000
GENERATED: Final = 8_000


class Alerts(NamedTuple):
    """Rows of alerts as serving sees them, in time order. unit: see ``training.units``."""

    table: Table
    served: Served
    unit: Places

    def columns(self, ids: Sequence[str]) -> Matrix:
        """Return the matrix of these rows, in their order."""
        place_of = {row: place for place, row in enumerate(self.table.ids)}
        return self.served.X[[place_of[each] for each in ids]]


class Usual(NamedTuple):
    """The anomaly part of ``enrich.score.Models``. rows: that the forest was fitted on, a unit once.

    origin: of the alerts.
    """

    anomaly: Any
    anomaly_reference: Floats
    feature_quantiles: Floats
    missing_share: Floats
    rows: int
    origin: str


def read(table: Table, within: Context, tell: Callable[[int], None] = lambda done: None) -> Alerts:
    """Return the alerts of the table, each with the history before it. Raises CorpusRefused."""
    rows = table.where((table.frame["kind"] == "alert").to_numpy(np.bool_)).in_time()
    served = alerts(rows, within, tell)
    about = [row.alert for row in served.rows]
    unit = units(
        [rule_key(each) for each in about],
        [entity(each, within.networks) for each in about],
        np.array([row.time_ms for row in served.rows], dtype=np.int64),
    )
    return Alerts(rows, served, unit)


def usual(found: Alerts, ids: Collection[str], seed: int) -> Usual:
    """Return the forest of these alerts, and the reference of the last of them.

    Where there are too few, of generated ones: a bundle without any would say nothing of anomalies.
    """
    chosen = found.table.frame["id"].isin(set(ids)).to_numpy(np.bool_)
    if chosen.sum() >= ALERTS_MIN:
        sources = ", ".join(sorted(set(found.table.frame.loc[chosen, "label_source"])))
        return _usual(found.served.X[chosen], found.unit[chosen], seed, sources)
    made = bootstrap_split(seed, GENERATED, 0.0)
    both = joined((made.train, made.calibrate))
    # Byte-identical alerts are one unit.
    unit = np.cumsum(~both.repeat) - 1
    return _usual(both.X, unit.astype(np.intp), seed, "generated alerts")


def _usual(X: Matrix, unit: Places, seed: int, origin: str) -> Usual:
    cut = round(len(X) * (1 - REFERENCE_SHARE))
    forest = forest_of_alerts(X[:cut], unit[:cut], seed)
    reference = X[cut:]
    unusual = -forest.score_samples(reference[:, ANOMALY_COLUMNS])
    return Usual(
        forest,
        np.quantile(unusual, np.linspace(0, 1, REFERENCE_STEPS)),
        feature_quantiles(reference),
        np.isnan(reference).mean(axis=0, dtype=np.float64),
        len(np.unique(unit[:cut])),
        origin,
    )


def known(found: Alerts, ids: Collection[str], label_source: str) -> Known:
    """Return the rows of these ids and this source of which somebody knows whether they were an attack."""
    frame = found.table.frame
    wanted = frame["id"].isin(set(ids)) & (frame["label_source"] == label_source)
    chosen: Flags = (wanted & frame["true_positive"].notna()).to_numpy(np.bool_)
    places = np.flatnonzero(chosen)
    return Known(
        [found.served.texts[place] for place in places.tolist()],
        found.served.X[places],
        frame["true_positive"].fillna(False).to_numpy(np.bool_)[places],
        frame["attack"].to_numpy()[places].tolist(),
        found.unit[places],
        _times(found)[places],
    )


def worth(found: Alerts, ids: Collection[str], foreign: bool) -> tuple[Learnt | None, str]:
    """Return what is learnt of one's own verdicts, or None and why not, in one line.

    foreign: learn from another network's attacks, too, if they tell more. By default it does not: what was
    worth a look in one testbed ranked the alerts of another worse than rarity alone (docs/quality.md).
    """
    frame = found.table.frame
    sources = sorted(set(frame.loc[frame["true_positive"].notna(), "label_source"]))
    if not sources:
        return None, "nobody says which alerts were attacks"
    if not foreign:
        sources = [source for source in sources if source == VERDICTS]
    if not sources:
        return None, "no verdicts of yours; alerts of another network teach it only with --worth"
    best = max(sources, key=lambda source: len(known(found, ids, source).true))
    try:
        return learnt(known(found, ids, best), best), ""
    except CorpusRefused as refused:
        return None, str(refused)


def _times(found: Alerts) -> npt.NDArray[np.int64]:
    return np.array([row.time_ms for row in found.served.rows], dtype=np.int64)
