"""An installation of Millrace on a real Kafka, run as a person runs it: by its commands."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import orjson
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

ROOT: Final = Path(__file__).parents[2]
ROLES: Final = ("raw", "enriched", "escalated", "dead", "state", "feedback")
WAIT_S: Final = 60.0
# No setting of the tests' own reaches a process: it is run as a person runs it, with all its threads.
OURS: Final = ("MILLRACE_", "OMP_NUM_THREADS")

Coordinates = tuple[int, int]


class Installation:
    """Its own topics and group on the given cluster. Without a bundle: events are unscored and soon made."""

    def __init__(self, bootstrap: str, prefix: str, home: Path, **settings: object) -> None:
        self.bootstrap: Final = bootstrap
        self.home: Final = home
        self.topics: Final = {role: f"{prefix}{role}" for role in ROLES}
        given = {
            "bootstrap": bootstrap,
            "group": f"{prefix}group",
            "state": home / "state",
            "on_bundle_error": "passthrough",
            "session_timeout_s": 6,
            "http_port": 0,
            **{f"topic_{role}": name for role, name in self.topics.items()},
            **settings,
        }
        self.given: Final = {name: str(value) for name, value in given.items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ours = {f"MILLRACE_{name.upper()}": str(value) for name, value in given.items()}
        self.env: Final[Mapping[str, str]] = {**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **ours}

    # What asks the cluster with our own code imports it there: the far end of the fault ledger shares none.

    @cached_property
    def settings(self) -> Any:
        """What the environment of its processes says, as the worker reads it."""
        from worker.settings import Settings

        return Settings(**self.given)  # type: ignore[arg-type]

    def with_topics(self) -> Self:
        """Make its topics as ``millrace topics --apply`` does, without the second that a process takes."""
        from worker import topics
        from worker.kafka_client import admin

        with admin(self.settings) as client:
            assert sorted(topics.apply(client, self.settings)) == sorted(self.topics.values())
        return self

    def run(
        self, *args: str, given: bytes = b"", wait_s: float = WAIT_S, **settings: object
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        env = {**self.env, **{f"MILLRACE_{name.upper()}": str(value) for name, value in settings.items()}}
        command = [sys.executable, "-m", "millrace", *args]
        return subprocess.run(
            command, cwd=self.home, env=env, input=given, capture_output=True, timeout=wait_s
        )

    def json(self, *args: str, given: bytes = b"") -> Any:
        """Run a command with --json and return the document that is all of its stdout."""
        return orjson.loads(self.run(*args, "--json", given=given).stdout)

    @contextmanager
    def process(self, *args: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command beside the test, killed at the end; its stderr goes to ``home/<command>.log``."""
        with (self.home / f"{args[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "millrace", *args]
            with subprocess.Popen(
                command, cwd=self.home, env=self.env, stdout=subprocess.PIPE, stderr=log
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()

    def log(self, command: str = "worker") -> str:
        """What a process has written to stderr."""
        path = self.home / f"{command}.log"
        return path.read_text("utf-8") if path.exists() else ""

    def produce(self, values: list[Any], **record: Any) -> list[Coordinates]:
        """Put raw records on the topic without our own code; return (partition, offset) of each."""
        with KafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5) as producer:
            futures = [producer.send(self.topics["raw"], value=value, **record) for value in values]
            return [(done.partition, done.offset) for done in (future.get(30) for future in futures)]

    def read(self, role: str) -> list[Any]:
        """Return every record of a topic, by partition and offset, read with a client that is not ours."""
        with KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False) as consumer:
            name = self.topics[role]
            places = [TopicPartition(name, n) for n in sorted(consumer.partitions_for_topic(name) or ())]
            ends = consumer.end_offsets(places)
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            found: list[Any] = []
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=500).values():
                    found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def count(self, role: str) -> int:
        """Return how many records a topic holds."""
        with KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False) as consumer:
            name = self.topics[role]
            places = [TopicPartition(name, n) for n in consumer.partitions_for_topic(name) or ()]
            ends, begins = consumer.end_offsets(places), consumer.beginning_offsets(places)
        return sum(ends[place] - begins[place] for place in places)

    def drained(self) -> bool:
        """Whether the group has committed everything that is on the raw topic: the lag of ``status`` is 0."""
        from worker import reader
        from worker.kafka_client import admin, consumer

        with admin(self.settings) as asking, consumer(self.settings) as reading:
            raw = reader.partitions(reading, self.topics["raw"])
            ends, begins = reading.end_offsets(raw), reading.beginning_offsets(raw)
            try:
                return not any(reader.lag(asking, self.settings.group, ends, begins).values())
            except KafkaError:  # its coordinator has just begun
                return False

    def members(self) -> int:
        """Return how many workers share the partitions; 0 while they are handed out."""
        from worker.kafka_client import admin

        name = self.settings.group
        with admin(self.settings) as asking:
            try:
                group = asking.describe_groups([name])[name]
            except KafkaError:
                return 0
        return len(group["members"]) if group["group_state"] == "Stable" else 0


def wait_for(what: Callable[[], bool], wait_s: float = WAIT_S) -> None:
    """Wait until it is so; AssertionError at the deadline."""
    deadline = time.monotonic() + wait_s
    while not what():
        assert time.monotonic() < deadline, f"not within {wait_s:g} s"
        time.sleep(0.05)


def eve(number: int, signature: str = "ET MALWARE beacon") -> bytes:
    """Return a Suricata alert of our own making, told apart by its flow id."""
    doc = {
        "timestamp": f"2026-11-21T07:{number // 60 % 60:02}:{number % 60:02}.000000+0000",
        "flow_id": number,
        "event_type": "alert",
        "src_ip": f"10.0.{number % 7}.{number % 250 + 1}",
        "src_port": 40000 + number % 20000,
        "dest_ip": "198.51.100.7",
        "dest_port": 443,
        "proto": "TCP",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": 2000000 + number % 50,
            "rev": 1,
            "signature": signature,
            "category": "A Network Trojan was detected",
            "severity": number % 3 + 1,
        },
    }
    return orjson.dumps(doc)


def source_of(record: Any) -> Coordinates:
    """Return (partition, offset) of the raw record that an output record came from."""
    headers = dict(record.headers)
    if "millrace-code" in headers:
        return int(headers["millrace-partition"]), int(headers["millrace-offset"])
    place = orjson.loads(record.value)["unmapped"]["millrace"]["record"]
    return place["partition"], place["offset"]
