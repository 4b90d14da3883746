"""What needs a container engine: skipped with a reason where none answers, and where an image is not here."""

import functools
from collections.abc import Iterator

import pytest

from tests.container import engine
from tests.container.kafka_container import kafka
from tests.container.stack import Stack


@functools.cache
def _missing(*images: str) -> str | None:
    return engine.missing(*images)


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """``host:port`` of apache/kafka:4.1.1 in a container."""
    if reason := _missing(engine.KAFKA_IMAGE):
        pytest.skip(reason)
    with kafka() as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def images() -> tuple[str, str]:
    """The two images, built from this checkout."""
    if reason := _missing(engine.PYTHON_IMAGE):
        pytest.skip(reason)
    for service in ("worker", "bundle"):  # the second is made of the layers of the first
        engine.docker("compose", "build", service, timeout_s=engine.BUILD_S)
    return engine.WORKER_IMAGE, engine.TRAIN_IMAGE


@pytest.fixture(scope="session")
def stack(images: tuple[str, str]) -> Iterator[Stack]:
    """The compose file with three workers, up and ready."""
    if reason := _missing(engine.KAFKA_IMAGE):
        pytest.skip(reason)
    project = Stack(DEMO_COUNT="50000", DEMO_RATE="1000000")
    try:
        project.up("--build")
        yield project
    finally:
        project.down()
