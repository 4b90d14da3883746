"""The parts of the line: a cluster, its topics, a bundle, a worker process."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from enrich.errors import BundleRefused, MillraceError
from worker import topics
from worker.kafka_client import admin
from worker.settings import Settings

ASSIGNED_S: Final = 60.0
STOP_S: Final = 30.0
LOOK_S: Final = 0.1
# On a cluster that somebody gave us, the demo keeps to topics of its own.
PREFIX: Final = "demo."

Say = Callable[[str], None]


class DemoFailed(MillraceError):
    """A part of the demo did not come up or did not keep up."""


def cluster(settings: Settings, stack: ExitStack, say: Say) -> Settings:
    """Return settings of a running cluster: the one that is set, or an embedded one of the stack."""
    if "bootstrap" in settings.model_fields_set:
        say(f"Kafka: {', '.join(settings.bootstrap)}, topics {PREFIX}*")
        names = {
            name: PREFIX + getattr(settings, name)
            for name in Settings.model_fields
            if name.startswith("topic_")
        }
        return settings.model_copy(update={**names, "group": f"{settings.group}-demo"})
    from worker.broker import EmbeddedBroker

    say("Kafka: starting Apache Kafka on this machine")
    broker = stack.enter_context(EmbeddedBroker(settings.state, ephemeral=True, say=say))
    say(f"Kafka: up at {broker.bootstrap}")
    return settings.model_copy(update={"bootstrap": (broker.bootstrap,)})


def make_topics(settings: Settings, say: Say) -> None:
    """Create the topics that are missing."""
    with admin(settings) as client:
        made = topics.apply(client, settings)
    say(f"Topics: {len(made)} created" if made else "Topics: all there")


def bundle(settings: Settings, say: Say) -> None:
    """Train a bootstrap bundle if none is promoted here yet. Raises BundleRefused for one that is spoilt.

    What a Millrace from before signed promotions has left is none: its bundles are of other features.
    """
    from millrace.bundles import store_of

    store, trusted = store_of(settings)
    if store.history(trusted, settings.production):
        loaded = store.load(trusted, settings.production)
        sources = ", ".join(head.label_source for head in loaded.heads)
        say(f"Models: bundle {loaded.bundle_id} ({sources})")
        return
    if settings.production:
        raise BundleRefused("no bundle, and MILLRACE_ENV=production refuses bootstrap bundles")
    say("Models: none yet; training a bootstrap bundle from generated alerts")
    from training.bootstrap import bootstrap

    began = time.monotonic()
    made = bootstrap(
        bundles=settings.bundle_dir,
        keys=settings.keys_dir,
        trust=settings.trust_dir,
        now_ms=time.time_ns() // 1_000_000,
    )
    say(f"Models: bundle {made.bundle_id} trained and signed in {time.monotonic() - began:.0f} s")


def _end_with_parent() -> None:
    # PR_SET_PDEATHSIG: also a demo that is killed or whose terminal goes away takes its worker along.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Worker:
    """`millrace worker` as a process of its own, its log in a file."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log: Final = log
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "MILLRACE_BOOTSTRAP": ",".join(settings.bootstrap),
            "MILLRACE_GROUP": settings.group,
            "MILLRACE_HTTP_PORT": "0",  # a worker beside the demo keeps its own
            **{
                f"MILLRACE_{name.upper()}": getattr(settings, name)
                for name in Settings.model_fields
                if name.startswith("topic_")
            },
        }
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "millrace", "worker", "--json-logs"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C reaches the demo only, which stops it in order
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def wait_assigned(self) -> None:
        """Return when the group has given it partitions. Raises DemoFailed."""
        deadline = time.monotonic() + ASSIGNED_S
        while b'"assigned"' not in self.log.read_bytes():
            self.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"the worker got no partitions within {ASSIGNED_S:.0f} s (log: {self.log})")
            time.sleep(LOOK_S)

    def check(self) -> None:
        """Raise DemoFailed if it has ended."""
        code = self._process.poll()
        if code is not None:
            lines = self.log.read_text("utf-8", "replace").splitlines()
            told = [line for line in lines if '"error"' in line or line.startswith("millrace:")] or lines
            last = told[-1][:300] if told else "it said nothing"
            raise DemoFailed(f"the worker ended with code {code}: {last} (log: {self.log})")

    def stop(self) -> None:
        """Ask it to drain and end; end it if it does not."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
