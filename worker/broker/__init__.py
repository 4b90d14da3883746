"""A real Apache Kafka (KRaft, one node, loopback) for the demo, the tests and a laptop.

    with EmbeddedBroker(state_dir, ephemeral=True) as broker:
        KafkaProducer(bootstrap_servers=broker.bootstrap)

``Node`` is one process of a cluster, on ports that are given to it.

Java and Kafka come as PyPI packages and pinned Maven artifacts: docs/decisions/0001-embedded-broker.md.
"""

from worker.broker.embedded import EmbeddedBroker
from worker.broker.errors import BrokerFailed, JarRefused
from worker.broker.jars import jars_directory
from worker.broker.node import Node
from worker.broker.properties import Listener

__all__ = ["BrokerFailed", "EmbeddedBroker", "JarRefused", "Listener", "Node", "jars_directory"]
