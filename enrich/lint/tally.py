"""Counting in bounded memory: how often, where first, and about how much."""

from array import array
from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

# Numbers kept of one Sample: a median from so many is good to about 6 percentiles.
SAMPLE: Final = 256


class Place(NamedTuple):
    """Where a row stands. number: line from 1, or offset in the partition. partition: None for a file.

    >>> str(Place(1200)), str(Place(17, 3))
    ('line 1200', '3:17')
    """

    number: int
    partition: int | None = None

    def __str__(self) -> str:
        return f"line {self.number}" if self.partition is None else f"{self.partition}:{self.number}"


class Mark:
    """How many rows, and where the first of them stands (None: none yet)."""

    __slots__ = ("place", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.place: Place | None = None

    def add(self, place: Place | None, rows: int = 1) -> None:
        """Count so many more."""
        if self.place is None:
            self.place = place
        self.rows += rows


class Counted(NamedTuple, Generic[K]):
    """A key, how many rows have it, and the place of the first."""

    key: K
    rows: int
    place: Place | None


class Tally(Generic[K]):
    """A Mark per key, for at most ``limit`` keys: the first that come. beyond: rows of all other keys."""

    __slots__ = ("_marks", "beyond", "limit")

    def __init__(self, limit: int) -> None:
        self.limit: Final = limit
        self.beyond = 0
        self._marks: dict[K, Mark] = {}

    def add(self, key: K, place: Place | None, rows: int = 1) -> None:
        """Count so many more of a key."""
        mark = self._marks.get(key)
        if mark is None:
            if len(self._marks) >= self.limit:
                self.beyond += rows
                return
            mark = self._marks[key] = Mark()
        mark.add(place, rows)

    @property
    def full(self) -> bool:
        """Return whether a new key would not be kept."""
        return len(self._marks) >= self.limit

    def __len__(self) -> int:
        return len(self._marks)

    def most(self) -> list[Counted[K]]:
        """Return the keys, the most frequent first, of equals the one that came first."""
        found = [Counted(key, mark.rows, mark.place) for key, mark in self._marks.items()]
        return sorted(found, key=lambda each: -each.rows)

    def empty(self) -> list[Counted[K]]:
        """Return the keys in the order in which they came, and begin anew."""
        found = [Counted(key, mark.rows, mark.place) for key, mark in self._marks.items()]
        self._marks.clear()
        return found


class Spread(NamedTuple):
    """Quartiles of numbers. told: how many there were; exact: all of them were looked at."""

    q1: int
    median: int
    q3: int
    told: int
    exact: bool


class Sample:
    """Every k-th number told to it: k doubles whenever SAMPLE of them are kept. For medians."""

    __slots__ = ("_stride", "_values", "_wait", "told")

    def __init__(self) -> None:
        self._values = array("q")
        self._stride = 1
        self._wait = 0
        self.told = 0

    def add(self, number: int) -> None:
        """Tell a number of 64 bits."""
        self.told += 1
        if self._wait:
            self._wait -= 1
            return
        self._values.append(number)
        self._wait = self._stride - 1
        if len(self._values) == SAMPLE:
            # The last one kept goes too: the next to keep is one old stride after it.
            self._values = self._values[::2]
            self._stride *= 2

    def spread(self) -> Spread | None:
        """Return the quartiles of what was told, None where nothing was."""
        if not self._values:
            return None
        ranked = sorted(self._values)
        last = len(ranked) - 1
        q1, median, q3 = (ranked[last * quarter // 4] for quarter in (1, 2, 3))
        return Spread(q1, median, q3, self.told, self._stride == 1)
