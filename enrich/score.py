"""The models' view of a batch: severity, anomaly and confidence of every row.

Each row's numbers depend on that row alone, never on the batch it came in: models run with ``n_jobs=1`` and
one BLAS thread, and a test compares their bits at batch 1, 7, 64 and 1,000.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.features import ANOMALY_COLUMNS, NAMES, TOLD_COLUMNS
from enrich.forest import Floats, Isolation, Matrix, Shares
from enrich.row import Anomaly, AnomalyPart, Confidence, Row, Score, Severity
from enrich.words import Words

# The middle of each OCSF class on the 0-100 scale: class c covers 20(c-1) to 20c.
CLASS_SCORE: Final = {1: 10.0, 2: 30.0, 3: 50.0, 4: 70.0, 5: 90.0}
# An unstated, unscored alert is treated as low: seen in the enriched topic, never escalated by itself.
DEFAULT_CLASS: Final = 2
# Anomaly parts are told from here on: below, nothing is unusual that could be explained.
PARTS_FROM: Final = 0.8
# A feature is named as a part when at most this share of the reference is as extreme.
PART_SHARE: Final = 0.1
PARTS: Final = 3
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
    # Plain Python numbers from here on: row by row they are faster than numpy's, and orjson takes no others.
    columns = zip(
        order,
        classes[best].tolist(),
        _expected(probability, classes).tolist(),
        rounded(confident, 4),
        (known >= models.known_share_min).tolist(),
        anomalies,
        strict=True,
    )
    source = models.label_source
    unknown = Confidence(None, "insufficient data", source)
    scores: list[Any] = [None] * len(rows)
    for i, model_id, expected, sure, in_domain, unusual in columns:
        scores[i] = Score(
            combine(rows[i].alert.severity_id, model_id, expected, in_domain),
            unusual,
            Confidence(sure, "measured", source) if in_domain else unknown,
        )
    return scores


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
    if stated_id is None:
        if model_id is None or model_score is None:
            return Severity(DEFAULT_CLASS, CLASS_SCORE[DEFAULT_CLASS], None, None, None, "default")
        return Severity(model_id, model_score, None, model_id, model_score, "model")
    if in_domain and model_id is not None and model_score is not None and model_id > stated_id:
        return Severity(model_id, model_score, stated_id, model_id, model_score, "model")
    return Severity(stated_id, CLASS_SCORE[stated_id], stated_id, model_id, model_score, "stated")


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
    sparse = words.weights(texts)
    indices, weights, ends = sparse.indices, sparse.data.astype(np.float32), sparse.indptr.tolist()
    for text, start, end in zip(texts, ends[:-1], ends[1:], strict=True):
        # Views: a batch's texts are forgotten together.
        yield Read(words.share(text.split("\n", 2)[:2]), indices[start:end], weights[start:end])


def rounded(values: Floats, digits: int) -> list[float]:
    """Return what ``round(value, digits)`` gives for each, at a tenth of its price. values: 0 to 1e6.

    >>> rounded(np.array([0.00005, 2.675, 0.12345]), 4) == [round(x, 4) for x in (0.00005, 2.675, 0.12345)]
    True
    """
    scaled = values * 10.0**digits
    whole = np.rint(scaled)
    # A whole number by a power of ten is the float nearest to that decimal, which is what round() returns.
    result: list[float] = (whole / 10.0**digits).tolist()
    for i in np.flatnonzero(np.abs(np.abs(scaled - whole) - 0.5) < 1e-4):  # scaling may have crossed a tie
        result[i] = round(float(values[i]), digits)
    return result


def anomaly(X: Matrix, models: Models) -> list[Anomaly]:
    """Return for each row the share of reference alerts less unusual, and what is rare in it."""
    unusual = models._isolation.of(X[:, ANOMALY_COLUMNS])
    reference = models.anomaly_reference
    share = np.interp(unusual, reference, np.linspace(0.0, 1.0, len(reference)))
    parts: dict[int, tuple[AnomalyPart, ...]] = {}
    told = np.flatnonzero(share >= PARTS_FROM)
    if len(told):
        tails = rarity(X[told], models)
        order = np.argsort(tails, axis=1, kind="stable")[:, :PARTS]
        for i, row in enumerate(told):
            parts[int(row)] = tuple(
                _part(X, int(row), int(TOLD_COLUMNS[c]), float(tails[i, c]))
                for c in order[i]
                if tails[i, c] <= PART_SHARE
            )
    return [Anomaly(each, parts.get(i, ())) for i, each in enumerate(rounded(share, 4))]


def rarity(X: Matrix, models: Models) -> Floats:
    """Return the share of the reference at least as extreme as each value, shape (n, TOLD_COLUMNS)."""
    tails = np.empty((len(X), len(TOLD_COLUMNS)))
    for position, column in enumerate(TOLD_COLUMNS):
        quantiles, values = models.feature_quantiles[column], X[:, column]
        steps = len(quantiles)
        below = np.searchsorted(quantiles, values, side="right") / steps
        above = 1.0 - np.searchsorted(quantiles, values, side="left") / steps
        present = 1.0 - models.missing_share[column]
        tails[:, position] = np.where(
            np.isnan(values), models.missing_share[column], np.minimum(below, above) * present
        )
    return tails


def _part(X: Matrix, row: int, column: int, share: float) -> AnomalyPart:
    value = float(X[row, column])
    return AnomalyPart(NAMES[column], None if value != value else round(value, 4), round(share, 4))
