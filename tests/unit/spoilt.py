"""Corpora that no model should be promoted from: what goes wrong in training tables, in many sizes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from tests.unit.candidates import TRAIN, Corpus, corpus, evidence, linear
from training.figures.classes import NAMES
from training.gates import Evidence


def one_class(seed: int, n: int) -> Evidence:
    """All training labels became one class (a join that failed)."""
    data = corpus(seed, n)
    first = data.part(0, TRAIN)
    same = np.full(len(first.label), 1 + seed % 5, dtype=np.int64)
    return evidence(data, seed, trained=replace(first, label=same))


def shuffled_labels(seed: int, n: int) -> Evidence:
    """Labels belong to other rows: of the training rows, or of all."""
    data, dice = corpus(seed, n), np.random.default_rng([seed, 7])
    if seed % 2:
        return evidence(replace(data, label=dice.permutation(data.label)), seed)
    first = data.part(0, TRAIN)
    return evidence(data, seed, trained=replace(first, label=dice.permutation(first.label)))


def leaked_label(seed: int, n: int) -> Evidence:
    """The label stands in the text as a word, or in a column, in all rows or in most."""
    data, dice = corpus(seed, n), np.random.default_rng([seed, 7])
    told = dice.random(len(data.label)) < (1.0, 0.85)[seed % 2]
    if seed % 3:
        words = ("sev_{}", "level{}", "{}")[seed % 3]
        texts = tuple(
            f"{text} {words.format(NAMES[label])}" if tell else text
            for text, label, tell in zip(data.texts, data.label.tolist(), told.tolist(), strict=True)
        )
        return evidence(replace(data, texts=texts), seed)
    X = data.X.copy()
    column = seed % X.shape[1]
    X[told, column] = (7 - data.label[told]) * 10 + dice.normal(size=int(told.sum()))
    return evidence(replace(data, X=X), seed)


def constant_features(seed: int, n: int) -> Evidence:
    """Every column has one value, and every text is the same, or is not read."""
    data = corpus(seed, n)
    X = np.full_like(data.X, seed % 7)
    if seed % 2:
        return evidence(replace(data, X=X), seed, read="columns")
    return evidence(replace(data, X=X, texts=("alert",) * n), seed)


def nearly_one_class(seed: int, n: int) -> Evidence:
    """999 labels in 1,000 are of one class, in training and test."""
    data, dice = corpus(seed, n), np.random.default_rng([seed, 7])
    label = np.full(n, 1 + seed % 5, dtype=np.int64)
    label[dice.choice(n, max(1, n // 1_000), replace=False)] = 1 + (seed + 1) % 5
    return evidence(replace(data, label=label), seed)


def missing_columns(seed: int, n: int) -> Evidence:
    """One column, or all of them, lost its values: everywhere, or in the training rows alone."""
    data = corpus(seed, n)
    lost = slice(None) if seed % 3 == 0 else seed % data.X.shape[1]
    X = data.X.copy()
    X[: n if seed % 2 else int(n * TRAIN), lost] = np.nan
    return evidence(replace(data, X=X), seed)


def shuffled_linear(seed: int, n: int) -> Evidence:
    """Shuffled labels, by a linear model on the text alone."""
    data, dice = corpus(seed, n), np.random.default_rng([seed, 7])
    first = data.part(0, TRAIN)
    mixed = Corpus(first.texts, first.X, dice.permutation(first.label))
    return evidence(data, seed, linear, mixed, read="text")


SPOILT: Final[dict[str, Callable[[int, int], Evidence]]] = {
    "one class": one_class,
    "shuffled labels": shuffled_labels,
    "shuffled labels, linear": shuffled_linear,
    "leaked label": leaked_label,
    "constant features": constant_features,
    "99.9 % imbalance": nearly_one_class,
    "NaN columns": missing_columns,
}
