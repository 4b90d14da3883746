"""The severity models that are tried, as one literal table; what serves is chosen on validation."""

from typing import Final, NamedTuple

from enrich.features import CLASS, DESCRIPTION, FALSE_POSITIVES, STATED, TAGS, TITLE
from enrich.vocabulary import HEAD, WHOLE


class Reads(NamedTuple):
    """A part of the text. line: ``features.TITLE`` …, WHOLE or HEAD. weight: beside the other parts, > 0.

    characters: runs of 3 to 5 characters within words instead of words and pairs of words. most: single
    words, at most so many, the commonest; None: no limit.
    """

    line: int | None
    weight: float
    characters: bool = False
    most: int | None = None


class Candidate(NamedTuple):
    """A way to learn severity from texts.

    kind: "logistic", "svm" (one against the rest), "forest" or "boosting". reads: parts of the text.
    strength: C of the linear ones (larger: less regularised). balanced: classes weigh the same.
    columns: reads the matrix beside the text; for label sources that are alerts.
    others: weight of a row of another vendor, 0: none are used. serves: may be chosen; what may not is there
    for comparison, and costs more than a linear model in the stream.
    """

    name: str
    kind: str
    reads: tuple[Reads, ...]
    strength: float = 5.0
    balanced: bool = False
    others: float = 0.0
    serves: bool = True
    columns: bool = False


# Sigma before 2024, three windows of 490 rows in time, accuracy + macro-F1 without notes and tags: .98 where
# class and techniques weigh .5 or .3, .94 where they weigh 1, .93 as one text.
LINES: Final = (
    Reads(TITLE, 1.0),
    Reads(CLASS, 0.5),
    Reads(STATED, 0.5),
    Reads(DESCRIPTION, 1.0),
    Reads(FALSE_POSITIVES, 1.0),
    Reads(TAGS, 0.5),
)
CANDIDATES: Final = (
    Candidate("logistic regression", "logistic", LINES),
    Candidate("logistic regression, C 2", "logistic", LINES, strength=2.0),
    Candidate("logistic regression, others .3", "logistic", LINES, others=0.3),
    Candidate("linear SVM", "svm", LINES, strength=0.1),
    Candidate("logistic regression, characters", "logistic", (*LINES, Reads(TITLE, 1.0, True))),
    Candidate("one text, others .3", "logistic", (Reads(HEAD, 1.0),), others=0.3),
    # Read whole, everything behind the rule's own lines would have a say, too, and whoever is attacking
    # writes that: it only compares.
    Candidate(
        "plain: one text, balanced",
        "logistic",
        (Reads(WHOLE, 1.0),),
        strength=1.0,
        balanced=True,
        serves=False,
    ),
    Candidate("forest", "forest", LINES, serves=False),
    Candidate("boosting", "boosting", LINES, serves=False),
)

# Of a label source that is alerts, the matrix tells more than pairs of words: single words, as the bootstrap
# models read them, and of each line so many that a batch of 1,000 rows is a dense matrix of some MB.
WORDS: Final = 300
SINGLE: Final = tuple(each._replace(most=WORDS) for each in LINES)
# Of alerts: one rule says the same each time it fires, so finer readings of its words gain nothing.
TEXT_OF_ALERTS: Final = (
    *(each for each in CANDIDATES if each.kind in ("logistic", "svm") and each.reads == LINES),
    Candidate("one text, balanced", "logistic", (Reads(HEAD, 1.0),), strength=1.0, balanced=True),
)
COLUMNS_OF_ALERTS: Final = (
    Candidate("forest on words and columns", "forest", SINGLE, columns=True),
    Candidate("forest on words and columns, balanced", "forest", SINGLE, balanced=True, columns=True),
    # For comparison: a third kind of model to serve would have to earn it.
    Candidate("boosting on reduced words and columns", "boosting", SINGLE, columns=True, serves=False),
)
