"""What a fault has before it: cluster, crew, feed, chance, and a book in which it writes its harm."""

import random
import time
from collections.abc import Iterator
from typing import Final

from kafka.admin import ConfigResource
from kafka.errors import KafkaError

from tests.faults import far_end
from tests.faults.cluster import Cluster, wait_until
from tests.faults.counting import Harm, Out
from tests.faults.crew import Crew, Worker
from tests.faults.feed import Feed

DRAIN_S: Final = 240.0


class Scene:
    """One run. harms: what was done, for the clock; times: how often harm was done.

    before: what output topics held that the fault has deleted since.
    """

    def __init__(
        self,
        cluster: Cluster,
        crew: Crew,
        feed: Feed,
        topics: dict[str, str],
        group: str,
        partitions: int,
        session_s: float,
        seed: int,
    ) -> None:
        self.cluster: Final = cluster
        self.crew: Final = crew
        self.feed: Final = feed
        self.topics: Final = topics
        self.group: Final = group
        self.partitions: Final = partitions
        self.session_s: Final = session_s
        self.chance: Final = random.Random(seed)
        self.harms: Final[list[Harm]] = []
        self.before: Final[list[Out]] = []
        self.times = 0

    def rounds(self, least_s: float, most_s: float) -> Iterator[int]:
        """Yield after so many seconds by chance, again and again while the feed has that long to go; once at
        least.
        """
        number = 0
        while not number or self.feed.left_s > most_s:
            self.sleep(least_s, most_s)
            yield number
            number += 1

    def sleep(self, least_s: float, most_s: float) -> None:
        """Wait for a time between the two, by chance."""
        time.sleep(self.chance.uniform(least_s, most_s))

    def struck(self, partitions: frozenset[int] | None = None) -> None:
        """Note that harm has been done by now to these raw partitions; None: to all."""
        self.times += 1
        everything = frozenset(range(self.partitions))
        self.harms.append(Harm(time.time_ns() // 1_000_000, everything if partitions is None else partitions))

    def one_worker(self) -> tuple[Worker, frozenset[int]] | None:
        """Return a worker that runs, by chance, and the partitions that it has; None: there is none."""
        alive = [worker for worker in self.crew.alive() if worker.wanted]
        working = [worker for worker in alive if worker.assigned()] or alive
        if not working:
            return None
        worker = self.chance.choice(working)
        return worker, worker.assigned() or frozenset()

    def one_node(self) -> int:
        """Return the number of a broker, by chance."""
        return self.chance.choice(sorted(self.cluster.nodes))

    def drained(self) -> bool:
        """Whether the group has committed everything that is on the raw topic."""
        try:
            return far_end.lag(self.cluster.bootstrap(), self.group, self.topics["raw"]) == 0
        except KafkaError:
            return False

    def wait_drained(self, wait_s: float = DRAIN_S) -> None:
        """Return when it is. Raises TimeoutError."""
        wait_until(self.drained, wait_s, "records without an acknowledgement are left")

    def configure(self, topic: str, **configs: str) -> None:
        """Set configs of a topic, with ``_`` for ``.``."""
        wanted = {name.replace("_", "."): value for name, value in configs.items()}
        with self.cluster.admin() as admin:
            admin.alter_configs([ConfigResource("TOPIC", topic, wanted)])
