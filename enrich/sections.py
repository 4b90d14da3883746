"""The parts of a snapshot: columns of integers and one table of texts. What reads them raises ValueError."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

UINT32: Final = 2**32
_INT64: Final = range(-(2**63), 2**63)


class Disagree(ValueError):
    """Two parts of a snapshot say different things; ``str(error)`` names them."""


def agreed(true: bool, of: str) -> None:
    """Raise Disagree unless it is so."""
    if not true:
        raise Disagree(of)


def column(values: npt.NDArray[Any]) -> bytes:
    """Return the differences, all lowest bytes first, then all second ones: mostly zeros, which zlib likes.

    >>> [int(value) for value in integers(column(np.array([7, -(2**63), 2**63 - 1])), 3)]
    [7, -9223372036854775808, 9223372036854775807]
    """
    differences = np.diff(values.astype("<i8"), prepend=np.int64(0))  # wraps around, and back in integers
    return differences.astype("<i8").view(np.uint8).reshape(-1, 8).T.tobytes()


def integers(section: bytes, count: int, limit: int | None = None) -> Ints:
    """Return the values of a column. limit: all of them must be 0 or more and below it."""
    planes = np.frombuffer(section, np.uint8).reshape(8, count)
    values = np.cumsum(np.ascontiguousarray(planes.T).view("<i8").ravel(), dtype=np.int64)
    if limit is not None and count:
        agreed(int(values.min()) >= 0 and int(values.max()) < limit, "numbers")
    return values


def length(section: bytes) -> int:
    """Return how many values a column has."""
    return len(section) // 8


def texts_column(texts: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the lengths in characters, and the texts one after the other."""
    lengths = column(np.fromiter(map(len, texts), np.int64, len(texts)))
    return lengths, "".join(texts).encode("utf-8", "surrogatepass")


def texts(lengths: bytes, joined: bytes) -> list[str]:
    """Return the texts of ``texts_column``."""
    found = joined.decode("utf-8", "surrogatepass")
    sizes = integers(lengths, length(lengths), len(found) + 1)
    ends = np.cumsum(sizes)
    agreed((int(ends[-1]) if len(ends) else 0) == len(found), "texts")
    return [found[start:end] for start, end in zip((ends - sizes).tolist(), ends.tolist(), strict=True)]


def sections(body: bytes, start: int, sizes: Sequence[object]) -> Iterator[bytes]:
    """Yield the parts of a body from ``start`` to its end."""
    whole = [natural(size) for size in sizes]
    agreed(start + sum(whole) == len(body), "sections")
    for size in whole:
        yield body[start : start + size]
        start += size


def whole(value: object) -> int:
    """Return an integer of 64 bits from a JSON document."""
    agreed(type(value) is int and value in _INT64, "facts")
    return value  # type: ignore[return-value]


def natural(value: object) -> int:
    """Return one that is not negative."""
    number = whole(value)
    agreed(number >= 0, "facts")
    return number


def maybe(value: object) -> int | None:
    """Return one, or None where there is none."""
    return None if value is None else whole(value)
