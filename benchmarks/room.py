"""Where everything happens: a directory with a bundle and alerts, a broker, topics; nothing of it stays."""

import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from confluent_kafka import Producer
from kafka import KafkaConsumer, TopicPartition

from benchmarks.process import BenchmarkFailed, environment
from benchmarks.scale import Scale
from training.bootstrap import bootstrap
from training.generate import Parameters, samples
from worker.broker import EmbeddedBroker
from worker.compose import entity_of
from worker.kafka_client import admin
from worker.settings import Settings
from worker.topics import wanted

SEED: Final = 11
# As many alerts a day as `python -m benchmarks.score` has: 200,000 in a week.
ROWS_PER_DAY: Final = 28_600
LOAD_S: Final = 120.0
# What lies in the topics for the time of the benchmark must stay, however old its stamps are.
KEEP: Final = {"retention.ms": "-1", "retention.bytes": "-1"}
# The broker stamps each event as it is appended: arrivals are known without a reader that takes CPU.
STAMPED: Final = {"message.timestamp.type": "LogAppendTime"}

Say = Callable[[str], None]


class Line(NamedTuple):
    """An alert as it is sent. key: its entity, as `millrace send` gives it; None for a dead letter to be."""

    key: bytes | None
    value: bytes


class Room:
    """See ``room``. lines: the alerts, in order of time. size: mean bytes of one."""

    def __init__(self, home: Path, bootstrap: str, lines: list[Line], bundle_id: str) -> None:
        self.home: Final = home
        self.bootstrap: Final = bootstrap
        self.lines: Final = lines
        self.bundle_id: Final = bundle_id
        self.size: Final = sum(len(line.value) for line in lines) / len(lines) if lines else 0.0
        self._numbers = count(1)

    @contextmanager
    def installation(
        self,
        partitions: int,
        raw: str | None = None,
        extra: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Iterator[Settings]:
        """Yield settings with topics and group of their own, deleted at the end.

        raw: an existing raw topic to read instead, which stays. extra: further configs of raw and enriched.
        """
        prefix = f"b{next(self._numbers)}."
        names: dict[str, Any] = {
            name: prefix + name.removeprefix("topic_")
            for name in Settings.model_fields
            if name.startswith("topic_")
        }
        settings = Settings(
            bootstrap=(self.bootstrap,),
            state=self.home / "state",
            group=f"{prefix}group",
            partitions=partitions,
            **{**names, **({"topic_raw": raw} if raw else {})},
            **more,
        )
        new = {
            each.name: {
                "num_partitions": each.partitions,
                "replication_factor": -1,
                "configs": {
                    **each.config,
                    **({} if each.role in ("state", "feedback") else KEEP),
                    **(STAMPED if each.role == "enriched" else {}),
                    **((extra or {}) if each.role in ("raw", "enriched", "escalated") else {}),
                },
            }
            for each in wanted(settings)
            if each.name != raw
        }
        with admin(settings) as client:
            client.create_topics(new, wait_for_metadata=True)
            try:
                yield settings
            finally:
                client.delete_topics(list(new))

    def env(self, settings: Settings, **more: object) -> dict[str, str]:
        """Return the environment of a process with these settings."""
        names = (
            "group",
            "state",
            "partitions",
            *(n for n in Settings.model_fields if n.startswith("topic_")),
        )
        given = {name: getattr(settings, name) for name in names}
        return environment(bootstrap=self.bootstrap, http_port=0, log_level="info", **given, **more)

    def load(self, topic: str, number: int) -> None:
        """Put the first alerts on a topic as fast as it takes them, with receipts for all."""
        failed: list[str] = []
        producer = loader(self.bootstrap, failed)
        for key, value in self.lines[:number]:
            producer.produce(topic, value=value, key=key)
        if producer.flush(LOAD_S) or failed:
            raise BenchmarkFailed(f"{topic} could not be loaded: {failed[:1] or 'no receipts'}")

    def lines_file(self) -> Path:
        """Return the alerts as lines ``key TAB value`` for a process of the benchmark, written once."""
        file = self.home / "lines.tsv"
        if not file.exists():
            with file.open("wb") as out:
                out.writelines(b64encode(key or b"") + b"\t" + value + b"\n" for key, value in self.lines)
        return file

    @contextmanager
    def ends(self, topic: str) -> Iterator[Callable[[], int]]:
        """Yield what tells how many records a topic holds, by one request."""
        with KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False) as consumer:
            places = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
            yield lambda: sum(consumer.end_offsets(places).values())


def loader(bootstrap: str, failed: list[str]) -> Producer:
    """Return a producer that loads as fast as the broker takes; what it cannot deliver goes to ``failed``."""

    def told(error: object, _: object) -> None:
        if error is not None:
            failed.append(str(error))

    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 20,
            "batch.size": 524_288,
            "queue.buffering.max.messages": 2_000_000,
            "partitioner": "murmur2_random",
            "delivery.report.only.error": True,
            "on_delivery": told,
            "log_level": 3,
        }
    )


@contextmanager
def room(
    scale: Scale, say: Say, *, alerts: int | None = None, extra: Mapping[str, str] | None = None
) -> Iterator[Room]:
    """Yield a room with a broker, a bundle of its own and generated alerts; all of it is deleted after.

    alerts: how many, if not ``scale.most``. extra: server properties of the broker.
    """
    # Its own working directory, too: a .env or a millrace.toml of the user's is none of this.
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as name, chdir(name):
        home = Path(name)
        state = home / "state"
        began = time.monotonic()
        made = bootstrap(
            bundles=state / "bundles",
            keys=state / "keys",
            trust=state / "trust",
            now_ms=time.time_ns() // 1_000_000,
            rows=scale.train_rows,
        )
        say(f"bundle {made.bundle_id} trained in {time.monotonic() - began:.0f} s")
        number = scale.most if alerts is None else alerts
        lines = generated(number, Settings(state=state)) if number else []
        if lines:
            say(f"{len(lines):,} alerts generated")
        with EmbeddedBroker(state, ephemeral=True, say=say, extra=extra) as broker:
            say(f"Kafka is up at {broker.bootstrap}")
            yield Room(home, broker.bootstrap, lines, made.bundle_id)


def generated(number: int, settings: Settings) -> list[Line]:
    """Return the alerts, keyed by entity."""
    key_of = entity_of(settings)
    days = max(1, round(number / ROWS_PER_DAY))
    parameters = Parameters(seed=SEED, count=number, days=days)
    return [Line(key_of(each.line), each.line) for each in samples(parameters)]
