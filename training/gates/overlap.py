"""Gate: nothing that was learnt may be asked again. Ids, equal texts, near-duplicate texts."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import CountVectorizer

from enrich.text import visible
from training.duplicates import WORDS, normalised
from training.gates.evidence import Evidence, Finding, Gate, GateResult, worst
from training.gates.limits import Limits
from training.gates.support import NOBODY
from training.judged import Judged

# Test texts compared at once with all training texts: 256 x 30,000 pairs are at most 90 MB.
_AT_ONCE: Final = 256
_WORD: Final = r"\S+"
_TITLE: Final = 60


def overlap(evidence: Evidence, limits: Limits) -> GateResult:
    """Refuse test rows that were trained on, under their id or in other words of the same text."""
    return worst(
        "overlap", [_overlap(each, limits) for each in evidence.challenger], limits.overlap_max, NOBODY
    )


def near(texts: Sequence[str], others: Sequence[str], jaccard: float) -> npt.NDArray[np.bool_]:
    """Return which normalised texts have one among the others that shares so much of its runs of words.

    jaccard: runs of WORDS words in both over those in either. A text of fewer words has none.
    """
    found = np.zeros(len(texts), dtype=np.bool_)
    counter = CountVectorizer(ngram_range=(WORDS, WORDS), token_pattern=_WORD, binary=True, dtype=np.int32)
    try:
        runs = counter.fit_transform([*texts, *others])
    except ValueError:  # no text has a run
        return found
    own, other = runs[: len(texts)], runs[len(texts) :]
    sizes, other_sizes = (np.asarray(part.sum(axis=1)).ravel() for part in (own, other))
    for start in range(0, len(texts), _AT_ONCE):
        shared = (own[start : start + _AT_ONCE] @ other.T).tocoo()
        union = sizes[start + shared.row] + other_sizes[shared.col] - shared.data
        found[start + shared.row[shared.data >= jaccard * union]] = True
    return found


def _overlap(judged: Judged, limits: Limits) -> Finding:
    source, n = judged.label_source, max(1, len(judged))
    again = set(judged.ids) & set(judged.train_ids)
    if again:
        reason = f"{source}: {len(again):,} test rows were trained on, first {visible(min(again), _TITLE)}"
        return Finding(False, reason, len(again) / n, 2.0)
    if judged.kind == "alert":
        return Finding(True, f"{source}: no test alert was trained on", 0.0, 0.0)
    known = {normalised(text) for text in judged.train_texts}
    own = [normalised(text) for text in judged.texts]
    equal = np.array([text in known for text in own], dtype=np.bool_)
    if equal.any():
        first = visible(judged.texts[int(np.flatnonzero(equal)[0])].split("\n")[0], _TITLE)
        reason = f"{source}: {int(equal.sum()):,} test texts are also in training, first “{first}”"
        return Finding(False, reason, float(equal.mean()), 1.0)
    alike = near(own, sorted(known), limits.near_jaccard)
    share = float(alike.mean()) if len(alike) else 0.0
    reason = (
        f"{source}: {int(alike.sum()):,} of {len(judged):,} test texts are near-duplicates of training texts"
    )
    return Finding(share <= limits.overlap_max, reason, share, share)


GATES: tuple[Gate, ...] = (overlap,)
