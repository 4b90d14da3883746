"""Starts a worker: checks the cluster, composes, runs Faust in this process, says with what code it ended."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, Final

import faust
from kafka.errors import KafkaError
from threadpoolctl import threadpool_limits

from enrich.context import Context
from enrich.errors import SettingsWrong
from enrich.pipeline import Batch, States, finish, prepare, scored
from enrich.record import RawRecord
from enrich.score import Models
from worker import bundles_watch, compose, rights, tables_watch, topics
from worker.app import App, build, health
from worker.current import Current, Promoted, with_models
from worker.kafka_client import admin, message
from worker.log import configure, log
from worker.memory import settle
from worker.scoring import Core
from worker.settings import Settings
from worker.state import StateTopic
from worker.tables import sources
from worker.watchdog import Watchdog

# What a worker reads from and writes to; the other topics may be missing.
NEEDED: Final[tuple[topics.Role, ...]] = ("raw", "enriched", "escalated", "dead", "state")
# How long a worker whose core hangs has for its way out.
HANGS_STOP_S: Final = 5.0


def run(settings: Settings, json_logs: bool | None = None) -> int:
    """Run a worker until it is told to stop; return 0 then, 1 if it ended by itself.

    Raises SettingsWrong, BundleRefused, StateFailed or KafkaUnreachable, in one line each: it cannot start.
    """
    configure(settings, json_logs)
    threadpool_limits(1)  # a model's bits depend on the number of BLAS threads
    partitions = preflight(settings)
    context = compose.context(settings, partitions, None)
    promoted = opened(settings, context)
    current = Current(with_models(context, promoted.models), promoted.models, promoted.sequence)
    context = current.now.context
    settle()
    log.info(
        "start",
        group=settings.group,
        bootstrap=list(settings.bootstrap),
        raw=settings.topic_raw,
        partitions=partitions,
        bundle=context.bundle_id,
        promotion=promoted.sequence,
        context=context.context_id,
    )
    return execute(settings, context, following(current), current, promoted.reason)


def core(context: Context, models: Models | None) -> Core:
    """Return the core, ``enrich.pipeline.process``, all but records and folds bound, its steps timed."""
    return following(Current(context, models))


def following(current: Current) -> Core:
    """Return the core with the context and the models that are in force when a batch begins."""

    def bound(records: Sequence[RawRecord], states: States) -> Batch:
        context, models, _ = current.now
        began = perf_counter()
        prepared = prepare(records, states, context)
        at_models = perf_counter()
        scores = scored(prepared, models)
        at_finish = perf_counter()
        batch = finish(records, prepared, scores, states, context)
        ended = perf_counter()
        steps = {"prepare": at_models - began, "models": at_finish - at_models, "finish": ended - at_finish}
        return replace(batch, seconds=steps)

    return bound


def preflight(settings: Settings) -> int:
    """Return the number of partitions of the raw topic.

    Raises KafkaUnreachable, or SettingsWrong with a line for each topic that is missing or too narrow.
    """
    with admin(settings) as client:
        try:
            lacking = rights.missing(client, settings)
            if lacking:
                raise SettingsWrong("\n".join(lacking))
            there, findings = topics.check(client, settings, NEEDED)
        except KafkaError as error:
            raise SettingsWrong(f"the topics cannot be checked: {message(error)}") from None
    errors = [f"topic {each.topic}: {each.text}" for each in findings if each.level == "error"]
    if errors:
        raise SettingsWrong("\n".join(errors))
    for text, names in topics.by_text(each for each in findings if each.level == "warning").items():
        log.warning("topics_at_risk", topics=names, reason=text)
    return there[settings.topic_raw].partitions


def opened(settings: Settings, context: Context) -> Promoted:
    """Return what is promoted, unless this group has used a later one, or another under its number.

    It is noted before it is used.

    Raises BundleRefused, SettingsWrong, StateFailed.
    """

    async def noted() -> Promoted:
        state = StateTopic(settings)
        try:
            seen = await state.promotions()
            promoted = compose.promoted(settings, seen, context)
            if promoted.models is not None and promoted.sequence > seen.sequence:
                await state.note_promotion(promoted.sequence, promoted.models.bundle_id)
            return promoted
        finally:
            await state.stop()

    # Not asyncio.run, which leaves the thread without a loop: Faust asks for the one that there is.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(noted())


def execute(
    settings: Settings, context: Context, bound: Core, current: Current | None = None, reason: str = ""
) -> int:
    """Run Faust with this core in this process; return its exit code.

    current: what the core follows, kept in step with the tables and with what is promoted; None: it follows
    nothing. reason: why there is no bundle.
    """
    app = build(settings, context, bound)
    services: list[Any] = [Watchdog(app)]
    if current is not None:
        services.append(
            bundles_watch.Watch(settings, current, app.state_topic, app.pulse, app.metrics, reason)
        )
        if sources(settings):
            services.append(tables_watch.Watch(settings, current, app.pulse, app.metrics))
    if settings.http:
        served = health(settings, app)
        served.bind()  # a port that is taken must stop the start
        services.append(served)
    try:
        Runner(app, *services, stop_timeout_s=settings.stop_timeout_s).execute_from_commandline()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except asyncio.CancelledError:  # the agent's, which mode takes for what the worker died of
        code = 1
    log.info("stopped", code=code)
    return code


class Runner(faust.Worker):
    """Faust's worker without its command line, logging, spinner and debugger, with a bound on stopping."""

    def __init__(self, app: App, *services: Any, stop_timeout_s: float) -> None:
        super().__init__(app, *services, quiet=True, override_logging=False, redirect_stdouts=False)
        self._millrace: Final = app
        self.spinner = None
        self.stop_timeout_s: Final = stop_timeout_s

    def _schedule_shutdown(self, signal: Any) -> None:
        log.info("stopping", signal=signal.name)
        self._millrace.pulse.stopping = True
        self._bound()
        super()._schedule_shutdown(signal)

    def on_worker_shutdown(self) -> None:
        """Bound the way out after a failure, too."""
        self._bound()

    def _bound(self) -> None:
        # Faust waits for the batch in flight, and aiokafka for its brokers, without limit. What is not
        # acknowledged by then comes again.
        bound_s = min(self.stop_timeout_s, HANGS_STOP_S) if self._millrace.pump.hangs else self.stop_timeout_s
        timer = threading.Timer(bound_s, self._give_up)
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        log.error("not_stopped_in_time", seconds=self.stop_timeout_s, left="un-acknowledged, it comes again")
        os._exit(1)

    def _enter_debugger(self) -> None:
        """Faust's answer to SIGUSR2 would be to wait at a debugger's prompt."""
