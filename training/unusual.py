"""How well what is unusual, and what is worth a look, finds the attacks of alerts that somebody knows.

Judged on findings: the first alert of each unit (``training.units``) of the test. They are not independent of
each other, an attack has several: the intervals are narrower than the truth.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Floats, Isolation, Matrix
from enrich.score import Models
from enrich.worth import Worth
from training import of_alerts
from training.anomaly import Components, forest
from training.feature_groups import COLUMNS
from training.figures.importance import by_mixing
from training.figures.intervals import Interval
from training.figures.paired import area_difference
from training.figures.ranking import Area as AreaOf
from training.figures.ranking import area, average_precision, ranked, roc_area
from training.of_alerts import Alerts
from training.reports.sections import Area, Effect
from training.units import positions
from training.worth import Known

AREAS: Final[Mapping[str, AreaOf]] = {"ROC area": roc_area, "average precision": average_precision}
# Findings that judge, evenly taken, and bootstrap samples of an effect: 60 effects then take some 10 s.
FINDINGS: Final = 5_000
RESAMPLES: Final = 300
SHUFFLES: Final = 2
# Forests of each set of columns whose scores are averaged. With 3, the loss by one group of columns was -.05
# to .03 by the seed alone (233 findings of generated alerts), and by rows "surely" on either side of 0.
FORESTS: Final = 5
# Of a normal distribution, on either side of 95 %.
Z: Final = 1.96
NOT_READ: Final = " (unread)"
_UNREAD: Final = np.setdiff1d(np.arange(len(NAMES)), ANOMALY_COLUMNS)


class Found(NamedTuple):
    """areas: figures beside floors. left_out, mixed: what groups of columns, and columns, are worth."""

    areas: tuple[Area, ...] = ()
    left_out: tuple[Effect, ...] = ()
    mixed: tuple[Effect, ...] = ()


def found(models: Models, alerts: Alerts, fitted: Collection[str], test: Collection[str], seed: int) -> Found:
    """Return figures and effects of each source of alerts of which somebody knows. fitted, test: ids."""
    frame = alerts.table.frame
    usual = _usual(alerts, fitted)
    areas: list[Area] = []
    left_out: list[Effect] = []
    mixed: list[Effect] = []
    for source in sorted(set(frame.loc[frame["true_positive"].notna(), "label_source"])):
        judged = findings(of_alerts.known(alerts, test, source))
        if not 0 < judged.true.sum() < len(judged.true):
            continue
        scores = {"anomaly": Isolation(models.anomaly).of(judged.X[:, ANOMALY_COLUMNS])}
        if models.worth is not None:
            scores["worth"] = _worth(models.worth, judged.texts, judged.X)
        what = f"{source}: {int(judged.true.sum())} attacks among {len(judged.true):,} findings"
        areas += told_areas(what, judged.true, {**scores, **_floors(judged, usual)}, len(scores))
        mixed += _mixed(source, judged, models)
        if usual is not None:
            left_out += _left_out(source, judged, usual, seed)
    return Found(tuple(areas), tuple(left_out), tuple(mixed))


def findings(known: Known) -> Known:
    """Return the first row of each unit, at most FINDINGS of them."""
    places = np.flatnonzero(positions(known.unit) == 0)
    if len(places) > FINDINGS:
        places = places[np.linspace(0, len(places) - 1, FINDINGS).astype(np.intp)]
    chosen = np.zeros(len(known.unit), dtype=np.bool_)
    chosen[places] = True
    return known.where(chosen)


def _usual(alerts: Alerts, fitted: Collection[str]) -> Matrix | None:
    """Return the rows that the bundle's forest was fitted on; None: it was fitted on generated ones."""
    places = np.flatnonzero(alerts.table.frame["id"].isin(set(fitted)).to_numpy(np.bool_))
    if len(places) < of_alerts.ALERTS_MIN:
        return None
    places = places[: round(len(places) * (1 - of_alerts.REFERENCE_SHARE))]
    rows: Matrix = alerts.served.X[places[positions(alerts.unit[places]) == 0]]
    return rows


def _floors(judged: Known, usual: Matrix | None) -> dict[str, Floats]:
    """Return scores that need no model, and of a rival fitted on the same alerts."""
    X = judged.X
    floors = {
        "floor: time since the rule was seen on the entity": _column(X, "pair_since"),
        "floor: burst, alerts of the entity in a minute": _column(X, "entity_1m"),
    }
    if usual is not None:
        rival = Components.of_rows(usual[:, ANOMALY_COLUMNS])
        floors["floor: PCA of the same columns"] = rival.of(X[:, ANOMALY_COLUMNS])
    return floors


def _column(X: Matrix, name: str) -> Floats:
    return np.nan_to_num(X[:, NAMES.index(name)].astype(np.float64), nan=0.0)


def _worth(worth: Worth, texts: Sequence[str], X: Matrix) -> Floats:
    """Return it for each row; of a rule that it does not know the least."""
    return np.array([0.0 if each is None else each for each in worth.of(texts, X)])


def told_areas(what: str, true: npt.NDArray[np.bool_], scores: Mapping[str, Floats], own: int) -> list[Area]:
    """Return each figure of each score, and what chance has. own: how many scores, the first, are the
    bundle's own."""
    told = []
    for figure, of in AREAS.items():
        told += [
            Area(what, by, area(of, true, score), figure, place < own)
            for place, (by, score) in enumerate(scores.items())
        ]
        chance = 0.5 if of is roc_area else float(true.mean())
        told.append(Area(what, "chance", Interval(chance, float("nan"), float("nan"), len(true)), figure))
    return told


def _mixed(source: str, judged: Known, models: Models) -> list[Effect]:
    isolation = Isolation(models.anomaly)
    answers: dict[str, tuple[Callable[[Matrix], Floats], npt.NDArray[np.integer]]] = {
        "anomaly": (lambda X: isolation.of(X[:, ANOMALY_COLUMNS]), ANOMALY_COLUMNS)
    }
    if (worth := models.worth) is not None:
        answers["worth"] = (lambda X: _worth(worth, judged.texts, X), worth.columns)
    told = []
    for model, (answer, columns) in answers.items():
        read = set(columns.tolist())
        groups = {name: [i for i in places if i in read] for name, places in COLUMNS.items()}
        groups |= {NAMES[i]: [i] for i in sorted(read)}
        groups = {name: places for name, places in groups.items() if _varies(judged.X, places)}
        for each in by_mixing(answer, judged.X, groups, partial(_lost, judged.true, roc_area), SHUFFLES):
            there = _there(judged.X, groups[each.name])
            told.append(Effect(f"{source}, {model}", each.name, each.lost, "ROC area", there))
    return told


def _left_out(source: str, judged: Known, usual: Matrix, seed: int) -> list[Effect]:
    """Return what forests lose that are fitted again without a group; of columns that the bundle's forest
    does not read, what it loses for that. Intervals hold what the seeds move, too.
    """

    def scores(columns: npt.NDArray[np.integer]) -> list[Floats]:
        return [
            Isolation(forest(usual[:, columns], seed + i)).of(judged.X[:, columns]) for i in range(FORESTS)
        ]

    now = scores(ANOMALY_COLUMNS)
    fitted, pairs = [now], []
    for name, places in COLUMNS.items():
        read, unread = (np.intersect1d(places, side) for side in (ANOMALY_COLUMNS, _UNREAD))
        if _varies(judged.X, read):
            fitted.append(less := scores(np.setdiff1d(ANOMALY_COLUMNS, read)))
            pairs.append((name, read, now, less))
        if _varies(judged.X, unread):
            fitted.append(more := scores(np.union1d(ANOMALY_COLUMNS, unread)))
            pairs.append((f"{_named(unread, places, name)}{NOT_READ}", unread, more, now))
    told = []
    for figure, of in AREAS.items():
        moved = by_seed([[_area(judged.true, of, each) for each in parts] for parts in fitted])
        for said, columns, with_it, without in pairs:
            lost = wider(_lost(judged.true, of, _mean(with_it), _mean(without)), moved)
            told.append(Effect(f"{source}, anomaly", said, lost, figure, _there(judged.X, columns.tolist())))
    return sorted(told, key=lambda each: (each.figure != "ROC area", -each.lost.value))


def by_seed(areas: Sequence[Sequence[float]]) -> float:
    """Return the standard error, by the seed alone, of the difference of two means of forests.

    areas: of several sets of forests that differ in nothing but their seed; what seeds move is alike in all.
    """
    return float(np.sqrt(2 * np.mean([np.var(each, ddof=1) / len(each) for each in areas])))


def wider(interval: Interval, error: float) -> Interval:
    """Return an interval by rows with a further standard error, of another source."""
    value, low, high, n = interval
    low, high = value - np.hypot(value - low, Z * error), value + np.hypot(high - value, Z * error)
    return Interval(value, float(low), float(high), n)


def _mean(scores: Sequence[Floats]) -> Floats:
    mean: Floats = np.mean(scores, axis=0, dtype=np.float64)
    return mean


def _area(true: npt.NDArray[np.bool_], of: AreaOf, score: Floats) -> float:
    rows = ranked(true, score)
    return float(of(rows.positive, rows.starts, np.ones((1, len(true))))[0])


def _named(unread: npt.NDArray[np.integer], places: Sequence[int], name: str) -> str:
    return name if len(unread) == len(places) else ", ".join(NAMES[i] for i in unread.tolist())


def _lost(true: npt.NDArray[np.bool_], of: AreaOf, whole: Floats, other: Floats) -> Interval:
    return area_difference(true, whole, other, of, RESAMPLES)


def _varies(X: Matrix, places: Sequence[int] | npt.NDArray[np.integer]) -> bool:
    """Return whether these columns differ in any two rows; those that do not can tell nothing of these."""
    own = X[:, places]
    return bool(((own != own[:1]) & ~(np.isnan(own) & np.isnan(own[:1]))).any())


def _there(X: Matrix, places: Sequence[int]) -> float:
    return float((~np.isnan(X[:, places])).any(axis=1).mean())
