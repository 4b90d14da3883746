"""The models' view of a batch: severity, anomaly and confidence of every row.

Each row's numbers depend on that row alone, never on the batch it came in: models run with ``n_jobs=1`` and
one BLAS thread, and a test compares their bits at batch 1, 7, 64 and 1,000.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.features import ANOMALY_COLUMNS
from enrich.forest import Floats, Isolation, Matrix, Shares
from enrich.rarity import parts
from enrich.rounded import rounded
from enrich.row import Anomaly, Confidence, Row, Score, Severity
from enrich.words import Words

# The middle of each OCSF class on the 0-100 scale: class c covers 20(c-1) to 20c.
CLASS_SCORE: Final = {1: 10.0, 2: 30.0, 3: 50.0, 4: 70.0, 5: 90.0}
# An unstated, unscored alert is treated as low: seen in the enriched topic, never escalated by itself.
DEFAULT_CLASS: Final = 2
# Anomaly parts are told from here on: below, nothing is unusual that could be explained.
PARTS_FROM: Final = 0.8
TEXT_CACHE: Final = 4096


class Read(NamedTuple):
    """A text that was read. known: share of known words in its head, 0-1. weights: tf-idf of the columns."""

    known: float
    columns: npt.NDArray[np.int32]
    weights: Matrix


@dataclass(frozen=True)
class Models:
    """All that a bundle carries for scoring, k = len(FEATURES) columns, v = size of the vocabulary.

    vectorizer: fitted TfidfVectorizer over ``features.text_of`` (word n-grams, lower case).
    severity: RandomForestClassifier on float32 [tf-idf (v) | matrix (k)], NaN allowed; classes_ within 1-5.
    calibration_x, calibration_y: highest class probability -> share right on held-out rows; x increases.
    known_share_min: alerts whose title and category have a smaller share of known words are outside what the
        models know, 0-1. What an attacker can write (URL, user agent, command line) has no say in it.
    anomaly: IsolationForest on the matrix's ANOMALY_COLUMNS, NaN allowed.
    anomaly_reference: (1001,) increasing quantiles of ``-score_samples`` on held-out reference alerts.
    feature_quantiles: (k, 101) increasing quantiles of each feature on the reference, NaN left out.
    missing_share: (k,) share of NaN per feature on the reference.
    label_source: what confidence was measured against ("synthetic", "sigma", ...).
    bootstrap: trained by a fresh machine for itself; the context, and so every event, says so.
    """

    vectorizer: Any
    severity: Any
    calibration_x: Floats
    calibration_y: Floats
    known_share_min: float
    anomaly: Any
    anomaly_reference: Floats
    feature_quantiles: Floats
    missing_share: Floats
    label_source: str
    bundle_id: str
    bootstrap: bool
    _texts: dict[str, Read] = field(default_factory=dict, repr=False, compare=False)

    @property
    def words(self) -> int:
        """Size v of the vocabulary."""
        return len(self.vectorizer.vocabulary_)

    @cached_property
    def _reader(self) -> Words:
        return Words(self.vectorizer)

    @cached_property
    def _shares(self) -> Shares:
        return Shares(self.severity)

    @cached_property
    def _isolation(self) -> Isolation:
        return Isolation(self.anomaly)


def score(rows: Sequence[Row], texts: Sequence[str], X: Matrix, models: Models) -> list[Score]:
    """Score a batch. texts and X (n, k) are of these rows, in their order."""
    if not rows:
        return []
    # Rows of like texts take like ways through the trees: side by side they cost a quarter less.
    order = sorted(range(len(texts)), key=texts.__getitem__)
    X = np.asfortranarray(X[order])
    tfidf, known = text_matrix([texts[i] for i in order], models)
    probability = models._shares.of(np.hstack([tfidf, X]))
    anomalies = anomaly(X, models)
    classes = models.severity.classes_
    best = probability.argmax(axis=1)
    highest = probability[np.arange(len(rows)), best]
    confident = np.interp(highest, models.calibration_x, models.calibration_y)
    class_ids = classes[best]
    expected = np.clip(_expected(probability, classes), 20.0 * (class_ids - 1), 20.0 * class_ids)
    # Plain Python numbers from here on: row by row they are faster than numpy's, and orjson takes no others.
    columns = zip(
        order,
        class_ids.tolist(),
        rounded(expected, 1),
        rounded(confident, 4),
        (known >= models.known_share_min).tolist(),
        anomalies,
        strict=True,
    )
    source = models.label_source
    unknown = Confidence(None, "insufficient data", source)
    scores: list[Any] = [None] * len(rows)
    for i, model_id, model_score, sure, in_domain, unusual in columns:
        scores[i] = Score(
            _final(rows[i].alert.severity_id, model_id, model_score, in_domain),
            unusual,
            _measured(sure, source) if in_domain else unknown,
        )
    return scores


# These three have few values, because their numbers have few digits: most are there already.
@lru_cache(16_384)
def _measured(sure: float, source: str) -> Confidence:
    return Confidence(sure, "measured", source)


@lru_cache(16_384)
def _usual(score: float) -> Anomaly:
    return Anomaly(score, ())


@lru_cache(16_384)
def _final(
    stated_id: int | None, model_id: int | None, model_score: float | None, in_domain: bool
) -> Severity:
    if stated_id is None:
        if model_id is None or model_score is None:
            return Severity(DEFAULT_CLASS, CLASS_SCORE[DEFAULT_CLASS], None, None, None, "default")
        return Severity(model_id, model_score, None, model_id, model_score, "model")
    if in_domain and model_id is not None and model_score is not None and model_id > stated_id:
        return Severity(model_id, model_score, stated_id, model_id, model_score, "model")
    return Severity(stated_id, CLASS_SCORE[stated_id], stated_id, model_id, model_score, "stated")


def unscored(row: Row) -> Score:
    """Return the score of a row that no model saw: its stated severity, nothing else."""
    return Score(combine(row.alert.severity_id, None, None, False), None, Confidence(None, "unscored", None))


def combine(
    stated_id: int | None, model_id: int | None, model_score: float | None, in_domain: bool
) -> Severity:
    """Return the final severity: the stated one is the floor, the model may raise it where it knows the text.

    Without a stated severity the model's class stands, also outside its domain (confidence says so).
    """
    if model_score is not None and model_id is not None:
        model_score = round(min(max(model_score, 20.0 * (model_id - 1)), 20.0 * model_id), 1)
    return _final(stated_id, model_id, model_score, in_domain)


def _expected(probability: Floats, classes: npt.NDArray[Any]) -> Floats:
    # Column by column: a dense matrix product may change its bits with the number of rows.
    total = np.zeros(len(probability))
    for column, name in enumerate(classes):
        total += probability[:, column] * CLASS_SCORE[int(name)]
    return total


def text_matrix(texts: Sequence[str], models: Models) -> tuple[Matrix, Floats]:
    """Return tf-idf, shape (n, v), and the share of known words in each text's head, 0-1 (0 without words).

    Alerts repeat: each distinct text is vectorised once and remembered, up to TEXT_CACHE texts.
    """
    cache = models._texts
    new = [text for text in dict.fromkeys(texts) if text not in cache]
    if new:
        if len(cache) + len(new) > TEXT_CACHE:
            cache.clear()
            new = list(dict.fromkeys(texts))
        cache.update(zip(new, _read(new, models._reader), strict=True))
    found = [cache[text] for text in texts]
    columns = [each.columns for each in found]
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in columns])
    # Column by column in memory: trees ask for one column of one row after the other.
    dense = np.zeros((len(texts), models.words), dtype=np.float32, order="F")
    if len(rows):
        dense[rows, np.concatenate(columns)] = np.concatenate([each.weights for each in found])
    return dense, np.array([each.known for each in found])


def _read(texts: Sequence[str], words: Words) -> Iterator[Read]:
    columns, all_weights, ends = words.weights(texts)
    weights = all_weights.astype(np.float32, copy=False)
    for text, start, end in zip(texts, ends[:-1], ends[1:], strict=True):
        # Views: a batch's texts are forgotten together.
        yield Read(words.share(text.split("\n", 2)[:2]), columns[start:end], weights[start:end])


def anomaly(X: Matrix, models: Models) -> list[Anomaly]:
    """Return for each row the share of reference alerts less unusual, and what is rare in it."""
    unusual = models._isolation.of(X[:, ANOMALY_COLUMNS])
    reference = models.anomaly_reference
    share = np.interp(unusual, reference, np.linspace(0.0, 1.0, len(reference)))
    anomalies = [_usual(each) for each in rounded(share, 4)]
    told = np.flatnonzero(share >= PARTS_FROM)
    if len(told):
        rare = parts(X[told], models.feature_quantiles, models.missing_share)
        for i, found in zip(told.tolist(), rare, strict=True):
            if found:
                anomalies[i] = Anomaly(anomalies[i].score, found)
    return anomalies
