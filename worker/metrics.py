"""What a worker counts and measures, as Prometheus reads it. Its names: worker/metrics_table.py.

Everything is noted once per batch or rarer, about 15 µs of CPU a batch. What the Pulse holds is read when
somebody asks, and the whole text costs 2 ms. No label takes its values from data without a bound.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    generate_latest,
)

from enrich.errors import DeadCode, QualityCode
from enrich.text import visible
from worker.metrics_now import Now
from worker.metrics_table import SPEC
from worker.pulse import Pulse

OTHER: Final = "other"
# Names of sources come from alerts, those of errors from a library: so many are told apart, then "other".
SOURCES: Final = 100
NAMES: Final = 50
NAME_LENGTH: Final = 64

TOPICS: Final = ("enriched", "escalated", "dead")
ROUTES: Final = ("escalated", "low", "suppressed", "never", "sample", "over_capacity")
STAGES: Final = ("wait", "core", "prepare", "models", "finish")
GAPS: Final = ("expired", "compacted", "caught", "went_back")
RESTORED: Final = ("kept", "snapshot", "cold")
SWAPS: Final = ("taken", "refused", "failed")

Made = TypeVar("Made", Counter, Gauge, Histogram)


class Labelled(Generic[Made]):
    """The children of a metric with one label: at most ``limit`` values and "other", the known ones at 0."""

    def __init__(self, family: Made, known: Iterable[str] = (), limit: int = NAMES) -> None:
        self._family: Final[Made] = family
        self._limit: Final = limit
        self._children: Final[dict[str, Made]] = {value: family.labels(value) for value in known}

    def __getitem__(self, value: str) -> Made:
        child = self._children.get(value)
        if child is None:
            shown = visible(value, NAME_LENGTH) or "unknown"
            if shown not in self._children and len(self._children) >= self._limit:
                shown = OTHER
            child = self._children.setdefault(shown, self._family.labels(shown))
        return child


class Registry(CollectorRegistry):
    """Without the ``_created`` times, which Prometheus does not read and which double the text."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of all collectors."""
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class Metrics:
    """One per worker; every method is called from the event loop's thread.

    clock: seconds since 1970. monotonic: the clock of the pulse.
    """

    def __init__(
        self,
        pulse: Pulse,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry: Final = Registry()
        self._clock: Final = clock
        self._now: Final = Now(pulse, monotonic)
        self._delivered_records: Final = self._counter("millrace_delivered_records_total")
        self._delivered_bytes: Final = self._counter("millrace_delivered_bytes_total")
        self._out: Final = Labelled(self._counter("millrace_records_out_total"), TOPICS)
        self._receipts: Final = self._counter("millrace_receipts_total")
        self._dead: Final = Labelled(self._counter("millrace_dead_letters_total"), DeadCode)
        self._poison: Final = self._counter("millrace_poison_total")
        self._batch_rows: Final = self._histogram("millrace_batch_rows")
        self._stages: Final = Labelled(self._histogram("millrace_stage_seconds"), STAGES)
        self._produce: Final = self._histogram("millrace_produce_seconds")
        self._retries: Final = Labelled(self._counter("millrace_produce_retries_total"))
        self._age: Final = self._histogram("millrace_event_age_seconds")
        self._gaps: Final = Labelled(self._counter("millrace_gaps_total"), GAPS)
        self._gap_rows: Final = Labelled(self._counter("millrace_gap_rows_total"), GAPS)
        self._expired: Final = self._counter("millrace_offsets_expired_total")
        self._rebalances: Final = self._counter("millrace_rebalances_total")
        self._restore: Final = Labelled(self._histogram("millrace_restore_seconds"), RESTORED)
        self._restored: Final = Labelled(self._counter("millrace_restored_records_total"), RESTORED)
        self._snapshot_seconds: Final = self._histogram("millrace_snapshot_seconds")
        self._snapshot_bytes: Final = self._histogram("millrace_snapshot_bytes")
        self._last: Final = Labelled(self._gauge("millrace_last_event_timestamp_seconds"), limit=SOURCES)
        self._swaps: Final = Labelled(self._counter("millrace_bundle_swaps_total"), SWAPS)
        self._swap_seconds: Final = self._histogram("millrace_bundle_swap_seconds")
        # Tables are those that settings name: at most 20.
        self._table_loads: Final = self._counter("millrace_table_loads_total")
        self._table_as_of: Final = self._gauge("millrace_table_as_of_timestamp_seconds")
        self._table_entries: Final = self._gauge("millrace_table_entries")
        # What the core counts, by the name that it counts it under; "kind.value" has a label.
        self._plain: Final[Mapping[str, Counter]] = {
            "in": self._counter("millrace_records_in_total"),
            "tombstone": self._counter("millrace_tombstones_total"),
            "replayed": self._counter("millrace_replayed_total"),
        }
        self._by_label: Final[Mapping[str, Labelled[Counter]]] = {
            "dead": self._dead,
            "quality": Labelled(self._counter("millrace_quality_total"), QualityCode),
            "route": Labelled(self._counter("millrace_decisions_total"), ROUTES),
            "source": Labelled(self._counter("millrace_source_alerts_total"), limit=SOURCES),
        }
        self._registry.register(self._now)
        ProcessCollector(registry=self._registry)

    def _counter(self, name: str) -> Counter:
        return Counter(name, SPEC[name].help, SPEC[name].labels, registry=self._registry)

    def _gauge(self, name: str) -> Gauge:
        return Gauge(name, SPEC[name].help, SPEC[name].labels, registry=self._registry)

    def _histogram(self, name: str) -> Histogram:
        spec = SPEC[name]
        return Histogram(name, spec.help, spec.labels, registry=self._registry, buckets=spec.buckets)

    def scored(self, counts: Mapping[str, int], rows: int, seconds: Mapping[str, float]) -> None:
        """Note a batch that the core has done. counts: as ``enrich.pipeline.Batch``; seconds: by stage."""
        self._batch_rows.observe(rows)
        for stage, spent_s in seconds.items():
            self._stages[stage].observe(spent_s)
        now_s = self._clock()
        for key, count in counts.items():
            kind, dot, value = key.partition(".")
            if not dot:
                if kind in self._plain:
                    self._plain[kind].inc(count)
            elif kind in self._by_label:
                self._by_label[kind][value].inc(count)
                if kind == "source":
                    self._last[value].set(now_s)

    def sent(self, records: Mapping[str, int], seconds: float, oldest_age_s: float | None) -> None:
        """Note a batch that has all its receipts. records: by role of the topic."""
        for topic, count in records.items():
            self._out[topic].inc(count)
            self._receipts.inc(count)
        self._produce.observe(seconds)
        if oldest_age_s is not None:
            self._age.observe(max(oldest_age_s, 0.0))  # a producer's clock may run ahead of ours

    def retried(self, records: int, error: str) -> None:
        """Note records that are produced once more. error: the class of the error, never its text."""
        self._retries[error].inc(records)

    def delivered(self, rows: int, size: int) -> None:
        """Note a list of raw records from the consumer. size: bytes."""
        self._delivered_records.inc(rows)
        self._delivered_bytes.inc(size)

    def gap(self, kind: str, rows: int) -> None:
        """Note offsets that did not follow on. kind: expired, compacted, caught or went_back."""
        self._gaps[kind].inc()
        self._gap_rows[kind].inc(abs(rows))
        if kind == "expired":
            self._expired.inc(abs(rows))

    def rebalanced(self) -> None:
        """Note an assignment."""
        self._rebalances.inc()

    def restored(self, seconds: float, rows: int, how: str) -> None:
        """Note a partition that has its history back. rows: folded again; how: kept, snapshot or cold."""
        self._restore[how].observe(seconds)
        self._restored[how].inc(rows)

    def snapshot(self, seconds: float, size: int) -> None:
        """Note a history that was kept. size: bytes."""
        self._snapshot_seconds.observe(seconds)
        self._snapshot_bytes.observe(size)

    def fold(self, partition: int, entities: int, rules: int, overflow: int) -> None:
        """Note what a partition's history holds, and how much it had to forget in its whole life."""
        self._now.folds[partition] = entities, rules, overflow

    def forget(self, partition: int) -> None:
        """Export nothing more of a partition that was given up."""
        self._now.folds.pop(partition, None)

    def table_loaded(self, table: str, as_of_s: float, entries: int) -> None:
        """Note a table that is in use from now on."""
        self._table_loads.labels(table, "loaded").inc()
        self._table_as_of.labels(table).set(as_of_s)
        self._table_entries.labels(table).set(entries)

    def table_refused(self, table: str) -> None:
        """Note a file that has changed and is no good."""
        self._table_loads.labels(table, "refused").inc()

    def bundle_taken(self, seconds: float) -> None:
        """Note a bundle that is in use from now on. seconds: since it was seen to be promoted."""
        self._swaps["taken"].inc()
        self._swap_seconds.observe(seconds)

    def bundle_kept(self, how: str) -> None:
        """Note a promotion that was not taken over. how: refused, or failed."""
        self._swaps[how].inc()

    def poisoned(self) -> None:
        """Note a record that workers died of. Its dead letter the core makes, and counts."""
        self._poison.inc()

    def undeliverable(self) -> None:
        """Note a dead letter that the sink made, of a record that its topic does not take."""
        self._dead[DeadCode.UNDELIVERABLE].inc()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)
