"""The watchdog, and the private names of Faust and aiokafka that it rests on."""

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import errors as kafka_errors
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from worker.watchdog import group_error

ENDED = "the task that keeps us in group millrace has ended"


def app(coordinator: Any) -> Any:
    consumer = SimpleNamespace(_coordinator=coordinator)
    return SimpleNamespace(_consumer=SimpleNamespace(_thread=SimpleNamespace(_consumer=consumer)))


def coordinator(
    parked: Exception | None = None,
    ended: bool = False,
    closing: bool = False,
    died: Exception | None = None,
) -> Any:
    def done(yes: bool) -> Any:
        return SimpleNamespace(done=lambda: yes, cancelled=lambda: False, exception=lambda: died)

    return SimpleNamespace(
        group_id="millrace",
        _pending_exception=parked,
        _coordination_task=done(ended),
        _closing=done(closing),
    )


@pytest.mark.parametrize("early", [SimpleNamespace(_consumer=None), app(None)])
def test_before_the_consumer_is_there_nothing_is_wrong(early: Any) -> None:
    assert group_error(early) is None


def test_a_living_coordinator_is_no_error() -> None:
    assert group_error(app(coordinator())) is None


def test_an_error_that_nobody_asked_for_is_found() -> None:
    parked = coordinator(parked=asyncio.InvalidStateError())
    assert group_error(app(parked)) == "group millrace refuses us: InvalidStateError"


REFUSED = {
    kafka_errors.GroupAuthorizationFailedError("millrace"): (
        "not allowed to READ group millrace: GroupAuthorizationFailedError"
    ),
    kafka_errors.TopicAuthorizationFailedError({"b", "a"}): (
        "not allowed to READ a, b: TopicAuthorizationFailedError"
    ),
    kafka_errors.TopicAuthorizationFailedError("raw"): (
        "not allowed to READ raw: TopicAuthorizationFailedError"
    ),
    kafka_errors.TopicAuthorizationFailedError(): (
        "not allowed to READ its topics: TopicAuthorizationFailedError"
    ),
    kafka_errors.InconsistentGroupProtocolError(): (
        "group millrace refuses us: [Error 23] InconsistentGroupProtocolError: another kind of consumer"
    ),
    kafka_errors.InvalidSessionTimeoutError(): (
        "group millrace refuses us: [Error 26] InvalidSessionTimeoutError: set session_timeout_s"
    ),
    kafka_errors.UnknownError("a\nb"): "group millrace refuses us: [Error -1] UnknownError: a b",
}


@pytest.mark.parametrize(("error", "words"), REFUSED.items(), ids=lambda value: type(value).__name__)
def test_a_refusal_is_one_line_that_names_what_and_the_error(error: Exception, words: str) -> None:
    told = group_error(app(coordinator(parked=error)))
    assert told is not None
    assert (told.startswith(words), "\n" in told) == (True, False)


def test_what_the_coordination_task_died_of_is_told() -> None:
    dead = coordinator(
        ended=True, died=kafka_errors.KafkaError("Unexpected error during coordination KeyError(1)")
    )
    words = "has ended: KafkaError: Unexpected error during coordination KeyError(1)"
    assert str(group_error(app(dead))).endswith(words)


def test_a_coordination_task_that_ended_is_found() -> None:
    assert group_error(app(coordinator(ended=True))) == ENDED


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
