"""Rows that are byte for byte there already, in bounded memory."""

from hashlib import blake2b
from typing import Final, NamedTuple

from enrich.lint.tally import Place

# Different rows held, by a hash of 64 bits: about 15 MB. Beyond it every second hash is let go, and so on.
ROWS: Final = 131_072


class Repeated(NamedTuple):
    """rows: that are there already, an estimate where not ``exact``; share: of all rows, 0-1.

    looked_at: rows that this was counted of. most: the most frequent row is there so often.
    times: where nearly all rows (TWICE) are there equally often, and more than once: so often; else None.
    burst: longest run of equal rows, one after the other; burst_place: where it begins.
    """

    rows: int
    share: float
    exact: bool
    looked_at: int
    most: int
    times: int | None
    burst: int
    burst_place: Place | None


# Share of the different rows that are there equally often: a source that is read by so many shippers.
TWICE: Final = 0.9
TWICE_ROWS: Final = 100


class Repeats:
    """Counts rows by hash. While more than ROWS are different, of those whose hash ends in so many zeros."""

    __slots__ = ("_burst", "_counts", "_last", "_longest", "_mask", "_place", "_start", "all")

    def __init__(self) -> None:
        self.all = 0
        self._counts: dict[int, int] = {}
        self._mask = 0
        self._last: bytes | None = None
        self._burst = self._longest = 0
        self._start: Place | None = None
        self._place: Place | None = None

    def see(self, value: bytes, place: Place) -> bool:
        """Count a row; return whether it is known to be there already."""
        self.all += 1
        same = value == self._last
        if same:
            self._burst += 1
        else:
            self._last, self._burst, self._start = value, 1, place
        if self._burst > self._longest:
            self._longest, self._place = self._burst, self._start
        digest = int.from_bytes(blake2b(value, digest_size=8).digest())
        if digest & self._mask:
            return same
        seen = self._counts.get(digest, 0)
        self._counts[digest] = seen + 1
        if not seen and len(self._counts) > ROWS:
            self._mask = self._mask << 1 | 1
            self._counts = {key: rows for key, rows in self._counts.items() if not key & self._mask}
        return seen > 0

    def repeated(self) -> Repeated:
        """Return what was counted."""
        looked_at, different = sum(self._counts.values()), len(self._counts)
        share = (looked_at - different) / looked_at if looked_at else 0.0
        exact = not self._mask
        rows = looked_at - different if exact else round(share * self.all)
        most = max(self._counts.values(), default=0)
        return Repeated(
            rows, share, exact, looked_at, most, self._times(different), self._longest, self._place
        )

    def _times(self, different: int) -> int | None:
        if different < TWICE_ROWS:
            return None
        often: dict[int, int] = {}
        for rows in self._counts.values():
            often[rows] = often.get(rows, 0) + 1
        times = max(often, key=lambda rows: often[rows])
        return times if times > 1 and often[times] >= TWICE * different else None
