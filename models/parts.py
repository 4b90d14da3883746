"""The files of a bundle: models to bytes, verified bytes to models, and what must hold of them either way."""

import io
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np

from enrich.errors import BundleRefused
from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Floats
from enrich.score import Models
from models.manifest import Manifest

SEVERITY: Final = "severity.joblib"
ANOMALY: Final = "anomaly.joblib"
REFERENCE: Final = "reference.npz"
FILES: Final = (SEVERITY, ANOMALY, REFERENCE)
ARRAYS: Final = (
    "calibration_x",
    "calibration_y",
    "anomaly_reference",
    "feature_quantiles",
    "missing_share",
)


def encoded(models: Models) -> dict[str, bytes]:
    """Return the files' contents by name. Models fitted in the same way give equal bytes, in any process."""
    vectorizer = copy(models.vectorizer)
    # Where in memory scikit-learn last saw the stop words: no fact of the model, and it can do without.
    vars(vectorizer).pop("_stop_words_id", None)
    arrays = {name: np.asarray(getattr(models, name), dtype=np.float64) for name in ARRAYS}
    return {
        SEVERITY: _bytes(
            lambda file: joblib.dump({"vectorizer": vectorizer, "severity": models.severity}, file)
        ),
        ANOMALY: _bytes(lambda file: joblib.dump(models.anomaly, file)),
        REFERENCE: _bytes(lambda file: np.savez(file, allow_pickle=False, **arrays)),
    }


def decoded(files: Mapping[str, bytes], manifest: Manifest, bundle_id: str, where: Path) -> Models:
    """Build the models from bytes that were verified: unpickling runs code, so nothing else may come here.

    Raises BundleRefused, naming the file under ``where``.
    """
    texts = _opened(lambda: dict(joblib.load(io.BytesIO(files[SEVERITY]))), where / SEVERITY)
    anomaly = _opened(lambda: joblib.load(io.BytesIO(files[ANOMALY])), where / ANOMALY)
    arrays = _opened(lambda: _arrays(files[REFERENCE]), where / REFERENCE)
    if set(texts) != {"vectorizer", "severity"}:
        raise _refused(where / SEVERITY, "does not hold a vectorizer and a severity model")
    if set(arrays) != set(ARRAYS):
        raise _refused(where / REFERENCE, f"does not hold {', '.join(ARRAYS)}")
    models = Models(
        **texts,
        **arrays,
        anomaly=anomaly,
        known_share_min=manifest.known_share_min,
        label_source=manifest.label_source,
        bundle_id=bundle_id,
        bootstrap=manifest.bootstrap,
    )
    check(models, where)
    # One row's scores must not hang on the batch it is in; stdout belongs to events.
    for model in (models.severity, models.anomaly):
        model.n_jobs = 1
        model.verbose = 0
    return models


def check(models: Models, where: Path) -> None:
    """Raise BundleRefused unless the models fit each other, the features and what ``Models`` promises."""
    for path, reason in (
        (where / SEVERITY, _severity_problem(models)),
        (where / ANOMALY, _anomaly_problem(models)),
        (where / REFERENCE, _reference_problem(models)),
    ):
        if reason is not None:
            raise _refused(path, reason)
    _opened(lambda: _try_one_row(models), where)


def _severity_problem(models: Models) -> str | None:
    # Here, not above: importing scikit-learn takes a second, which commands that open no bundle can spare.
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer

    if type(models.vectorizer) is not TfidfVectorizer or type(models.severity) is not RandomForestClassifier:
        return "is not a TfidfVectorizer with a RandomForestClassifier"
    if not hasattr(models.vectorizer, "vocabulary_") or not hasattr(models.severity, "classes_"):
        return "is not fitted"
    if not set(models.severity.classes_.tolist()) <= {1, 2, 3, 4, 5}:
        return f"predicts classes {models.severity.classes_.tolist()}, not OCSF severities 1 to 5"
    expected = models.words + len(NAMES)
    if models.severity.n_features_in_ != expected:
        return (
            f"reads {models.severity.n_features_in_} columns, not {models.words} words and "
            f"{len(NAMES)} features"
        )
    return None


def _anomaly_problem(models: Models) -> str | None:
    from sklearn.ensemble import IsolationForest

    if type(models.anomaly) is not IsolationForest or not hasattr(models.anomaly, "estimators_"):
        return "is not a fitted IsolationForest"
    if models.anomaly.n_features_in_ != len(ANOMALY_COLUMNS):
        return f"reads {models.anomaly.n_features_in_} columns, not the {len(ANOMALY_COLUMNS)} for anomalies"
    return None


def _reference_problem(models: Models) -> str | None:
    shapes = {
        "calibration_x": (len(models.calibration_x),),
        "calibration_y": (len(models.calibration_x),),
        "anomaly_reference": (1001,),
        "feature_quantiles": (len(NAMES), 101),
        "missing_share": (len(NAMES),),
    }
    for name, shape in shapes.items():
        if getattr(models, name).shape != shape or 0 in shape:
            return f"{name} has shape {getattr(models, name).shape}, not {shape}"
    for name in ("calibration_x", "calibration_y", "missing_share"):
        if not _between_0_and_1(getattr(models, name)):
            return f"{name} is not within 0 and 1"
    if not (np.diff(models.calibration_x) > 0).all():
        return "calibration_x does not increase"
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
    tfidf = models.vectorizer.transform(["alert"]).toarray().astype(np.float32)
    probability = models.severity.predict_proba(np.hstack([tfidf, X]))
    if (
        not _between_0_and_1(probability)
        or not np.isfinite(models.anomaly.score_samples(X[:, ANOMALY_COLUMNS])).all()
    ):
        raise ValueError("scores are not finite")


def _between_0_and_1(values: Floats) -> bool:
    return bool(((values >= 0.0) & (values <= 1.0)).all())


def _rising(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and (np.diff(values) >= 0).all())


def _arrays(content: bytes) -> dict[str, Floats]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name].astype(np.float64, casting="safe") for name in archive.files}


def _bytes(write: Callable[[io.BytesIO], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _opened(call: Callable[[], Any], path: Path) -> Any:
    try:
        return call()
    except Exception as error:  # an unpickled object may raise anything whatever
        reason = " ".join(str(error).split())[:200]
        raise _refused(path, f"cannot be used ({type(error).__name__}: {reason})") from error


def _refused(path: Path, reason: str) -> BundleRefused:
    return BundleRefused(f"{path}: {reason}: train again")
