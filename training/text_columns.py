"""Texts as the columns that a linear model reads: fitted here, read as in serving."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from enrich.vocabulary import Part, Read, Vocabulary, lines_of, read_by
from training.candidates import Reads

# Words and pairs of one rule only are its own names: macro-F1 on Sigma .344 with them, .368 without.
ROWS: Final = 2
CHARACTERS_ROWS: Final = 3
Sparse = Any


def vocabulary(texts: Sequence[str], reads: Sequence[Reads], again: Sequence[str] = ()) -> Vocabulary:
    """Fit a part for each of these lines. A line of which the texts have no word twice gets none.

    again: texts that are there a second time, less of them: a word counts for its rarity, but stands in two
    rows only when ``texts`` say so. What one alert alone says, a name perhaps, gets into no bundle.
    """
    lines = [lines_of(text) for text in (*texts, *again)]
    parts = []
    for each in reads:
        own = [read_by(each.line, text, split) for text, split in zip((*texts, *again), lines, strict=True)]
        vectorizer = _vectorizer(each)
        try:
            first = vectorizer.fit_transform(own[: len(texts)])
        except ValueError:  # scikit-learn's word for: no word is left
            continue
        if again:
            in_rows = first.getnnz(axis=0) + vectorizer.transform(own[len(texts) :]).getnnz(axis=0)
            vectorizer.idf_ = _rarity(in_rows, len(own))
        parts.append(Part(each.line, vectorizer, each.weight))
    return Vocabulary(tuple(parts))


def _rarity(in_rows: npt.NDArray[np.int64], rows: int) -> npt.NDArray[np.float32]:
    """Return the inverse document frequency as scikit-learn has it."""
    return (np.log((1 + rows) / (1 + in_rows)) + 1).astype(np.float32)


def matrix(read: Sequence[Read], columns: int) -> Sparse:
    """Return the texts that were read as a CSR matrix, (n, columns), float64."""
    ends = np.cumsum([0, *(len(each.columns) for each in read)])
    empty = np.empty(0)
    found = np.concatenate([each.columns for each in read]) if read else empty
    weights = np.concatenate([each.weights for each in read]) if read else empty
    return sparse.csr_matrix(
        (weights.astype(np.float64), found.astype(np.int32), ends), shape=(len(read), columns)
    )


def _vectorizer(reads: Reads) -> TfidfVectorizer:
    if reads.characters:
        return TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(3, 5),
            sublinear_tf=True,
            min_df=CHARACTERS_ROWS,
            dtype=np.float32,
        )
    longest = 2 if reads.most is None else 1
    return TfidfVectorizer(
        ngram_range=(1, longest), max_features=reads.most, sublinear_tf=True, min_df=ROWS, dtype=np.float32
    )
