"""The ATT&CK ids and names that a feed states, by what is wrong with them."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from enrich.alert import Alert
from enrich.attack.resolve import Reason, Resolution
from enrich.lint.tally import Counted, Place, Tally

# Different (format, techniques, tactics) held before they are read: real feeds have some hundreds.
PENDING: Final = 4_096
# Longer ones are read at once: what is held must not grow with what somebody writes.
PENDING_LENGTH: Final = 512
WRONG: Final = 1_000
VALUE: Final = 60
# Several in one value, as the hints read them.
_SEPARATORS: Final = re.compile(r"[,;|]")

# A stated value, and the field it stood in ("techniques" or "tactics") → what it means.
Resolve = Callable[[str, str], Resolution]


class Wrong(NamedTuple):
    """A stated value that is not as it should be.

    problem: a Reason, or where the value is of the current version a Repair. value: as received, cut.
    should_be: the uid or uids that it means; "": none.
    """

    format: str
    problem: str
    field: str
    value: str
    should_be: str


class StatedIds:
    """Counts stated values. resolve: what tells their meaning in the ATT&CK version in use."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve: Final = resolve
        self._pending: Final[Tally[tuple[str, tuple[str, ...], tuple[str, ...]]]] = Tally(PENDING)
        self._wrong: Final[Tally[Wrong]] = Tally(WRONG)
        self._problems: Final[Tally[tuple[str, str]]] = Tally(WRONG)

    def see(self, alert: Alert, place: Place) -> None:
        """Count what an alert states."""
        techniques, tactics = alert.techniques, alert.tactics
        if not techniques and not tactics:
            return
        key = alert.format, techniques, tactics
        if sum(map(len, techniques)) + sum(map(len, tactics)) > PENDING_LENGTH:
            self._settle(Counted(key, 1, place))
            return
        if self._pending.full:
            self._settle_all()
        self._pending.add(key, place)

    @property
    def problems(self) -> list[Counted[tuple[str, str]]]:
        """Return (format, problem; "" for what is sound) and how many values are so."""
        self._settle_all()
        return self._problems.most()

    @property
    def wrong(self) -> list[Counted[Wrong]]:
        """Return the values that are not sound, the most frequent first."""
        self._settle_all()
        return self._wrong.most()

    @property
    def beyond(self) -> int:
        """Return how many wrong values are not among ``wrong``, of which WRONG different ones are kept."""
        return self._wrong.beyond

    def _settle_all(self) -> None:
        for counted in self._pending.empty():
            self._settle(counted)

    def _settle(self, counted: Counted[tuple[str, tuple[str, ...], tuple[str, ...]]]) -> None:
        format_, techniques, tactics = counted.key
        for field, value in _values(techniques, tactics):
            read = self._resolve(value, field)
            problem = "" if read.sound else _problem(read)
            self._problems.add((format_, problem), counted.place, counted.rows)
            if problem:
                means = (read.uid,) if read.uid is not None else read.tactics
                wrong = Wrong(format_, problem, read.field, read.value[:VALUE], " or ".join(means))
                self._wrong.add(wrong, counted.place, counted.rows)


def _values(techniques: tuple[str, ...], tactics: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for field, values in (("techniques", techniques), ("tactics", tactics)):
        for value in values:
            for part in _SEPARATORS.split(value):
                if part.strip():
                    yield field, part.strip()


def _problem(read: Resolution) -> str:
    return read.reason if read.reason is not Reason.CURRENT else read.repairs[0]
