"""How much a word says, to tell techniques in texts of a source that nobody learnt from."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, TfidfVectorizer

from enrich.errors import CorpusRefused
from training.text_columns import ROWS

# Rules of Elastic and of Splunk as the sources held out, mean of hit@1, @3 and @5: 1.0 .608, 1.3 .611; with
# the rarity in all texts together .600 and .605 (docs/quality.md).
POWER: Final = 1.3


def vectorizer(texts: Sequence[str], groups: Sequence[str] | None = None) -> TfidfVectorizer:
    """Return one without words that say nothing, which knows words and pairs of ROWS texts or more.

    By a vocabulary of its own, not scikit-learn's stop words: ``enrich.words`` reads such a one without its
    help. groups: of each text, "" for none. With them a word is as rare as it is where it is commonest: one
    that every second rule of a vendor has says nothing, however rare it is elsewhere.
    Raises CorpusRefused where no word is left.
    """
    counter = CountVectorizer(ngram_range=(1, 2), min_df=ROWS)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:
        raise CorpusRefused(f"no word stands in two of {len(texts)} texts") from None
    every = counter.get_feature_names_out().tolist()
    places = [i for i, name in enumerate(every) if ENGLISH_STOP_WORDS.isdisjoint(name.split(" "))]
    if not places:
        raise CorpusRefused(f"no word that says anything stands in two of {len(texts)} texts")
    found = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, vocabulary=[every[i] for i in places], dtype=np.float32
    )
    found.fit(texts)
    if groups is None:
        return found
    has = counts[:, places] > 0
    of = np.array(groups, dtype=object)
    share = np.zeros(len(places))
    for group in sorted(set(groups) - {""}):
        rows = np.flatnonzero(of == group)
        share = np.maximum(share, np.asarray(has[rows].sum(axis=0)).ravel() / len(rows))
    rarity = np.log((1 + len(texts)) / (1 + share * len(texts))) + 1
    found.idf_ = (rarity**POWER).astype(np.float32)
    return found
