"""The floor of technique guesses: what the most similar rules of other sources state."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from enrich.vocabulary import Vocabulary
from training.text_columns import matrix

NEAREST: Final = 10
# A neighbour's vote is its cosine to this power: of 1, 2 and 3 the best on Sigma and Elastic, and it is what
# the figures of docs/quality.md were measured with.
POWER: Final = 3
_AT_ONCE: Final = 500


def neighbours(
    vocabulary: Vocabulary,
    known: Sequence[str],
    techniques: Sequence[frozenset[str]],
    texts: Sequence[str],
    most: int,
) -> list[list[str]]:
    """Return for each text the techniques that its NEAREST known texts vote for, most votes first.

    vocabulary: fitted on the known texts, its weights of length 1. techniques: of each known text.
    """
    near, own = (matrix(vocabulary.read(each), len(vocabulary)) for each in (known, texts))
    near = near.T.tocsr()
    found = []
    for start in range(0, len(texts), _AT_ONCE):
        for row in (own[start : start + _AT_ONCE] @ near).toarray():
            votes: dict[str, float] = {}
            for place in np.argsort(-row, kind="stable")[:NEAREST].tolist():
                for uid in sorted(techniques[place]):
                    votes[uid] = votes.get(uid, 0.0) + float(row[place]) ** POWER
            found.append(sorted(votes, key=lambda uid: (-votes[uid], uid))[:most])
    return found
