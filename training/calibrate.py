"""Calibration and reference, on rows that come after the training rows and before the test rows."""

from dataclasses import replace
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from enrich.features import ANOMALY_COLUMNS
from enrich.forest import Floats, Matrix
from enrich.heads import Head
from enrich.score import ANY, Models
from enrich.vocabulary import WHOLE, Part, Vocabulary
from training.dataset import Classes, Dataset, Flags
from training.fit import Fitted

REFERENCE_STEPS: Final = 1001
FEATURE_STEPS: Final = 101
# A text of which three words in ten are strange is outside what the models know. Measured with bootstrap
# models: all generated alerts are inside, of AIT alert names .92, of real Suricata signatures .59, of the
# titles of four public rule sets .26 to .31. A fresh machine has no foreign alerts to choose it better by.
KNOWN_SHARE_MIN: Final = 0.7
# Nobody is surer than a hold-out allows: where 98 of 98 were right, the next is with (98 + 1) / (98 + 2).
MOST_SURE: Final = 0.99
CURVE_STEPS: Final = 101
# As good as no penalty; it only keeps the fit finite where all sure rows are right.
CURVE_STRENGTH: Final = 1_000.0


def calibrated(fitted: Fitted, data: Dataset, label_source: str, bootstrap: bool) -> Models:
    """Return all that a bundle carries, with what these rows, unseen in fitting, say of the models.

    ``bundle_id`` is empty until it is written. Byte-identical repeats do not count for the calibration,
    but they do for the reference: an alert is unusual among what arrives.
    """
    draft = Head(
        label_source=label_source,
        vocabulary=Vocabulary((Part(WHOLE, fitted.vectorizer, 1.0),)),
        severity=fitted.severity,
        calibration_x=np.array([0.0, 1.0]),
        calibration_y=np.array([0.0, 1.0]),
        known_share_min=KNOWN_SHARE_MIN,
    )
    once = data.where(~data.repeat)
    classes, highest, known = predicted(draft, once)
    inside = known >= KNOWN_SHARE_MIN
    x, y = isotonic(highest[inside], (classes == once.label)[inside])
    return Models(
        heads=(replace(draft, calibration_x=x, calibration_y=y),),
        formats={ANY: label_source},
        anomaly=fitted.anomaly,
        anomaly_reference=np.quantile(
            -fitted.anomaly.score_samples(data.X[:, ANOMALY_COLUMNS]), np.linspace(0, 1, REFERENCE_STEPS)
        ),
        feature_quantiles=feature_quantiles(data.X),
        missing_share=np.isnan(data.X).mean(axis=0, dtype=np.float64),
        bundle_id="",
        bootstrap=bootstrap,
    )


def predicted(head: Head, data: Dataset) -> tuple[Classes, Floats, Floats]:
    """Return the class 1-5, its uncalibrated probability and the share of known words."""
    said = head.of(data.texts, data.X)
    best = said.probability.argmax(axis=1)
    return head.classes[best], said.probability[np.arange(len(data)), best], said.known


def isotonic(probability: Floats, right: Flags) -> tuple[Floats, Floats]:
    """Return the corner points of the rising function that fits best, for np.interp: x increases."""
    fit = IsotonicRegression(y_min=1 - MOST_SURE, y_max=MOST_SURE, out_of_bounds="clip")
    fit.fit(probability, right.astype(np.float64))
    x = fit.X_thresholds_.astype(np.float64)
    first = np.concatenate([[True], np.diff(x) > 0])
    return x[first], fit.y_thresholds_.astype(np.float64)[first]


def logistic(probability: Floats, right: Flags) -> tuple[Floats, Floats]:
    """Return CURVE_STEPS corner points of the logistic curve on log odds that fits best, for np.interp.

    For hundreds of rows: two numbers are fitted, so that it holds in the next year too. On Sigma's last
    window before 2024, learned from the two before it: ECE .040, of ``isotonic`` .053, of neither .181.
    """
    x = np.linspace(0.0, 1.0, CURVE_STEPS)
    if not 0 < right.sum() < len(right):
        return x, np.full(CURVE_STEPS, np.clip(right.mean() if len(right) else 0.5, 1 - MOST_SURE, MOST_SURE))
    fit = LogisticRegression(C=CURVE_STRENGTH).fit(_log_odds(probability)[:, None], right)
    slope = max(0.0, float(fit.coef_[0, 0]))  # surer must never mean worse
    if not slope:
        return x, np.full(CURVE_STEPS, np.clip(right.mean(), 1 - MOST_SURE, MOST_SURE))
    y: Floats = 1 / (1 + np.exp(-(slope * _log_odds(x) + float(fit.intercept_[0]))))
    return x, np.clip(y, 1 - MOST_SURE, MOST_SURE)


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, 0.001, 0.999)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def feature_quantiles(X: Matrix) -> Floats:
    """Return (k, 101) quantiles, NaN left out; a column that is NaN throughout stays NaN."""
    steps = np.linspace(0, 1, FEATURE_STEPS)
    columns = (column[~np.isnan(column)] for column in X.T.astype(np.float64))
    return np.array(
        [np.quantile(column, steps) if len(column) else np.full(FEATURE_STEPS, np.nan) for column in columns]
    )
