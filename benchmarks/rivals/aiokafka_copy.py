"""(f) The limit of aiokafka, the worker's own client: ``getmany`` in, ``send_batch`` out, nothing between.

Every record becomes one fixed event of as many bytes as ours have on average, with two headers, in the output
partition of the same number. Receipts are awaited before the offsets are committed.
"""

import argparse
import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.rivals import core
from worker.settings import Settings, load_settings

ROWS: Final = 2_000
BATCH_BYTES: Final = 524_288


async def copy(settings: Settings, size: int) -> None:
    """Run until killed."""
    value, headers = b"x" * size, list(core.HEADERS)
    consumer = AIOKafkaConsumer(
        settings.topic_raw,
        bootstrap_servers=list(settings.bootstrap),
        group_id=settings.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=list(settings.bootstrap),
        enable_idempotence=True,
        acks="all",
        max_batch_size=BATCH_BYTES,
    )
    await consumer.start()
    await producer.start()
    topic = settings.topic_enriched
    while True:
        read = await consumer.getmany(timeout_ms=200, max_records=ROWS)
        receipts = []
        for place, records in read.items():
            batch = producer.create_batch()
            for record in records:
                if batch.append(key=record.key, value=value, timestamp=None, headers=headers) is None:
                    receipts.append(await producer.send_batch(batch, topic, partition=place.partition))
                    batch = producer.create_batch()
                    batch.append(key=record.key, value=value, timestamp=None, headers=headers)
            if batch.record_count():
                receipts.append(await producer.send_batch(batch, topic, partition=place.partition))
        if receipts:
            await asyncio.gather(*receipts)
            await consumer.commit()


def main() -> None:
    """Read the number of bytes and run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--copy", type=int, metavar="BYTES", required=True)
    asyncio.run(copy(load_settings(), options.parse_args().copy))


if __name__ == "__main__":
    main()
