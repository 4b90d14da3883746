"""docker-compose.yml as Compose reads it: what is mounted where, what is open, what holds a container."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.container import engine
from worker.broker.properties import Listener, server_properties
from worker.settings import Settings

pytestmark = pytest.mark.container

OURS: Final = ("topics", "bundle", "worker", "feed", "watch")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Every service of every profile."""
    if reason := engine.missing():
        pytest.skip(reason)
    text = engine.docker("compose", "--profile", "*", "config", "--format", "json")
    found: dict[str, Any] = json.loads(text)["services"]
    return found


def mounts(service: Mapping[str, Any]) -> dict[str, bool]:
    """Volume → whether it is read-only."""
    return {each["source"]: each.get("read_only", False) for each in service.get("volumes", ())}


def test_kafka_is_given_every_property_that_the_embedded_broker_has(services: dict[str, Any]) -> None:
    ours = server_properties(data="", listeners=[Listener(9092)], controller=Listener(9093))
    wanted = {f"KAFKA_{name.upper().replace('.', '_')}" for name in ours}
    assert wanted - set(services["kafka"]["environment"]) == set()


def test_kafka_can_be_reached_from_this_machine_only(services: dict[str, Any]) -> None:
    assert [port["host_ip"] for port in services["kafka"]["ports"]] == ["127.0.0.1"]


def test_a_worker_publishes_no_port_so_that_there_can_be_many(services: dict[str, Any]) -> None:
    assert "ports" not in services["worker"]
    assert "container_name" not in services["worker"]


def test_a_worker_reads_bundles_and_trusted_keys_and_sees_no_private_key(services: dict[str, Any]) -> None:
    assert mounts(services["worker"]) == {"bundles": True, "trust": True}


def test_private_keys_are_seen_by_the_job_that_signs_and_it_has_no_network(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "keys" in mounts(service)] == ["bundle"]
    assert services["bundle"]["network_mode"] == "none"


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_containers_is_held(name: str, services: dict[str, Any]) -> None:
    service = services[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["mem_limit"]) >= 600 * 1024**2


def test_a_worker_has_longer_to_stop_than_it_takes(services: dict[str, Any]) -> None:
    assert services["worker"]["stop_grace_period"] == "40s"
    assert Settings.model_fields["stop_timeout_s"].default <= 35


def test_every_variable_that_is_fixed_is_a_setting(services: dict[str, Any]) -> None:
    known = {f"MILLRACE_{name.upper()}" for name in Settings.model_fields}
    given = {name for name in services["worker"]["environment"] if name.startswith("MILLRACE_")}
    assert given - known == set()


def test_a_worker_begins_when_topics_and_bundle_are_there(services: dict[str, Any]) -> None:
    conditions = {name: each["condition"] for name, each in services["worker"]["depends_on"].items()}
    assert conditions == {
        "kafka": "service_healthy",
        "topics": "service_completed_successfully",
        "bundle": "service_completed_successfully",
    }
