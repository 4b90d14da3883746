"""The models' view of a batch: severity, anomaly and confidence of every row.

Each row's numbers depend on that row alone, never on the batch it came in: models run with ``n_jobs=1`` and
one BLAS thread, and a test compares their bits at batch 1, 7, 64 and 1,000.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from enrich.alert import Alert
from enrich.features import ANOMALY_COLUMNS
from enrich.forest import Floats, Isolation, Matrix
from enrich.heads import Head
from enrich.rarity import parts
from enrich.rounded import rounded
from enrich.row import Anomaly, Confidence, Pull, Row, Score, Severity
from enrich.techniques import Techniques
from enrich.worth import Worth

# The middle of each OCSF class on the 0-100 scale: class c covers 20(c-1) to 20c.
CLASS_SCORE: Final = {1: 10.0, 2: 30.0, 3: 50.0, 4: 70.0, 5: 90.0}
# An unstated, unscored alert is treated as low: seen in the enriched topic, never escalated by itself.
DEFAULT_CLASS: Final = 2
# Anomaly parts are told from here on: below, nothing is unusual that could be explained.
PARTS_FROM: Final = 0.8
# The key of ``Models.formats`` that stands for every format.
ANY: Final = "*"


@dataclass(frozen=True)
class Models:
    """All that a bundle carries for scoring, k = len(FEATURES) columns.

    heads: one for each label source. formats: format of an alert -> the label source whose head speaks for
        it; "*" stands for all that are not named. Where nobody speaks, the event says "insufficient data".
    anomaly: IsolationForest on the matrix's ANOMALY_COLUMNS, NaN allowed.
    anomaly_reference: (1001,) increasing quantiles of ``-score_samples`` on held-out reference alerts.
    feature_quantiles: (k, 101) increasing quantiles of each feature on the reference, NaN left out.
    missing_share: (k,) share of NaN per feature on the reference.
    techniques: guesses ATT&CK techniques from what a rule says; None: it does not guess.
    worth: how likely an alert is a true positive; None: nobody has said which were.
    bootstrap: trained by a fresh machine for itself; the context, and so every event, says so.
    """

    heads: tuple[Head, ...]
    formats: Mapping[str, str]
    anomaly: Any
    anomaly_reference: Floats
    feature_quantiles: Floats
    missing_share: Floats
    bundle_id: str
    bootstrap: bool
    techniques: Techniques | None = None
    worth: Worth | None = None

    def head(self, format_: str) -> Head | None:
        """Return the head that speaks for alerts of this format."""
        name = self.formats.get(format_) or self.formats.get(ANY)
        return None if name is None else self._by_source[name]

    @cached_property
    def _by_source(self) -> dict[str, Head]:
        return {head.label_source: head for head in self.heads}

    @cached_property
    def _isolation(self) -> Isolation:
        return Isolation(self.anomaly)


def score(rows: Sequence[Row], texts: Sequence[str], X: Matrix, models: Models) -> list[Score]:
    """Score a batch. texts and X (n, k) are of these rows, in their order."""
    if not rows:
        return []
    # Rows of like texts take like ways through the trees: side by side they cost a quarter less.
    order = sorted(range(len(texts)), key=texts.__getitem__)
    texts, X = [texts[i] for i in order], np.asfortranarray(X[order])
    severities = _severities([rows[i].alert for i in order], texts, X, models)
    guesses = itertools.repeat(()) if models.techniques is None else models.techniques.of(texts)
    worth = itertools.repeat(None) if models.worth is None else models.worth.of(texts, X)
    scores: list[Any] = [None] * len(rows)
    for i, (severity, confidence, pulls), unusual, guessed, sure in zip(
        order, severities, anomaly(X, models), guesses, worth, strict=False
    ):
        scores[i] = Score(severity, unusual, confidence, pulls, guessed, sure)
    return scores


_Severity = tuple[Severity, Confidence, tuple[Pull, ...]]


def _severities(alerts: Sequence[Alert], texts: Sequence[str], X: Matrix, models: Models) -> list[_Severity]:
    """Return what the head of each alert's format says; its stated severity where none speaks for it."""
    heads = {name: models.head(name) for name in {alert.format for alert in alerts}}
    if len(heads) == 1 and (only := next(iter(heads.values()))) is not None:
        return _of_head(only, alerts, texts, X)
    found: list[Any] = [None] * len(alerts)
    places_of: dict[str | None, list[int]] = {}
    for place, alert in enumerate(alerts):
        head = heads[alert.format]
        places_of.setdefault(None if head is None else head.label_source, []).append(place)
    for places in places_of.values():
        own = [alerts[place] for place in places]
        head = heads[own[0].format]
        if head is None:
            told = [_unspoken(alert.severity_id) for alert in own]
        else:
            told = _of_head(head, own, [texts[place] for place in places], X[places])
        for place, each in zip(places, told, strict=True):
            found[place] = each
    return found


def _unspoken(stated_id: int | None) -> _Severity:
    return _final(stated_id, None, None, False), _UNKNOWN, ()


def _of_head(head: Head, alerts: Sequence[Alert], texts: Sequence[str], X: Matrix) -> list[_Severity]:
    name = head.label_source
    unknown = Confidence(None, "insufficient data", name)
    return [
        (
            _final(alert.severity_id, model_id, model_score, in_domain),
            _measured(sure, name) if in_domain else unknown,
            pulls if in_domain else (),
        )
        for alert, (model_id, model_score, sure, in_domain, pulls) in zip(
            alerts, _told(head, texts, X), strict=True
        )
    ]


_UNKNOWN: Final = Confidence(None, "insufficient data", None)


def _told(
    head: Head, texts: Sequence[str], X: Matrix
) -> Iterator[tuple[int, float, float, bool, tuple[Pull, ...]]]:
    """Return an iterator over: class, 0-100, confidence, whether the head knows the text, and its reasons."""
    said = head.of(texts, X)
    probability, classes = said.probability, head.classes
    best = probability.argmax(axis=1)
    highest = probability[np.arange(len(texts)), best]
    class_ids = classes[best]
    expected = np.clip(_expected(probability, classes), 20.0 * (class_ids - 1), 20.0 * class_ids)
    # Plain Python numbers from here on: row by row they are faster than numpy's, and orjson takes no others.
    return zip(
        class_ids.tolist(),
        rounded(expected, 1),
        rounded(np.interp(highest, head.calibration_x, head.calibration_y), 4),
        (said.known >= head.known_share_min).tolist(),
        said.pulls,
        strict=True,
    )


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
