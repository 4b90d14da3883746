"""What columns are worth to a fitted model: what is lost when they tell of another row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from enrich.forest import Matrix
from training.figures.intervals import Interval

SHUFFLES: Final = 5
# What a model answers for n rows, and what is lost by other answers, on the same rows in every sample.
Answers = Any
Lost = Callable[[Answers, Answers], Interval]


class Worth(NamedTuple):
    """lost: the figure of the model less that with these columns mixed, in the mean over shuffles."""

    name: str
    lost: Interval


def by_mixing(
    answers: Callable[[Matrix], Answers],
    X: Matrix,
    groups: Mapping[str, Sequence[int]],
    lost: Lost,
    shuffles: int = SHUFFLES,
) -> tuple[Worth, ...]:
    """Return the worth of each group of columns, most first (permutation importance, Breiman 2001).

    answers: of rows (n, k). groups: name -> columns that are mixed together, by one order of rows: columns of
    one group may tell the same, and mixed one by one each would seem worthless.
    """
    whole = answers(X)
    found = []
    for name, places in groups.items():
        dice = np.random.default_rng(0)
        parts = []
        for _ in range(shuffles):
            mixed = X.copy()
            mixed[:, places] = X[dice.permutation(len(X))][:, places]
            parts.append(lost(whole, answers(mixed)))
        found.append(Worth(name, mean(parts)))
    return tuple(sorted(found, key=lambda each: -each.lost.value))


def mean(parts: Sequence[Interval]) -> Interval:
    """Return the mean of a figure over shuffles, with the means of the ends of its interval."""
    value, low, high = (float(np.mean([part[i] for part in parts])) for i in range(3))
    return Interval(value, low, high, parts[0].n)
