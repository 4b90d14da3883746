"""(b) Stock Faust in batches: ``noack_take``, the core in a thread, receipts, then acknowledged.

This is what Millrace's own worker was before its batch transport, in one file. Fair: batches of 1,000 within
20 ms as the worker's, our own idempotent producer with acks=all and large batches, a buffer of two batches so
that the next one is read while this one is scored, heartbeats free because the core has a thread. What costs
is Faust's consumer, which makes four asyncio tasks for each record.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import faust
from aiokafka import AIOKafkaProducer

from benchmarks.rivals import core
from enrich.record import RawRecord

ROWS: Final = 1_000
WITHIN_S: Final = 0.02
BATCH_BYTES: Final = 524_288


class App(faust.App):
    """Faust with a producer of ours, which is there before anything is read."""

    options: dict[str, Any]
    producing: AIOKafkaProducer

    async def on_first_start(self) -> None:
        """Connect the producer."""
        self.producing = AIOKafkaProducer(**self.options)
        await self.producing.start()


def main() -> None:
    """Run until told to stop."""
    settings, context, models = core.ready()
    work, names = core.working(context, models), core.topics(settings)
    thread = ThreadPoolExecutor(1)
    app = App(
        settings.group,
        broker=[f"kafka://{address}" for address in settings.bootstrap],
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        stream_wait_empty=True,
        stream_buffer_maxsize=2 * ROWS,
        agent_supervisor="mode.CrashingSupervisor",
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
    )
    app.options = {
        "bootstrap_servers": list(settings.bootstrap),
        "enable_idempotence": True,
        "acks": "all",
        "linger_ms": 0,
        "max_batch_size": BATCH_BYTES,
        "max_request_size": settings.output_limit,
    }
    raw = app.topic(settings.topic_raw, key_type=bytes, value_type=bytes)

    async def triage(stream: Any) -> None:
        loop, producer = asyncio.get_running_loop(), app.producing
        async for events in stream.noack_take(ROWS, within=WITHIN_S):
            records = [_record(event.message) for event in events]
            outputs = await loop.run_in_executor(thread, work, records)
            receipts = [
                await producer.send(names[each.route], each.value, key=each.key, headers=list(each.headers))
                for output in outputs
                for each in output
            ]
            await asyncio.gather(*receipts)
            for event in events:
                event.ack()

    app.agent(raw, concurrency=1)(triage)
    faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False).execute_from_commandline()


def _record(message: Any) -> RawRecord:
    return RawRecord(
        message.topic,
        message.partition,
        message.offset,
        round(message.timestamp * 1000),
        message.key,
        message.value,
        core.headers(message.headers),
    )


if __name__ == "__main__":
    main()
