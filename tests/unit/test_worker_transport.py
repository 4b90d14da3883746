"""The private names of Faust and aiokafka that the batch transport rests on: a lost one is named here."""

import inspect
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher as AioFetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, Fetcher, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver

from worker.transport import Consumer as Ours

# Overridden or called by worker/transport.py, with the parameters that it counts on.
METHODS: list[tuple[Any, str, list[str]]] = [
    (Consumer, "_drain_messages", ["self", "fetcher"]),
    (Consumer, "perform_seek", ["self"]),
    (Consumer, "ack", ["self", "message"]),
    (Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
    (Consumer, "_new_offset", ["self", "tp"]),
    (Consumer, "_should_commit", ["self", "tp", "offset"]),
    (ThreadDelegateConsumer, "_commit", ["self", "offsets"]),
    (Consumer, "wait_empty", ["self"]),
    (Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (Consumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
    (Consumer, "commit_and_end_transactions", ["self"]),
    (Consumer, "_get_active_partitions", ["self"]),
    (ThreadDelegateConsumer, "_getmany", ["self", "active_partitions", "timeout"]),
    (ThreadDelegateConsumer, "seek_to_committed", ["self"]),
    (ThreadDelegateConsumer, "seek_wait", ["self", "partitions"]),
    (ThreadDelegateConsumer, "earliest_offsets", ["self", "partitions"]),
    (ThreadDelegateConsumer, "highwaters", ["self", "partitions"]),
    (ThreadDelegateConsumer, "highwater", ["self", "tp"]),
    (App, "_new_transport", ["self"]),
    (GroupCoordinator, "_do_heartbeat", ["self"]),
]


@pytest.mark.parametrize(("owner", "name", "parameters"), METHODS, ids=lambda each: str(each))
def test_a_method_that_it_rests_on_is_there_and_takes_the_same(
    owner: Any, name: str, parameters: list[str]
) -> None:
    assert hasattr(owner, name), f"{owner.__name__}.{name} is gone"
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters, name


# (where, what must stand there): who calls what, and in which order things are done.
TEXTS: list[tuple[Any, str]] = [
    (Fetcher, "consumer._drain_messages(self)"),
    (Recovery._resume_streams, "consumer.perform_seek()"),
    (App._on_partitions_revoked, "self._consumer_wait_empty"),
    (App._stop_consumer, "self._consumer_wait_empty"),
    (App._consumer_wait_empty, "consumer.wait_empty()"),
    (Consumer.on_stop, "self.wait_empty()"),
    (Consumer._commit_tps, "self._filter_committable_offsets"),
    (Consumer._filter_committable_offsets, "self._new_offset(tp)"),
    (Consumer.force_commit, "self._filter_tps_with_pending_acks"),
    (Consumer._commit_offsets, "did_commit = await self._commit(committable_offsets)"),
    (Consumer._filter_committable_offsets, "self._should_commit(tp, offset)"),
    (Consumer.__init__, "self.suspend_flow = Event()"),
    (Consumer._reset_state, "self.flow_active = True"),
    (driver.AIOKafkaConsumerThread._fetch_records, "fetcher.fetched_records"),
    (driver.AIOKafkaConsumerThread._create_worker_consumer, "RoundRobinPartitionAssignor"),
    (AioFetcher.seek_to, "del self._records[tp]"),
    (GroupCoordinator._heartbeat_routine, "await self.ensure_coordinator_known()"),
    (GroupCoordinator._heartbeat_routine, "await self._do_heartbeat()"),
    (GroupCoordinator.coordinator_dead, "self.coordinator_id = None"),
]


@pytest.mark.parametrize(("owner", "text"), TEXTS, ids=lambda each: getattr(each, "__qualname__", "text"))
def test_what_it_rests_on_still_works_that_way(owner: Any, text: str) -> None:
    assert text in inspect.getsource(owner), f"{owner.__qualname__} no longer has: {text}"


def test_every_method_that_we_override_is_one_of_fausts() -> None:
    ours = {name for name, _ in inspect.getmembers(Ours, inspect.isfunction) if name in vars(Ours)}
    pinned = {name for _, name, _ in METHODS}
    overridden = {name for name in ours if hasattr(driver.Consumer, name)} - {"__init__"}
    assert overridden <= pinned


def test_the_version_is_pinned() -> None:
    assert version("faust-streaming") == "0.15.3"
