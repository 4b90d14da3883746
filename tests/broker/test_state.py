"""The state topic on a real Kafka: what is kept comes back whole, whatever else lies there."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from structlog.testing import capture_logs

from tests.broker.conftest import NewTopic
from tests.broker.installation import wait_for
from tests.broker.secure import Right, secured
from worker.broker import Listener, Node
from worker.broker.ready import free_ports
from worker.current import Noted
from worker.settings import Settings
from worker.state import Attempt, Kept, Snapshot, StateFailed, StateTopic
from worker.state_records import Owner, Place, chunks, key, manifest
from worker.topics import CHUNK_BYTES, wanted

pytestmark = pytest.mark.broker

LARGE = random.Random(1).randbytes(2 * CHUNK_BYTES + 500)
NOTHING = Kept((), None)


def settings(bootstrap: str, topic: str, **more: Any) -> Settings:
    given = {"bootstrap": (bootstrap,), "topic_state": topic, "group": "g", "topic_raw": "raw"}
    return Settings(**{**given, **more})


@pytest.fixture
def ours(bootstrap: str, new_topic: NewTopic) -> Settings:
    return settings(bootstrap, new_topic("state", cleanup_policy="compact"))


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[StateTopic]:
    topic = StateTopic(given)
    try:
        await topic.start()
        yield topic
    finally:
        await topic.stop()


def run(given: Settings, body: Callable[[StateTopic], Awaitable[Any]]) -> Any:
    """Return what ``body`` returns of a topic that is open meanwhile."""

    async def all_of_it() -> Any:
        async with opened(given) as topic:
            return await body(topic)

    return asyncio.run(asyncio.wait_for(all_of_it(), 60))


async def put(given: Settings, *pairs: tuple[bytes | None, bytes | None], partition: int = 0) -> None:
    """Write by hand, with a client of our own."""
    async with AIOKafkaProducer(bootstrap_servers=given.bootstrap[0]) as producer:
        for name, value in pairs:
            await producer.send_and_wait(given.topic_state, value, key=name, partition=partition)


def lying(given: Settings) -> dict[bytes, int]:
    """The keys that are not tombstoned, and the sizes of their values."""
    with KafkaConsumer(bootstrap_servers=given.bootstrap[0], enable_auto_commit=False) as consumer:
        places = [
            TopicPartition(given.topic_state, n) for n in consumer.partitions_for_topic(given.topic_state)
        ]
        ends = consumer.end_offsets(places)
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        found: dict[bytes, int] = {}
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    found.pop(record.key, None)
                    if record.value is not None:
                        found[record.key] = len(record.value)
    return found


def read(given: Settings, *partitions: int) -> dict[int, Kept]:
    """Read as a worker does that has just started."""
    found: dict[int, Kept] = run(given, lambda topic: topic.read(partitions))
    return found


def keep(given: Settings, *snapshots: Snapshot) -> None:
    """Keep these of partition 0, one after the other, without a look at what lies there."""

    async def body(topic: StateTopic) -> None:
        for snapshot in snapshots:
            await topic.keep(0, snapshot)

    run(given, body)


def test_a_topic_with_nothing_on_it_says_so_of_every_partition(ours: Settings) -> None:
    assert read(ours, 0, 7) == {0: NOTHING, 7: NOTHING}


@pytest.mark.parametrize("partitions", [1, 3])
def test_what_is_kept_comes_back(bootstrap: str, new_topic: NewTopic, partitions: int) -> None:
    given = settings(bootstrap, new_topic("state", partitions, cleanup_policy="compact"))
    attempt = Attempt(5, 2, (5, 9), (1,))

    async def body(topic: StateTopic) -> None:
        writes = [topic.keep(place, Snapshot(place, b"%d" % place)) for place in range(5)]
        await asyncio.gather(*writes, topic.note(3, attempt))

    run(given, body)
    found = read(given, 0, 2, 3, 4, 9)
    assert found == {
        **{place: Kept((Snapshot(place, b"%d" % place),), None) for place in (0, 2, 4)},
        3: Kept((Snapshot(3, b"3"),), attempt),
        9: NOTHING,
    }


def test_a_snapshot_of_several_chunks_comes_back(ours: Settings) -> None:
    keep(ours, Snapshot(1, LARGE))
    assert read(ours, 0)[0].snapshots == (Snapshot(1, LARGE),)


def test_the_last_two_snapshots_lie_in_two_slots_the_newest_first(ours: Settings) -> None:
    keep(ours, *(Snapshot(offset, b"%d" % offset) for offset in range(4)))
    assert [snapshot.offset for snapshot in read(ours, 0)[0].snapshots] == [3, 2]


def test_a_worker_that_takes_over_spares_the_newest_slot(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"), Snapshot(2, b"two"))

    async def body(topic: StateTopic) -> None:
        await topic.read([0])
        await topic.keep(0, Snapshot(3, b"three"))

    run(ours, body)
    assert [snapshot.offset for snapshot in read(ours, 0)[0].snapshots] == [3, 2]


def test_an_empty_snapshot_comes_back(ours: Settings) -> None:
    keep(ours, Snapshot(0, b""))
    assert read(ours, 0)[0].snapshots == (Snapshot(0, b""),)


def test_a_smaller_snapshot_leaves_nothing_of_a_larger_one(ours: Settings) -> None:
    keep(ours, Snapshot(1, LARGE), Snapshot(2, b"two"), Snapshot(3, b"three"))
    assert sorted(size for name, size in lying(ours).items() if not name.endswith(b"null]")) == [31, 33]


def test_a_slot_that_was_not_written_to_its_end_is_skipped_by_name(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"), Snapshot(2, b"two"))
    asyncio.run(put(ours, *chunks(Owner("g", "raw"), 0, 0, Snapshot(3, LARGE), b"n" * 16)[:2]))
    with capture_logs() as said:
        assert read(ours, 0)[0].snapshots == (Snapshot(2, b"two"),)
    assert [(each["event"], each["partition"], each["slot"]) for each in said] == [("state_skipped", 0, 0)]


def test_after_a_half_written_slot_the_next_snapshot_goes_there(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"), Snapshot(2, b"two"))
    asyncio.run(put(ours, *chunks(Owner("g", "raw"), 0, 0, Snapshot(3, LARGE), b"n" * 16)[:2]))

    async def body(topic: StateTopic) -> None:
        await topic.read([0])
        await topic.keep(0, Snapshot(4, b"four"))

    run(ours, body)
    assert read(ours, 0)[0].snapshots == (Snapshot(4, b"four"), Snapshot(2, b"two"))
    assert len(lying(ours)) == 4


def test_of_two_writers_in_one_slot_only_what_is_whole_comes_back(ours: Settings) -> None:
    owner = Owner("g", "raw")
    one, other = Snapshot(5, LARGE), Snapshot(6, LARGE[::-1])
    first = chunks(owner, 0, 1, one, b"1" * 16)
    second = chunks(owner, 0, 1, other, b"2" * 16)
    keep(ours, Snapshot(4, b"four"))
    mixed = [*first[:2], *second[:1], *first[2:], manifest(owner, 0, 1, one, b"1" * 16, len(first))]
    asyncio.run(put(ours, *mixed))
    assert read(ours, 0)[0].snapshots == (Snapshot(4, b"four"),)
    asyncio.run(put(ours, *second[1:], manifest(owner, 0, 1, other, b"2" * 16, len(second))))
    assert read(ours, 0)[0].snapshots == (other, Snapshot(4, b"four"))


def test_two_workers_that_keep_at_once_leave_only_what_one_of_them_kept(ours: Settings) -> None:
    written = [[Snapshot(10 * n + k, LARGE[k + n :]) for k in range(4)] for n in range(2)]

    async def both() -> None:
        async with opened(ours) as one, opened(ours) as other:

            async def write(topic: StateTopic, snapshots: list[Snapshot]) -> None:
                for snapshot in snapshots:
                    await topic.keep(0, snapshot)

            await asyncio.gather(write(one, written[0]), write(other, written[1]))

    asyncio.run(asyncio.wait_for(both(), 60))
    assert set(read(ours, 0)[0].snapshots) <= {each for snapshots in written for each in snapshots}


def test_a_note_takes_the_place_of_the_one_before_it(ours: Settings) -> None:
    async def body(topic: StateTopic) -> None:
        await topic.note(0, Attempt(5, 1, None, ()))
        await topic.note(0, Attempt(5, 2, (5, 69), (1, 2)))

    run(ours, body)
    assert read(ours, 0)[0].attempt == Attempt(5, 2, (5, 69), (1, 2))


def test_a_note_that_was_taken_back_is_gone(ours: Settings) -> None:
    async def body(topic: StateTopic) -> None:
        await topic.note(0, Attempt(5, 1, None, ()))
        await topic.note(0, None)

    run(ours, body)
    assert read(ours, 0)[0] == NOTHING


def test_records_of_others_and_of_no_sense_are_passed_over(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"))
    other = key(Owner("another group", "raw"), Place(0, "attempt"))
    promotion = orjson.dumps(["g", "raw", "*", "promotion", None, None])
    senseless = [(b"\xff", b"\x00"), (b"[]", b""), (other, b"{}"), (promotion, b"{}"), (b"k", None)]
    asyncio.run(put(ours, *senseless, (key(Owner("g", "raw"), Place(0, "attempt")), b"?")))
    with capture_logs() as said:
        assert read(ours, 0)[0] == Kept((Snapshot(1, b"one"),), None)
    assert [each["reason"] for each in said] == ["not JSON"]


def promoted(given: Settings) -> Noted:
    """The highest promotion that a worker which has just started finds."""
    found: Noted = run(given, lambda topic: topic.promotions())
    return found


def test_the_highest_promotion_is_found_whoever_notes_a_lower_one_later(ours: Settings) -> None:
    assert promoted(ours) == Noted()

    async def late() -> None:
        async with opened(ours) as one, opened(ours) as other:
            await other.promotions()
            await one.note_promotion(3, "a" * 16)
            await one.note_promotion(7, "b" * 16)
            await other.note_promotion(5, "a" * 16)  # it has not seen the other's

    asyncio.run(asyncio.wait_for(late(), 60))
    assert promoted(ours) == Noted(7, "b" * 16)
    assert promoted(ours.model_copy(update={"group": "another"})) == Noted()


def test_a_note_of_a_promotion_takes_the_lower_ones_away_and_leaves_snapshots_alone(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"))
    before = set(lying(ours))

    async def body(topic: StateTopic) -> None:
        await topic.read([0])
        for sequence in (1, 2, 9):
            await topic.note_promotion(sequence, "a" * 16)
            assert topic.promotion == (sequence, "a" * 16)

    run(ours, body)
    assert set(lying(ours)) - before == {b'["g","raw","*","promotion",9,null]'}
    assert read(ours, 0)[0] == Kept((Snapshot(1, b"one"),), None)


def test_a_worker_learns_of_promotions_when_it_reads_its_partitions(ours: Settings) -> None:
    async def body(topic: StateTopic) -> Noted:
        async with opened(ours) as other:
            await other.note_promotion(4, "a" * 16)
        await topic.read([0])
        return topic.promotion

    assert run(ours, body) == Noted(4, "a" * 16)


def test_two_groups_on_one_topic_do_not_see_each_other(ours: Settings) -> None:
    keep(ours, Snapshot(1, b"one"))
    assert read(ours.model_copy(update={"group": "another"}), 0)[0] == NOTHING


def test_a_topic_that_is_not_there_is_said_in_one_line(bootstrap: str, prefix: str) -> None:
    with pytest.raises(StateFailed, match=r"no broker tells of it within 1 s: `millrace topics") as failed:
        read(settings(bootstrap, prefix + "state", connect_timeout_s=1), 0)
    assert "\n" not in str(failed.value)


def test_a_topic_that_takes_no_chunk_is_said_in_one_line(bootstrap: str, new_topic: NewTopic) -> None:
    given = settings(bootstrap, new_topic("state", cleanup_policy="compact", max_message_bytes=2000))
    with pytest.raises(StateFailed, match="refuses us \\(MessageSizeTooLargeError\\)"):
        keep(given, Snapshot(1, LARGE))


def test_what_a_user_may_not_do_is_said_in_one_line(tmp_path: Path) -> None:
    with secured(tmp_path) as cluster:
        with KafkaAdminClient(bootstrap_servers=cluster.bootstrap) as admin:
            admin.create_topics({"alerts.state": {"num_partitions": 1}}, wait_for_metadata=True)
        cluster.user("narrow")
        as_narrow = cluster.sasl("SCRAM-SHA-512", "narrow", protocol="SASL_PLAINTEXT")
        given = settings(cluster.address("SASL_SCRAM"), "alerts.state", produce_timeout_s=20, **as_narrow)
        refused = r"alerts\.state refuses us \((Topic|Cluster)AuthorizationFailedError\): "
        with pytest.raises(StateFailed, match=refused):
            read(given, 0)
        cluster.allow("narrow", [Right("topic", "alerts.state", "write")])
        keep(given, Snapshot(1, b"one"))
        with pytest.raises(StateFailed, match=refused):
            read(given, 0)
        cluster.allow("narrow", [Right("topic", "alerts.state", "read")])
        assert read(given, 0)[0].snapshots == (Snapshot(1, b"one"),)
        cluster.forbid("narrow", Right("topic", "alerts.state", "write"))
        with pytest.raises(StateFailed, match=refused):
            keep(given, Snapshot(2, b"two"))


class Own:
    """A broker that a test may kill, with a cleaner that does not wait, and the state topic on it."""

    def __init__(self, directory: Path, **more: Any) -> None:
        port, controller = free_ports(2)
        fast = {"log.cleaner.backoff.ms": "100", "log.retention.check.interval.ms": "500"}
        self.directory = directory / "node"
        self.node = Node(self.directory, [Listener(port)], Listener(controller), extra=fast)
        self.settings = settings(f"127.0.0.1:{port}", "alerts.state", **more)

    def __enter__(self) -> Self:
        self.node.start()
        (plan,) = (each for each in wanted(self.settings) if each.role == "state")
        small = {**plan.config, "segment.bytes": "1048576"}
        with KafkaAdminClient(bootstrap_servers=self.settings.bootstrap[0]) as admin:
            admin.create_topics({plan.name: {"num_partitions": 1, "configs": small}}, wait_for_metadata=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.node.kill()

    def stored(self) -> int:
        """Bytes of the topic's segments on its disk."""
        return sum(map(size_of, self.directory.glob("**/alerts.state-0/*.log")))


def test_after_compaction_and_a_restart_of_the_broker_all_is_as_it_was(tmp_path: Path) -> None:
    with Own(tmp_path) as own:
        keep(own.settings, *(Snapshot(offset, LARGE[offset:]) for offset in range(9)))
        wait_for(lambda: 0 < own.stored() < 12_000_000)

        async def body(topic: StateTopic) -> dict[int, Kept]:
            await topic.read([0])
            own.node.kill()
            keeping = asyncio.create_task(topic.keep(0, Snapshot(100, LARGE)))
            reading = asyncio.create_task(topic.read([0]))
            await asyncio.to_thread(own.node.start)
            await asyncio.gather(keeping, reading)
            return await topic.read([0])

        assert run(own.settings, body)[0].snapshots == (Snapshot(100, LARGE), Snapshot(8, LARGE[8:]))


def test_without_its_broker_it_gives_up_in_its_time(tmp_path: Path) -> None:
    async def body(topic: StateTopic) -> None:
        own.node.kill()
        for write in (topic.keep(0, Snapshot(1, LARGE)), topic.note(0, None), topic.read([0])):
            with pytest.raises(StateFailed, match="within 1 s"):
                await asyncio.wait_for(write, 10)

    with Own(tmp_path, produce_timeout_s=1) as own:
        run(own.settings, body)


def size_of(path: Path) -> int:
    """Its size; 0: the cleaner has just taken it away."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
