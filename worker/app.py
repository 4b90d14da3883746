"""The worker: a Faust app with one agent, over the batch transport.

    transport -> agent -> pump (core, sink, receipts) -> acknowledge -> Faust commits
                            recovery: folds kept on alerts.state, restored on assignment

Everything about an alert is the core's. docs/delivery.md says what is promised and why each setting is what
it is.
"""

import asyncio
from typing import Any, Final, cast

import faust

from enrich.context import Context
from enrich.errors import MillraceError
from worker.header_names import tolerate
from worker.health import Health
from worker.kafka_client import CLIENT_ID, credentials
from worker.log import log
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.pump import Pump
from worker.recovery import Recovery
from worker.scoring import Core
from worker.settings import FRAMING, MEBIBYTE, Settings
from worker.sink import Sink
from worker.state import StateTopic
from worker.transport import Consumer, Transport
from worker.trouble import Trouble

# How soon partitions that were added are seen; aiokafka's own is five minutes.
METADATA_MAX_AGE_MS: Final = 60_000
# Lists that Faust's queue holds: the transport bounds what is outstanding, long before.
QUEUE: Final = 4_096
# aiokafka leaves a group in which it has not read for so long, and Faust would not join again. What does not
# get on is seen by our own health checks.
IDLE_S: Final = 365 * 86_400.0


class PartitionsChanged(MillraceError):
    """The raw topic has another number of partitions than at start, and the context depends on it."""


class App(faust.App):
    """Faust with the batch transport, and with the parts that the transport calls. ``build`` sets them.

    drain_s: bound of each step in which partitions are given up; heartbeats rest meanwhile.
    """

    raw_topic: str
    pulse: Pulse
    metrics: Metrics
    sink: Sink
    pump: Pump
    trouble: Trouble
    recovery: Recovery
    state_topic: StateTopic
    limit_rows: int
    limit_bytes: int
    drain_s: float
    closed = False

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        """Connect everything else before anything is read. Faust's own would make directories for tables."""
        await self.sink.start()
        consumer = cast(Consumer, self.consumer)
        await self.recovery.start(consumer)
        self.pump.start(consumer)
        self.trouble.start()

    async def on_stop(self) -> None:
        """Stop reading, let what is on its way end, commit, keep the folds; then let go of the rest."""
        self.pulse.stopping = True
        await super().on_stop()
        self.closed = True
        self.trouble.stop()
        self.pump.stop()
        await self.recovery.stop()
        await self.sink.stop()

    def fail(self, error: BaseException) -> None:
        """End the process with this as the reason."""
        asyncio.get_running_loop().create_task(self.crash(error))


def build(settings: Settings, context: Context, core: Core) -> App:
    """Return the app, which has not touched the network yet."""
    tolerate()
    app = App(**faust_settings(settings))
    app.raw_topic = settings.topic_raw
    app.limit_rows, app.limit_bytes = settings.outstanding_rows, settings.outstanding_mib * MEBIBYTE
    app.drain_s = settings.session_timeout_s / 6
    app.pulse = pulse = Pulse(context.bundle_id, context.context_id)
    app.metrics = metrics = Metrics(pulse)
    app.sink = Sink(settings, metrics)
    app.pump = pump = Pump(
        core,
        app.sink,
        pulse,
        metrics,
        rows=settings.batch_rows,
        wait_s=settings.batch_wait_ms / 1000,
        core_timeout_s=settings.core_timeout_s,
        one_cpu=settings.one_cpu,
        crash=app.fail,
    )
    app.state_topic = state = StateTopic(settings)
    app.trouble = trouble = Trouble(settings, state, pump, metrics)
    app.recovery = Recovery(settings, state, pump, trouble, pulse, metrics)
    topic = app.topic(
        settings.topic_raw, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    async def agent(stream: Any) -> None:
        async for event in stream.noack().events():
            trouble.offer(event.value)

    async def assigned(app: Any, /, *partitions: Any, **_: Any) -> None:
        number = app.consumer.topic_partitions(settings.topic_raw)
        if number not in (None, context.partitions):
            raise PartitionsChanged(
                f"{settings.topic_raw} has {number} partitions now, not {context.partitions}: start again"
            )
        numbers = sorted(place.partition for place in partitions[0] if place.topic == settings.topic_raw)
        if numbers:
            log.info("assigned", partitions=numbers)
        else:
            log.warning("idle", reason="more workers in the group than partitions")

    app.agent(topic, name="triage", concurrency=1)(agent)
    app.on_partitions_assigned.connect(assigned, weak=False)
    return app


def health(settings: Settings, app: App) -> Health:
    """Return the service behind ``/health`` and ``/metrics``."""
    return Health(settings, app.pulse, app.metrics)


def faust_settings(settings: Settings) -> dict[str, Any]:
    """Return the arguments of ``faust.App``; docs/delivery.md has their reasons."""
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
        "stream_buffer_maxsize": QUEUE,
        "agent_supervisor": "mode.CrashingSupervisor",
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.session_timeout_s / 5,
        "broker_request_timeout": max(30.0, 2 * settings.session_timeout_s),
        "broker_max_poll_interval": IDLE_S,
        "broker_commit_interval": 1.0,
        "broker_max_poll_records": settings.batch_rows,
        "producer_request_timeout": 30.0,
        "consumer_auto_offset_reset": "earliest",
        "consumer_metadata_max_age_ms": METADATA_MAX_AGE_MS,
        "consumer_max_fetch_size": max(MEBIBYTE, settings.raw_limit + FRAMING),
        "worker_redirect_stdouts": False,
    }
