"""Remembering answers about texts, within a bound of characters."""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# What an entry costs besides its texts, in characters: their objects, the dictionary's row, a small answer.
_ENTRY: Final = 400


class Kept(Generic[K, T]):
    """A function that remembers its answers. Real streams repeat themselves; texts may be hostile.

    What was asked for lately is kept: two generations of ``characters`` each at most, the older one thrown
    away as a whole. (``lru_cache`` counts entries, and an entry may be 2,048 characters.)
    """

    def __init__(self, function: Callable[[K], T], size: Callable[[K], int], characters: int) -> None:
        """Take the function, how long the texts that it is asked are, and how much a generation may hold."""
        self._function: Final = function
        self._size: Final = size
        self._characters: Final = characters
        self._young: dict[K, T] = {}
        self._old: dict[K, T] = {}
        self._held = 0

    def __call__(self, asked: K) -> T:
        """Return what the function says."""
        found = self._young.get(asked)
        if found is None:
            found = self._old.get(asked)
            if found is None:
                found = self._function(asked)
            size = self._size(asked) + _ENTRY
            self._held += size
            if self._held > self._characters:
                self._old, self._young = self._young, {}
                self._held = size
            self._young[asked] = found
        return found

    @property
    def held(self) -> int:
        """Return how many characters the texts that are held now have."""
        return sum(map(self._size, self._young)) + sum(map(self._size, self._old))
