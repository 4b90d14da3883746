"""The third rung: words that point at a technique, from ``patterns.toml``, found in one pass."""

from typing import Final, NamedTuple

from enrich.attack.near import Near, Seen
from enrich.attack.pattern_file import Pattern, read_patterns
from enrich.attack.table import Table
from enrich.attack.words import Words, has_words, lowered, spellings
from enrich.errors import SettingsWrong

# Words in the message, the URL or the user agent that count for less are none.
ELSEWHERE_MIN: Final = 0.2

# By number of a pattern: evidence, start, end.
Places = dict[int, tuple[str, int, int]]


class Match(NamedTuple):
    """A pattern that holds in a text.

    evidence: the longest of its phrases, the first of equals; of words near each other, those found, in the
    text's order. start, end: where it stands in the text, in characters.
    """

    pattern: Pattern
    evidence: str
    start: int
    end: int


class Patterns:
    """Finds patterns in text. Time is linear in the text, whatever the text and the patterns.

    all, elsewhere, more: see ``PatternFile``.
    """

    def __init__(self, data: bytes, table: Table) -> None:
        """Read the file's bytes and build the automata (some 100 ms). Raises SettingsWrong, naming the entry.

        Wrong are: what ``read_patterns`` calls wrong, and a phrase that is there twice in one spelling.
        """
        self.all, self.elsewhere, self.more, self._ordinary = read_patterns(data, table)
        phrases: dict[str, int] = {}
        for number, pattern in enumerate(self.all):
            for spelling in (way for phrase in pattern.phrases for way in spellings(phrase)):
                if spelling in phrases:
                    raise SettingsWrong(
                        f"ATT&CK patterns: {pattern.technique}: {spelling!r} is a phrase of another entry too"
                    )
                phrases[spelling] = number
        self._near: Final = Near({number: each.near for number, each in enumerate(self.all) if each.near})
        near = self._near.words
        self._in_head: Final = Words(
            {words: (phrases.get(words), near.get(words)) for words in (*phrases, *near)}
        )
        self._in_command: Final = Words(phrases)
        # In a longer text most words mean little, and are not looked for.
        self._elsewhere: Final = Words(
            {
                words: number
                for words, number in phrases.items()
                if self.all[number].confidence * self.elsewhere >= ELSEWHERE_MIN
            }
        )

    def in_head(self, text: str) -> tuple[Match, ...]:
        """Return the patterns with a phrase in this text, in any case, or with words near each other.

        In the title of a log-off, or of what a firewall does all day, words near each other say nothing.

        One Match each, in the order of ``all``.
        """
        text = lowered(text)
        found: Places = {}
        seen: list[Seen] = []
        for start, end, words, (number, known) in self._in_head.places(text):
            if number is not None and (number not in found or len(words) > len(found[number][0])):
                found[number] = words, start, end
            if known is not None:
                seen.append((start, end, known))
        near = dict(self._near.places(text, seen))
        if near and not any(has_words(text, words) for words in self._ordinary):
            found.update(near)
        return self._holding(text, found)

    def in_command(self, text: str) -> tuple[Match, ...]:
        """Return the patterns with a phrase in this text, in any case: one Match each, in ``all``'s order."""
        return self._phrases(lowered(text), self._in_command)

    def elsewhere_in(self, text: str) -> tuple[Match, ...]:
        """Return likewise those that count for ELSEWHERE_MIN at least where they stand elsewhere."""
        return self._phrases(lowered(text), self._elsewhere)

    def _phrases(self, text: str, known: Words[int]) -> tuple[Match, ...]:
        found: Places = {}
        for start, end, words, number in known.places(text):
            if number not in found or len(words) > len(found[number][0]):
                found[number] = words, start, end
        return self._holding(text, found)

    def _holding(self, text: str, found: Places) -> tuple[Match, ...]:
        if not found:
            return ()
        held = []
        for number in sorted(found):
            pattern = self.all[number]
            if pattern.needs and not any(has_words(text, words) for words in pattern.needs):
                continue
            if pattern.not_ and any(has_words(text, words) for words in pattern.not_):
                continue
            held.append(Match(pattern, *found[number]))
        return tuple(held)
