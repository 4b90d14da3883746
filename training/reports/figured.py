"""All figures of one head's judged rows, each beside its baselines."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from enrich.text import visible
from training.figures import calibration, classes, coverage, drift, paired, ranking
from training.figures.classes import ClassFigures
from training.figures.intervals import RESAMPLES, Interval
from training.judged import CLASSES, Judged

MODEL: Final = "the model"
# A baseline of this name is no floor: what a model that knows the true class would reach.
CEILING: Final = "ceiling"
ERRORS: Final = 12
TITLE: Final = 110
SCORED: Final = ("accuracy", "macro_f1", "quadratic_kappa", "within_one")


class Scored(NamedTuple):
    """One predictor. better: macro-F1 of the model less this one's, on the same rows; NaN of the model."""

    by: str
    accuracy: Interval
    macro_f1: Interval
    quadratic_kappa: Interval
    within_one: Interval
    better: Interval


class OneClass(NamedTuple):
    """One class against the rest, by its probability. base: share of rows with this label: chance, in PR."""

    severity: int
    base: float
    roc: ranking.Curve
    precision_recall: ranking.Curve


class Miss(NamedTuple):
    """A row that was wrong. title: the first line of what the model read, nothing else of the alert."""

    title: str
    label: int
    predicted: int
    confidence: float


@dataclass(frozen=True)
class Figured:
    """n rows of one source. stated: rows on which the model does not abstain; confidence is judged on those.

    confusion: (5, 5), labels down. ece: by binning. ece_chance: what exact confidences would show by chance.
    grave_*: of P(class >= high), where a row is positive whose label is high or critical. label_drift: of the
    test's labels from the training's. few: classes with too few rows to be judged alone.
    """

    name: str
    label_source: str
    rows: int
    train_rows: int
    stated: int
    scored: tuple[Scored, ...]
    classes: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    one_class: tuple[OneClass, ...]
    brier: Interval
    log_loss: Interval
    brier_of_confidence: Interval
    ece: Interval
    ece_even_mass: Interval
    ece_chance: float
    reliability: tuple[calibration.Bin, ...]
    risk: coverage.RiskCoverage
    abstained_error: Interval
    grave_rows: int
    grave_sweep: tuple[ranking.AtThreshold, ...]
    grave_lift: tuple[ranking.Lift, ...]
    label_drift: drift.Drift
    misses: tuple[Miss, ...]


def figured(judged: Judged, resamples: int = RESAMPLES) -> Figured:
    """Return the figures. judged must hold rows, and have passed the gate "shapes"."""
    label, told, sure = judged.label, judged.predicted, judged.covered
    right, confidence = judged.right, judged.confidence
    grave = np.isin(label, paired.GRAVE)
    grave_score = judged.probability[:, [each - 1 for each in paired.GRAVE]].sum(axis=1)
    wrong_when_silent = np.flatnonzero(~sure)
    return Figured(
        name=judged.name,
        label_source=judged.label_source,
        rows=len(judged),
        train_rows=len(judged.train_label),
        stated=int(sure.sum()),
        scored=_scored(judged, resamples),
        classes=classes.class_figures(label, told, resamples),
        confusion=tuple(tuple(int(cell) for cell in row) for row in classes.confusion(label, told)),
        one_class=_one_class(judged, resamples),
        brier=calibration.brier(judged.probability, label, resamples),
        log_loss=calibration.log_loss(judged.probability, label, resamples),
        brier_of_confidence=calibration.brier_of_confidence(confidence[sure], right[sure], resamples),
        ece=calibration.ece_interval(confidence[sure], right[sure], "equal width", resamples),
        ece_even_mass=calibration.ece_interval(confidence[sure], right[sure], "equal mass", resamples),
        ece_chance=calibration.ece_by_chance(confidence[sure]),
        reliability=calibration.reliability(confidence[sure], right[sure], resamples=resamples),
        risk=coverage.risk_coverage(confidence, right, resamples),
        abstained_error=calibration.share(~right[wrong_when_silent], resamples),
        grave_rows=int(grave.sum()),
        grave_sweep=ranking.sweep(grave, grave_score),
        grave_lift=ranking.lift(grave, grave_score),
        label_drift=drift.class_drift(judged.train_label, label),
        misses=_misses(judged),
    )


def _scored(judged: Judged, resamples: int) -> tuple[Scored, ...]:
    label, told = judged.label, judged.predicted
    found = []
    for by, given in ((MODEL, told), *judged.baselines.items()):
        accuracy, macro_f1, quadratic, near = (
            classes.figure(name, label, given, resamples) for name in SCORED
        )
        better = (
            Interval(float("nan"), float("nan"), float("nan"), len(label))
            if by == MODEL
            else paired.difference(label, told, given, "macro_f1", resamples)
        )
        found.append(Scored(by, accuracy, macro_f1, quadratic, near, better))
    return tuple(found)


def _one_class(judged: Judged, resamples: int) -> tuple[OneClass, ...]:
    found = []
    for each in CLASSES:
        positive, score = judged.label == each, judged.probability[:, each - 1]
        if 0 < positive.sum() < len(judged):
            roc = ranking.roc(positive, score, resamples)
            curve = ranking.precision_recall(positive, score, resamples)
            found.append(OneClass(each, float(positive.mean()), roc, curve))
    return tuple(found)


def _misses(judged: Judged) -> tuple[Miss, ...]:
    """The worst first: furthest from the label, then surest."""
    far = np.abs(judged.predicted - judged.label)
    order = np.lexsort((-judged.confidence, -far))
    return tuple(
        Miss(
            visible(judged.texts[i].split("\n", 1)[0], TITLE),
            int(judged.label[i]),
            int(judged.predicted[i]),
            float(judged.confidence[i]),
        )
        for i in order[:ERRORS].tolist()
        if far[i]
    )
