"""The last rung: what a text classifier makes of an alert. Its joint only; there is no such classifier yet.

A classifier works on a batch of texts, so it is not asked while the rows are made one by one: whoever has one
calls it over the batch and lays its guesses under each row's hints with ``AttackKnowledge.with_guesses``.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

# Below this a guess says nothing; no guess counts for more than words that a person chose.
GUESS_MIN: Final = 0.1
GUESS_MAX: Final = 0.6


class Guess(NamedTuple):
    """A technique's uid, of any version of ATT&CK, and the probability that the text is about it, 0-1."""

    uid: str
    probability: float


class Classifier(Protocol):
    """What guesses techniques from texts (title and class, as the models see them)."""

    def __call__(self, texts: Sequence[str]) -> Sequence[Sequence[Guess]]:
        """Return, for each text, its guesses. The same text gives the same guesses in any batch."""
        ...
