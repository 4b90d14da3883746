"""What moves the scores of the models over the judged rows: SHAP values of linear heads, paths of forests."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from enrich.features import ANOMALY_COLUMNS, NAMES
from enrich.forest import Matrix
from enrich.heads import Head
from enrich.linear import Linear
from enrich.vocabulary import HEAD, WHOLE, Vocabulary
from training.feature_groups import LINES
from training.figures import paths, shap
from training.judged import Judged
from training.reports.sections import PathPart, Shap, ShapLine
from training.text_columns import matrix

# Words named for each class, and columns for each forest.
WORDS: Final = 8
COLUMNS: Final = 12
# The rows that of_top is told of: those the model finds most unusual, or gravest.
TOP: Final = 0.1
ANOMALY: Final = "anomaly"


def shap_of(head: Head, judged: Judged) -> tuple[tuple[Shap, ...], tuple[ShapLine, ...]]:
    """Return the words and the lines that move a linear head's scores most; nothing of a forest.

    The background is what it was fitted on, the rows are those it was judged by.
    """
    model, source = head.severity, head.label_source
    if not isinstance(model, Linear) or not judged.texts or not judged.train_texts:
        return (), ()
    vocabulary = head.vocabulary
    X = matrix(vocabulary.read(judged.texts), len(vocabulary))
    fitted = matrix(vocabulary.read(judged.train_texts), len(vocabulary))
    mean = np.asarray(fitted.mean(axis=0)).ravel()
    lines = np.array(_lines(vocabulary), dtype=object)
    named = np.array([bool(name) for name in vocabulary.names], dtype=np.bool_)
    words = np.flatnonzero(named)
    found = shap.summary(
        model.coefficients[words],
        model.classes_.tolist(),
        X[:, words],
        mean[words],
        WORDS,
    )
    told = tuple(
        Shap(
            source,
            each.severity,
            str(lines[words[each.column]]),
            vocabulary.names[words[each.column]],
            each.moved,
            each.speaks_for,
        )
        for each in found
    )
    by_line = [
        ShapLine(source, str(name), float(shap.of_part(model.coefficients, X, mean, lines == name).mean()))
        for name in dict.fromkeys(lines.tolist())
    ]
    return told, tuple(sorted(by_line, key=lambda each: -each.moved))


def paths_of_anomaly(forest: object, X: Matrix) -> tuple[PathPart, ...]:
    """Return the columns that the anomaly forest splits these rows by. X: (n, k)."""
    added = paths.of_isolation(forest, X[:, ANOMALY_COLUMNS])
    return _parts(ANOMALY, [NAMES[i] for i in ANOMALY_COLUMNS], added, added.sum(axis=1))


def paths_of_head(head: Head, judged: Judged, X: Matrix) -> tuple[PathPart, ...]:
    """Return the words and columns that a forest tells these rows' severity by: of each row its likeliest
    class; nothing of a linear head. X: (n, k) of the judged rows.
    """
    if head.kind != "forest" or not len(judged):
        return ()
    read = head.read(judged.texts)
    both = np.hstack([head.tfidf(read), X])
    trees = [each.tree_ for each in head.severity.estimators_]
    said = judged.probability[:, head.classes - 1].argmax(axis=1)
    added = np.zeros(both.shape)
    for place in np.unique(said).tolist():
        added[said == place] = paths.of_classes(trees, both[said == place], place)
    words = [f"“{name}”" if name else "characters" for name in head.vocabulary.names]
    return _parts(head.label_source, [*words, *NAMES], added, judged.predicted.astype(np.float64))


def _parts(
    model: str, names: Sequence[str], added: npt.NDArray[np.float64], score: npt.NDArray[np.float64]
) -> tuple[PathPart, ...]:
    """score: higher is more unusual, or graver."""
    moved = np.abs(added).mean(axis=0)
    top = np.argsort(-score, kind="stable")[: max(1, round(TOP * len(score)))]
    of_top = added[top].mean(axis=0)
    best = np.argsort(-moved, kind="stable")[:COLUMNS].tolist()
    return tuple(PathPart(model, names[i], float(moved[i]), float(of_top[i])) for i in best if moved[i])


def _lines(vocabulary: Vocabulary) -> list[str]:
    """Return (v,) the line that each column reads."""
    found = []
    for part in vocabulary.parts:
        name = {WHOLE: "whole text", HEAD: "all lines"}.get(part.line) or LINES[part.line or 0]
        if part.vectorizer.analyzer != "word":
            name += ", characters"
        found += [name] * len(part.vectorizer.vocabulary_)
    return found
