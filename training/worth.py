"""Fitting worth: P(true positive) from rows of which somebody knows, chosen and calibrated out of fold.

The rows of one attack phase, and those of one stretch of quiet time, are held out together: what is measured
is a phase that the model has never seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from enrich.errors import CorpusRefused
from enrich.features import ANOMALY_COLUMNS, NAMES, head_of
from enrich.forest import Floats, Matrix
from enrich.vocabulary import WHOLE, Part, Vocabulary
from enrich.worth import FURTHEST, Worth
from training.calibrate import KNOWN_SHARE_MIN
from training.fit import WORD
from training.units import HOUR_MS, Flags, Places, spread

# Attacks of a corpus come at the hours at which somebody played them: the clock would give them away.
CLOCK: Final = frozenset(("hour_sin", "hour_cos", "weekend", "office_hours"))
COLUMNS: Final = np.array([c for c in ANOMALY_COLUMNS if NAMES[c] not in CLOCK], dtype=np.int64)
BLOCK_MS: Final = 12 * HOUR_MS
FOLDS: Final = 7
# Inverse strengths of the penalty that are tried. Below .03 the average precision over held-out phases of
# AIT-ADS still grows (.38 to .44 at .001), but no phase more is caught, and more escalations are false.
PENALTIES: Final = (0.03, 0.1, 0.3, 1.0)
WORD_UNITS: Final = 2
# Fewer true positives than this, each a unit, and nothing is learnt.
UNITS_MIN: Final = 20


class Known(NamedTuple):
    """n rows in time order of which somebody knows whether they were an attack, one of them or more.

    texts: ``features.text_of``. X: (n, k). true: whether it was. attack: the phase or type, "" for none.
    unit: see ``training.units``.
    """

    texts: Sequence[str]
    X: Matrix
    true: Flags
    attack: Sequence[str]
    unit: Places
    time_ms: npt.NDArray[np.int64]

    def where(self, chosen: Flags) -> "Known":
        """Return the rows for which ``chosen`` holds."""
        places = np.flatnonzero(chosen).tolist()
        texts, attack = [self.texts[i] for i in places], [self.attack[i] for i in places]
        return Known(
            texts, self.X[chosen], self.true[chosen], attack, self.unit[chosen], self.time_ms[chosen]
        )


class Learnt(NamedTuple):
    """worth: fitted on all rows. penalty: as chosen. held_out: (n,) probabilities out of fold, calibrated.

    average_precision: of the units' first rows out of fold, by penalty.
    """

    worth: Worth
    penalty: float
    held_out: Floats
    average_precision: dict[float, float]


def learnt(known: Known, label_source: str) -> Learnt:
    """Choose, calibrate and fit. Raises CorpusRefused where too little is known."""
    true_units = len(np.unique(known.unit[known.true]))
    false_units = len(np.unique(known.unit[~known.true]))
    if min(true_units, false_units) < UNITS_MIN:
        raise CorpusRefused(
            f"{label_source}: {true_units} true and {false_units} false findings (a rule on an entity in an "
            f"hour is one); worth needs {UNITS_MIN} of each: give more verdicts"
        )
    fold = folds(known.attack, known.time_ms)
    first = np.zeros(len(known.unit), dtype=np.bool_)
    first[np.unique(known.unit, return_index=True)[1]] = True
    raw = {penalty: _held_out(known, fold, penalty, label_source) for penalty in PENALTIES}
    scores = {
        penalty: float(average_precision_score(known.true[first], found[first]))
        for penalty, found in raw.items()
    }
    penalty = max(PENALTIES, key=lambda one: scores[one])
    slope, offset = _curve(known, raw[penalty])
    fitted = calibrated(_fit(known, penalty, label_source), slope, offset)
    held_out = 1.0 / (1.0 + np.exp(-(slope * raw[penalty] + offset)))
    return Learnt(fitted, penalty, held_out, scores)


def folds(attack: Sequence[str], time_ms: npt.NDArray[np.int64]) -> Places:
    """Return a fold, 0 to FOLDS - 1, for each row: no attack phase is in two, nor half a day without one."""
    phases = {name: place % FOLDS for place, name in enumerate(dict.fromkeys(filter(None, attack)))}
    start = int(time_ms.min()) if len(time_ms) else 0
    blocks = ((time_ms - start) // BLOCK_MS % FOLDS).tolist()
    return np.array(
        [phases[name] if name else block for name, block in zip(attack, blocks, strict=True)], dtype=np.intp
    )


def calibrated(worth: Worth, slope: float, offset: float) -> Worth:
    """Return it with the logistic curve slope x log odds + offset worked into its figures."""
    return replace(
        worth,
        words=slope * worth.words,
        numbers=slope * worth.numbers,
        intercept=slope * worth.intercept + offset,
        _texts={},
    )


def log_odds(worth: Worth, known: Known) -> Floats:
    """Return its log odds for rows, those of unknown rules too, without bound."""
    said = replace(worth, known_share_min=0.0, _texts={})
    words = said._of_words(known.texts)
    return np.array([each or 0.0 for each in words]) + said._of_numbers(known.X)


def _held_out(known: Known, fold: Places, penalty: float, source: str) -> Floats:
    found = np.zeros(len(fold))
    for number in np.unique(fold).tolist():
        away = fold == number
        rest = known.where(~away)
        found[away] = log_odds(_fit(rest, penalty, source), known.where(away))
    return found


def _fit(known: Known, penalty: float, source: str) -> Worth:
    kept, weight = spread(known.unit)
    rows, weight = known.where(kept), weight[kept]
    heads = [head_of(text) for text in rows.texts]
    first = np.unique(rows.unit, return_index=True)[1].tolist()
    vectorizer = TfidfVectorizer(min_df=WORD_UNITS, sublinear_tf=True, token_pattern=WORD, dtype=np.float32)
    vectorizer.fit([heads[place] for place in first])
    words = vectorizer.transform(heads).toarray().astype(np.float64)
    columns, mean, scale = _scales(rows.X)
    numbers = np.clip((rows.X[:, columns].astype(np.float64) - mean) / scale, -FURTHEST, FURTHEST)
    both = np.hstack([words, np.nan_to_num(numbers, nan=0.0) * _NUMBERS_WEIGHT])
    model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=3_000)
    model.fit(both, rows.true, sample_weight=weight)
    coefficients = model.coef_[0].astype(np.float64)
    return Worth(
        label_source=source,
        vocabulary=Vocabulary((Part(WHOLE, vectorizer, 1.0),)),
        words=coefficients[: words.shape[1]],
        columns=columns,
        mean=mean,
        scale=scale,
        numbers=coefficients[words.shape[1] :] * _NUMBERS_WEIGHT,
        intercept=float(model.intercept_[0]),
        known_share_min=KNOWN_SHARE_MIN,
    )


# Beside words, whose tf-idf is below 1, a column of unit variance would bear the penalty too lightly.
_NUMBERS_WEIGHT: Final = 0.5


def _scales(X: Matrix) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Return the columns that vary, and mean and standard deviation of what is there of each."""
    columns, means, scales = [], [], []
    for column in COLUMNS.tolist():
        there = X[:, column][~np.isnan(X[:, column])].astype(np.float64)
        if len(there) and (scale := float(there.std())) > 1e-6:
            columns.append(column)
            means.append(float(there.mean()))
            scales.append(scale)
    return np.array(columns, dtype=np.int64), np.array(means), np.array(scales)


def _curve(known: Known, found: Floats) -> tuple[float, float]:
    """Return slope and offset of the logistic curve over held-out log odds, a unit weighing once."""
    kept, weight = spread(known.unit)
    bounded = np.clip(found[kept], -20.0, 20.0)[:, None]
    fit = LogisticRegression(C=1e3, max_iter=1_000).fit(bounded, known.true[kept], sample_weight=weight[kept])
    # A slope below 0 would rank upside down: then nothing was learnt, and the base rate remains.
    return max(float(fit.coef_[0, 0]), 0.0), float(fit.intercept_[0])
