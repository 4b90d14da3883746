"""What columns and words are worth to a fitted model: by mixing, and exactly where it is linear."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from enrich.forest import Floats, Matrix
from training.figures.intervals import RESAMPLES, Interval
from training.figures.paired import difference
from training.judged import Classes

SHUFFLES: Final = 5


class Worth(NamedTuple):
    """lost: macro-F1 of the model less that with these columns mixed, in the mean over shuffles."""

    name: str
    lost: Interval


class Pull(NamedTuple):
    """A word, and what it adds to a class's score, in the mean over rows."""

    severity: int
    word: str
    weight: float


def by_mixing(
    predict: Callable[[Matrix], Classes],
    X: Matrix,
    label: Classes,
    groups: Mapping[str, Sequence[int]],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Worth, ...]:
    """Return the worth of each group of columns, most first (permutation importance, Breiman 2001).

    predict: rows (n, k) -> classes 1-5. groups: name -> columns that are mixed together, by one order of
    rows: columns of one group may tell the same, and mixed one by one each would seem worthless.
    """
    whole = predict(X)
    found = []
    for name, places in groups.items():
        dice = np.random.default_rng(seed)
        parts = []
        for _ in range(SHUFFLES):
            mixed = X.copy()
            mixed[:, places] = X[dice.permutation(len(X))][:, places]
            parts.append(difference(label, whole, predict(mixed), "macro_f1", resamples))
        mean = [float(np.mean([part[i] for part in parts])) for i in range(3)]
        found.append(Worth(name, Interval(mean[0], mean[1], mean[2], len(label))))
    return tuple(sorted(found, key=lambda each: -each.lost.value))


def pulling(
    coefficients: Floats, classes: Sequence[int], weights: Floats, words: Sequence[str], most: int = 8
) -> tuple[Pull, ...]:
    """Return for each class the words that add most to its score over these rows.

    coefficients: (v, c) of a linear model, as ``enrich.linear.Linear`` has them. weights: (v,) mean tf-idf of
    each word over the rows. A word's contribution to a row is coefficient x tf-idf, exactly, so its mean over
    rows is coefficient x mean tf-idf; the mean over classes is taken off: softmax knows differences.
    """
    beside = coefficients - coefficients.mean(axis=1, keepdims=True)
    found: list[Pull] = []
    for severity, row in zip(classes, beside.T, strict=True):
        mean = row * weights
        best = np.argsort(-mean, kind="stable")[:most]
        found.extend(Pull(severity, words[i], float(mean[i])) for i in best.tolist() if mean[i] > 0)
    return tuple(found)
