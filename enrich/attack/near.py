"""Words that stand near each other: "service … created". Found in one pass, checked where they can hold."""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from typing import Final

from enrich.attack.words import spellings

# From the beginning of the first word to the end of the last, in characters, on one line.
NEAR: Final = 64
# Stands between them in the evidence: what is between them in the text is not ours to repeat.
BETWEEN: Final = " … "
# Words of a text that are looked at: a title has some ten of ours, and more than this say nothing.
WORDS_MAX: Final = 64
# Combinations that are looked at for one text. Titles have up to twenty; a text made to cost time has more.
LOOKS_MAX: Final = 64

Groups = tuple[tuple[str, ...], ...]


# For each place in a combination, the combinations that a word is there in.
Masks = tuple[int, ...]
# A word in its first spelling, and its masks.
Known = tuple[str, Masks]
# Start, end, and the word that stands there.
Seen = tuple[int, int, Known]


class Near:
    """Tells which of many combinations of words a text has.

    A combination has a word of each of its groups. Each word knows, for every group's place in a combination,
    in which combinations it is: as bits of one number, so that a text's words need one "or" each, and one
    "and" at the end tells the few combinations that are worth a look.
    """

    def __init__(self, combinations: Mapping[int, Groups]) -> None:
        """Take the groups of words by number; every combination has at least two.

        words: by spelling, what ``places`` is to be told of it.
        """
        self._numbers: Final = tuple(combinations)
        self._counts: Final = [len(groups) for groups in combinations.values()]
        parts = max(self._counts, default=0)
        # A combination of fewer parts has the missing ones always.
        self._always: Final = [
            sum(1 << index for index, count in enumerate(self._counts) if part >= count)
            for part in range(parts)
        ]
        # By combination, the groups that each of its words is in.
        self._groups: Final[list[dict[str, tuple[int, ...]]]] = []
        bits: dict[str, list[int]] = {}
        for index, groups in enumerate(combinations.values()):
            own: dict[str, tuple[int, ...]] = {}
            for part, group in enumerate(groups):
                for word in group:
                    own[word] = (*own.get(word, ()), part)
                    bits.setdefault(word, [0] * parts)[part] |= 1 << index
            self._groups.append(own)
        self.words: Final[dict[str, Known]] = {
            way: (word, tuple(masks)) for word, masks in bits.items() for way in spellings(word)
        }

    def places(self, text: str, seen: list[Seen]) -> Iterator[tuple[int, tuple[str, int, int]]]:
        """Yield number, and evidence, start and end, of each combination in this lower-case text, by number.

        seen: those of ``words`` that stand in the text, by rising end.
        """
        if len(seen) < 2:
            return
        del seen[WORDS_MAX:]
        left = -1
        for part, have in enumerate(self._always):
            for _, _, (_, masks) in seen:
                have |= masks[part]
            left &= have
        for _ in range(LOOKS_MAX):
            if left <= 0:
                return
            lowest = left & -left
            left ^= lowest
            index = lowest.bit_length() - 1
            place = _place(text, seen, self._groups[index], self._counts[index])
            if place is not None:
                yield self._numbers[index], place


def _place(
    text: str, seen: list[Seen], groups: dict[str, tuple[int, ...]], count: int
) -> tuple[str, int, int] | None:
    """Return evidence and place of the first words, one of each group, that are near and do not overlap."""
    last: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for start, end, (word, _) in seen:
        mine = groups.get(word)
        if mine is None:
            continue
        place = start, end
        for part in mine:
            for others in product(*(places for other, places in enumerate(last) if other != part)):
                found = sorted((*others, place))
                if end - found[0][0] <= NEAR and all(one[1] <= other[0] for one, other in pairwise(found)):
                    first = found[0][0]
                    if "\n" not in text[first:end]:
                        return BETWEEN.join([text[one:other] for one, other in found]), first, end
        for part in mine:
            # One word may be of two groups, so the one before it is needed too.
            last[part] = [*last[part][-1:], place]
    return None
