"""The sink: it returns when every record has a receipt, and raises when one never will."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiokafka import errors

from enrich.record import Record
from worker.settings import Settings
from worker.sink import Sink, SinkFailed

Outcome = Exception | None
RECORDS = [Record("enriched", b"k", b"%d" % i, (("millrace-uid", b"u"),)) for i in range(4)]


class Producer:
    """Ten lines of a broker: a record's fate is what ``outcome`` says of it, and it keeps those it took."""

    def __init__(self, outcome: Callable[[bytes], Outcome], refuses: Exception | None = None) -> None:
        self.outcome, self.refuses, self.took, self.stopped = outcome, refuses, [], False  # type: ignore[var-annotated]

    async def start(self) -> None:
        if self.refuses:
            raise self.refuses

    async def stop(self) -> None:
        self.stopped = True

    async def send(
        self, topic: str, value: bytes, key: bytes | None, headers: list[Any]
    ) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        error = self.outcome(value)
        if error is None:
            self.took.append((topic, value, dict(headers)))
            future.set_result(None)
        elif isinstance(error, asyncio.CancelledError | TimeoutError):
            pass  # no answer, ever
        else:
            future.set_exception(error)
        return future


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(coroutine, 30))


async def sent(producers: list[Producer], records: list[Record], **settings: Any) -> None:
    left = iter(producers)
    sink = Sink(Settings(**settings), lambda: next(left), clock_ms=lambda: 1234)
    await sink.start()
    await sink.send(records)
    await sink.stop()


def fine(_: bytes) -> Outcome:
    return None


def test_every_record_goes_to_the_topic_of_its_route() -> None:
    producer = Producer(fine)
    records = [Record(route, None, b"x", ()) for route in ("enriched", "escalated", "dead")]
    run(sent([producer], records, topic_dead="d"))
    assert [topic for topic, _, _ in producer.took] == ["alerts.enriched", "alerts.escalated", "d"]


def test_an_event_carries_the_wall_clock_in_a_header_and_a_dead_letter_does_not() -> None:
    producer = Producer(fine)
    run(sent([producer], [Record("enriched", None, b"x", ()), Record("dead", None, b"x", ())]))
    assert [headers.get("millrace-processed-ms") for _, _, headers in producer.took] == [b"1234", None]


def test_a_record_without_a_receipt_goes_through_a_new_producer() -> None:
    lost, good = (
        Producer(lambda v: errors.NotLeaderForPartitionError() if v == b"2" else None),
        Producer(fine),
    )
    run(sent([lost, good], RECORDS))
    assert ([v for _, v, _ in good.took], lost.stopped) == ([b"2"], True)


def test_records_that_failed_keep_their_order() -> None:
    lost = Producer(lambda v: None if v == b"1" else errors.OutOfOrderSequenceNumber())
    good = Producer(fine)
    run(sent([lost, good], RECORDS))
    assert [v for _, v, _ in good.took] == [b"0", b"2", b"3"]


def test_a_broker_that_is_away_for_a_moment_is_asked_again() -> None:
    lost, away = (
        Producer(lambda _: errors.KafkaTimeoutError()),
        Producer(fine, errors.KafkaConnectionError("x")),
    )
    good = Producer(fine)
    run(sent([lost, away, good], RECORDS))
    assert len(good.took) == len(RECORDS)


@pytest.mark.parametrize("error", [errors.MessageSizeTooLargeError(), errors.TopicAuthorizationFailedError()])
def test_a_record_that_can_never_be_produced_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(SinkFailed, match=r"alerts\.enriched refuses a record of 1 bytes"):
        run(sent([Producer(lambda _: error)], RECORDS))


def test_without_receipts_it_gives_up_after_its_time() -> None:
    with pytest.raises(SinkFailed, match=r"no receipt for 4 records within 0\.2 s"):
        run(sent([Producer(lambda _: TimeoutError())], RECORDS, produce_timeout_s=0.2))


def test_nothing_to_send_is_done_at_once() -> None:
    run(sent([Producer(fine)], []))
