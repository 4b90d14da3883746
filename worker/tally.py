"""What has been worked on, told: to the metrics with each batch, and to the log now and then."""

import asyncio
from collections import Counter
from time import time
from typing import Final

from worker.log import log
from worker.metrics import Metrics
from worker.round import Round

REPORT_S: Final = 10.0


class Tally:
    """See the module. Of the event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics: Final = metrics
        self._totals: Final[Counter[str]] = Counter()

    def count(self, one: Round, seconds: float) -> None:
        """Count a round whose receipts have come, after so many seconds."""
        batch = one.batch
        if batch is None:
            return
        self._totals.update(batch.counts)
        stages = {**batch.seconds, **one.seconds}
        self._metrics.scored(batch.counts, len(one.records), stages)
        times = [record.time_ms for record in one.records if record.time_ms is not None]
        age_s = time() - min(times) / 1000 if times else None
        sent = {role: batch.counts.get(role, 0) for role in ("enriched", "escalated", "dead")}
        self._metrics.sent(sent, seconds, age_s)

    async def keep_telling(self) -> None:
        """Tell the log, every REPORT_S."""
        while True:
            await asyncio.sleep(REPORT_S)
            self.tell()

    def tell(self) -> None:
        """Log what was counted since the last time, if anything was."""
        if self._totals:
            log.info("processed", **{name.replace(".", "_"): n for name, n in sorted(self._totals.items())})
            self._totals.clear()
