"""What each column adds on the way down the trees of a forest: exact sums, averaged over rows.

At a split the expected answer of the rows that are left changes; the change is the split column's (Saabas
2014, "Interpreting random forests"). The contributions of a row and the answer at the root add up to the
forest's answer. They are no SHAP values: columns near the root get less than their share (Lundberg et al.
2020, "From local explanations to global understanding with explainable AI for trees").
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sparse

from enrich.forest import Floats, Matrix, expected_depth


def of_isolation(forest: Any, X: Matrix) -> Floats:
    """Return (n, k) by how many splits each column brings a row nearer to the root: above 0 more unusual.

    forest: a fitted IsolationForest over these k columns.
    """
    total = np.zeros(X.shape)
    for each, columns in zip(forest.estimators_, forest.estimators_features_, strict=True):
        total[:, columns] -= along(each.tree_, _expected(each.tree_), X[:, columns])
    return total / len(forest.estimators_)


def of_classes(trees: Iterable[Any], X: Matrix, place: int) -> Floats:
    """Return (n, k) what each column adds to the probability of the class at this place.

    trees: ``tree_`` of a RandomForestClassifier's.
    """
    parts = [along(tree, tree.value[:, 0, place] / tree.value[:, 0].sum(axis=1), X) for tree in trees]
    total: Floats = np.sum(parts, axis=0) / max(1, len(parts))
    return total


def along(tree: Any, values: Floats, X: Matrix) -> Floats:
    """Return (n, k): of each column the sum of steps in value at its splits, on each row's way to its leaf.

    values: (nodes,) the answer expected at each node.
    """
    parents = np.flatnonzero(tree.children_left >= 0)
    children = np.concatenate([tree.children_left[parents], tree.children_right[parents]])
    above = np.concatenate([parents, parents])
    steps = sparse.csr_matrix(
        (values[children] - values[above], (children, tree.feature[above])),
        shape=(tree.node_count, X.shape[1]),
    )
    way = tree.decision_path(np.ascontiguousarray(X, dtype=np.float32))
    added: Floats = (way @ steps).toarray()
    return added


def _expected(tree: Any) -> Floats:
    """Return (nodes,) the depth expected of the rows at each node, as ``enrich.forest.Isolation`` counts."""
    rows = tree.n_node_samples
    depth: Floats = tree.compute_node_depths() + expected_depth(rows) - 1.0
    for node in range(tree.node_count - 1, -1, -1):  # a child has a higher number than its parent
        left, right = tree.children_left[node], tree.children_right[node]
        if left >= 0:
            depth[node] = (rows[left] * depth[left] + rows[right] * depth[right]) / rows[node]
    return depth
