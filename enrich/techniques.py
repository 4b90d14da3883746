"""Technique guesses of a text model: the last rung of the ladder, under what is stated, known and matched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from enrich.attack import Guess
from enrich.features import DESCRIPTION, HEAD_LINES, TITLE
from enrich.linear import Labels
from enrich.remembered import Remembered
from enrich.vocabulary import Vocabulary

TEXT_CACHE: Final = 8192
GUESSES: Final = 5


@dataclass(frozen=True)
class Techniques:
    """vocabulary: of ``rule_of``, which is one line.

    labels: a score for each technique. least: guesses that are less probable are not made, 0-1.
    known_share_min: of a rule with a smaller share of known words nothing is guessed, 0-1.
    """

    vocabulary: Vocabulary
    labels: Labels
    least: float
    known_share_min: float
    # Remembered[tuple[Guess, ...]]; what is given for it is not kept.
    _texts: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Remember nothing: one that is made of another reads otherwise."""
        object.__setattr__(self, "_texts", Remembered(TEXT_CACHE))

    def of(self, texts: Sequence[str]) -> list[tuple[Guess, ...]]:
        """Return for each text (``features.text_of``) at most GUESSES guesses, likeliest first."""
        guesses: list[tuple[Guess, ...]] = self._texts.of([rule_of(text) for text in texts], self._new)
        return guesses

    def _new(self, rules: list[str]) -> Iterator[tuple[Guess, ...]]:
        for read in self.vocabulary.read(rules):
            likely: list[tuple[str, float]] = []
            if read.known >= self.known_share_min:
                likely = self.labels.likely(read.columns, read.weights, GUESSES, self.least)
            yield tuple([Guess(uid, probability) for uid, probability in likely])


def rule_of(text: str) -> str:
    """Return what is guessed from, in one line: what the rule is called and what it looks for.

    Not what it states, or its own statements would be guessed back. Its class, notes and tags made guesses
    worse: sentences on techniques, which most is learnt from, have none.

    >>> rule_of("ET SCAN\\nRecon\\nT1595\\nLooks for scans\\n\\n\\n/etc/passwd")
    'ET SCAN Looks for scans'
    """
    head = text.split("\n", HEAD_LINES)
    return f"{head[TITLE]} {head[DESCRIPTION]}" if len(head) > DESCRIPTION else head[TITLE]
