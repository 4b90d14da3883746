"""Fitting: text and numbers to severity, numbers alone to the anomaly forest.

Sizes were measured on 14,500 synthetic alerts, two cores (docs/decisions/0005-bootstrap-models.md).
"""

from typing import Final, NamedTuple

import numpy as np
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer

from enrich.features import ANOMALY_COLUMNS
from training.dataset import Dataset

# Every word of at least 2 training alerts is known (about 770): what is known decides whether the models may
# speak at all. Pairs of words were measured too: 150 of them change macro-F1 by less than two seeds differ.
WORDS: Final = 800
WORD_ROWS: Final = 2
TREES: Final = 100
# Depth 24 with 3 rows a leaf: 13 MB and 16 µs an alert; unbounded trees: 34 MB, 29 µs, accuracy +.002.
DEPTH: Final = 24
LEAF: Final = 3
# Share of the columns tried at a split. The default, a square root (29 of 860), mostly meets words that the
# text does not have: macro-F1 .02 to .05 less. At .20 a quarter more time to fit and nothing gained.
COLUMNS: Final = 0.15
ANOMALY_TREES: Final = 100
ANOMALY_SAMPLES: Final = 256
FIT_JOBS: Final = 2
# A word begins with a letter: numbers in log lines are ports, process ids and clock times.
WORD: Final = r"(?u)\b[^\W\d]\w+\b"


class Fitted(NamedTuple):
    """Models that answer the same for a row whatever batch it is in: ``n_jobs`` is 1."""

    vectorizer: TfidfVectorizer
    severity: RandomForestClassifier
    anomaly: IsolationForest


def fit(data: Dataset, seed: int) -> Fitted:
    """Fit on these rows. The same rows and seed give the same models, bit for bit.

    Of byte-identical alerts the severity model sees the first and the last, with the history before each:
    with all of them floods weigh too much, with the first alone it overrates floods (accuracy over all rows
    .76 instead of .86). The anomaly forest sees the first: what floods in must not become what is usual.
    """
    data = data.where(~data.middle)
    vectorizer = TfidfVectorizer(
        max_features=WORDS, min_df=WORD_ROWS, sublinear_tf=True, token_pattern=WORD, dtype=np.float32
    )
    vectorizer.fit(data.texts)
    words = vectorizer.transform(data.texts).toarray()
    severity = RandomForestClassifier(
        TREES,
        max_depth=DEPTH,
        min_samples_leaf=LEAF,
        max_features=COLUMNS,
        class_weight="balanced_subsample",
        random_state=seed,
        n_jobs=FIT_JOBS,
    )
    severity.fit(np.hstack([words, data.X]), data.label)
    severity.n_jobs = 1  # two threads add up the trees' votes in either order: other bits each time
    anomaly = IsolationForest(
        n_estimators=ANOMALY_TREES, max_samples=ANOMALY_SAMPLES, random_state=seed, n_jobs=1
    )
    anomaly.fit(data.X[~data.repeat][:, ANOMALY_COLUMNS])
    return Fitted(vectorizer, severity, anomaly)
