"""A real three-broker cluster: replication 3, two in sync at least, no unclean election, small heaps."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.faults.proxy import Proxies
from worker.broker import BrokerFailed, Listener, Node
from worker.broker.java import new_cluster_id
from worker.broker.ready import free_ports

NODES: Final = 3
HEAP_MIB: Final = 256
STARTS: Final = 3
SETTLE_S: Final = 120.0
LOOK_S: Final = 0.2

# How workers reach the brokers. direct: as the harness does, all-powerful. proxied: through the proxies.
# named: with a user name, so that an ACL can refuse them something.
Way = Literal["direct", "proxied", "named"]
LISTENERS: Final[dict[Way, str]] = {"direct": "PLAINTEXT", "proxied": "PROXIED", "named": "NAMED"}
USER: Final = "worker"
PASSWORD: Final = "of-the-harness"  # noqa: S105 - of a cluster on loopback that lives for a minute

EXTRA: Final = {
    "unclean.leader.election.enable": "false",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "true",
    "listener.name.named.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.named.plain.sasl.jaas.config": (
        f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    ),
}


class Cluster:
    """Three nodes under ``home``, each broker and voter. ``proxies`` stand before their PROXIED listeners."""

    def __init__(self, home: Path) -> None:
        self.home: Final = home
        self.nodes: dict[int, Node] = {}
        self.proxies = Proxies(NODES)

    def start(self) -> None:
        """Return when every broker is in the cluster. Raises BrokerFailed."""
        for tries in range(STARTS):
            if tries:  # somebody took a port between choosing and listening
                self.proxies.close()
                self.proxies = Proxies(NODES)
                shutil.rmtree(self.home, ignore_errors=True)
            self._make()
            try:
                self.start_all()
            except BrokerFailed:
                self.kill_all()
                if tries == STARTS - 1:
                    raise
            else:
                break
        self.proxies.start([node.listeners["PROXIED"].port for node in self.nodes.values()])
        self.settle()

    def _make(self) -> None:
        ports = iter(free_ports(4 * NODES))
        voters = {number: Listener(next(ports)) for number in range(1, NODES + 1)}
        identity = new_cluster_id()
        for number, proxy in zip(voters, self.proxies.ports, strict=True):
            listeners = [
                Listener(next(ports)),
                Listener(next(ports), "PROXIED", told=f"127.0.0.1:{proxy}"),
                Listener(next(ports), "NAMED", "SASL_PLAINTEXT"),
            ]
            self.nodes[number] = Node(
                self.home / f"node-{number}",
                listeners,
                voters[number],
                node_id=number,
                voters=voters,
                cluster_id=identity,
                extra=EXTRA,
                heap_mib=HEAP_MIB,
            )

    def bootstrap(self, way: Way = "direct") -> str:
        """Return the addresses of all brokers, as one setting."""
        return ",".join(node.listeners[LISTENERS[way]].advertised for node in self.nodes.values())

    @contextmanager
    def admin(self) -> Iterator[Any]:
        """Yield a client with every right."""
        with KafkaAdminClient(bootstrap_servers=self.bootstrap().split(",")) as client:
            yield client

    def start_all(self) -> None:
        """Start every node that does not run."""
        waiting = [node for node in self.nodes.values() if node.ended()]
        for node in waiting:
            node.launch()
        for node in waiting:
            node.wait_ready()

    def restore(self) -> None:
        """Let the network and every broker be as they were."""
        self.proxies.restore()
        self.start_all()

    def kill_all(self) -> None:
        """SIGKILL to every node, one right after the other."""
        for node in self.nodes.values():
            node.kill()

    def settle(self) -> None:
        """Return when every replica of every partition is in sync and led by its preferred broker."""
        wait_until(self._in_sync, SETTLE_S, "the cluster is not in sync")

    def _in_sync(self) -> bool:
        try:
            with self.admin() as admin:
                if len(admin.describe_cluster()["brokers"]) < NODES:
                    return False
                partitions = [each for topic in admin.describe_topics() for each in topic["partitions"]]
                if any(len(each["isr_nodes"]) < len(each["replica_nodes"]) for each in partitions):
                    return False
                if any(each["leader_id"] != each["replica_nodes"][0] for each in partitions):
                    admin.elect_leaders(0, raise_errors=False)
                    return False
        except KafkaError:
            return False
        return True

    def coordinator(self, group: str) -> int:
        """Return the id of the broker that coordinates the group."""
        with self.admin() as admin:
            place = coordinator_partition(group, len(self._offsets(admin)))
            return int(self._offsets(admin)[place]["leader_id"])

    def move_coordinator(self, group: str) -> int:
        """Let the next replica lead the partition of the group's offsets; nobody dies. Return its broker."""
        from kafka import TopicPartition

        with self.admin() as admin:
            offsets = self._offsets(admin)
            place = coordinator_partition(group, len(offsets))
            replicas = list(offsets[place]["replica_nodes"])
            turned = [*replicas[1:], replicas[0]]
            admin.alter_partition_reassignments({TopicPartition(OFFSETS, place): turned})
            admin.elect_leaders(0, {OFFSETS: [place]}, raise_errors=False)
            wait_until(
                lambda: _coordinates(admin, turned[0], group), SETTLE_S, "the coordinator did not move"
            )
            return int(turned[0])

    def _offsets(self, admin: Any) -> dict[int, Any]:
        found = admin.describe_topics([OFFSETS])[0]["partitions"]
        return {each["partition_index"]: each for each in found}

    def close(self) -> None:
        """End everything. The data stays in ``home``."""
        self.proxies.close()
        self.kill_all()


OFFSETS: Final = "__consumer_offsets"


def _coordinates(admin: Any, node: int, group: str) -> bool:
    """Whether this broker says that the group is its own."""
    try:
        return any(group in each.values() for each in admin.list_groups(broker_ids=[node]))
    except KafkaError:  # it is still loading the group
        return False


def coordinator_partition(group: str, partitions: int) -> int:
    """Return the partition of ``__consumer_offsets`` that keeps the group: Java's String.hashCode.

    >>> coordinator_partition("millrace", 50)
    23
    """
    code = 0
    for letter in group:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return (code & 0x7FFFFFFF) % partitions


def wait_until(what: Callable[[], bool], wait_s: float, otherwise: str) -> None:
    """Return when it is so. Raises TimeoutError with ``otherwise``."""
    deadline = time.monotonic() + wait_s
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{otherwise} (within {wait_s:g} s)")
        time.sleep(LOOK_S)
