"""Severity from texts, for one label source: candidates on the same validation, the best is fitted on all.

Each row is learned twice: whole, and bare (title and description alone). Many alerts carry no more, and a
model that only ever saw notes on false positives is lost without them. Sigma before 2024, accuracy and
macro-F1 on validation: read bare .56, .39 instead of .50, .28; read whole .61, .45 instead of .60, .47.

What serves is a vocabulary and plain coefficients (``enrich.linear``). ``enrich.vocabulary`` reads the texts
here, too, so that a text has the same bits in training and in serving.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.metrics import accuracy_score, f1_score

from enrich.errors import CorpusRefused
from enrich.forest import Floats
from enrich.linear import Linear
from enrich.vocabulary import Vocabulary
from training.candidates import CANDIDATES, Candidate
from training.rounds import Classes, Labelled, Places, bare, others_for, rounds
from training.text_columns import matrix
from training.text_models import fit

CLASSES: Final = (1, 2, 3, 4, 5)
# How much of the classes' shares is taken off: 0 asks for accuracy, 1 for the rare classes alone.
SHIFTS: Final = (0.0, 0.25, 0.5)
# A class with a smaller share counts with its neighbour towards the middle when candidates are compared: one
# rule of Sigma in a year is informational, and would weigh as much as all that are high.
RARE: Final = 0.01
_LEAST: Final = 1e-9


@dataclass(frozen=True)
class Trial:
    """What a candidate reached on validation, with the shift that suited it best.

    macro_f1: rare classes counted with their neighbours (``folded``). bare_…: read with title and description
    alone.
    """

    candidate: Candidate
    shift: float
    accuracy: float
    macro_f1: float
    bare_accuracy: float
    bare_macro_f1: float

    @property
    def worth(self) -> float:
        """What candidates are ranked by."""
        return (self.accuracy + self.macro_f1 + self.bare_accuracy + self.bare_macro_f1) / 2


@dataclass(frozen=True)
class Choice:
    """trials: best first, those that may serve before those that may not.

    places: (m,) rows that were validated. probability: (m, 5) of classes 1-5, what the chosen one,
    fitted on other rows, said of them: calibration and abstention learn from these. bare_probability: (m, 5)
    of the same rows read bare. known: (m,) their share of known words, by vocabularies of other
    rows; the vocabulary that serves was fitted on these rows, and knows them too well.
    """

    trials: tuple[Trial, ...]
    places: Places
    probability: Floats
    bare_probability: Floats
    known: Floats

    @property
    def best(self) -> Trial:
        """The chosen one."""
        return self.trials[0]


@dataclass(frozen=True)
class Fitted:
    """What serves."""

    vocabulary: Vocabulary
    severity: Linear


def choose(
    rows: Labelled,
    others: Labelled | None = None,
    seed: int = 1,
    candidates: Sequence[Candidate] = CANDIDATES,
    say: Callable[[str], None] = lambda stage: None,
) -> Choice:
    """Try the candidates on rounds of validation inside these rows. others: rules of other vendors.

    Raises CorpusRefused where rows of one class only, or too few, leave nothing to choose by.
    """
    split = rounds(rows, seed)
    if not split:
        raise CorpusRefused(f"{len(rows)} rows with labels are too few to choose a model by: give more rules")
    places = np.concatenate([held for _, held in split])
    truth, found = rows.label[places], []
    for candidate in candidates:
        if candidate.others and (others is None or not len(others)):
            continue
        say(f"try {candidate.name}")
        told = [_round(rows, others, train, held, candidate, seed) for train, held in split]
        whole, plain, shares, known = (np.concatenate([each[i] for each in told]) for i in range(4))
        shifted = [(_shifted(whole, shares, shift), _shifted(plain, shares, shift)) for shift in SHIFTS]
        trials = [
            Trial(candidate, shift, *_reached(truth, one), *_reached(truth, other))
            for shift, (one, other) in zip(SHIFTS, shifted, strict=True)
        ]
        best = max(range(len(trials)), key=lambda i: trials[i].worth)
        found.append((trials[best], *shifted[best], known))
    found.sort(key=lambda one: (not one[0].candidate.serves, -one[0].worth))
    _, probability, stripped, share = found[0]
    return Choice(tuple(each[0] for each in found), places, probability, stripped, share)


def fitted(rows: Labelled, others: Labelled | None, candidate: Candidate, shift: float) -> Fitted:
    """Fit a candidate that may serve on all of these rows. The same rows give the same coefficients."""
    kept = None if others is None or not candidate.others or not len(others) else others
    own, model = fit(rows, kept, candidate, 0)
    if not isinstance(model, Linear):
        raise ValueError(f"{candidate.name} cannot serve")
    shares = _shares(rows.label)[model.classes_ - 1]
    intercepts = model.intercepts - shift * np.log(shares)
    return Fitted(own, Linear(model.classes_, model.coefficients, intercepts))


def probabilities(model: Fitted, texts: Sequence[str]) -> Floats:
    """Return (n, 5) of classes 1-5, as serving does."""
    told = np.zeros((len(texts), len(CLASSES)))
    for i, read in enumerate(model.vocabulary.read(texts)):
        told[i, model.severity.classes_ - 1] = model.severity.probability(read.columns, read.weights)
    return told


def folded(label: Classes, shares: Classes) -> Classes:
    """Return the labels with rare classes counted as their neighbours towards the middle.

    shares: labels that say what is rare.
    """
    count = np.bincount(shares, minlength=6)
    changed = label.copy()
    for one, other in ((1, 2), (2, 3), (5, 4), (4, 3)):
        if count[one] < RARE * len(shares):
            changed[changed == one] = other
            count[other] += count[one]
    return changed


def _round(
    rows: Labelled, others: Labelled | None, train: Places, held: Places, candidate: Candidate, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return what is said of the rows held out, whole and bare, shares of classes fitted to, known words."""
    mine = rows.at(train)
    theirs = None if others is None or not candidate.others else others_for(others, rows, held)
    own, model = fit(mine, theirs if theirs is not None and len(theirs) else None, candidate, seed)
    texts = [rows.texts[place] for place in held]
    whole, plain = (_told(own, model, each) for each in (texts, [bare(text) for text in texts]))
    known = np.array([read.known for read in own.read(texts)])
    return whole, plain, np.tile(_shares(mine.label), (len(held), 1)), known


def _told(own: Vocabulary, model: Any, texts: Sequence[str]) -> Floats:
    if isinstance(model, Linear):
        return probabilities(Fitted(own, model), texts)
    told = np.zeros((len(texts), len(CLASSES)))
    told[:, model.classes_ - 1] = model.predict_proba(matrix(own.read(texts), len(own)))
    return told


def _shares(label: Classes) -> Floats:
    """Return (5,) shares of classes 1-5; of a class that is not there 1, so that nothing is taken off."""
    count = np.bincount(label, minlength=6)[1:6] / max(1, len(label))
    return np.where(count > 0, count, 1.0)


def _shifted(probability: Floats, shares: Floats, shift: float) -> Floats:
    moved = np.maximum(probability, _LEAST * (probability > 0)) * shares**-shift
    scaled: Floats = moved / moved.sum(axis=1, keepdims=True)
    return scaled


def _reached(truth: Classes, probability: Floats) -> tuple[float, float]:
    """Return accuracy and macro-F1, rare classes folded."""
    said = probability.argmax(axis=1).astype(np.int64) + 1
    score = f1_score(folded(truth, truth), folded(said, truth), average="macro", zero_division=0)
    return float(accuracy_score(truth, said)), float(score)
