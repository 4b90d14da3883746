"""Feeds numbered alerts at a steady rate with kafka-python, and remembers the receipt of each."""

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from kafka import KafkaProducer

from tests.faults.counting import Place
from tests.faults.lines import Line

NUMBER_HEADER: Final = "feed-number"
LINGER_MS: Final = 5
# Longer than any harm: while brokers are away the feed waits, as a detector's spool does.
RECEIPT_S: Final = 300
TICK_S: Final = 0.02


class Feed:
    """A thread that sends ``alerts`` lines, ``rate`` a second; late ones follow.

    receipts: number -> (partition, offset). failed: numbers that never got one: they may have come through.
    """

    def __init__(
        self, bootstrap: str, topic: str, line: Callable[[int, int], Line], alerts: int, rate: float
    ) -> None:
        self.receipts: Final[dict[int, Place]] = {}
        self.failed: Final[dict[int, str]] = {}
        self.sent = 0
        self._started = self._stopped = False
        self._bootstrap: Final = bootstrap
        self._topic: Final = topic
        self._line: Final = line
        self._alerts: Final = alerts
        self._rate: Final = rate
        self._going: Final = threading.Event()
        self._idle: Final = threading.Event()
        self._error: BaseException | None = None
        self._thread: Final = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._started = True
        self._going.set()
        self._thread.start()

    def pause(self) -> None:
        """Send nothing more for now; returns when all that was sent has its receipt."""
        self._idle.clear()
        self._going.clear()
        assert self._idle.wait(RECEIPT_S), "the feed has no receipts"

    def resume(self) -> None:
        """Go on, at the same rate, without making up for the pause."""
        self._going.set()

    @property
    def left_s(self) -> float:
        """How long it will still send, 0.0 when it has sent all."""
        return (self._alerts - self.sent) / self._rate if self._thread.is_alive() else 0.0

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped = True
        self._going.set()

    def join(self) -> None:
        """Return when everything has its receipt, or has failed. Raises what has ended it."""
        if not self._started:
            return
        self._thread.join(2 * RECEIPT_S)
        assert not self._thread.is_alive(), "the feed does not end"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._send()
        except BaseException as error:  # noqa: BLE001 - told by join()
            self._error = error
        finally:
            self._idle.set()

    def _send(self) -> None:
        with KafkaProducer(
            bootstrap_servers=self._bootstrap.split(","),
            acks="all",
            linger_ms=LINGER_MS,
            delivery_timeout_ms=RECEIPT_S * 1000,
            max_block_ms=RECEIPT_S * 1000,
            reconnect_backoff_max_ms=500,
            allow_auto_create_topics=False,
        ) as producer:
            began, before = time.monotonic(), 0
            while self.sent < self._alerts and not self._stopped:
                if not self._going.is_set():
                    producer.flush(RECEIPT_S)
                    self._idle.set()
                    self._going.wait()
                    began, before = time.monotonic(), self.sent
                due = min(self._alerts, before + int((time.monotonic() - began) * self._rate) + 1)
                while self.sent < due and self._going.is_set():
                    self._one(producer, self.sent)
                    self.sent += 1
                time.sleep(TICK_S)
            producer.flush(RECEIPT_S)

    def _one(self, producer: Any, number: int) -> None:
        line = self._line(number, time.time_ns() // 1_000_000)
        future = producer.send(
            self._topic, value=line.value, key=line.key, headers=[(NUMBER_HEADER, str(number).encode())]
        )
        future.add_callback(self._received, number)
        future.add_errback(self._refused, number)

    def _received(self, number: int, metadata: Any) -> None:
        self.receipts[number] = (metadata.partition, metadata.offset)

    def _refused(self, number: int, error: Exception) -> None:
        self.failed[number] = type(error).__name__
