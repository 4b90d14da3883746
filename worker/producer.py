"""The producer that the sink writes with: idempotent, acks=all, the record batches are our own."""

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from worker.kafka_client import aiokafka_options
from worker.log import log
from worker.pack import BATCH_BYTES
from worker.produce_errors import name_of
from worker.settings import FRAMING, Settings

REQUEST_TIMEOUT_MS: Final = 30_000


def new_producer(settings: Settings) -> AIOKafkaProducer:
    """Return one that is not started."""
    return AIOKafkaProducer(
        **aiokafka_options(settings),
        enable_idempotence=True,
        acks="all",
        compression_type=None if settings.compression == "none" else settings.compression,
        max_batch_size=BATCH_BYTES + FRAMING,
        max_request_size=settings.output_limit + FRAMING,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        linger_ms=0,
    )


async def closed(one: Any) -> None:
    """Close it, within two seconds."""
    # stop() flushes, and with idempotence that waits for as long as the brokers are away.
    try:
        await asyncio.wait_for(one.stop(), timeout=2.0)
    except (TimeoutError, kafka_errors.KafkaError) as error:
        # Only on the way out: before a second try every batch of the first has ended.
        log.warning("producer_left_unflushed", error=name_of(error))
