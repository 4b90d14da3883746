"""SHAP values of linear models in closed form, and their summary over rows: no sampling, no package.

With features taken as independent (interventional), the value of feature j for a row x is
coefficient_j x (x_j - mean_j), the mean over background rows (Lundberg and Lee 2017, "A Unified Approach to
Interpreting Model Predictions", corollary 1; ``shap.LinearExplainer`` computes the same).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from enrich.forest import Floats

Sparse = Any


class Moving(NamedTuple):
    """A column, and how far it moves the score of a class: mean |SHAP| over rows, in log odds.

    speaks_for: its presence adds to the score; else it takes off.
    """

    severity: int
    column: int
    moved: float
    speaks_for: bool


def beside(coefficients: Floats) -> Floats:
    """Return coefficients (v, c) less their mean over classes: softmax knows differences only."""
    less: Floats = coefficients - coefficients.mean(axis=1, keepdims=True)
    return less


def distances(X: Sparse, mean: Floats) -> Floats:
    """Return (v,) the mean of |x - mean| over the rows of a CSR matrix, each value stored once.

    What is not stored is 0, and as far from the mean as the mean is from 0.
    """
    n = max(1, X.shape[0])
    total = np.bincount(X.indices, np.abs(X.data - mean[X.indices]), minlength=X.shape[1])
    stored = np.bincount(X.indices, minlength=X.shape[1])
    away: Floats = (total + (n - stored) * np.abs(mean)) / n
    return away


def summary(
    coefficients: Floats, classes: Sequence[int], X: Sparse, mean: Floats, most: int
) -> tuple[Moving, ...]:
    """Return for each class the columns with the largest mean |SHAP| over these rows, largest first.

    coefficients: (v, c) of ``enrich.linear.Linear``. X: (n, v) CSR. mean: (v,) of the background rows.
    """
    own, away = beside(coefficients), distances(X, mean)
    found = []
    for severity, column in zip(classes, own.T, strict=True):
        moved = np.abs(column) * away
        best = np.argsort(-moved, kind="stable")[:most]
        found += [
            Moving(severity, int(i), float(moved[i]), bool(column[i] > 0)) for i in best.tolist() if moved[i]
        ]
    return tuple(found)


def of_part(coefficients: Floats, X: Sparse, mean: Floats, chosen: Sequence[bool]) -> Floats:
    """Return (c,) how far the chosen columns together move the score of each class: mean |sum of SHAP|."""
    kept = np.flatnonzero(np.asarray(chosen, dtype=np.bool_))
    own = beside(coefficients)[kept]
    moved: Floats = np.abs(np.asarray(X[:, kept] @ own) - mean[kept] @ own).mean(axis=0)
    return moved
