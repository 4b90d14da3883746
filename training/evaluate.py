"""What the models are worth on rows that nothing was fitted to, beside what is had for nothing."""

from typing import Final

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from enrich.forest import Floats
from enrich.score import DEFAULT_CLASS, Models, anomaly
from training.calibrate import predicted
from training.dataset import Classes, Dataset, Flags

CLASSES: Final = (1, 2, 3, 4, 5)
BINS: Final = 10
RESAMPLES: Final = 200


def figures(models: Models, data: Dataset) -> dict[str, float]:
    """Return the figures of severity, confidence and anomaly by dotted name. Repeats do not count.

    ``covered`` is the share of rows inside what the models know; confidence is judged on those.
    ``accuracy_all`` counts every row, floods too.
    """
    classes, highest, known = predicted(models, data)
    accuracy_all = float(accuracy_score(data.label, classes))
    first = ~data.repeat
    once, classes, highest, known = data.where(first), classes[first], highest[first], known[first]
    right = classes == once.label
    inside = known >= models.known_share_min
    confidence = np.interp(highest, models.calibration_x, models.calibration_y)
    error, low, high = ece_interval(confidence[inside], right[inside])
    unusual = np.array([found.score for found in anomaly(once.X, models)])
    return {
        "rows": float(len(once)),
        **_judged("severity", once.label, classes),
        **{f"severity.f1_class_{c}": _f1_of(once.label, classes, c) for c in CLASSES},
        "severity.accuracy_all": accuracy_all,
        "severity.covered": float(inside.mean()),
        "confidence.ece": error,
        "confidence.ece_low": low,
        "confidence.ece_high": high,
        "confidence.mean": float(confidence[inside].mean()),
        "anomaly.auc_story": auc(once.story, unusual),
    }


def baselines(train: Dataset, data: Dataset) -> dict[str, float]:
    """Return the same figures of severity for what needs no model, and the ceiling that label noise leaves.

    majority: always the commonest label. stated: what the source states as it is, "low" where it states
    nothing. stated_recoded: for each stated class the commonest label of the training rows.
    """
    once = data.where(~data.repeat)
    recoded = {s: _commonest(train.label[train.stated == s]) for s in np.unique(train.stated).tolist()}
    majority = _commonest(train.label)
    return {
        **_judged("majority", once.label, np.full(len(once), majority)),
        **_judged("stated", once.label, np.where(once.stated == 0, DEFAULT_CLASS, once.stated)),
        **_judged(
            "stated_recoded", once.label, np.array([recoded.get(s, majority) for s in once.stated.tolist()])
        ),
        **_judged("ceiling", once.label, once.truth),
    }


def ece(confidence: Floats, right: Flags) -> float:
    """Return the expected calibration error, 0-1, over BINS equal widths of confidence.

    >>> ece(np.array([0.9, 0.9, 0.9, 0.9]), np.array([True, True, True, False]))
    0.15
    """
    place = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    gap = np.abs(np.bincount(place, right, BINS) - np.bincount(place, confidence, BINS))
    return round(float(gap.sum() / max(1, len(confidence))), 12)


def ece_interval(confidence: Floats, right: Flags) -> tuple[float, float, float]:
    """Return the error and its 95 % interval over RESAMPLES bootstrap samples of the rows."""
    if not len(confidence):
        return 0.0, 0.0, 1.0
    dice = np.random.default_rng(0)
    found = []
    for _ in range(RESAMPLES):
        drawn = dice.integers(0, len(confidence), len(confidence))
        found.append(ece(confidence[drawn], right[drawn]))
    low, high = np.quantile(found, [0.025, 0.975])
    return ece(confidence, right), float(low), float(high)


def auc(positive: Flags, score: Floats) -> float:
    """Return the area under the ROC curve; .5 where there is only one class."""
    return float(roc_auc_score(positive, score)) if 0 < positive.sum() < len(positive) else 0.5


def _judged(name: str, label: Classes, found: Classes) -> dict[str, float]:
    return {
        f"{name}.accuracy": float(accuracy_score(label, found)),
        f"{name}.macro_f1": float(f1_score(label, found, average="macro", labels=CLASSES, zero_division=0)),
    }


def _f1_of(label: Classes, found: Classes, name: int) -> float:
    return float(f1_score(label == name, found == name, zero_division=0))


def _commonest(label: Classes) -> int:
    return int(np.bincount(label, minlength=6).argmax())
