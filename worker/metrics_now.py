"""The metrics that nobody counts: what the pulse and the folds hold, read when somebody asks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.metrics_table import SPEC
from worker.pulse import Pulse

Value = tuple[Sequence[str], float]


class Now(Collector):
    """folds: partition -> entities, rules, overflow. monotonic: the clock of the pulse."""

    def __init__(self, pulse: Pulse, monotonic: Callable[[], float]) -> None:
        self._pulse: Final = pulse
        self._monotonic: Final = monotonic
        self.folds: Final[dict[int, tuple[int, int, int]]] = {}

    def collect(self) -> Iterator[Metric]:
        """Yield what is so now."""
        pulse, now_s = self._pulse, self._monotonic()

        def since(moment_s: float | None) -> float:
            return 0.0 if moment_s is None else max(now_s - moment_s, 0.0)

        plain: dict[str, float] = {
            "millrace_queue_rows": pulse.waiting_rows,
            "millrace_outstanding_rows": pulse.outstanding_rows,
            "millrace_outstanding_bytes": pulse.outstanding_bytes,
            "millrace_oldest_unacknowledged_seconds": since(pulse.oldest()),
            "millrace_core_busy_seconds": since(pulse.core_since_s),
            "millrace_joined": float(pulse.joined),
            "millrace_poll_age_seconds": since(pulse.polled_s),
            "millrace_promotion_sequence": pulse.promotion,
            "millrace_bundle_refused": float(pulse.bundle_refused),
        }
        for name, value in plain.items():
            yield _gauge(name, [((), value)])
        states = ("reading", len(pulse.reading)), ("restoring", len(pulse.restoring))
        yield _gauge("millrace_partitions", (((state,), count) for state, count in states))
        lag = sorted(pulse.lag().items())
        yield _gauge("millrace_lag", (((str(partition),), rows) for partition, rows in lag))
        folds = sorted(self.folds.items())
        yield _gauge("millrace_fold_entities", (((str(n),), fold[0]) for n, fold in folds))
        yield _gauge("millrace_fold_rules", (((str(n),), fold[1]) for n, fold in folds))
        yield _counter("millrace_fold_overflow_total", (((str(n),), fold[2]) for n, fold in folds))
        yield _gauge("millrace_bundle_info", [((pulse.bundle_id, pulse.context_id), 1)])


def _gauge(name: str, values: Iterable[Value]) -> Metric:
    family = GaugeMetricFamily(name, SPEC[name].help, labels=SPEC[name].labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _counter(name: str, values: Iterable[Value]) -> Metric:
    family = CounterMetricFamily(name, SPEC[name].help, labels=SPEC[name].labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family
