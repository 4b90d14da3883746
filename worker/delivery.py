"""What was read and is not yet acknowledged: one list per fetch and partition, bounded in rows and bytes."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from faust.types import TP

from enrich.record import RawRecord
from worker.reader import marked, of_consumer

# Lists of one partition on their way: one in the core, one that waits for it, two that wait for receipts.
LISTS: Final = 4
# Bytes of a record beside key and value, in memory.
BESIDE: Final = 200


@dataclass(slots=True, eq=False)
class Delivery:
    """Records of one partition, in order. next: the offset after the last. size: bytes, about.

    since_s: monotonic time at which it was read. epoch: of the assignment that it was read in. poison:
    offsets of records that the core has died of.
    """

    tp: TP
    number: int
    next: int
    size: int
    epoch: int
    since_s: float
    _rows: list[Any]
    poison: frozenset[int] = frozenset()
    acknowledged: bool = False

    @classmethod
    def of(cls, tp: TP, rows: list[Any], epoch: int, since_s: float) -> "Delivery":
        """Make one of at least one ConsumerRecord of aiokafka."""
        size = sum(row.serialized_value_size + row.serialized_key_size + BESIDE for row in rows)
        return cls(tp, len(rows), rows[-1].offset + 1, size, epoch, since_s, rows)

    def taken(self) -> list[RawRecord]:
        """Return the records as the core takes them, once: by the thread that works on them."""
        rows, self._rows = self._rows, []
        if len(rows) != self.number:
            raise RuntimeError("the records of a delivery were taken twice")
        return marked([of_consumer(row) for row in rows], self.poison)


class Ledger:
    """Per partition: the deliveries on their way, in order, the end of the run that is acknowledged, and
    what of it the brokers have confirmed.

    Faust's own book of the last notes a commit that failed as well, and what was in doubt would wait for the
    next alert.

    rows, size: of all deliveries on their way.
    """

    def __init__(self, limit_rows: int, limit_bytes: int) -> None:
        self._limit_rows: Final = limit_rows
        self._limit_bytes: Final = limit_bytes
        self._heads: dict[TP, int] = {}
        self._expected: dict[TP, int] = {}
        self._confirmed: dict[TP, int | None] = {}
        self._lists: dict[TP, deque[Delivery]] = {}
        self.rows = 0
        self.size = 0

    def begin(self, tp: TP, offset: int, confirmed: int | None = None) -> None:
        """Expect this offset next, and nothing that was read before. confirmed: as committed; None: none."""
        for delivery in self._lists.get(tp, ()):
            self._leave(delivery)
        self._heads[tp] = self._expected[tp] = offset
        self._confirmed[tp] = confirmed
        self._lists[tp] = deque()

    def clear(self) -> None:
        """Forget every partition."""
        self._heads.clear()
        self._expected.clear()
        self._confirmed.clear()
        self._lists.clear()
        self.rows = self.size = 0

    def add(self, delivery: Delivery) -> None:
        """Note what was read."""
        self._lists[delivery.tp].append(delivery)
        self._expected[delivery.tp] = delivery.next
        self.rows += delivery.number
        self.size += delivery.size

    def done(self, delivery: Delivery) -> None:
        """Note that all of it has its receipts. What was forgotten stays so."""
        lists = self._lists.get(delivery.tp, deque())
        delivery.acknowledged = True
        while lists and lists[0].acknowledged:
            first = lists.popleft()
            self._leave(first)
            self._heads[first.tp] = first.next

    def has_room(self, tp: TP) -> bool:
        """Whether more of this partition may be read. A single list may go over a limit, a second one not."""
        if tp not in self._lists or len(self._lists[tp]) >= LISTS:
            return False
        return self.rows < self._limit_rows and self.size < self._limit_bytes

    def places(self) -> Iterable[TP]:
        """Return the partitions that are read."""
        return list(self._heads)

    def head(self, tp: TP) -> int | None:
        """Return the offset up to which all is acknowledged, exclusive; None: not read."""
        return self._heads.get(tp)

    def confirm(self, tp: TP, offset: int) -> None:
        """Note that the brokers have committed this offset."""
        self._confirmed[tp] = offset

    def is_due(self, tp: TP, offset: int) -> bool:
        """Whether this offset is to be committed: the brokers have confirmed another, or none."""
        return self._confirmed.get(tp) != offset

    def expected(self, tp: TP) -> int | None:
        """Return the offset that comes next; None: not read."""
        return self._expected.get(tp)

    def oldest_s(self) -> float | None:
        """Return when the oldest delivery on its way was read."""
        return min((lists[0].since_s for lists in self._lists.values() if lists), default=None)

    def _leave(self, delivery: Delivery) -> None:
        self.rows -= delivery.number
        self.size -= delivery.size
