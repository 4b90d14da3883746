"""What the models are worth on rows that nothing was fitted to, beside what is had for nothing."""

import numpy as np

from enrich.score import DEFAULT_CLASS, Models, anomaly
from training.calibrate import predicted
from training.dataset import Classes, Dataset
from training.figures.calibration import ece_interval
from training.figures.classes import accuracy, confusion, f1, macro_f1, present
from training.figures.ranking import auc
from training.judged import CLASSES


def figures(models: Models, data: Dataset) -> dict[str, float]:
    """Return the figures of severity, confidence and anomaly by dotted name. Repeats do not count.

    ``covered`` is the share of rows inside what the models know; confidence is judged on those.
    ``accuracy_all`` counts every row, floods too.
    """
    (head,) = models.heads
    classes, highest, known = predicted(head, data)
    accuracy_all = float((classes == data.label).mean())
    first = ~data.repeat
    once, classes, highest, known = data.where(first), classes[first], highest[first], known[first]
    right = classes == once.label
    inside = known >= head.known_share_min
    confidence = np.interp(highest, head.calibration_x, head.calibration_y)
    error, low, high, _ = ece_interval(confidence[inside], right[inside])
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


def _judged(name: str, label: Classes, found: Classes) -> dict[str, float]:
    matrix = confusion(label, found).astype(np.float64)
    return {
        f"{name}.accuracy": float(accuracy(matrix)),
        f"{name}.macro_f1": float(macro_f1(matrix, present(label, found))),
    }


def _f1_of(label: Classes, found: Classes, name: int) -> float:
    """Return the F1 of a class; 0 where nobody speaks of it."""
    return float(np.nan_to_num(f1(confusion(label, found).astype(np.float64))[name - 1]))


def _commonest(label: Classes) -> int:
    return int(np.bincount(label, minlength=6).argmax())
