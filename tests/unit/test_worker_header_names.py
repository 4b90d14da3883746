"""Records whose header names are not UTF-8 are read by both clients, and nothing else about them changes."""

import inspect
from collections.abc import Iterator
from typing import Any

import aiokafka.consumer.fetcher
import kafka.record.memory_records
import pytest
from aiokafka.consumer.fetcher import Fetcher, PartitionRecords
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy, _DefaultRecordBatchPy
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords

from worker.header_names import tolerate

Row = tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]
CODECS = [0, 1, 2, 3, 4]  # none, gzip, snappy, lz4, zstd
BAD = b"tr\xff\xfe\x00ce"

ROWS: list[Row] = [
    (b"k", b"one", []),
    (None, b"two", [(b"a", b"1"), (BAD, b"v"), ("ü".encode(), None)]),
    (b"k", None, [(b"a", b"1")]),
]

headers = st.lists(st.tuples(st.binary(max_size=9), st.none() | st.binary(max_size=9)), max_size=3)
rows_of_any_bytes = st.lists(
    st.tuples(st.none() | st.binary(max_size=9), st.none() | st.binary(max_size=200), headers),
    min_size=1,
    max_size=5,
)


class Name(bytes):
    """A header's name as a producer in another language has it: the builders here encode a str."""

    def encode(self, encoding: str) -> bytes:
        """Return it as it is."""
        return bytes(self)


@pytest.fixture(autouse=True)
def tolerant() -> Iterator[None]:
    before = aiokafka.consumer.fetcher.MemoryRecords, kafka.record.memory_records.DefaultRecordBatch
    tolerate()
    yield
    aiokafka.consumer.fetcher.MemoryRecords, kafka.record.memory_records.DefaultRecordBatch = before


def batch(rows: list[Row], codec: int = 0, first: int = 0) -> bytes:
    """A record batch as it goes over the wire."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=codec,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for offset, (key, value, named) in enumerate(rows):
        builder.append(offset, 1_700_000_000_000, key, value, [(Name(name), of) for name, of in named])
    made = bytearray(builder.build())
    made[:8] = first.to_bytes(8)  # not under the checksum
    return bytes(made)


def by_aiokafka(data: bytes) -> list[Any]:
    records = aiokafka.consumer.fetcher.MemoryRecords(data)
    place = TopicPartition("t", 0)
    return list(PartitionRecords(place, records, [], 0, None, None, True, "read_uncommitted"))


def by_kafka_python(data: bytes) -> list[Any]:
    records = MemoryRecords(data)
    found = []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        found += list(one)
    return found


def plain(record: Any) -> tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    return record.offset, record.key, record.value, list(record.headers)


def expected(rows: list[Row]) -> list[Any]:
    return [
        (offset, key, value, [(readable(name), of) for name, of in named])
        for offset, (key, value, named) in enumerate(rows)
    ]


def readable(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 128 else "?" for byte in name)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("read", [by_aiokafka, by_kafka_python])
def test_a_name_that_is_not_utf_8_is_read_with_question_marks(read: Any, codec: int) -> None:
    assert [plain(record) for record in read(batch(ROWS, codec))] == expected(ROWS)


@pytest.mark.parametrize("read", [by_aiokafka, by_kafka_python])
@given(rows=rows_of_any_bytes)
def test_any_names_are_read_and_all_else_is_as_it_was(read: Any, rows: list[Row]) -> None:
    assert [plain(record) for record in read(batch(rows))] == expected(rows)


@pytest.mark.parametrize("read", [by_aiokafka, by_kafka_python])
def test_the_batches_beside_it_are_read(read: Any) -> None:
    data = batch(ROWS[:1]) + batch(ROWS, first=1) + batch(ROWS[:1], first=4)
    assert [record.offset for record in read(data)] == [0, 1, 2, 3, 4]


def test_a_batch_cut_off_by_the_end_of_a_fetch_is_left_for_the_next() -> None:
    assert [record.offset for record in by_aiokafka(batch(ROWS) + batch(ROWS, first=3)[:-5])] == [0, 1, 2]


def test_a_batch_whose_checksum_is_wrong_is_still_refused() -> None:
    data = bytearray(batch(ROWS))
    data[-1] ^= 1
    with pytest.raises(Exception, match="Invalid CRC"):
        by_aiokafka(bytes(data))


def test_without_it_aiokafka_refuses() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(aiokafka.record.MemoryRecords(batch(ROWS)).next_batch())


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        (Fetcher, "MemoryRecords(part_data[-1])"),
        (MemoryRecords, "DefaultRecordBatch(next_slice)"),
        (_DefaultRecordBatchPy, "self._read_msg()"),
        (_DefaultRecordBatchPy, "self._buffer = bytearray("),
        (DefaultRecordBatch, "self._read_msg()"),
        (DefaultRecordBatch, "self._buffer = bytearray("),
    ],
)
def test_the_private_names_that_it_rests_on_are_still_there(owner: type, words: str) -> None:
    assert words in inspect.getsource(owner), f"{owner.__name__}: {words} is gone"
