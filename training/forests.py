"""A forest on words and columns, for label sources that are alerts: what a host is and what came before.

Rules have no columns, so their candidates read the text alone (``training.severity``). Alerts are tried with
these beside them, on the same rounds in time. Words are read as in serving (``enrich.heads``), bit for bit.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score

from enrich.errors import CorpusRefused
from enrich.forest import Floats
from enrich.heads import Head
from enrich.vocabulary import Vocabulary
from training.candidates import COLUMNS_OF_ALERTS, Candidate
from training.fit import COLUMNS, DEPTH, FIT_JOBS, LEAF, TREES
from training.rounds import Classes, Labelled, Places, bare, rounds
from training.severity import CLASSES, Choice, Trial, folded
from training.text_columns import vocabulary

# Of a tree, at most: its leaves hold the more rows, the more there are. 100 trees of so many are 20 MiB.
LEAVES: Final = 1_000
# A node of scikit-learn's: 64 bytes and a share for each class.
NODE_BYTES: Final = 64
# Of the boosting that is there for comparison.
BOOSTING_ROUNDS: Final = 40
DIMENSIONS: Final = 30


class Grown(NamedTuple):
    """What serves. leaves: of all trees. size: of its nodes in bytes. seconds: to fit it."""

    vocabulary: Vocabulary
    forest: RandomForestClassifier
    leaves: int
    size: int
    seconds: float

    @property
    def told(self) -> str:
        """What it weighs, for people."""
        return (
            f"{len(self.forest.estimators_)} trees, {self.leaves:,} leaves, {self.size / 1_048_576:.1f} MiB, "
            f"{len(self.vocabulary):,} words, fitted in {self.seconds:.1f} s"
        )


class _Tried(NamedTuple):
    """probability, bare: (m, 5). known: (m,)."""

    trial: Trial
    probability: Floats
    bare: Floats
    known: Floats


def chosen(
    rows: Labelled, linear: Choice, seed: int, candidates: Sequence[Candidate] = COLUMNS_OF_ALERTS
) -> Choice:
    """Return the choice with these candidates beside those that read the text alone.

    rows: with X. linear: the choice among these, of the same rows and seed. Alerts come whole: what is
    reached on bare texts is kept, and does not rank.
    """
    split = rounds(rows, seed)
    tried = [_tried(rows, split, candidate, linear.places, seed) for candidate in candidates]
    serving = [each for each in tried if each.trial.candidate.serves]
    serving.append(_Tried(linear.best, linear.probability, linear.bare_probability, linear.known))
    best = max(serving, key=lambda each: _worth(each.trial))
    others = [each for each in (*linear.trials, *(one.trial for one in tried)) if each is not best.trial]
    others.sort(key=lambda each: (not each.candidate.serves, -_worth(each)))
    return Choice((best.trial, *others), linear.places, best.probability, best.bare, best.known)


def grown(rows: Labelled, candidate: Candidate, seed: int) -> Grown:
    """Fit a forest on all of these rows. The same rows and seed give the same trees, bit for bit.

    Raises CorpusRefused where no word stands in two of them.
    """
    began = monotonic()
    own = _vocabulary(rows, candidate)
    forest = RandomForestClassifier(
        TREES,
        max_depth=DEPTH,
        min_samples_leaf=rows_of_leaf(len(rows)),
        max_features=COLUMNS,
        class_weight="balanced_subsample" if candidate.balanced else None,
        random_state=seed,
        n_jobs=FIT_JOBS,
    )
    forest.fit(_matrix(own, rows.texts, rows.X), rows.label)
    forest.n_jobs = 1  # two threads add up the trees' votes in either order: other bits each time
    trees = [each.tree_ for each in forest.estimators_]
    nodes = sum(each.node_count for each in trees)
    return Grown(
        own,
        forest,
        sum(each.n_leaves for each in trees),
        nodes * (NODE_BYTES + 8 * len(forest.classes_)),
        monotonic() - began,
    )


def rows_of_leaf(rows: int) -> int:
    """Return how many rows a leaf holds at least, so that a tree has at most LEAVES.

    >>> rows_of_leaf(2_000), rows_of_leaf(100_000)
    (3, 100)
    """
    return max(LEAF, -(-rows // LEAVES))


class _Boosted:
    """Gradient boosting on reduced words and the columns: on all the words it takes five times as long."""

    def __init__(self, both: Any, label: Classes, words: int, seed: int) -> None:
        self._words: Final = words
        self._svd: Final = TruncatedSVD(min(DIMENSIONS, words - 1), random_state=seed) if words > 2 else None
        if self._svd is not None:
            self._svd.fit(both[:, :words])
        model = HistGradientBoostingClassifier(
            max_iter=BOOSTING_ROUNDS, early_stopping=False, random_state=seed
        )
        self._model: Final = model.fit(self._reduced(both), label)
        self.classes_: Final = model.classes_

    def predict_proba(self, both: Any) -> Floats:
        """Return (n, c)."""
        told: Floats = self._model.predict_proba(self._reduced(both))
        return told

    def _reduced(self, both: Any) -> Any:
        if self._svd is None:
            return both
        return np.hstack([self._svd.transform(both[:, : self._words]), both[:, self._words :]])


def _tried(
    rows: Labelled, split: Sequence[tuple[Places, Places]], candidate: Candidate, places: Places, seed: int
) -> _Tried:
    told = [_round(rows, train, held, candidate, seed) for train, held in split]
    whole, plain, known = (np.concatenate([each[i] for each in told]) for i in range(3))
    truth = rows.label[places]
    return _Tried(
        Trial(candidate, 0.0, *_reached(truth, whole), *_reached(truth, plain)), whole, plain, known
    )


def _round(
    rows: Labelled, train: Places, held: Places, candidate: Candidate, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Return what is said of the rows held out, whole and bare, and their share of known words."""
    mine, away = rows.at(train), rows.at(held)
    if candidate.kind == "forest":
        own, model, _, _, _ = grown(mine, candidate, seed)
    else:
        own = _vocabulary(mine, candidate)
        model = _Boosted(_matrix(own, mine.texts, mine.X), mine.label, len(own), seed)
    known = np.array([read.known for read in own.read(away.texts)])
    whole, plain = (
        _five(model, _matrix(own, texts, away.X))
        for texts in (away.texts, [bare(text) for text in away.texts])
    )
    return whole, plain, known


def _vocabulary(rows: Labelled, candidate: Candidate) -> Vocabulary:
    own = vocabulary(rows.texts, candidate.reads)
    if not own.parts:
        raise CorpusRefused(f"no word stands in two of {len(rows)} rows: nothing can be learned of them")
    return own


def _matrix(own: Vocabulary, texts: Sequence[str], X: Any) -> Any:
    """Return [tf-idf | columns] by the code that serves."""
    line = np.array([0.0, 1.0])
    head = Head("", own, None, line, line, 0.0)
    return np.hstack([head.tfidf(head.read(texts)), X])


def _five(model: Any, both: Any) -> Floats:
    told = np.zeros((len(both), len(CLASSES)))
    told[:, model.classes_ - 1] = model.predict_proba(both)
    return told


def _worth(trial: Trial) -> float:
    return trial.accuracy + trial.macro_f1


def _reached(truth: Classes, probability: Floats) -> tuple[float, float]:
    """Return accuracy and macro-F1, rare classes folded."""
    said = probability.argmax(axis=1).astype(np.int64) + 1
    score = f1_score(folded(truth, truth), folded(said, truth), average="macro", zero_division=0)
    return float(accuracy_score(truth, said)), float(score)
