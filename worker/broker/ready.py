"""Ports, and whether a broker answers on one."""

import contextlib
import socket
import struct
from typing import Final, NamedTuple

from enrich.errors import SettingsWrong

HOST: Final = "127.0.0.1"
METADATA: Final = 3  # API key; version 4 carries the cluster id and is served by Kafka 0.11 to 4.x
METADATA_VERSION: Final = 4


class Cluster(NamedTuple):
    """What a metadata response says of the cluster."""

    cluster_id: str
    brokers: frozenset[int]  # node ids, registered and not fenced: none while the only one is starting


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now. Somebody else may take one before java does: try again then."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def is_free(port: int) -> bool:
    return _refusal(port) is None


def check_free(port: int) -> None:
    """Raises SettingsWrong when ``port`` cannot be listened on."""
    if error := _refusal(port):
        raise SettingsWrong(f"port {port}: {error.strerror}; give another, or none for a free one") from error


def _refusal(port: int) -> OSError | None:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as java does: TIME_WAIT is no hindrance
        try:
            one.bind((HOST, port))
        except OSError as error:
            return error
    return None


def cluster(port: int, timeout_s: float) -> Cluster | None:
    """Asks the broker on ``port`` for metadata; None when nobody answers in time, or nothing sensible.

    By hand and not with a client library, which would retry by itself and log each refused connection.
    Source: the Kafka protocol guide, Metadata v4, request header v1, response header v0.
    """
    client = b"millrace"
    request = (
        struct.pack("!hhih", METADATA, METADATA_VERSION, 1, len(client))
        + client
        + struct.pack("!i?", 0, False)
    )
    try:
        with (
            socket.create_connection((HOST, port), timeout_s) as connection,
            connection.makefile("rb") as reply,
        ):
            connection.sendall(struct.pack("!i", len(request)) + request)
            (size,) = struct.unpack("!i", reply.read(4))
            return _parsed(reply.read(size))
    except (OSError, struct.error, ValueError):
        return None


def _parsed(response: bytes) -> Cluster:
    _correlation, _throttle_ms, brokers = struct.unpack_from("!iii", response)
    at = 12
    found = set()
    for _ in range(brokers):  # node id, host, port, rack
        found.add(struct.unpack_from("!i", response, at)[0])
        at = _string(response, at + 4)[1] + 4
        at = _string(response, at)[1]
    return Cluster(_string(response, at)[0], frozenset(found))


def _string(response: bytes, at: int) -> tuple[str, int]:
    """A nullable string at ``at`` ("" for null), and where it ends."""
    (length,) = struct.unpack_from("!h", response, at)
    end = at + 2 + max(0, length)
    return response[at + 2 : end].decode(), end
