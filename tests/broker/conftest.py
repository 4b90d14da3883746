"""A real Kafka for the tests: the cluster that MILLRACE_BOOTSTRAP names, else the embedded one."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient

from worker.broker import EmbeddedBroker

NewTopic = Callable[..., str]


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port``. The embedded broker's data is deleted at the end; jars stay in the user's cache."""
    if given := os.environ.get("MILLRACE_BOOTSTRAP"):
        yield given
        return
    with EmbeddedBroker(tmp_path_factory.mktemp("state"), ephemeral=True) as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def admin(bootstrap: str) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """What the names of this test's topics and groups begin with, so that no test sees another's."""
    return f"t{uuid4().hex[:10]}."


@pytest.fixture
def new_topic(admin: KafkaAdminClient, prefix: str) -> Iterator[NewTopic]:
    """``new_topic("raw", partitions=6, max_message_bytes=2162688)`` makes the topic and gives its full name.

    Keyword arguments are Kafka's topic settings with ``_`` for ``.``. Topics are deleted after the test.
    """
    made: list[str] = []

    def new(name: str = "topic", partitions: int = 1, **settings: object) -> str:
        configs = {key.replace("_", "."): str(value) for key, value in settings.items()}
        wanted = {"num_partitions": partitions, "replication_factor": -1, "configs": configs}
        admin.create_topics({prefix + name: wanted}, wait_for_metadata=True)
        made.append(prefix + name)
        return prefix + name

    yield new
    if made:
        admin.delete_topics(made)


@pytest.fixture(scope="session")
def trained_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a bootstrap bundle, trained once for all tests."""
    from training.bootstrap import bootstrap

    directory = tmp_path_factory.mktemp("millrace")
    bootstrap(
        bundles=directory / "bundles",
        keys=directory / "keys",
        trust=directory / "trust",
        now_ms=0,
        rows=3_000,
    )
    return directory
