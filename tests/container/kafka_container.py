"""apache/kafka in a container of testcontainers, with the same properties as the embedded broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.broker.installation import wait_for
from tests.container.engine import KAFKA_IMAGE, answer
from worker.broker.properties import Listener, server_properties
from worker.broker.ready import cluster, free_ports

READY_S: Final = 90.0


def variables(port: int) -> dict[str, str]:
    """Return the properties as the image takes them: given any, it has no defaults of its own."""
    properties = server_properties(
        data="/tmp/kafka",  # noqa: S108 - inside the container
        listeners=[Listener(9092, host="", told=f"127.0.0.1:{port}")],
        controller=Listener(9093, host="localhost"),
    )
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in properties.items()}


@contextmanager
def kafka() -> Iterator[str]:
    """Yield ``host:port`` of a broker that answers."""
    # Without its reaper where that image is not here: it would be pulled. `with` removes the container.
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    if answer("image", "inspect", testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
    (port,) = free_ports(1)
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in variables(port).items():
        container.with_env(name, value)
    with container:
        wait_for(lambda: bool((found := cluster(port, 1.0)) and found.brokers), READY_S)
        yield f"127.0.0.1:{port}"
