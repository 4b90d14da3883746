"""Candidates for promotion: small models, really fitted, on an invented corpus."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from training.calibrate import isotonic
from training.gates import BATCHES, Batches, Canned, Evidence, Inputs
from training.judged import Judged

SHARES: Final = (0.14, 0.24, 0.26, 0.2, 0.16)
COLUMNS: Final = ("port", "rate", "age", "size", "depth", "share")
HINTS, COMMON = 14, 320
TRAIN, CALIBRATE = 0.55, 0.75
HASH: Final = "00112233445566aa"


@dataclass(frozen=True)
class Corpus:
    """n rows in time order. sure: how often a word that hints at a class is of the row's own class."""

    texts: tuple[str, ...]
    X: np.ndarray
    label: np.ndarray

    def part(self, start: float, end: float) -> "Corpus":
        low, high = int(len(self.label) * start), int(len(self.label) * end)
        return Corpus(self.texts[low:high], self.X[low:high], self.label[low:high])


def corpus(seed: int, n: int = 1_200, sure: float = 0.5) -> Corpus:
    """Texts of 3 hinting and 7 common words; two columns that tell a little, four that tell nothing."""
    dice = np.random.default_rng(seed)
    label = dice.choice(5, n, p=SHARES) + 1
    texts = []
    for each in label:
        of = np.where(dice.random(3) < sure, each, dice.integers(1, 6, 3))
        hints = [f"{'abcde'[c - 1]}hint{_letters(int(dice.integers(HINTS)))}" for c in of]
        common = [f"word{_letters(int(i))}" for i in dice.integers(0, COMMON, 7)]
        texts.append(" ".join(dice.permutation([*hints, *common])))
    X = dice.normal(size=(n, len(COLUMNS)))
    X[:, :2] += label[:, None] * 0.9
    X[dice.random(X.shape) < 0.05] = np.nan
    return Corpus(tuple(texts), X.astype(np.float32), label.astype(np.int64))


def evidence(
    data: Corpus,
    seed: int = 0,
    fitted: Callable[[int], Any] | None = None,
    trained: Corpus | None = None,
    read: str = "text and columns",
) -> Evidence:
    """Fit on the first rows of the corpus, calibrate on the next, judge on the last.

    trained: rows to fit on in place of the corpus's own first ones.
    read: "text and columns", "text" or "columns".
    """
    train = data.part(0, TRAIN) if trained is None else trained
    middle, test = data.part(TRAIN, CALIBRATE), data.part(CALIBRATE, 1)
    vectorizer = TfidfVectorizer(max_features=400)
    words = vectorizer.fit(train.texts) if read != "columns" else None

    def features(part: Corpus) -> np.ndarray:
        parts = [] if words is None else [words.transform(part.texts).toarray().astype(np.float32)]
        return np.hstack([*parts, part.X] if read != "text" else parts)

    model = forest(seed) if fitted is None else fitted(seed)
    model.fit(features(train), train.label)
    classes = model.classes_ - 1
    held, given = np.zeros((len(middle.label), 5)), np.zeros((len(test.label), 5))
    held[:, classes] = model.predict_proba(features(middle))
    given[:, classes] = model.predict_proba(features(test))
    x, y = isotonic(held.max(axis=1), held.argmax(axis=1) + 1 == middle.label)
    n, m = len(test.label), len(train.label)
    judged = Judged(
        name="invented, last quarter",
        label_source="invented",
        ids=tuple(f"test:{i}" for i in range(n)),
        texts=test.texts,
        label=test.label,
        time_ms=np.arange(n, dtype=np.int64) * 1_000,
        probability=given,
        confidence=np.interp(given.max(axis=1), x, y),
        known=np.ones(n),
        covered=np.ones(n, dtype=bool),
        baselines={
            "majority": np.full(n, np.bincount(train.label).argmax()),
            "logistic regression": plain(train, test),
        },
        train_label=train.label,
        train_ids=tuple(f"train:{i}" for i in range(m)),
        train_texts=train.texts,
    )
    inputs = Inputs(
        label_source="invented",
        texts=train.texts,
        label=train.label,
        names=COLUMNS,
        X=None if read == "text" else train.X,
        tested=None if read == "text" else test.X,
    )
    return around(judged, inputs)


def around(judged: Judged, inputs: Inputs) -> Evidence:
    """Everything else about the candidate is well."""
    return Evidence(
        challenger=(judged,),
        champion=None,
        inputs=(inputs,),
        canned=Canned(12, ()),
        batches=Batches(1_000, BATCHES, ()),
        features_hash=HASH,
        serving_hash=HASH,
    )


def with_judged(given: Evidence, **changes: Any) -> Evidence:
    """The candidate with other columns in what was judged."""
    return replace(given, challenger=(replace(given.challenger[0], **changes),))


def with_inputs(given: Evidence, **changes: Any) -> Evidence:
    """The candidate with other inputs."""
    return replace(given, inputs=(replace(given.inputs[0], **changes),))


def forest(seed: int) -> Any:
    return RandomForestClassifier(
        15, min_samples_leaf=2, max_features=0.2, class_weight="balanced", random_state=seed, n_jobs=1
    )


def linear(seed: int) -> Any:
    """Reads what the plain baseline reads and the columns too: the honest model of these tests."""
    model = LogisticRegression(C=3.0, class_weight="balanced", max_iter=300)
    return make_pipeline(SimpleImputer(keep_empty_features=True), model)


def plain(train: Corpus, test: Corpus) -> np.ndarray:
    """The plain baseline: text alone, balanced logistic regression; one class where there is only one."""
    if len(np.unique(train.label)) < 2:
        return np.full(len(test.label), train.label[0])
    words = TfidfVectorizer(max_features=400).fit(train.texts)
    model = LogisticRegression(class_weight="balanced", max_iter=200)
    model.fit(words.transform(train.texts), train.label)
    found: np.ndarray = model.predict(words.transform(test.texts))
    return found


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03d}")
