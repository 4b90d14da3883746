"""What waits for the core is of two threads: the event loop puts it in, the core's thread takes it out."""

import threading

from tests.unit.test_worker_pump import Bench, delivery
from worker.pulse import Pulse

DEADLINE_S = 10.0


class Switching(Pulse):
    """Keeps the event loop, when it has read that a whole batch waits, until that is taken.

    So it may go with any two threads; here it always does.
    """

    full = 4

    def __init__(self) -> None:
        self.armed = False
        self.read, self.taken = threading.Event(), threading.Event()
        self._rows = 0
        super().__init__("b", "c")

    @property  # type: ignore[override]
    def waiting_rows(self) -> int:
        found = self._rows
        if self.armed and found >= self.full and threading.current_thread() is threading.main_thread():
            self.armed = False
            self.read.set()
            assert self.taken.wait(DEADLINE_S)
        return found

    @waiting_rows.setter
    def waiting_rows(self, rows: int) -> None:
        self._rows = rows
        if self.read.is_set() and rows == 0:
            self.taken.set()


def test_a_batch_that_the_core_takes_while_the_loop_looks_at_it_is_no_error() -> None:
    pulse = Switching()

    async def work(bench: Bench) -> None:
        bench.pump._thread.submit(lambda: bool(pulse.read.wait(DEADLINE_S)))  # type: ignore[arg-type, return-value]
        bench.pump.offer(delivery(0, b"a"))  # a turn is asked for, and cannot begin yet
        await bench.until(lambda: bench.pump._turns == 1)
        pulse.armed = True
        bench.pump.offer(delivery(1, b"b", b"c", b"d"))  # a whole batch: another turn
        await bench.until(lambda: bool(bench.sink.receipts))
        bench.sink.receipts[0].set_result(None)
        await bench.until(lambda: bool(bench.consumer.done))

    bench = Bench(pulse=pulse).run(work)
    assert (pulse.taken.is_set(), bench.consumer.done) == (True, [(0, 1), (0, 4)])
