"""Models of severity that read texts: a candidate of the table, fitted to rows."""

from typing import Any, Final

import numpy as np
import scipy.sparse as sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from enrich.errors import CorpusRefused
from enrich.forest import Floats
from enrich.linear import Linear
from enrich.vocabulary import Vocabulary
from training.candidates import Candidate
from training.rounds import Classes, Labelled, with_bare
from training.text_columns import matrix, vocabulary

# Distances from an SVM's planes are no log odds; three times them come near. Calibration does the rest.
SVM_SCALE: Final = 3.0
TREES: Final = 100
BOOSTING_WORDS: Final = 300
# What is common to all vendors counts half beside what is a vendor's own (Daumé III, "Frustratingly Easy
# Domain Adaptation", 2007).
SHARED: Final = 0.5


def fit(rows: Labelled, others: Labelled | None, candidate: Candidate, seed: int) -> tuple[Vocabulary, Any]:
    """Fit a candidate to these rows, whole and bare, and to other vendors'.

    Returns what it reads, and a ``Linear`` or what has ``classes_`` and ``predict_proba`` of ``matrix``.
    Raises CorpusRefused where there is one class only, or no word twice.
    """
    if len(set(rows.label.tolist())) < 2:
        raise CorpusRefused(f"all {len(rows)} rows have one severity: nothing can be learned of it")
    whole, rows = rows.texts, with_bare(rows)
    theirs = others.texts if others else ()
    texts = [*rows.texts, *theirs]
    if rows.X is None:  # rules, which are public
        own = vocabulary(texts, candidate.reads)
    else:
        own = vocabulary([*whole, *theirs], candidate.reads, rows.texts[len(whole) :])
    if not len(own.parts):
        raise CorpusRefused(f"no word stands in two of {len(rows)} rows: nothing can be learned of them")
    X = matrix(own.read(texts), len(own))
    weight = "balanced" if candidate.balanced else None
    if candidate.kind == "forest":
        forest = RandomForestClassifier(
            TREES, max_features=0.02, class_weight="balanced_subsample", random_state=seed, n_jobs=1
        )
        return own, forest.fit(X[: len(rows)], rows.label)
    if candidate.kind == "boosting":
        return own, _Boosting(X[: len(rows)], rows.label, seed)
    if candidate.kind == "svm":
        svm = LinearSVC(C=candidate.strength, class_weight=weight, random_state=seed)
        return own, _linear(svm.fit(X[: len(rows)], rows.label), SVM_SCALE)
    model = LogisticRegression(C=candidate.strength, class_weight=weight, max_iter=300)
    if others is None:
        return own, _linear(model.fit(X, rows.label), 1.0)
    return own, _adapted(model, X, rows, others, candidate.others)


def _adapted(model: LogisticRegression, X: Any, rows: Labelled, others: Labelled, weight: float) -> Linear:
    """Return the rows' own model, of columns that are shared with others and columns of their own."""
    mine, theirs = X[: len(rows)], X[len(rows) :]
    known = np.isin(others.label, rows.label)  # their classes are no classes here
    theirs = theirs[known]
    blank_mine, blank_theirs = sparse.csr_matrix(mine.shape), sparse.csr_matrix(theirs.shape)
    both = sparse.vstack(
        [
            sparse.hstack([SHARED * mine, mine, blank_mine]),
            sparse.hstack([SHARED * theirs, blank_theirs, theirs]),
        ]
    ).tocsr()
    weights = np.concatenate([np.ones(len(rows)), np.full(theirs.shape[0], weight)])
    label = np.concatenate([rows.label, others.label[known]])
    all_columns = _linear(model.fit(both, label, sample_weight=weights), 1.0)
    shared, own, _ = np.split(all_columns.coefficients, 3)
    return Linear(all_columns.classes_, SHARED * shared + own, all_columns.intercepts)


def _linear(model: Any, scale: float) -> Linear:
    coefficients, intercepts = scale * model.coef_.T, scale * model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one column of the two
        coefficients = np.hstack([-coefficients / 2, coefficients / 2])
        intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
    return Linear(
        model.classes_.astype(np.int64),
        np.ascontiguousarray(coefficients, dtype=np.float64),
        intercepts.astype(np.float64),
    )


class _Boosting:
    """Gradient boosting over the commonest words, dense: more columns take minutes."""

    def __init__(self, X: Any, label: Classes, seed: int) -> None:
        self._columns = np.sort(np.argsort(-X.getnnz(axis=0), kind="stable")[:BOOSTING_WORDS])
        model = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed)
        self._model = model.fit(X[:, self._columns].toarray(), label)
        self.classes_ = model.classes_

    def predict_proba(self, X: Any) -> Floats:
        """Return (n, c)."""
        told: Floats = self._model.predict_proba(X[:, self._columns].toarray())
        return told
