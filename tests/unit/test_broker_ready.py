"""Ports, and reading what answers on one."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.errors import SettingsWrong
from worker.broker.java import new_cluster_id
from worker.broker.ready import Cluster, check_free, cluster, free_ports, is_free

# correlation, throttle; one broker: node 1, "h", port 9, no rack; cluster id "TE"; controller 1; no topics
RESPONSE = bytes.fromhex(
    "00000001 00000000 00000001 00000001 0001 68 00000009 ffff 0002 5445 00000001 00000000"
)


@contextmanager
def peer(answer: bytes) -> Iterator[int]:
    """Something on a port that reads a request and answers these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(10)


def test_chosen_ports_differ() -> None:
    assert len(set(free_ports(10))) == 10


def test_a_port_in_use_is_named_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SettingsWrong, match=rf"^port {port}: [^\n]*$"):
            check_free(port)


def test_a_chosen_port_is_free() -> None:
    assert is_free(free_ports(1)[0])


def test_a_metadata_response_tells_the_cluster_and_its_brokers() -> None:
    with peer(struct.pack("!i", len(RESPONSE)) + RESPONSE) as port:
        assert cluster(port, timeout_s=10) == Cluster("TE", frozenset({1}))


def test_nobody_listening_is_no_cluster() -> None:
    assert cluster(free_ports(1)[0], timeout_s=10) is None


@given(answer=st.binary(max_size=200))
def test_whatever_answers_is_a_cluster_or_none(answer: bytes) -> None:
    with peer(answer) as port:
        assert isinstance(cluster(port, timeout_s=10), Cluster | None)


def test_a_new_cluster_id_is_what_kafka_takes_and_no_option() -> None:
    ids = [new_cluster_id() for _ in range(200)]
    assert {len(each) for each in ids} == {22}
    assert not any(each.startswith("-") for each in ids)
