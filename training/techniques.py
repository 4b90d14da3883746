"""Technique guesses from text: a sum of linear models, learned from texts that name a technique.

Class centroids of other rules, of procedure sentences and of the techniques' own names and descriptions, a
ridge regression on the rules, and naive Bayes on all, are each one coefficient per word and technique; so is
their sum. They are learnt of words and their stems; what a stem says is added to each of its words. Chosen
with one source of rules held out after the other: what must be told is a source that nobody trained on.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.linalg import cho_factor, cho_solve
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from enrich.attack.guesses import GUESS_MIN
from enrich.errors import CorpusRefused
from enrich.linear import Labels
from enrich.vocabulary import Part, Vocabulary
from training.evidence import evidence
from training.neighbours import neighbours
from training.rarity import vectorizer
from training.stems import with_stems
from training.text_columns import matrix

RULE, PROCEDURE, NAME, DESCRIPTION = "rule", "procedure", "name", "description"
# Weights of the parts: the best of a grid of 48 with Sigma and Splunk, or Elastic, held out; for Elastic and
# Splunk, told without Sigma, half or 1.6 times of each is no better by .003, and descriptions bring .01.
CENTROIDS: Final = {RULE: 1.0, PROCEDURE: 1.0, NAME: 0.4, DESCRIPTION: 0.7}
RIDGE: Final = 0.6
# Of naive Bayes, so, mean of hit@1, @3 and @5: 0 .620, .05 .637, .09 .634, .13 .632; texts alike .634.
BAYES: Final = 0.05
BAYES_TEXTS: Final = {RULE: 1.0, PROCEDURE: 0.5, NAME: 1.0, DESCRIPTION: 2.0}
PRIOR: Final = 0.01
PENALTY: Final = 1.0
# The kernel of the ridge is (rows, rows): of more rules than these the first are taken (10 s, 400 MB).
RIDGE_ROWS: Final = 7_000
# Coefficients kept of a word: the largest. Elastic and Splunk, told without Sigma, hit@1, @3, @5: all .476
# .654 .729; 80 .475 .655 .730; 40 .474 .653 .724.
KEPT: Final = 80
# Guesses are made from the least of these probabilities at which so many are right for held-out sources.
# Of Wazuh's ordinary rules (level 0-3, no technique) .1 gives guesses to .50, .15 to .29, .3 to .10.
LEAST: Final = (GUESS_MIN, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
RIGHT_MIN: Final = 1 / 3
# Of a text with fewer known words nothing is guessed: the share below which one rule in a hundred falls.
KNOWN_QUANTILE: Final = 0.01
# Guesses that are looked at of a text, best first.
BEST: Final = 5

Sparse = Any
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Told:
    """n texts with the techniques they are about.

    texts: one line each (title and description). techniques: live ids, one or more of each text. kinds: RULE,
    PROCEDURE, NAME or DESCRIPTION. sources: whose text it is; of rules the label source.
    """

    texts: Sequence[str]
    techniques: Sequence[frozenset[str]]
    kinds: Sequence[str]
    sources: Sequence[str]

    def __len__(self) -> int:
        return len(self.texts)

    def where(self, chosen: Flags) -> "Told":
        """Return the texts for which ``chosen`` holds."""
        places = np.flatnonzero(chosen).tolist()
        return Told(
            [self.texts[i] for i in places],
            [self.techniques[i] for i in places],
            [self.kinds[i] for i in places],
            [self.sources[i] for i in places],
        )


@dataclass(frozen=True)
class HeldOut:
    """n rules of a source, told by the texts of others alone.

    truth: the techniques that they state. ranked: the five likeliest of each. scores: (n, 5) of these, before
    the curve. known: (n,) share of known words. neighbours: what the most similar of the others' rules say.
    commonest: what most of the others' rules state.
    """

    source: str
    truth: Sequence[frozenset[str]]
    ranked: Sequence[Sequence[str]]
    scores: npt.NDArray[np.float64]
    known: npt.NDArray[np.float64]
    neighbours: Sequence[Sequence[str]]
    commonest: Sequence[str]


@dataclass(frozen=True)
class Fitted:
    """What serves. least: guesses less probable are not made. known_share_min: see ``enrich.techniques``.

    held_out: of each source of rules, where there are several.
    """

    vocabulary: Vocabulary
    labels: Labels
    least: float
    known_share_min: float
    held_out: tuple[HeldOut, ...] = ()


def fitted(told: Told, say: Callable[[str], None] = lambda stage: None) -> Fitted:
    """Fit on all texts; probabilities come from rules of each source, told by the texts of the others.

    Raises CorpusRefused where no text names a technique.
    """
    if not len(told):
        raise CorpusRefused("no text names a technique: give rules with ATT&CK ids, or ATT&CK itself")
    sources = sorted({source for source, kind in zip(told.sources, told.kinds, strict=True) if kind == RULE})
    held_out = []
    for source in sources if len(sources) > 1 else ():
        say(f"hold out the rules of {source}")
        held_out.append(_held_out(told, source))
    scores = [score for each in held_out for score in each.scores.ravel().tolist()]
    right = [
        uid in truth
        for each in held_out
        for ranked, truth in zip(each.ranked, each.truth, strict=True)
        for uid in ranked
    ]
    known = [share for each in held_out for share in each.known.tolist()]
    slope, offset = curve(np.array(scores), np.array(right, dtype=np.bool_))
    say("fit on all texts")
    vocabulary, labels = model(told)
    final = Labels(labels.uids, labels.starts, labels.labels, labels.values, labels.intercepts, slope, offset)
    least = least_of(slope * np.array(scores) + offset, np.array(right, dtype=np.bool_))
    known_share_min = float(np.quantile(known, KNOWN_QUANTILE)) if known else 0.0
    return Fitted(vocabulary, final, least, known_share_min, tuple(held_out))


def _held_out(told: Told, source: str) -> HeldOut:
    own = np.array([each == source for each in told.sources], dtype=np.bool_)
    held, others = told.where(own), told.where(~own)
    vocabulary, labels = model(others)
    ranked, scores, known = [], [], []
    for read in vocabulary.read(held.texts):
        found = labels.scores(read.columns, read.weights)
        best = np.argsort(-found, kind="stable")[:BEST].tolist()
        ranked.append([labels.uids[place] for place in best])
        scores.append(found[best])
        known.append(read.known)
    rules = others.where(np.array([kind == RULE for kind in others.kinds], dtype=np.bool_))
    near: list[list[str]] = [[] for _ in held.texts]
    with suppress(CorpusRefused):  # rules without a word in common are nobody's neighbours
        words = Vocabulary((Part(0, vectorizer(rules.texts), 1.0),))
        near = neighbours(words, rules.texts, rules.techniques, held.texts, BEST)
    names, often = np.unique([uid for each in rules.techniques for uid in sorted(each)], return_counts=True)
    common = [str(name) for name in names[np.argsort(-often, kind="stable")][:BEST]]
    return HeldOut(source, held.techniques, ranked, np.array(scores), np.array(known), near, common)


def model(told: Told) -> tuple[Vocabulary, Labels]:
    """Return the sum of the parts, with scores that are no probabilities yet (slope 1, offset 0)."""
    # In names every word says something.
    kinds_of = zip(told.kinds, told.sources, strict=True)
    groups = ["" if kind == NAME else f"{kind} {source}" for kind, source in kinds_of]
    vocabulary = Vocabulary((Part(0, vectorizer(told.texts, groups), 1.0),))
    spread = with_stems(vocabulary.names)
    X = matrix(vocabulary.read(told.texts), len(vocabulary)) @ spread
    uids = sorted(frozenset().union(*told.techniques))
    place = {uid: i for i, uid in enumerate(uids)}
    rows = [i for i, each in enumerate(told.techniques) for _ in each]
    columns = [place[uid] for each in told.techniques for uid in sorted(each)]
    Y = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(told), len(uids)))
    kinds = np.array(told.kinds, dtype=object)
    rules = np.flatnonzero(kinds == RULE)
    length = _length(X[rules] if len(rules) else X)
    X, spread = X / length, spread / length
    total = BAYES * evidence(X, Y, np.array([BAYES_TEXTS[kind] for kind in told.kinds]))
    for kind, weight in CENTROIDS.items():
        of = np.flatnonzero(kinds == kind)
        if len(of):
            total = total + weight * _centroids(X[of], Y[of]).T
    total = (spread @ total).toarray()
    if len(rules):
        first = rules[:RIDGE_ROWS]
        total += RIDGE * _ridge(X[first], Y[first], spread)
    often = np.asarray(Y[rules].sum(axis=0)).ravel()
    starts, labels, values = _kept(total)
    return vocabulary, Labels(uids, starts, labels, values, PRIOR * np.log1p(often), 1.0, 0.0)


def curve(scores: npt.NDArray[np.float64], right: Flags) -> tuple[float, float]:
    """Return slope and offset of the probability that a guess with this score is right."""
    if not 0 < right.sum() < len(right):
        return 1.0, 0.0
    found = LogisticRegression(C=1e6).fit(scores[:, None], right)
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def least_of(log_odds: npt.NDArray[np.float64], right: Flags) -> float:
    """Return the least probability from which on RIGHT_MIN of the guesses are right; the greatest if none."""
    probability = 1 / (1 + np.exp(-log_odds))
    for least in LEAST:
        made = probability >= least
        if made.any() and right[made].mean() >= RIGHT_MIN:
            return least
    return LEAST[0] if not len(right) else LEAST[-1]


def _length(X: Sparse) -> float:
    """Return the quadratic mean of the rows' lengths; 1 of empty ones."""
    return float(np.sqrt(X.multiply(X).sum() / X.shape[0])) or 1.0


def _centroids(X: Sparse, Y: Sparse) -> Sparse:
    """Return (t, v): the direction of the mean of each technique's texts."""
    return normalize(normalize(Y, norm="l1", axis=0).T @ X)


def _ridge(X: Sparse, Y: Sparse, spread: Sparse) -> npt.NDArray[np.float64]:
    """Return (v, t) coefficients of least squares with a penalty, solved over rows: there are fewer."""
    kernel = (X @ X.T).toarray()
    kernel[np.diag_indices_from(kernel)] += PENALTY
    weights = cho_solve(cho_factor(kernel, overwrite_a=True), Y.toarray())
    coefficients: npt.NDArray[np.float64] = (X @ spread.T).T @ weights
    return coefficients


def _kept(
    total: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the KEPT largest coefficients of each word, by size alone, as arrays of a CSR matrix."""
    starts, labels, values = [0], [], []
    for row in total:
        best = np.sort(np.argsort(-np.abs(row), kind="stable")[:KEPT])
        best = best[row[best] != 0]
        labels.append(best)
        values.append(row[best])
        starts.append(starts[-1] + len(best))
    return (
        np.array(starts, dtype=np.int32),
        np.concatenate(labels).astype(np.int32),
        np.concatenate(values).astype(np.float32),
    )
