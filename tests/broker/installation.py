"""An installation of Millrace on a real Kafka, run as a person runs it: by its commands."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

ROOT: Final = Path(__file__).parents[2]
ROLES: Final = ("raw", "enriched", "escalated", "dead", "state", "feedback")
WAIT_S: Final = 60.0

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
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        ours = {f"MILLRACE_{name.upper()}": str(value) for name, value in given.items()}
        self.env: Final[Mapping[str, str]] = {**clean, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **ours}

    def run(self, *args: str, given: bytes = b"", **settings: object) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        env = {**self.env, **{f"MILLRACE_{name.upper()}": str(value) for name, value in settings.items()}}
        command = [sys.executable, "-m", "millrace", *args]
        return subprocess.run(
            command, cwd=self.home, env=env, input=given, capture_output=True, timeout=WAIT_S
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
        """Whether the group has committed everything that is on the raw topic."""
        return self.json("status")["lag"] == 0


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
