"""Technique guesses from text: a sum of linear models, learned from texts that name a technique.

Class centroids of other rules, of procedure sentences and of the techniques' own names, and a ridge
regression on the rules, are each one coefficient per word and technique; so is their sum. Chosen with one
source of rules held out after the other: what must be told is a source that nobody trained on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.linalg import cho_factor, cho_solve
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from enrich.attack.guesses import GUESS_MIN
from enrich.errors import CorpusRefused
from enrich.linear import Labels
from enrich.vocabulary import Part, Vocabulary
from training.text_columns import ROWS, matrix

RULE, PROCEDURE, NAME = "rule", "procedure", "name"
# Weights of the parts: the best of a grid of 48 for Sigma and Splunk as the sources held out, and for Sigma
# and Elastic. For Splunk and Elastic .3 and 0 are better as the last two, by .01 for Sigma worse.
CENTROIDS: Final = {RULE: 1.0, PROCEDURE: 1.0, NAME: 0.4}
RIDGE: Final = 0.6
PRIOR: Final = 0.01
PENALTY: Final = 1.0
# The kernel of the ridge is (rows, rows): of more rules than these the first are taken (10 s, 400 MB).
RIDGE_ROWS: Final = 7_000
# Coefficients kept of a word: the largest. Splunk's rules by others' texts, hit@1, @3, @5: all (7 million)
# .486 .684 .739; 40 (a tenth) .478 .678 .732; 20 .472 .672 .737.
KEPT: Final = 40
# Guesses are made from the least of these probabilities at which so many are right for held-out sources.
# Of Wazuh's ordinary rules (level 0-3, no technique) .1 gives guesses to .48, .15 to .31, .3 to .14.
LEAST: Final = (GUESS_MIN, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
RIGHT_MIN: Final = 1 / 3
# Of a text with fewer known words nothing is guessed: the share below which one rule in a hundred falls.
KNOWN_QUANTILE: Final = 0.01

Sparse = Any
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Told:
    """n texts with the techniques they are about.

    texts: one line each (title and description). techniques: live ids, one or more of each text. kinds: RULE,
    PROCEDURE or NAME. sources: whose text it is; of rules the label source.
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
class Fitted:
    """What serves. least: guesses less probable are not made. known_share_min: see ``enrich.techniques``."""

    vocabulary: Vocabulary
    labels: Labels
    least: float
    known_share_min: float


def fitted(told: Told, say: Callable[[str], None] = lambda stage: None) -> Fitted:
    """Fit on all texts; probabilities come from rules of each source, told by the texts of the others.

    Raises CorpusRefused where no text names a technique.
    """
    if not len(told):
        raise CorpusRefused("no text names a technique: give rules with ATT&CK ids, or ATT&CK itself")
    scores, right, known = [], [], []
    sources = sorted({source for source, kind in zip(told.sources, told.kinds, strict=True) if kind == RULE})
    for source in sources if len(sources) > 1 else ():
        own = np.array([each == source for each in told.sources], dtype=np.bool_)
        say(f"hold out the rules of {source}")
        vocabulary, labels = model(told.where(~own))
        held = told.where(own)
        for read, truth in zip(vocabulary.read(held.texts), held.techniques, strict=True):
            found = labels.scores(read.columns, read.weights)
            best = np.argsort(-found, kind="stable")[:5]
            scores += found[best].tolist()
            right += [labels.uids[place] in truth for place in best]
            known.append(read.known)
    slope, offset = curve(np.array(scores), np.array(right, dtype=np.bool_))
    say("fit on all texts")
    vocabulary, labels = model(told)
    final = Labels(labels.uids, labels.starts, labels.labels, labels.values, labels.intercepts, slope, offset)
    least = least_of(slope * np.array(scores) + offset, np.array(right, dtype=np.bool_))
    return Fitted(vocabulary, final, least, float(np.quantile(known, KNOWN_QUANTILE)) if known else 0.0)


def model(told: Told) -> tuple[Vocabulary, Labels]:
    """Return the sum of the parts, with scores that are no probabilities yet (slope 1, offset 0)."""
    vocabulary = Vocabulary((Part(0, _vectorizer(told.texts), 1.0),))
    X = matrix(vocabulary.read(told.texts), len(vocabulary))
    uids = sorted(frozenset().union(*told.techniques))
    place = {uid: i for i, uid in enumerate(uids)}
    rows = [i for i, each in enumerate(told.techniques) for _ in each]
    columns = [place[uid] for each in told.techniques for uid in sorted(each)]
    Y = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(told), len(uids)))
    kinds = np.array(told.kinds, dtype=object)
    total = sparse.csr_matrix((len(vocabulary), len(uids)))
    for kind, weight in CENTROIDS.items():
        of = np.flatnonzero(kinds == kind)
        if len(of):
            total = total + weight * _centroids(X[of], Y[of]).T
    rules = np.flatnonzero(kinds == RULE)
    if len(rules):
        first = rules[:RIDGE_ROWS]
        total = total + RIDGE * _ridge(X[first], Y[first])
    often = np.asarray(Y[rules].sum(axis=0)).ravel()
    starts, labels, values = _kept(total.tocsr())
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


def _vectorizer(texts: Sequence[str]) -> TfidfVectorizer:
    """Return one without words that say nothing. By a vocabulary of its own, not scikit-learn's stop words:
    ``enrich.words`` reads such a one without its help."""
    counted = CountVectorizer(ngram_range=(1, 2), min_df=ROWS)
    try:
        counted.fit(texts)
    except ValueError:
        raise CorpusRefused(f"no word stands in two of {len(texts)} texts") from None
    names = [
        name for name in counted.get_feature_names_out() if ENGLISH_STOP_WORDS.isdisjoint(name.split(" "))
    ]
    if not names:
        raise CorpusRefused(f"no word that says anything stands in two of {len(texts)} texts")
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=names, dtype=np.float32)
    vectorizer.fit(texts)
    return vectorizer


def _centroids(X: Sparse, Y: Sparse) -> Sparse:
    """Return (t, v): the direction of the mean of each technique's texts."""
    return normalize(normalize(Y, norm="l1", axis=0).T @ X)


def _ridge(X: Sparse, Y: Sparse) -> Sparse:
    """Return (v, t) coefficients of least squares with a penalty, solved over rows: there are fewer."""
    kernel = (X @ X.T).toarray()
    kernel[np.diag_indices_from(kernel)] += PENALTY
    weights = cho_solve(cho_factor(kernel, overwrite_a=True), Y.toarray())
    return sparse.csr_matrix(X.T @ weights)


def _kept(total: Sparse) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the KEPT largest coefficients of each word, by size alone, as arrays of a CSR matrix."""
    starts, labels, values = [0], [], []
    for start, end in zip(total.indptr[:-1], total.indptr[1:], strict=True):
        data, columns = total.data[start:end], total.indices[start:end]
        best = np.sort(np.argsort(-np.abs(data), kind="stable")[:KEPT])
        labels.append(columns[best])
        values.append(data[best])
        starts.append(starts[-1] + len(best))
    return (
        np.array(starts, dtype=np.int32),
        np.concatenate(labels).astype(np.int32),
        np.concatenate(values).astype(np.float32),
    )
