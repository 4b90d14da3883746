"""What every rival starts with: settings from the environment, models, context; and records for the core."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from threadpoolctl import threadpool_limits

from enrich.context import Context
from enrich.pipeline import PartitionState, process
from enrich.record import RawRecord, Record
from enrich.score import Models
from worker import compose
from worker.memory import settle
from worker.settings import Settings, load_settings

# Records in, for each record its outputs: our core with the folds of this process's partitions.
Work = Callable[[Sequence[RawRecord]], list[tuple[Record, ...]]]
# Extra length of an event's headers: uid, context and their names.
HEADERS: Final = (("millrace-uid", b"0" * 32), ("millrace-context", b"0" * 16))


def ready() -> tuple[Settings, Context, Models]:
    """Load everything as the worker does: models verified, one BLAS thread, garbage collector settled."""
    settings = load_settings()
    threadpool_limits(1)
    models = compose.models(settings)
    if models is None:
        raise SystemExit("no bundle")
    context = compose.context(settings, settings.partitions, models)
    settle()
    return settings, context, models


def working(context: Context, models: Models) -> Work:
    """Return the core, with histories that begin cold."""
    states: dict[int, PartitionState] = {}

    def work(records: Sequence[RawRecord]) -> list[tuple[Record, ...]]:
        return process(records, states, context, models).outputs

    return work


class _AsDocumented:
    """A forest, called as scikit-learn's documentation calls it. The bits are those of ``enrich.forest``."""

    def __init__(self, call: Callable[[Any], Any]) -> None:
        self.of: Final = call


def as_documented(models: Models) -> Models:
    """Return models whose forests are called as people call them, not tree by tree."""
    heads = tuple(replace(head, _texts={}) for head in models.heads)
    for head in heads:
        head.__dict__["_shares"] = _AsDocumented(head.severity.predict_proba)
    plain = replace(models, heads=heads)
    plain.__dict__["_isolation"] = _AsDocumented(lambda X: -models.anomaly.score_samples(X))
    return plain


def copying(size: int) -> Work:
    """Return a core that does nothing: for every record, one event of this many bytes, always the same."""
    value = b"x" * size

    def work(records: Sequence[RawRecord]) -> list[tuple[Record, ...]]:
        return [(Record("enriched", record.key, value, HEADERS),) for record in records]

    return work


def topics(settings: Settings) -> dict[str, str]:
    """Return the topic of each route."""
    return {
        "enriched": settings.topic_enriched,
        "escalated": settings.topic_escalated,
        "dead": settings.topic_dead,
    }


def headers(given: Iterable[tuple[str, bytes | None]] | None) -> tuple[tuple[str, bytes], ...]:
    """Return a client's headers as the core takes them."""
    return tuple((name, b"" if value is None else value) for name, value in given or ())
