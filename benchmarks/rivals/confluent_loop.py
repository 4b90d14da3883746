"""(c) The loop that a good engineer writes without Faust: confluent-kafka, our core, produce, flush, commit.

Fair: batches of 1,000, librdkafka's fetcher and sender work in their own threads beside the core, idempotent
producer with acks=all, reports of deliveries only where one failed, no lingering (``flush`` sends at once),
murmur2 partitions as everywhere, synchronous commit after the flush. Weaker: a rebalance or a restart begins
with no history, a core that hangs is evicted in silence, there is no health and no metric, and one record
that can never be produced ends it for good.

``--copy N``: no core; every record becomes one fixed event of N bytes: the limit of the client itself.
"""

import argparse
import signal
import sys
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, Producer

from benchmarks.rivals import core
from enrich.record import RawRecord
from worker.settings import load_settings

ROWS: Final = 1_000
WITHIN_S: Final = 0.02
FLUSH_S: Final = 60.0


def main() -> None:
    """Run until told to stop."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--copy", type=int, metavar="BYTES")
    given = options.parse_args()
    if given.copy is None:
        settings, context, models = core.ready()
        work = core.working(context, models)
    else:
        settings, work = load_settings(), core.copying(given.copy)
    names = core.topics(settings)
    failed: list[KafkaError] = []

    def told(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    consumer = Consumer(
        {
            "bootstrap.servers": ",".join(settings.bootstrap),
            "group.id": settings.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 15_000,
            "queued.min.messages": 20_000,
        }
    )
    producer = Producer(
        {
            "bootstrap.servers": ",".join(settings.bootstrap),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 5,
            "batch.size": 524_288,
            "message.max.bytes": settings.output_limit,
            "queue.buffering.max.messages": 100_000,
            "partitioner": "murmur2_random",
            "delivery.report.only.error": True,
            "on_delivery": told,
        }
    )
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    consumer.subscribe([settings.topic_raw])
    while not stopped:
        messages = consumer.consume(ROWS, timeout=WITHIN_S)
        if not messages:
            continue
        for output in work([_record(message) for message in messages]):
            for each in output:
                producer.produce(
                    names[each.route], value=each.value, key=each.key, headers=list(each.headers)
                )
        if producer.flush(FLUSH_S) or failed:
            sys.exit(f"not produced: {failed[:1]}")
        consumer.commit(asynchronous=False)
    consumer.close()


def _record(message: Message) -> RawRecord:
    if message.error() is not None:
        sys.exit(f"not read: {message.error()}")
    return RawRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        core.headers(message.headers()),  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main()
