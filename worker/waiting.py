"""Deliveries that wait for the core: put in by the event loop, taken out, joined, by the core's thread."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from worker.delivery import Delivery
from worker.pulse import Pulse


class Waiting:
    """See the module. rows: as many go into one scoring batch. ``pulse.waiting_rows`` is what lies here."""

    def __init__(self, pulse: Pulse, rows: int) -> None:
        self._pulse: Final = pulse
        self._rows: Final = rows
        self._lock: Final = threading.Lock()
        self._deliveries: Final[deque[Delivery]] = deque()

    def __bool__(self) -> bool:
        return bool(self._deliveries)

    @property
    def full(self) -> bool:
        """Whether a whole batch waits."""
        return self._pulse.waiting_rows >= self._rows

    @property
    def since_s(self) -> float:
        """When the first of them came, monotonic. Raises IndexError where nothing waits."""
        return self._deliveries[0].since_s

    def put(self, delivery: Delivery) -> None:
        """Have it wait, last."""
        with self._lock:
            self._deliveries.append(delivery)
            self._pulse.waiting_rows += delivery.number

    def clear(self) -> None:
        """Drop all of them."""
        with self._lock:
            self._deliveries.clear()
            self._pulse.waiting_rows = 0

    def joined(self, epoch: Callable[[], int | None]) -> list[Delivery]:
        """Take out the first ones, as many as make a batch, and drop those of another epoch than the present.

        It is asked for within the lock: what is put in after it has changed is not dropped as another's.
        """
        taken: list[Delivery] = []
        number = 0
        with self._lock:
            now = epoch()
            while self._deliveries:
                first = self._deliveries[0]
                if first.epoch != now:
                    self._deliveries.popleft()  # of an assignment that is over
                    self._pulse.waiting_rows -= first.number
                    continue
                if taken and number + first.number > self._rows:
                    break
                taken.append(self._deliveries.popleft())
                number += first.number
            self._pulse.waiting_rows -= number
        return taken
