"""The sink: its future ends when every record has a receipt, and fails when one never will."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from aiokafka import errors

from enrich.record import Record
from worker.produce_errors import SinkFailed
from worker.settings import Settings
from worker.sink import Sink

Outcome = Exception | None
RECORDS = [Record("enriched", b"k", b"%d" % i, (("millrace-uid", b"u"),)) for i in range(4)]
EVENT = {
    "raw_data": "x" * 5000,
    "raw_data_size": 5000,
    "raw_data_hash": {"value": "ab"},
    "metadata": {"log_name": "raw"},
    "unmapped": {"millrace": {"record": {"partition": 3, "offset": 7, "time_ms": 9}}},
}


class Builder:
    """A record batch of at most four records."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.sent = False

    def append(
        self, *, timestamp: None, key: bytes | None, value: bytes, headers: list[Any]
    ) -> object | None:
        if len(self.rows) == 4:
            return None
        self.rows.append((value, dict(headers)))
        return self.rows

    def close(self) -> None: ...


class Producer:
    """Ten lines of a broker: a batch's fate is what ``outcome`` says of its values."""

    def __init__(
        self, outcome: Callable[[list[bytes]], Outcome], refuses: Exception | None = None, partitions: int = 1
    ) -> None:
        self.outcome, self.refuses, self.took, self.stopped = outcome, refuses, [], False  # type: ignore[var-annotated]
        self.places = set(range(partitions))
        self.client = SimpleNamespace(cluster=SimpleNamespace(partitions_for_topic=lambda _: self.places))

    async def start(self) -> None:
        if self.refuses:
            raise self.refuses

    async def stop(self) -> None:
        self.stopped = True

    async def partitions_for(self, topic: str) -> set[int]:
        return self.places

    def create_batch(self) -> Builder:
        return Builder()

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        assert not batch.sent, "aiokafka's can be sent once"
        batch.sent = True
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        error = self.outcome([value for value, _ in batch.rows])
        if error is None:
            self.took += [(topic, partition, value, headers) for value, headers in batch.rows]
            future.set_result(None)
        elif not isinstance(error, TimeoutError):  # else no answer, ever
            future.set_exception(error)
        return future

    @property
    def values(self) -> list[bytes]:
        return [value for _, _, value, _ in self.took]


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 30))


async def sent(producers: list[Producer], *puts: list[Record], **settings: Any) -> None:
    left = iter(producers)
    sink = Sink(Settings(**settings), None, lambda: next(left), clock_ms=lambda: 1234)
    await sink.start()
    try:
        for receipts in [await sink.put(sink.packed(records)) for records in puts]:
            await receipts
    finally:
        await sink.stop()


def fine(_: list[bytes]) -> Outcome:
    return None


def test_every_record_goes_to_the_topic_of_its_route() -> None:
    producer = Producer(fine)
    records = [Record(route, None, b"x", ()) for route in ("enriched", "escalated", "dead")]
    run(sent([producer], records, topic_dead="d"))
    assert [topic for topic, *_ in producer.took] == ["alerts.enriched", "alerts.escalated", "d"]


def test_a_key_goes_to_the_partition_that_every_client_would_choose() -> None:
    # Apache Kafka's own test vectors (UtilsTest.testMurmur2): "21" -> -973932308, "foobar" -> -790332482.
    producer = Producer(fine, partitions=1000)
    run(sent([producer], [Record("enriched", key, b"x", ()) for key in (b"21", b"foobar")]))
    assert [place for _, place, *_ in producer.took] == [
        (-973932308 & 0x7FFFFFFF) % 1000,
        (-790332482 & 0x7FFFFFFF) % 1000,
    ]


def test_an_event_carries_the_wall_clock_in_a_header_and_a_dead_letter_does_not() -> None:
    producer = Producer(fine)
    run(sent([producer], [Record("enriched", None, b"x", ()), Record("dead", None, b"x", ())]))
    assert [headers.get("millrace-processed-ms") for *_, headers in producer.took] == [b"1234", None]


def test_a_batch_without_a_receipt_goes_through_a_new_producer() -> None:
    lost, good = Producer(lambda _: errors.NotLeaderForPartitionError()), Producer(fine)
    run(sent([lost, good], RECORDS))
    assert (good.values, lost.stopped) == ([b"0", b"1", b"2", b"3"], True)


def test_batches_that_failed_keep_their_order() -> None:
    lost = Producer(lambda v: None if v == [b"1"] else errors.OutOfOrderSequenceNumber())
    good = Producer(fine)
    run(sent([lost, good], *([record] for record in RECORDS)))
    assert good.values in ([b"0", b"2", b"3"], [b"0", b"1", b"2", b"3"])


def test_a_broker_that_is_away_for_a_moment_is_asked_again() -> None:
    lost = Producer(lambda _: errors.KafkaTimeoutError())
    away = Producer(fine, errors.KafkaConnectionError("x"))
    good = Producer(fine)
    run(sent([lost, away, good], RECORDS))
    assert len(good.took) == len(RECORDS)


def test_a_right_to_write_that_is_missing_is_not_asked_for_again() -> None:
    with pytest.raises(SinkFailed, match=r"alerts\.enriched refuses .* TopicAuthorizationFailedError"):
        run(sent([Producer(lambda _: errors.TopicAuthorizationFailedError())], RECORDS))


def test_what_is_put_after_a_failure_fails_too() -> None:
    async def twice() -> None:
        sink = Sink(Settings(), None, lambda: Producer(lambda _: errors.TopicAuthorizationFailedError()))
        await sink.start()
        for _ in range(2):
            with pytest.raises(SinkFailed):
                await (await sink.put(sink.packed(RECORDS)))

    run(twice())


def test_without_receipts_it_gives_up_after_its_time() -> None:
    with pytest.raises(SinkFailed, match=r"no receipt for 4 records within 0\.2 s"):
        run(sent([Producer(lambda _: TimeoutError())], RECORDS, produce_timeout_s=0.2))


def test_what_was_packed_before_a_producer_was_renewed_or_there_goes_out_too() -> None:
    lost, good = Producer(lambda _: errors.NotLeaderForPartitionError()), Producer(fine)

    async def work() -> None:
        left = iter([lost, good])
        sink = Sink(Settings(), None, lambda: next(left))
        without = sink.packed(RECORDS[:1])
        await sink.start()
        packed = [sink.packed([record]) for record in RECORDS[1:]]
        for receipts in [await sink.put(chunks) for chunks in [without, *packed]]:
            await receipts
        await sink.stop()

    run(work())
    assert good.values == [b"0", b"1", b"2", b"3"]


def test_nothing_to_send_is_done_at_once() -> None:
    run(sent([Producer(fine)], []))


def test_a_batch_that_is_too_large_goes_in_halves_until_it_fits() -> None:
    producers = [
        Producer(lambda v: errors.MessageSizeTooLargeError() if len(v) > 1 else None) for _ in range(4)
    ]
    run(sent(producers, RECORDS))
    assert sorted(value for each in producers for value in each.values) == [b"0", b"1", b"2", b"3"]


def test_more_records_than_the_client_takes_into_a_batch_are_not_forgotten() -> None:
    producers = [Producer(fine) for _ in range(3)]
    records = [Record("enriched", b"k", b"%d" % i, ()) for i in range(7)]
    run(sent(producers, records))
    assert [value for each in producers for value in each.values] == [b"%d" % i for i in range(7)]


def refusing(limit: int) -> Callable[[list[bytes]], Outcome]:
    return lambda v: errors.MessageSizeTooLargeError() if sum(map(len, v)) > limit else None


def test_an_event_that_is_too_large_goes_out_cut_and_says_so() -> None:
    producers = [Producer(refusing(3000)) for _ in range(3)]
    run(sent(producers, [Record("enriched", b"k", orjson.dumps(EVENT), ())]))
    event = orjson.loads(producers[1].values[0])
    assert (event["metadata"]["is_truncated"], event["metadata"]["untruncated_size"]) == (True, 5)


def test_an_event_that_is_too_large_even_so_becomes_a_dead_letter_of_hash_and_coordinates() -> None:
    producers = [Producer(refusing(500)) for _ in range(4)]
    uid = (("millrace-uid", b"u"),)
    run(sent(producers, [Record("enriched", b"k", orjson.dumps(EVENT), uid), RECORDS[0]]))
    letters = [row for each in producers for row in each.took if row[0] == "alerts.dead"]
    (letter,) = letters
    told = {name.removeprefix("millrace-"): value for name, value in letter[3].items()}
    assert letter[2] == b""
    assert told == {
        "code": b"undeliverable",
        "message": told["message"],
        "topic": b"raw",
        "partition": b"3",
        "offset": b"7",
        "record-ms": b"9",
        "attempt": b"1",
        "uid": b"u",
        "size": b"5000",
        "sha256": b"ab",
    }


def test_a_dead_letter_that_is_too_large_keeps_its_headers_and_loses_its_bytes() -> None:
    producers = [Producer(refusing(50)) for _ in range(3)]
    headers_before = (("millrace-code", b"oversize"), ("trace", b"1"))
    run(sent(producers, [Record("dead", b"k", b"x" * 100, headers_before)]))
    ((_, _, value, headers),) = producers[1].took
    assert (value, headers["millrace-size"], "trace" in headers) == (b"", b"100", False)


def test_what_is_being_put_while_a_batch_fails_goes_after_it_in_order() -> None:

    class Slow(Producer):
        async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> asyncio.Future[Any]:
            receipt = await super().send_batch(batch, topic, partition=partition)
            await asyncio.sleep(0.05)
            return receipt

    first = Slow(lambda _: errors.OutOfOrderSequenceNumber())
    good = Producer(fine)
    run(sent([first, good], RECORDS[:2], RECORDS[2:]))
    assert good.values == [b"0", b"1", b"2", b"3"]


def test_halves_stand_before_what_was_put_after_them() -> None:
    producers = [
        Producer(
            lambda v: errors.MessageSizeTooLargeError() if len(v) > 1 else errors.RequestTimedOutError()
        ),
        Producer(lambda _: errors.RequestTimedOutError()),
        Producer(fine),
    ]
    run(sent(producers, RECORDS[:2], RECORDS[2:3]))
    assert producers[-1].values == [b"0", b"1", b"2"]
