"""The watchdog, and the private names of Faust and aiokafka that it rests on."""

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from worker.watchdog import group_error


def app(coordinator: Any) -> Any:
    consumer = SimpleNamespace(_coordinator=coordinator)
    return SimpleNamespace(_consumer=SimpleNamespace(_thread=SimpleNamespace(_consumer=consumer)))


def coordinator(parked: Exception | None = None, ended: bool = False, closing: bool = False) -> Any:
    def done(yes: bool) -> Any:
        return SimpleNamespace(done=lambda: yes)

    return SimpleNamespace(_pending_exception=parked, _coordination_task=done(ended), _closing=done(closing))


@pytest.mark.parametrize("early", [SimpleNamespace(_consumer=None), app(None)])
def test_before_the_consumer_is_there_nothing_is_wrong(early: Any) -> None:
    assert group_error(early) is None


def test_a_living_coordinator_is_no_error() -> None:
    assert group_error(app(coordinator())) is None


def test_an_error_that_nobody_asked_for_is_found() -> None:
    parked = coordinator(parked=asyncio.InvalidStateError())
    assert group_error(app(parked)) == "the group coordinator refused us: InvalidStateError"


def test_a_coordination_task_that_ended_is_found() -> None:
    assert group_error(app(coordinator(ended=True))) == "the task that keeps us in the group has ended"


def test_a_coordinator_that_is_being_closed_is_no_error() -> None:
    assert group_error(app(coordinator(ended=True, closing=True))) is None


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (faust.App, "_consumer"),
        (ThreadDelegateConsumer, "_thread"),
        (AIOKafkaConsumerThread, "_consumer"),
        (AIOKafkaConsumer, "_coordinator"),
        (GroupCoordinator, "_pending_exception"),
        (GroupCoordinator, "_coordination_task"),
        (GroupCoordinator, "_closing"),
    ],
)
def test_the_private_names_that_it_rests_on_are_still_there(owner: type, name: str) -> None:
    assert f"self.{name}" in inspect.getsource(owner), f"{owner.__name__}.{name} is gone"
