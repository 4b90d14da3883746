"""`millrace demo`: broker, topics, bundle, worker, alerts, screen, summary; ends by itself."""

import signal
import sys
import time
from contextlib import ExitStack
from typing import Annotated, Any, Final

import orjson
import typer

from enrich.errors import MillraceError

POLL_MS: Final = 100
LAG_EVERY_S: Final = 0.5
# Where no terminal shows the screen: a line of counts at this pace.
TELL_EVERY_S: Final = 2.0
# After the last alert was sent: how long the line may take to empty itself.
DRAIN_S: Final = 60.0


def demo(
    count: Annotated[int, typer.Option(min=100, max=1_000_000, help="Alerts to send.")] = 3_000,
    rate: Annotated[float, typer.Option(min=1, help="Alerts a second.")] = 150.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the generated alerts.")] = 7,
    keep: Annotated[bool, typer.Option(help="Leave broker and worker up until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, nothing else.")] = False,
) -> None:
    """Show the whole line on this machine: alerts through a real Kafka, scored, the few escalated, and why.

    With MILLRACE_BOOTSTRAP set it uses that cluster, starts no broker, and leaves its topics demo.* there.

    Example: millrace demo --count 2000 --rate 100
    """
    from millrace import screen
    from millrace.demo import line, view
    from millrace.demo.alerts import demo_alerts
    from millrace.demo.sender import Sender
    from millrace.demo.tally import Tally
    from worker.kafka_client import consumer
    from worker.settings import load_settings

    console = screen.console(stderr=as_json)

    def say(text: str) -> None:
        console.print(screen.safe(text, "dim"))

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    with ExitStack() as stack:
        settings = line.cluster(load_settings(), stack, say)
        line.make_topics(settings, say)
        line.bundle(settings, say)
        worker = line.Worker(settings, settings.state / "demo" / "worker.log")
        stack.callback(worker.stop)
        worker.wait_assigned()
        say(f"Worker: up, log in {worker.log}")
        alerts = demo_alerts(count, seed, time.time_ns() // 1_000_000)
        _drained(settings, worker, say)
        tally = Tally(stack.enter_context(consumer(settings)), settings)
        feed = Sender(settings, alerts, rate)
        stack.callback(feed.stop)
        began = time.monotonic()
        lag = _run(settings, tally, feed, worker, console, view)
        seconds = time.monotonic() - began
        even = tally.counts["enriched"] + tally.counts["dead"] == feed.sent == len(alerts)
        if as_json:
            facts = {"in": feed.sent, **dict(tally.counts), "dead_codes": dict(tally.codes), "lag": lag}
            typer.echo(orjson.dumps({**facts, "even": even, "seconds": round(seconds, 1)}))
        else:
            view.summary(console, tally, feed.sent, lag, seconds)
        if keep:
            _keep(settings, say, worker)
    if not even or lag:
        raise line.DemoFailed(
            f"{feed.sent} in, {tally.counts['enriched']} enriched, {tally.counts['dead']} dead, lag {lag}: "
            f"it does not add up (log: {worker.log})"
        )


def _run(settings: Any, tally: Any, feed: Any, worker: Any, console: Any, view: Any) -> int:
    """Show the line until it is empty; return the lag that is left."""
    from kafka import TopicPartition
    from rich.live import Live

    from worker.kafka_client import admin
    from worker.kafka_client import consumer as a_consumer
    from worker.reader import lag as lags
    from worker.reader import partitions

    total = len(feed.alerts)
    lag: int | None = None
    looked = drained = told = time.monotonic()
    with admin(settings) as client, a_consumer(settings) as ends_of, ExitStack() as stack:
        places: list[TopicPartition] = partitions(ends_of, settings.topic_raw)
        screen = (
            stack.enter_context(Live(console=console, auto_refresh=False)) if console.is_terminal else None
        )
        while True:
            tally.poll(POLL_MS)
            worker.check()
            if feed.error is not None:
                raise feed.error
            now = time.monotonic()
            if now - looked >= LAG_EVERY_S:
                looked = now
                behind = lags(client, settings.group, ends_of.end_offsets(places))
                lag = sum(behind.values())
                if screen is None and now - told >= TELL_EVERY_S:
                    told = now
                    console.print(view.counts(tally, feed.sent, lag))
            if screen is not None:
                screen.update(view.live(tally, feed.sent, total, lag), refresh=True)
            if feed.is_alive():
                drained = now
                continue
            arrived = tally.counts["enriched"] + tally.counts["dead"]
            if (arrived >= feed.sent and lag == 0) or now - drained > DRAIN_S:
                return lag or 0


def _drained(settings: Any, worker: Any, say: Any) -> None:
    """Wait until what an earlier demo left on the raw topic is done, so that it is not counted as ours."""
    from worker.kafka_client import admin, consumer
    from worker.reader import lag, partitions

    deadline = time.monotonic() + DRAIN_S
    told = False
    with admin(settings) as client, consumer(settings) as reader:
        places = partitions(reader, settings.topic_raw)
        while time.monotonic() < deadline:
            ends = reader.end_offsets(places)
            begins = reader.beginning_offsets(places)
            behind = lag(client, settings.group, ends, begins)
            left = sum(behind.values())
            if not left:
                return
            if not told:
                say(f"Worker: {left:,} alerts of an earlier demo first")
                told = True
            worker.check()
            time.sleep(LAG_EVERY_S)
    raise MillraceError(f"the raw topic {settings.topic_raw} is not empty after {DRAIN_S:.0f} s")


def _keep(settings: Any, say: Any, worker: Any) -> None:
    where = f"MILLRACE_BOOTSTRAP={','.join(settings.bootstrap)}"
    say("left up until Ctrl-C; in another terminal:")
    for command in (
        "watch escalated --from-beginning",
        "status",
        "send my-alerts.json",
        "watch dead --from-beginning",
    ):
        say(f"  {where} .venv/bin/millrace {command}")
    try:
        while True:
            worker.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("stopping")
