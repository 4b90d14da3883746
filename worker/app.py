"""The worker: a Faust app with one agent, which acknowledges a batch when its records have receipts.

    take batch -> core (one thread) -> sink (receipts) -> acknowledge, in order

Everything else about an alert is the core's. docs/decisions/0004-faust-as-a-shell.md says why each setting is
what it is; the batch transport and the state topic will take the place of ``noack_take`` and ``reset``.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import faust

from enrich.context import Context
from enrich.errors import MillraceError
from enrich.pipeline import Batch, States
from enrich.record import RawRecord, Record
from worker.kafka_client import CLIENT_ID, credentials
from worker.log import log, where
from worker.reader import of_message
from worker.settings import FRAMING, MEBIBYTE, Settings

# (records, states) -> Batch: ``enrich.pipeline.process`` with the context and the models bound.
Core = Callable[[Sequence[RawRecord], States], Batch]
REPORT_S: Final = 10.0
# How soon partitions that were added are seen; aiokafka's own is five minutes.
METADATA_MAX_AGE_MS: Final = 60_000


class CoreFailed(MillraceError):
    """The core raised, which it never should: a bug. The batch is not acknowledged."""


class PartitionsChanged(MillraceError):
    """The raw topic has another number of partitions than at start, and the context depends on it."""


class Receipts(Protocol):
    """What the agent needs of ``worker.sink.Sink``."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect."""

    async def send(self, records: Sequence[Record]) -> None:
        """Return when every record has its receipt."""


class App(faust.App):
    """Faust, with our sink in place of its producer's and without its directories."""

    sink: Receipts
    triage: "Triage"

    async def on_first_start(self) -> None:
        """Connect the sink, before anything is read. Faust's own would make directories for tables."""
        await self.sink.start()

    async def on_stop(self) -> None:
        """Stop reading, let the batch in flight end, commit; then let go of the rest."""
        await super().on_stop()
        self.triage.close()
        await self.sink.stop()


class Triage:
    """One batch after another. States are of the partitions assigned now; a new assignment begins cold."""

    def __init__(self, core: Core, sink: Receipts, core_timeout_s: float = 60.0) -> None:
        self._core: Final = core
        self._core_timeout_s: Final = core_timeout_s
        self._sink: Final = sink
        self._thread: Final = ThreadPoolExecutor(1, "core")
        self._states: States = {}
        self._next: dict[int, int] = {}
        self._totals: Counter[str] = Counter()
        self._due: asyncio.TimerHandle | None = None

    def reset(self) -> None:
        """Forget every partition. A batch in flight keeps the states that it began with."""
        self._states, self._next = {}, {}

    async def take(self, events: Sequence[Any]) -> None:
        """Take a batch of Faust events the whole way. Raises CoreFailed or SinkFailed: none acknowledged."""
        records = [of_message(event.message) for event in events]
        self._follow(records)
        try:
            async with asyncio.timeout(self._core_timeout_s):
                batch = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._core, records, self._states
                )
            await self._sink.send([record for output in batch.outputs for record in output])
        except BaseException as error:
            # The states are spent: they hold records that were not acknowledged and will come again.
            self.reset()
            if not isinstance(error, Exception):
                raise
            if isinstance(error, MillraceError):
                log.error("not_acknowledged", batch=_span(records), error=str(error))
                raise
            log.error("not_acknowledged", batch=_span(records), **where(error))
            raise CoreFailed(f"{type(error).__name__} on {_span(records)}") from None
        for event in events:
            event.ack()
        self._count(batch.counts)

    def _follow(self, records: Sequence[RawRecord]) -> None:
        for record in records:
            place, due = record.partition, self._next.get(record.partition)
            if due is not None and record.offset < due:
                # The log was cut or made anew: what was folded is gone, and nothing may pass for a replay.
                log.error("offsets_went_back", partition=place, due=due, offset=record.offset, history="cold")
                self._states.pop(place, None)
            elif due is not None and record.offset > due:
                # Compaction and transaction markers do this rightly, a lost stretch of the log does not.
                log.warning("offsets_skipped", partition=place, due=due, offset=record.offset)
            self._next[place] = record.offset + 1

    def _count(self, counts: Counter[str]) -> None:
        self._totals.update(counts)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(REPORT_S, self.report)

    def report(self) -> None:
        """Log the counts since the last report."""
        if self._totals:
            log.info("processed", **{name.replace(".", "_"): n for name, n in sorted(self._totals.items())})
        self._totals.clear()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def close(self) -> None:
        """Say what was done last, and let the thread end."""
        self.report()
        self._thread.shutdown(wait=False, cancel_futures=True)


def build(settings: Settings, context: Context, core: Core, sink: Receipts) -> App:
    """Return the app, which has not touched the network yet."""
    app = App(**faust_settings(settings))
    app.sink, app.triage = sink, Triage(core, sink, settings.core_timeout_s)
    triage = app.triage
    topic = app.topic(
        settings.topic_raw, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    async def agent(stream: Any) -> None:
        triage.reset()
        async for events in stream.noack_take(settings.batch_rows, within=settings.batch_wait_ms / 1000):
            await triage.take(events)

    async def assigned(app: Any, /, *partitions: Any, **_: Any) -> None:
        triage.reset()
        number = app.consumer.topic_partitions(settings.topic_raw)
        if number not in (None, context.partitions):
            raise PartitionsChanged(
                f"{settings.topic_raw} has {number} partitions now, not {context.partitions}: start again"
            )
        numbers = sorted(place.partition for place in partitions[0] if place.topic == settings.topic_raw)
        if numbers:
            log.info("assigned", partitions=numbers, history="cold: it builds up again over an hour")
        else:
            log.warning("idle", reason="more workers in the group than partitions")

    app.agent(topic, name="triage", concurrency=1)(agent)
    app.on_partitions_assigned.connect(assigned, weak=False)
    return app


def faust_settings(settings: Settings) -> dict[str, Any]:
    """Return the arguments of ``faust.App``; docs/decisions/0004-faust-as-a-shell.md has their reasons."""
    return {
        "id": settings.group,
        "broker": [f"kafka://{address}" for address in settings.bootstrap],
        "broker_credentials": credentials(settings),
        "broker_client_id": CLIENT_ID,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "autodiscover": False,
        "store": "memory://",
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "table_standby_replicas": 0,
        "stream_wait_empty": True,
        "stream_buffer_maxsize": 2 * settings.batch_rows,
        "agent_supervisor": "mode.CrashingSupervisor",
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.session_timeout_s / 5,
        "broker_request_timeout": max(30.0, 2 * settings.session_timeout_s),
        "broker_commit_interval": 1.0,
        "producer_request_timeout": 30.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_metadata_max_age_ms": METADATA_MAX_AGE_MS,
        "consumer_max_fetch_size": max(MEBIBYTE, settings.raw_limit + FRAMING),
        "worker_redirect_stdouts": False,
    }


def _span(records: Sequence[RawRecord]) -> str:
    """Return the coordinates of a batch: "alerts.raw 0:17-42 3:5-5"."""
    ends: dict[int, list[int]] = {}
    for record in records:
        ends.setdefault(record.partition, [record.offset, record.offset])[1] = record.offset
    spans = (f"{partition}:{first}-{last}" for partition, (first, last) in sorted(ends.items()))
    return f"{records[0].topic} {' '.join(spans)}"
