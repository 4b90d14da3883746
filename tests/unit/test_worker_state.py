"""The records of the state topic: whatever was written, in whatever order, only whole snapshots come back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import given
from hypothesis import strategies as st

from models.promotion import SEQUENCE_LIMIT
from worker.settings import Settings
from worker.state import StateFailed, StateTopic
from worker.state_reading import found
from worker.state_records import (
    NONCE_BYTES,
    Attempt,
    Owner,
    Pair,
    Place,
    Snapshot,
    Unreadable,
    assembled,
    attempt,
    attempt_value,
    bundle_of,
    chunks,
    key,
    manifest,
    place_of,
    promotion_key,
    promotion_of,
)
from worker.topics import CHUNK_BYTES

OURS = Owner("g", "alerts.raw")
HEAD = 28  # of a chunk


def nonce(writer: int) -> bytes:
    return bytes([writer]) * NONCE_BYTES


def writing(slot: int, snapshot: Snapshot, writer: int, partition: int = 0) -> list[Pair]:
    """All records of one keep, in their order, in chunks of eight bytes."""
    parts = chunks(OURS, partition, slot, snapshot, nonce(writer), limit=HEAD + 8)
    return [*parts, manifest(OURS, partition, slot, snapshot, nonce(writer), len(parts))]


def newest(log: list[Pair]) -> dict[Place, bytes]:
    """The newest value of each key: what compaction leaves, and what reading takes."""
    places = [(place_of(name, OURS), value) for name, value in log]
    last = {place: value for place, value in places if place is not None}
    return {place: value for place, value in last.items() if value is not None}


def kept(log: list[Pair]) -> tuple[Snapshot, ...]:
    return found(OURS, [0], newest(log))[0].kept.snapshots


snapshots = st.builds(Snapshot, st.integers(0, 99), st.binary(max_size=40))


@given(
    st.lists(st.tuples(st.integers(0, 1), snapshots), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), max_size=40),
)
def test_however_writers_interleave_only_what_one_of_them_wrote_comes_back(
    writers: list[tuple[int, Snapshot]], turns: list[int]
) -> None:
    ways: list[Iterator[Pair]] = [
        iter(writing(slot, snapshot, n)) for n, (slot, snapshot) in enumerate(writers)
    ]
    log = [
        pair for turn in turns if turn < len(ways) for pair in [next(ways[turn], None)] if pair is not None
    ]
    assert set(kept(log)) <= {snapshot for _, snapshot in writers}


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.integers(0, 60))
def test_a_writer_that_dies_anywhere_leaves_its_last_whole_snapshot(datas: list[bytes], left: int) -> None:
    log: list[Pair] = []
    whole: list[int] = []
    for offset, data in enumerate(datas):
        log += writing(offset % 2, Snapshot(offset, data), offset)
        whole.append(len(log))
    done = [offset for offset, end in enumerate(whole) if end <= left]
    back = kept(log[:left])
    assert [snapshot.offset for snapshot in back[:1]] == done[-1:]
    assert all(snapshot.data == datas[snapshot.offset] for snapshot in back)


def test_the_newest_is_the_one_with_the_higher_offset_and_comes_first() -> None:
    log = [*writing(0, Snapshot(7, b"seven"), 1), *writing(1, Snapshot(5, b"five"), 2)]
    of = found(OURS, [0], newest(log))[0]
    assert ([each.offset for each in of.kept.snapshots], of.newest) == ([7, 5], 0)


def test_a_slot_without_a_manifest_is_skipped_by_name() -> None:
    log = [*writing(0, Snapshot(7, b"x" * 20), 1), *writing(1, Snapshot(9, b"y" * 20), 2)[:-1]]
    of = found(OURS, [0], newest(log))[0]
    assert (len(of.kept.snapshots), of.newest, of.chunks) == (1, 0, {0: 3, 1: 3})
    assert of.skipped == [(1, "no manifest: it was not written to its end")]


def test_a_partition_of_which_nothing_is_known_is_found_empty() -> None:
    assert found(OURS, [3], {})[3].kept == ((), None)


def test_a_partition_does_not_see_what_is_anothers() -> None:
    log = [*writing(0, Snapshot(7, b"seven"), 1, partition=1)]
    assert found(OURS, [0, 1], newest(log))[0].kept.snapshots == ()


@given(st.integers(0, 200), st.integers(1, 255))
def test_an_altered_byte_anywhere_in_a_slot_is_seen(place: int, flip: int) -> None:
    pairs = writing(0, Snapshot(7, b"some bytes of a snapshot"), 1)
    values = [value or b"" for _, value in pairs]
    which, within = divmod(place, max(map(len, values)))
    which %= len(values)
    altered = bytearray(values[which])
    altered[within % len(altered)] ^= flip
    values[which] = bytes(altered)
    try:
        back = assembled(OURS, 0, values[-1], dict(enumerate(values[:-1])))
    except Unreadable:
        return
    assert back == Snapshot(7, b"some bytes of a snapshot")  # a blank, or a key, of the JSON document


@given(st.none() | st.binary(max_size=60) | st.dictionaries(st.text(), st.integers(0, 9)).map(orjson.dumps))
def test_a_manifest_of_any_bytes_is_unreadable(told: bytes | None) -> None:
    with pytest.raises(Unreadable):
        assembled(OURS, 0, told, {0: b"", 1: b"x" * 99})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 99),
        ("group", "other"),
        ("topic", "other"),
        ("partition", 1),
        ("offset", -1),
        ("offset", "7"),
        ("chunks", 0),
        ("chunks", 10**9),
        ("nonce", "00"),
        ("sha256", None),
    ],
)
def test_a_manifest_that_says_something_else_is_unreadable(field: str, value: object) -> None:
    *parts, (_, told) = writing(0, Snapshot(7, b"seven"), 1)
    facts = {**orjson.loads(told or b""), field: value}
    with pytest.raises(Unreadable):
        assembled(
            OURS, 0, orjson.dumps(facts), {number: part or b"" for number, (_, part) in enumerate(parts)}
        )


def test_chunks_are_as_large_as_the_topic_takes_and_no_larger() -> None:
    sizes = [
        len(value or b"") for _, value in chunks(OURS, 0, 0, Snapshot(1, bytes(2 * CHUNK_BYTES)), nonce(1))
    ]
    assert sizes == [CHUNK_BYTES, CHUNK_BYTES, 3 * HEAD]


PLACES = [Place(3, "fold", 1, 7), Place(3, "fold", 0), Place(0, "attempt")]


@pytest.mark.parametrize("place", PLACES)
def test_a_key_says_its_place(place: Place) -> None:
    assert place_of(key(OURS, place), OURS) == place


def test_a_key_is_json_that_a_person_can_read() -> None:
    assert key(OURS, PLACES[0]) == b'["g","alerts.raw",3,"fold",1,7]'


@pytest.mark.parametrize("owner", [Owner("g2", "alerts.raw"), Owner("g", "raw2")])
def test_a_key_of_another_group_or_topic_is_not_ours(owner: Owner) -> None:
    assert [place_of(key(owner, place), OURS) for place in PLACES] == [None] * 3


json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=3), st.lists
)


@given(
    st.binary()
    | st.builds(orjson.dumps, json | st.lists(json, min_size=4, max_size=4).map(lambda x: [*OURS, *x]))
)
def test_a_key_of_any_bytes_is_ours_or_is_not(name: bytes) -> None:
    place = place_of(name, OURS)
    assert place is None or hash(place) is not None


def test_a_record_without_a_key_is_not_ours() -> None:
    assert place_of(None, OURS) is None


@pytest.mark.parametrize(
    "given", [Attempt(5, 1, None, ()), Attempt(0, 4, (3, 9), (1, 2)), Attempt(2**40, 0, (7, 7), ())]
)
def test_an_attempt_comes_back(given: Attempt) -> None:
    assert attempt(attempt_value(given)) == given


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"offset":-1,"starts":1,"probe":null,"poison":[]}',
        b'{"offset":1,"starts":"1","probe":null,"poison":[]}',
        b'{"offset":1,"starts":1,"probe":[2,1],"poison":[]}',
        b'{"offset":1,"starts":1,"probe":[1],"poison":[]}',
        b'{"offset":1,"starts":1,"probe":null,"poison":[true]}',
        b'{"offset":1,"starts":1,"probe":null,"poison":null}',
        b'{"offset":1e99,"starts":1,"probe":null,"poison":[]}',
    ],
)
def test_an_attempt_that_is_none_is_unreadable(value: bytes) -> None:
    with pytest.raises(Unreadable):
        attempt(value)


def test_an_attempt_that_cannot_be_read_is_skipped_and_named() -> None:
    of = found(OURS, [0], {Place(0, "attempt"): b"?"})[0]
    assert (of.kept.attempt, of.skipped) == (None, [(None, "not JSON")])


def test_without_a_broker_it_says_so_in_one_line() -> None:
    async def ask() -> None:
        topic = StateTopic(Settings(bootstrap=("127.0.0.1:1",), connect_timeout_s=1))
        try:
            await topic.start()
        finally:
            await topic.stop()

    with pytest.raises(StateFailed, match=r"no usable Kafka broker at 127\.0\.0\.1:1 ") as failed:
        asyncio.run(ask())
    assert "\n" not in str(failed.value)


def test_aiokafka_still_has_what_ends_a_producer_at_once() -> None:
    async def parts() -> Any:
        producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", enable_idempotence=True)
        try:
            return producer._sender.sender_task, producer._closed
        finally:
            await producer.stop()

    assert asyncio.run(parts()) == (None, False)


# Promotions


@given(st.integers(0, SEQUENCE_LIMIT))
def test_the_key_of_a_promotion_says_its_sequence_and_is_no_place(sequence: int) -> None:
    name = promotion_key(OURS, sequence)
    assert (promotion_of(name, OURS), place_of(name, OURS)) == (sequence, None)
    assert promotion_of(name, Owner("another", "alerts.raw")) is None


@pytest.mark.parametrize(
    "name",
    [
        None,
        b"",
        b"\xff",
        b"{}",
        b"[]",
        b'["g","alerts.raw","*","promotion",null,null]',
        b'["g","alerts.raw","*","promotion",-1,null]',
        b'["g","alerts.raw","*","promotion",true,null]',
        b'["g","alerts.raw","*","promotion",1.5,null]',
        b'["g","alerts.raw","*","promotion",1,0]',
        b'["g","alerts.raw",0,"promotion",1,null]',
        b'["g","alerts.raw","*","attempt",1,null]',
        b'["g","alerts.raw","*","promotion",10000000000,null]',
        b'["g","alerts.raw","*","promotion",9223372036854775808,null]',
    ],
)
def test_a_key_that_is_no_promotions_says_none(name: bytes | None) -> None:
    assert promotion_of(name, OURS) is None


@pytest.mark.parametrize(
    ("value", "bundle_id"),
    [(b"0123456789abcdef", "0123456789abcdef"), (b"", ""), (b"{}", ""), (b"\xff" * 16, "")],
)
def test_the_note_of_a_promotion_names_its_bundle(value: bytes, bundle_id: str) -> None:
    assert bundle_of(value) == bundle_id
