"""Technique guesses of a text model: the last rung of the ladder, under what is stated, known and matched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from enrich.attack import Guess
from enrich.features import DESCRIPTION, HEAD_LINES, TITLE
from enrich.linear import Labels
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
    _texts: dict[str, tuple[Guess, ...]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, texts: Sequence[str]) -> list[tuple[Guess, ...]]:
        """Return for each text (``features.text_of``) at most GUESSES guesses, likeliest first."""
        rules = [rule_of(text) for text in texts]
        cache = self._texts
        new = [rule for rule in dict.fromkeys(rules) if rule not in cache]
        if new:
            if len(cache) + len(new) > TEXT_CACHE:
                cache.clear()
                new = list(dict.fromkeys(rules))
            for rule, read in zip(new, self.vocabulary.read(new), strict=True):
                likely: list[tuple[str, float]] = []
                if read.known >= self.known_share_min:
                    likely = self.labels.likely(read.columns, read.weights, GUESSES, self.least)
                cache[rule] = tuple([Guess(uid, probability) for uid, probability in likely])
        return [cache[rule] for rule in rules]


def rule_of(text: str) -> str:
    """Return what is guessed from, in one line: what the rule is called and what it looks for.

    Not what it states, or its own statements would be guessed back. Its class, notes and tags made guesses
    worse: sentences on techniques, which most is learnt from, have none.

    >>> rule_of("ET SCAN\\nRecon\\nT1595\\nLooks for scans\\n\\n\\n/etc/passwd")
    'ET SCAN Looks for scans'
    """
    head = text.split("\n", HEAD_LINES)
    return f"{head[TITLE]} {head[DESCRIPTION]}" if len(head) > DESCRIPTION else head[TITLE]
