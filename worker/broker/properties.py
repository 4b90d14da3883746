"""The broker's settings, as a pure function of where it listens and with whom.

One node on loopback is what the embedded broker starts. The joints for more are arguments: several client
listeners (a second one with protocol ``SSL`` and its keystore under ``extra``), and several voters.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

CONTROLLER: Final = "CONTROLLER"


class Listener(NamedTuple):
    """Where a broker can be reached, and how."""

    port: int  # 1–65535
    name: str = "PLAINTEXT"
    protocol: str = "PLAINTEXT"  # PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
    host: str = "127.0.0.1"
    told: str | None = None  # host:port that clients are told, where it is another: a proxy's, a name

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def advertised(self) -> str:
        """What clients are told."""
        return self.told or self.address


def server_properties(
    *,
    data: str,
    listeners: Sequence[Listener],
    controller: Listener,
    node_id: int = 1,
    voters: Mapping[int, Listener] | None = None,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Kafka's ``server.properties`` for a node that is broker and controller in one.

    ``data``: the directory of its log segments, relative to where java is started. ``listeners``: for
    clients, the first one also between brokers. ``controller``: this node's own voter. ``voters``: node id →
    controller of every node, this one included; None: it is alone. ``extra`` is laid over the result.

    Not set on purpose: ``message.max.bytes``. Topics that need more than 1 MiB say so with
    ``max.message.bytes``, as they must on the user's own cluster, and here the same records are refused.
    """
    voters = {node_id: controller} if voters is None else voters
    replicas = min(3, len(voters))
    own = [*listeners, controller._replace(name=CONTROLLER)]
    return {
        "process.roles": "broker,controller",
        "node.id": str(node_id),
        # A fixed quorum: ports stand here, not in the stored metadata, so the next start may have others.
        "controller.quorum.voters": ",".join(f"{i}@{at.address}" for i, at in sorted(voters.items())),
        "controller.listener.names": CONTROLLER,
        "inter.broker.listener.name": listeners[0].name,
        "listeners": ",".join(f"{at.name}://{at.address}" for at in own),
        "advertised.listeners": ",".join(f"{at.name}://{at.advertised}" for at in listeners),
        "listener.security.protocol.map": ",".join(f"{at.name}:{at.protocol}" for at in own),
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(replicas),
        "min.insync.replicas": str(max(1, replicas - 1)),
        "offsets.topic.replication.factor": str(replicas),
        "offsets.topic.num.partitions": "4",  # 50 by default: each is a directory and three files to open
        "transaction.state.log.replication.factor": str(replicas),
        "transaction.state.log.min.isr": str(max(1, replicas - 1)),
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": str(replicas),
        "share.coordinator.state.topic.min.isr": str(max(1, replicas - 1)),
        "group.initial.rebalance.delay.ms": "0",  # 3 s by default, for members that start together
        "log.segment.bytes": str(128 * 1024 * 1024),
        "log.index.size.max.bytes": str(1024 * 1024),
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),  # 128 MiB of the 512 by default
        # Records of 2 × 1 MiB + 64 KiB must pass between brokers as they do from clients.
        "replica.fetch.max.bytes": str(4 * 1024 * 1024),
        **(extra or {}),
    }


def properties_text(properties: Mapping[str, str]) -> str:
    r"""As java.util.Properties reads it: Latin-1, a backslash escapes.

    >>> properties_text({"log.dirs": "a\\b ü"})
    'log.dirs=a\\\\b \\u00fc\n'
    """
    return "".join(f"{key}={_escaped(value)}\n" for key, value in properties.items())


def _escaped(value: str) -> str:
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)]
    return "".join(chr(code) if 32 <= code < 127 else f"\\u{code:04x}" for code in codes)
