"""The compose file, brought up as a person brings it up, under a name and a port of its own."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final, NamedTuple
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from tests.container import engine
from worker.broker.ready import free_ports

UP_S: Final = 240.0
ASK_S: Final = 10.0
GROUP: Final = "millrace"


class Found(NamedTuple):
    """A record as it lies on a topic."""

    partition: int
    offset: int
    value: bytes
    headers: list[tuple[str, bytes]]


class Stack:
    """A project of docker-compose.yml. Its volumes go with it."""

    def __init__(self, **given: str) -> None:
        self.name: Final = f"millrace-test-{uuid4().hex[:8]}"
        (port,) = free_ports(1)
        self.bootstrap: Final = f"127.0.0.1:{port}"
        self.given: Final = {"KAFKA_HOST_PORT": str(port), **given}

    def compose(self, *args: str, timeout_s: float = UP_S) -> str:
        """Run a command of Compose in this project."""
        return engine.docker("compose", "-p", self.name, *args, timeout_s=timeout_s, given=self.given)

    def up(self, *options: str) -> None:
        """Bring it up with three workers, ready; AssertionError with what the services said."""
        try:
            self.compose("up", *options, "--detach", "--wait", "--scale", "worker=3")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.compose('logs', '--no-color', '--tail', '10')}") from None

    def down(self) -> None:
        """Remove everything of it."""
        self.compose("--profile", "demo", "down", "--volumes", "--timeout", "5")

    def containers(self, service: str) -> list[str]:
        """Return the names of a service's containers, those that ended included."""
        lines = self.compose("ps", "--all", "--format", "json", service).splitlines()
        return sorted(json.loads(line)["Name"] for line in lines)

    def ends(self, topic: str) -> dict[int, int]:
        """Return the end of each partition of a topic; all begin at 0 here."""
        with closing(self._consumer()) as consumer:
            numbers = consumer.list_topics(topic, ASK_S).topics[topic].partitions
            places = [TopicPartition(topic, number) for number in numbers]
            return {place.partition: consumer.get_watermark_offsets(place, ASK_S)[1] for place in places}

    def count(self, *topics: str) -> int:
        """Return how many records these topics hold."""
        return sum(sum(self.ends(topic).values()) for topic in topics)

    def lag(self) -> int:
        """Return how many records of the raw topic the workers' group has not committed."""
        ends = self.ends("alerts.raw")
        with closing(self._consumer()) as consumer:
            done = consumer.committed([TopicPartition("alerts.raw", number) for number in ends], ASK_S)
        return sum(ends[each.partition] - max(0, each.offset) for each in done)

    def read(self, topic: str) -> Iterator[Found]:
        """Yield all records of a topic, read from this machine with a client that no worker uses."""
        left = {number: end for number, end in self.ends(topic).items() if end}
        with closing(self._consumer()) as consumer:
            consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
            while left:
                for message in consumer.consume(5000, 1.0):
                    place, at = message.partition(), message.offset()
                    yield Found(place, at, message.value(), message.headers() or [])
                    if at + 1 >= left.get(place, 0):
                        left.pop(place, None)

    def metric(self, container: str, name: str) -> float:
        """Return the sum of a metric's samples, asked inside the container, where alone it can be reached."""
        code = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9464/metrics').read().decode())"
        lines = engine.docker("exec", container, "python", "-c", code).splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
        return sum(float(value) for _, value in samples)

    def _consumer(self) -> Any:
        # The group's name is asked with, never joined.
        return Consumer({"bootstrap.servers": self.bootstrap, "group.id": GROUP, "enable.auto.commit": False})
