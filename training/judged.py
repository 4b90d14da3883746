"""What models said of rows that nothing was fitted to: all that gates and reports read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enrich.forest import Floats
from training.duplicates import normalised

Classes = npt.NDArray[np.int64]

CLASSES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Judged:
    """n rows of one label source in time order, with what one head said of them.

    name: for people ("sigma, from 2024-01-01"). label_source: of head and labels.
    ids: of the corpus's rows. texts: what the model read.
    label: class 1-5 that the source gave. time_ms: -1 where the row has no time.
    probability: (n, 5) of classes 1 to 5, before calibration; a class that the head does not know is 0.
    confidence: (n,) calibrated probability that the most probable class is right; of abstained rows, too.
    known: (n,) share of known words, 0-1. covered: (n,) False where the model abstains.
    baselines: name -> (n,) classes that need no model ("majority", "stated", "logistic regression").
    kind: "rule", or "alert": alerts of one rule say the same over and over, and are no copies for that.
    train_label: (m,) labels of the rows that were fitted. train_ids, train_texts: their ids and texts.
    """

    name: str
    label_source: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    label: Classes
    time_ms: npt.NDArray[np.int64]
    probability: Floats
    confidence: Floats
    known: Floats
    covered: npt.NDArray[np.bool_]
    baselines: Mapping[str, Classes]
    train_label: Classes
    train_ids: tuple[str, ...]
    train_texts: tuple[str, ...]
    kind: str = "rule"

    def __len__(self) -> int:
        return len(self.label)

    @property
    def predicted(self) -> Classes:
        """The most probable class, 1-5; of equals the lower."""
        best: Classes = self.probability.argmax(axis=1).astype(np.int64) + 1
        return best

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether the most probable class is the label."""
        right: npt.NDArray[np.bool_] = self.predicted == self.label
        return right


def firsts(texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return (n,) which rows are the first of their text, case and numbers aside: repeats judge nothing."""
    seen: set[str] = set()
    found = np.zeros(len(texts), dtype=np.bool_)
    for place, text in enumerate(map(normalised, texts)):
        found[place] = text not in seen
        seen.add(text)
    return found
