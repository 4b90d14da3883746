"""What came out at the far end, read by a plain consumer that joins no group."""

from collections import Counter, deque
from statistics import quantiles
from typing import Any, Final

from kafka import TopicPartition

from millrace.shown import Shown, dead_letter, event, shown
from worker.reader import of_consumer, partitions
from worker.settings import Settings

RECENT: Final = 200


class Tally:
    """Counts what arrives on the three output topics from the moment it was made, each uid once: a duplicate
    after a rebalance is no second alert.

    counts: enriched, escalated, dead. codes: of the dead. recent: the last enriched. people: the escalated.
    """

    def __init__(self, consumer: Any, settings: Settings) -> None:
        self._consumer = consumer
        self._route = {
            settings.topic_enriched: "enriched",
            settings.topic_escalated: "escalated",
            settings.topic_dead: "dead",
        }
        places = [place for topic in self._route for place in partitions(consumer, topic)]
        ends: dict[TopicPartition, int] = consumer.end_offsets(places)
        consumer.assign(places)
        for place, end in ends.items():
            consumer.seek(place, end)
        self._seen: set[tuple[str, bytes]] = set()
        self.counts: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.recent: deque[Shown] = deque(maxlen=RECENT)
        self.people: list[Shown] = []
        self.latency_ms: list[int] = []

    def poll(self, timeout_ms: int) -> int:
        """Take what has arrived; return how many records that were."""
        taken = 0
        for place, records in self._consumer.poll(timeout_ms=timeout_ms).items():
            route = self._route[place.topic]
            taken += len(records)
            for record in records:
                uid = dict(record.headers).get("millrace-uid", b"")
                if (route, uid) in self._seen:
                    continue
                self._seen.add((route, uid))
                self.counts[route] += 1
                if route == "dead":
                    self.codes[str(dead_letter(of_consumer(record))["code"])] += 1
                    continue
                doc = event(record.value) or {}
                if route == "escalated":
                    self.people.append(shown(doc))
                    continue
                self.recent.append(shown(doc))
                raw_ms = doc.get("unmapped", {}).get("millrace", {}).get("record", {}).get("time_ms")
                if isinstance(raw_ms, int):
                    self.latency_ms.append(record.timestamp - raw_ms)
        return taken

    def latency(self) -> tuple[float, float] | None:
        """Return median and 95th percentile of milliseconds from raw record to enriched record."""
        if len(self.latency_ms) < 2:
            return None
        cuts = quantiles(self.latency_ms, n=20)
        return cuts[9], cuts[18]
