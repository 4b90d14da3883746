"""Small heads and guesses, fitted on invented rules: a linear head, and techniques."""

from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from enrich.features import DESCRIPTION, TITLE
from enrich.forest import Matrix
from enrich.heads import Head
from enrich.linear import Labels, Linear
from enrich.score import ANY, Models
from enrich.techniques import Techniques, rule_of
from enrich.vocabulary import Part, Vocabulary
from tests.unit import tiny

RULES: Final = (
    ("Credential dumping from memory\nwindows\n\nReads the memory of the logon process\n\n", 5, "T1003"),
    ("Credential dumping from a backup\nwindows\n\nReads a backup of the directory\n\n", 4, "T1003"),
    ("Scheduled task made by a script\nwindows\n\nA script makes a scheduled task\n\n", 3, "T1053"),
    ("Scheduled task made at night\nlinux\n\nA scheduled task at night\n\n", 3, "T1053"),
    ("Port scan from inside\nnetwork\n\nMany ports are asked by one host\n\n", 2, "T1046"),
    ("Port scan from outside\nnetwork\n\nMany ports are asked from outside\n\n", 1, "T1046"),
)
TEXTS: Final = [text for text, _, _ in RULES]


def of_lines(*lines: tuple[int, float]) -> Vocabulary:
    """A vocabulary of words and pairs, a part for each of these lines."""
    return Vocabulary(
        tuple(
            Part(
                line,
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32).fit(
                    [text.split("\n")[line] for text in TEXTS]
                ),
                weight,
            )
            for line, weight in lines
        )
    )


def matrix(vocabulary: Vocabulary) -> Matrix:
    """The weights of TEXTS as scikit-learn gives them, (n, v)."""
    return np.hstack(
        [
            part.vectorizer.transform([text.split("\n")[part.line] for text in TEXTS]).toarray()
            * np.float32(part.weight)
            for part in vocabulary.parts
        ]
    )


@cache
def linear() -> Head:
    """A linear head of the label source "rules"."""
    vocabulary = of_lines((TITLE, 1.0), (DESCRIPTION, 0.5))
    fitted = LogisticRegression(C=10).fit(matrix(vocabulary), [c for _, c, _ in RULES])
    return Head(
        label_source="rules",
        vocabulary=vocabulary,
        severity=Linear(fitted.classes_.astype(np.int64), fitted.coef_.T.copy(), fitted.intercept_),
        calibration_x=np.array([0.0, 1.0]),
        calibration_y=np.array([0.2, 0.9]),
        known_share_min=0.5,
    )


@cache
def techniques() -> Techniques:
    """Guesses of three techniques, by the words of the rules."""
    rules = [rule_of(text) for text in TEXTS]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), stop_words="english", dtype=np.float32)
    words = vectorizer.fit_transform(rules).toarray()
    vocabulary = Vocabulary((Part(0, vectorizer, 1.0),))
    uids = sorted({uid for _, _, uid in RULES})
    centres = np.array(
        [words[[i for i, rule in enumerate(RULES) if rule[2] == uid]].mean(axis=0) for uid in uids]
    )
    rows = [np.flatnonzero(column) for column in centres.T]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int32)
    values = np.concatenate([centres[row, i] for i, row in enumerate(rows)]).astype(np.float32)
    labels = Labels(
        uids, starts, np.concatenate(rows).astype(np.int32), values, np.zeros(len(uids)), 10.0, -4.0
    )
    return Techniques(vocabulary, labels, 0.3, 0.5)


def models() -> Models:
    """The tiny models with both: the linear head speaks for Wazuh, the forest for the rest."""
    of_tiny = tiny.models()
    return replace(
        of_tiny,
        heads=(*of_tiny.heads, replace(linear(), _texts={})),
        formats={ANY: "tiny", "wazuh": "rules"},
        techniques=replace(techniques(), _texts={}),
    )
