"""Both forests tree by tree: the answers of scikit-learn's own calls, bit for bit, without what a call costs.

scikit-learn makes a joblib task, a lock and a check of the input for each tree: 100 trees take 4 ms a call
however few rows it has, all of it under Python's lock. What is left here is the walk, which holds no lock.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


# Forests whose probabilities are the plain mean of their trees' shares.
AVERAGING: Final = ("RandomForestClassifier", "ExtraTreesClassifier")


class Shares:
    """Class probabilities of a RandomForestClassifier, as its ``predict_proba`` with ``n_jobs=1`` gives them.

    A model of another kind is asked itself.
    """

    def __init__(self, forest: Any) -> None:
        self._forest: Final = forest
        averages = type(forest).__name__ in AVERAGING
        self._trees: Final = [each.tree_ for each in forest.estimators_] if averages else []

    def of(self, X: Matrix) -> Floats:
        """Return the probabilities, shape (n, classes). X: float32, any order; columns as in the fit."""
        if not self._trees:
            answer: Floats = self._forest.predict_proba(X)
            return answer
        total = np.zeros((len(X), self._forest.n_classes_))
        for tree in self._trees:
            total += tree.predict(X)
        total /= len(self._trees)
        return total


class Isolation:
    """How unusual an IsolationForest finds each row, as its ``-score_samples`` says it."""

    def __init__(self, forest: Any) -> None:
        trees = [each.tree_ for each in forest.estimators_]
        whole = forest.n_features_in_
        self._trees: Final = [
            (tree, None if len(columns) == whole else columns, _depths(tree))
            for tree, columns in zip(trees, forest.estimators_features_, strict=True)
        ]
        self._scale: Final = len(trees) * float(expected_depth(np.array([forest.max_samples_]))[0])

    def of(self, X: Matrix) -> Floats:
        """Return the scores, 0-1, shape (n,); higher is more unusual. X: float32, columns as in the fit."""
        depth = np.zeros(len(X))
        for tree, columns, of_leaf in self._trees:
            depth += of_leaf[tree.apply(X if columns is None else X[:, columns])]
        if not self._scale:  # fitted on a single row
            return np.full(len(X), 0.5)
        unusual: Floats = 2.0 ** -(depth / self._scale)
        return unusual


def _depths(tree: Any) -> Floats:
    """Return for each node: how deep it is, and how much deeper its rows would be if it were split on."""
    depths: Floats = tree.compute_node_depths() + expected_depth(tree.n_node_samples) - 1.0
    return depths


def expected_depth(rows: npt.NDArray[np.int64]) -> Floats:
    """Return the mean depth of a row in an isolation tree of so many rows (Liu, Ting, Zhou 2008, equation 1).

    >>> expected_depth(np.array([1, 2, 256])).round(3).tolist()
    [0.0, 1.0, 10.245]
    """
    depth = np.where(rows == 2, 1.0, 0.0)
    many = rows[rows > 2]
    depth[rows > 2] = 2.0 * (np.log(many - 1.0) + np.euler_gamma) - 2.0 * (many - 1.0) / many
    return depth
