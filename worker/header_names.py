"""Header names that are not UTF-8: librdkafka and Java let a producer send any bytes, and both of our clients
refuse to read them, for good: aiokafka raises on the whole fetch and reads it again, kafka-python calls the
record corrupt. One such record would stop a partition.

``tolerate()`` has both of them read such a name with ``?`` for each byte beyond ASCII, and all else of the
record as it is. It rests on private names of both, which tests/unit/test_worker_header_names.py pins.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

import aiokafka.consumer.fetcher
import kafka.record.memory_records
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint
from kafka.record.default_records import DefaultRecordBatch

PLACEHOLDER: Final = ord("?")
# A record batch of any format: its offset, 8 bytes; the length of what follows; at 16 the format's version.
LENGTH: Final = struct.Struct(">8xi")
MAGIC: Final = 16
WITH_HEADERS: Final = 2


def tolerate() -> None:
    """Have every consumer of this process read such records. Called again, it does nothing new."""
    aiokafka.consumer.fetcher.MemoryRecords = _Records
    kafka.record.memory_records.DefaultRecordBatch = _KafkaBatch


def repair(buffer: bytearray, at: int) -> None:
    """Make the header names of the record at ``at`` UTF-8 of the same length, in place.

    >>> record = bytearray.fromhex("14 00 00 00 01 01 02 06 61ff62 01")
    >>> repair(record, 0)
    >>> record[8:11]
    bytearray(b'a?b')
    """
    for _ in range(4):  # length, attributes, time, offset
        _, at = decode_varint(buffer, at)
    for _ in range(2):  # key, value
        size, at = decode_varint(buffer, at)
        at += max(0, size)
    count, at = decode_varint(buffer, at)
    for _ in range(count):
        size, at = decode_varint(buffer, at)
        name = buffer[at : at + size]
        try:
            name.decode("utf-8")
        except UnicodeDecodeError:
            buffer[at : at + size] = bytes(PLACEHOLDER if byte > 127 else byte for byte in name)
        at += size
        size, at = decode_varint(buffer, at)
        at += max(0, size)


class _Tolerant:
    """Over either library's batch written in Python: they are of one origin."""

    _buffer: bytearray
    _pos: int

    def _read_msg(self) -> Any:
        at = self._pos
        try:
            return super()._read_msg()  # type: ignore[misc]
        except UnicodeDecodeError:
            repair(self._buffer, at)
            self._pos = at
            return super()._read_msg()  # type: ignore[misc]


class _KafkaBatch(_Tolerant, DefaultRecordBatch):  # type: ignore[misc]
    """kafka-python's."""


class _AiokafkaBatch(_Tolerant, _DefaultRecordBatchPy):  # type: ignore[misc]
    """aiokafka's slow one, in which only what the fast one refuses is read again."""


class _Records:
    """What aiokafka's fetcher takes for the MemoryRecords of a fetched partition."""

    def __init__(self, data: bytes) -> None:
        self._data: Final = data
        self._fast: Final = MemoryRecords(data)
        self._at = 0
        self.has_next: Final = self._fast.has_next
        self.size_in_bytes: Final = self._fast.size_in_bytes

    def next_batch(self) -> Any:
        """Return the next batch, None after the last."""
        batch, start = self._fast.next_batch(), self._at
        if batch is None:
            return None
        self._at += LENGTH.size + LENGTH.unpack_from(self._data, start)[0]
        if self._data[start + MAGIC] < WITH_HEADERS:
            return batch
        return _Batch(batch, memoryview(self._data)[start : self._at])


class _Batch:
    """The fast batch, but for its records where it cannot read them all."""

    def __init__(self, fast: Any, data: memoryview) -> None:
        self._fast: Final = fast
        self._data: Final = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __next__(self) -> Any:
        return next(self._fast)

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter(list(self._fast))
        except UnicodeDecodeError:
            return iter(_AiokafkaBatch(self._data))
