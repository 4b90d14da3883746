"""Sends the demo's alerts in a thread, so that the screen can go on."""

import threading
import time

from enrich.errors import MillraceError
from worker.compose import entity_of
from worker.feed import Feed
from worker.settings import Settings


class Sender(threading.Thread):
    """Sends the alerts at a steady rate, keyed by entity. sent: those with a receipt."""

    def __init__(self, settings: Settings, alerts: list[bytes], rate: float) -> None:
        super().__init__(daemon=True)
        self.alerts = alerts
        self._settings, self._rate = settings, rate
        self._halt = threading.Event()
        self.sent = 0
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Send; an error is kept for the main thread."""
        try:
            key_of = entity_of(self._settings)
            with Feed(self._settings) as feed:
                began = time.monotonic()
                for i, alert in enumerate(self.alerts):
                    if self._halt.wait(max(0.0, began + i / self._rate - time.monotonic())):
                        return
                    feed.send(i, alert, key_of(alert))
                    self.sent = feed.sent
            self.sent = feed.sent
            if feed.failures:
                self.error = MillraceError(f"{len(feed.failures)} alerts not sent: {feed.failures[0].reason}")
        except Exception as error:  # noqa: BLE001 - told by the main thread
            self.error = error

    def stop(self) -> None:
        """Send no more."""
        self._halt.set()
        self.join(10)
