"""The files of a bundle: models to bytes, and verified bytes to models."""

import io
from collections.abc import Callable, Mapping
from copy import copy
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np

from enrich.forest import Floats
from enrich.heads import Head
from enrich.linear import Labels, Linear
from enrich.score import Models
from enrich.techniques import Techniques
from enrich.vocabulary import Part, Vocabulary
from enrich.worth import Worth
from models.manifest import HeadFacts, Manifest, TechniquesFacts, WorthFacts
from models.pickled import dumped
from models.sound import ANOMALY, REFERENCE, SEVERITY, TECHNIQUES, WORTH, check, opened, refused

# What every bundle has.
FILES: Final = (SEVERITY, ANOMALY, REFERENCE)
ARRAYS: Final = ("anomaly_reference", "feature_quantiles", "missing_share")
# Of each head, named "calibration_x.sigma".
CURVE: Final = ("calibration_x", "calibration_y")
_WORTH: Final = ("words", "columns", "mean", "scale", "numbers", "intercept")
_LINEAR: Final = ("classes_", "coefficients", "intercepts")
_LABELS: Final = ("uids", "starts", "labels", "values", "intercepts", "slope", "offset")


def names(manifest: Manifest) -> set[str]:
    """Return the files that a bundle with this manifest has."""
    more = ((TECHNIQUES, manifest.techniques), (WORTH, manifest.worth))
    return {*FILES, *(name for name, facts in more if facts is not None)}


def head_facts(models: Models) -> tuple[HeadFacts, ...]:
    """Return what the manifest says of the heads."""
    return tuple(
        HeadFacts(
            label_source=head.label_source,
            kind="linear" if head.kind == "linear" else "forest",
            known_share_min=head.known_share_min,
            words=len(head.vocabulary),
        )
        for head in models.heads
    )


def technique_facts(models: Models) -> TechniquesFacts | None:
    """Return what the manifest says of the guesses."""
    found = models.techniques
    if found is None:
        return None
    return TechniquesFacts(
        number=len(found.labels.uids),
        least=found.least,
        known_share_min=found.known_share_min,
        words=len(found.vocabulary),
    )


def worth_facts(models: Models) -> WorthFacts | None:
    """Return what the manifest says of the worth."""
    found = models.worth
    if found is None:
        return None
    return WorthFacts(
        label_source=found.label_source,
        known_share_min=found.known_share_min,
        words=len(found.vocabulary),
    )


def encoded(models: Models) -> dict[str, bytes]:
    """Return the files' contents by name. Models fitted in the same way give equal bytes, in any process."""
    heads = {
        head.label_source: {"vocabulary": _parts(head.vocabulary), "severity": _severity(head)}
        for head in models.heads
    }
    arrays = {name: getattr(models, name) for name in ARRAYS}
    arrays |= {f"{name}.{head.label_source}": getattr(head, name) for head in models.heads for name in CURVE}
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
    files = {
        SEVERITY: dumped(heads),
        ANOMALY: dumped(models.anomaly),
        REFERENCE: _bytes(lambda file: np.savez(file, allow_pickle=False, **arrays)),
    }
    found = models.techniques
    if found is not None:
        guesses = {name: getattr(found.labels, name) for name in _LABELS}
        whole = {"vocabulary": _parts(found.vocabulary), "labels": guesses}
        files[TECHNIQUES] = dumped(whole)
    if models.worth is not None:
        odds = {name: getattr(models.worth, name) for name in _WORTH}
        sure = {"vocabulary": _parts(models.worth.vocabulary), "odds": odds}
        files[WORTH] = dumped(sure)
    return files


def _parts(vocabulary: Vocabulary) -> list[tuple[int | None, Any, float]]:
    return [(part.line, _plain(part.vectorizer), part.weight) for part in vocabulary.parts]


def _vocabulary(parts: list[tuple[int | None, Any, float]]) -> Vocabulary:
    return Vocabulary(tuple(Part(*each) for each in parts))


def _plain(vectorizer: Any) -> Any:
    vectorizer = copy(vectorizer)
    # Where in memory scikit-learn last saw the stop words: no fact of the model, and it can do without.
    vars(vectorizer).pop("_stop_words_id", None)
    return vectorizer


def _severity(head: Head) -> Any:
    # As plain arrays: a pickle that names our own classes could not be read once they are called otherwise.
    model = head.severity
    return {name: getattr(model, name) for name in _LINEAR} if isinstance(model, Linear) else model


def decoded(files: Mapping[str, bytes], manifest: Manifest, bundle_id: str, where: Path) -> Models:
    """Build the models from bytes that were verified: unpickling runs code, so nothing else may come here.

    Raises BundleRefused, naming the file under ``where``.
    """
    texts = opened(lambda: dict(joblib.load(io.BytesIO(files[SEVERITY]))), where / SEVERITY)
    anomaly = opened(lambda: joblib.load(io.BytesIO(files[ANOMALY])), where / ANOMALY)
    arrays = opened(lambda: _arrays(files[REFERENCE]), where / REFERENCE)
    curves = [f"{name}.{head.label_source}" for head in manifest.heads for name in CURVE]
    if set(arrays) != {*ARRAYS, *curves}:
        raise refused(where / REFERENCE, f"does not hold {', '.join((*ARRAYS, *curves))}")
    if list(texts) != [head.label_source for head in manifest.heads]:
        raise refused(where / SEVERITY, "does not hold a vectorizer and a severity model for each head")
    models = Models(
        heads=opened(lambda: _heads(texts, arrays, manifest), where / SEVERITY),
        formats=manifest.formats,
        anomaly=anomaly,
        **{name: arrays[name] for name in ARRAYS},
        bundle_id=bundle_id,
        bootstrap=manifest.bootstrap,
        techniques=opened(lambda: _techniques(files, manifest), where / TECHNIQUES),
        worth=opened(lambda: _worth(files, manifest), where / WORTH),
    )
    check(models, where)
    # One row's scores must not hang on the batch it is in; stdout belongs to events.
    for model in (models.anomaly, *(head.severity for head in models.heads if head.kind == "forest")):
        model.n_jobs = 1
        model.verbose = 0
    return models


def _heads(texts: Mapping[str, Any], arrays: Mapping[str, Floats], manifest: Manifest) -> tuple[Head, ...]:
    heads = []
    for facts in manifest.heads:
        name = facts.label_source
        found = texts[name]
        model = found["severity"]
        head = Head(
            label_source=name,
            vocabulary=_vocabulary(found["vocabulary"]),
            severity=Linear(**model) if isinstance(model, dict) else model,
            calibration_x=arrays[f"calibration_x.{name}"],
            calibration_y=arrays[f"calibration_y.{name}"],
            known_share_min=facts.known_share_min,
        )
        if head.kind != facts.kind:
            raise ValueError(f"head {name} is {head.kind}, the manifest says {facts.kind}")
        heads.append(head)
    return tuple(heads)


def _worth(files: Mapping[str, bytes], manifest: Manifest) -> Worth | None:
    facts = manifest.worth
    if facts is None:
        return None
    found = joblib.load(io.BytesIO(files[WORTH]))
    return Worth(
        label_source=facts.label_source,
        vocabulary=_vocabulary(found["vocabulary"]),
        **found["odds"],
        known_share_min=facts.known_share_min,
    )


def _techniques(files: Mapping[str, bytes], manifest: Manifest) -> Techniques | None:
    facts = manifest.techniques
    if facts is None:
        return None
    found = joblib.load(io.BytesIO(files[TECHNIQUES]))
    return Techniques(
        vocabulary=_vocabulary(found["vocabulary"]),
        labels=Labels(**found["labels"]),
        least=facts.least,
        known_share_min=facts.known_share_min,
    )


def _arrays(content: bytes) -> dict[str, Floats]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name].astype(np.float64, casting="safe") for name in archive.files}


def _bytes(write: Callable[[io.BytesIO], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()
