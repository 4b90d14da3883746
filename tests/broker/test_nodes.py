"""A node on given ports comes back on the same data, however it ended."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from worker.broker import BrokerFailed, Listener, Node
from worker.broker.ready import free_ports

pytestmark = pytest.mark.broker

PLACE = TopicPartition("kept", 0)


@pytest.mark.parametrize("end", [Node.kill, Node.stop])
def test_a_node_comes_back_on_its_ports_with_its_data(end: Callable[[Node], None], tmp_path: Path) -> None:
    port, other, controller = free_ports(3)
    listeners = [Listener(port), Listener(other, "SECOND", told=f"localhost:{other}")]
    with Node(tmp_path, listeners, Listener(controller), node_id=7, heap_mib=256) as node:
        with KafkaAdminClient(bootstrap_servers=node.bootstrap) as admin:
            admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        with KafkaProducer(bootstrap_servers=node.bootstrap, acks="all") as producer:
            producer.send("kept", b"kept").get(30)
        before = node.pid
        end(node)
        assert (node.ended(), os.path.exists(f"/proc/{before}")) == (True, False)
        with pytest.raises(BrokerFailed, match=r"^node 7 does not run$"):
            _ = node.pid
        node.start()
        assert node.pid != before
        with KafkaConsumer(bootstrap_servers=node.listeners["SECOND"].advertised) as consumer:
            assert consumer.end_offsets([PLACE]) == {PLACE: 1}
