"""What must hold of the models of a bundle, when it is written and when it is opened."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from enrich.errors import BundleRefused
from enrich.features import ANOMALY_COLUMNS, HEAD_LINES, NAMES
from enrich.forest import Floats
from enrich.heads import Head
from enrich.linear import Linear
from enrich.score import Models
from enrich.vocabulary import HEAD, WHOLE, Vocabulary

SEVERITY: Final = "severity.joblib"
ANOMALY: Final = "anomaly.joblib"
REFERENCE: Final = "reference.npz"
TECHNIQUES: Final = "techniques.joblib"
WORTH: Final = "worth.joblib"


def check(models: Models, where: Path) -> None:
    """Raise BundleRefused unless the models fit each other, the features and what ``Models`` promises."""
    for path, problem in (
        (where / SEVERITY, _severity_problem),
        (where / ANOMALY, _anomaly_problem),
        (where / REFERENCE, _reference_problem),
        (where / TECHNIQUES, _technique_problem),
        (where / WORTH, _worth_problem),
    ):
        reason = opened(lambda problem=problem: problem(models), path)  # type: ignore[misc]
        if reason is not None:
            raise refused(path, reason)
    opened(lambda: _try_one_row(models), where)


def _severity_problem(models: Models) -> str | None:
    sources = [head.label_source for head in models.heads]
    if len(set(sources)) != len(sources) or not sources:
        return "holds no head, or two of one label source"
    if unknown := sorted(set(models.formats.values()) - set(sources)):
        return f"has no head {unknown[0]!r}, which formats are sent to"
    for head in models.heads:
        if problem := _head_problem(head):
            return f"{head.label_source}: {problem}"
    return None


def _head_problem(head: Head) -> str | None:
    # Here, not above: importing scikit-learn takes a second, which commands that open no bundle can spare.
    from sklearn.ensemble import RandomForestClassifier

    model = head.severity
    if type(model) not in (RandomForestClassifier, Linear):
        return "is neither a RandomForestClassifier nor a linear model"
    if problem := _vocabulary_problem(head.vocabulary):
        return problem
    if not hasattr(model, "classes_"):
        return "is not fitted"
    classes = head.classes.tolist()
    if not set(classes) <= {1, 2, 3, 4, 5} or classes != sorted(set(classes)) or not classes:
        return f"predicts classes {classes}, not OCSF severities 1 to 5"
    if isinstance(model, Linear):
        shapes = (model.coefficients.shape, model.intercepts.shape)
        if shapes != ((len(head.vocabulary), len(classes)), (len(classes),)):
            return f"has coefficients and intercepts of shape {shapes}, for {len(head.vocabulary)} words"
        finite = np.isfinite(model.coefficients).all() and np.isfinite(model.intercepts).all()
        return None if finite else "has coefficients that are not finite"
    words = len(head.vocabulary)
    if model.n_features_in_ != words + len(NAMES):
        return f"reads {model.n_features_in_} columns, not {words} words and {len(NAMES)} features"
    return None


def _worth_problem(models: Models) -> str | None:
    found = models.worth
    if found is None:
        return None
    if problem := _vocabulary_problem(found.vocabulary):
        return problem
    number = len(found.columns)
    if {found.mean.shape, found.scale.shape, found.numbers.shape} != {(number,)}:
        return "has parts of different lengths"
    if found.words.shape != (len(found.vocabulary),):
        return f"has {found.words.shape} words, the vocabulary has {len(found.vocabulary)}"
    if number and not 0 <= found.columns.min() <= found.columns.max() < len(NAMES):
        return "reads columns that there are not"
    parts = (found.words, found.mean, found.scale, found.numbers, np.array([found.intercept]))
    if not all(np.isfinite(part).all() for part in parts) or (found.scale <= 0).any():
        return "has numbers that are not finite, or a scale that is not above 0"
    return None


def _vocabulary_problem(vocabulary: Vocabulary) -> str | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not vocabulary.parts:
        return "reads nothing of a text"
    for line, vectorizer, weight in vocabulary.parts:
        if type(vectorizer) is not TfidfVectorizer or not hasattr(vectorizer, "vocabulary_"):
            return "is not a fitted TfidfVectorizer"
        if line not in (WHOLE, HEAD, *range(HEAD_LINES)):
            return f"reads line {line}, a rule has {HEAD_LINES}"
        if not (type(weight) is float and 0.0 < weight <= 100.0):
            return f"weighs line {line} by {weight!r}"
        places = vectorizer.vocabulary_.values()
        if sorted(places) != list(range(len(places))) or not places:
            return "has a vocabulary whose columns do not follow each other"
    return None


def _technique_problem(models: Models) -> str | None:
    found = models.techniques
    if found is None:
        return None
    if problem := _vocabulary_problem(found.vocabulary):
        return problem
    labels, words = found.labels, len(found.vocabulary)
    starts, number = labels.starts, len(labels.uids)
    if starts.shape != (words + 1,) or starts[0] != 0 or (np.diff(starts) < 0).any():
        return f"has {starts.shape} rows, for {words} words"
    if not labels.labels.shape == labels.values.shape == (starts[-1],) or labels.intercepts.shape != (
        number,
    ):
        return "has parts of different lengths"
    if len(labels.labels) and not 0 <= labels.labels.min() <= labels.labels.max() < number:
        return "names labels that it does not have"
    finite = np.isfinite(labels.values).all() and np.isfinite(
        [*labels.intercepts, labels.slope, labels.offset]
    )
    return None if np.all(finite) else "has numbers that are not finite"


def _anomaly_problem(models: Models) -> str | None:
    from sklearn.ensemble import IsolationForest

    if type(models.anomaly) is not IsolationForest or not hasattr(models.anomaly, "estimators_"):
        return "is not a fitted IsolationForest"
    if models.anomaly.n_features_in_ != len(ANOMALY_COLUMNS):
        return f"reads {models.anomaly.n_features_in_} columns, not the {len(ANOMALY_COLUMNS)} for anomalies"
    return None


def _reference_problem(models: Models) -> str | None:
    shapes = {
        "anomaly_reference": (1001,),
        "feature_quantiles": (len(NAMES), 101),
        "missing_share": (len(NAMES),),
    }
    for name, shape in shapes.items():
        if getattr(models, name).shape != shape:
            return f"{name} has shape {getattr(models, name).shape}, not {shape}"
    for head in models.heads:
        x, y = head.calibration_x, head.calibration_y
        if x.shape != y.shape or x.ndim != 1 or not len(x):
            return f"calibration of {head.label_source} has shapes {x.shape} and {y.shape}"
        if not (_between_0_and_1(x) and _between_0_and_1(y)):
            return f"calibration of {head.label_source} is not within 0 and 1"
        if not (np.diff(x) > 0).all():
            return f"calibration_x of {head.label_source} does not increase"
    if not _between_0_and_1(models.missing_share):
        return "missing_share is not within 0 and 1"
    if not _rising(models.anomaly_reference):
        return "anomaly_reference is not finite or does not increase"
    # A feature that was missing in every reference row has no quantiles.
    for name, quantiles, missing in zip(NAMES, models.feature_quantiles, models.missing_share, strict=True):
        if not (_rising(quantiles) or (missing == 1.0 and np.isnan(quantiles).all())):
            return f"feature_quantiles of {name} are not finite or do not increase"
    return None


def _try_one_row(models: Models) -> None:
    """Score a text of one word with every feature missing: what any alert may come to."""
    X = np.full((1, len(NAMES)), np.nan, dtype=np.float32)
    for head in models.heads:
        said = replace(head, _texts={}).of(["alert"], X)
        if not _between_0_and_1(said.probability):
            raise ValueError(f"probabilities of {head.label_source} are not within 0 and 1")
    if models.techniques is not None:
        replace(models.techniques, _texts={}).of(["alert"])
    if models.worth is not None:
        replace(models.worth, _texts={}).of(["alert"], X)
    if not np.isfinite(models.anomaly.score_samples(X[:, ANOMALY_COLUMNS])).all():
        raise ValueError("scores are not finite")


def _between_0_and_1(values: Floats) -> bool:
    return bool(((values >= 0.0) & (values <= 1.0)).all())


def _rising(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and (np.diff(values) >= 0).all())


def opened(call: Callable[[], Any], path: Path) -> Any:
    """Return what the call gives; whatever it raises becomes BundleRefused, naming the file."""
    try:
        return call()
    except Exception as error:  # an unpickled object may raise anything whatever
        reason = " ".join(str(error).split())[:200]
        raise refused(path, f"cannot be used ({type(error).__name__}: {reason})") from error


def refused(path: Path, reason: str) -> BundleRefused:
    """Return the refusal of a file, with what to do."""
    return BundleRefused(f"{path}: {reason}: train again")
