"""``alerts.state``: what must outlive a worker, kept per raw partition on a compacted topic.

A snapshot goes to the slot that does not hold the newest one: its chunks, their receipts, then the manifest.
So whenever a worker dies, the other slot is whole. Reading gives back only snapshots that are whole; all else
is skipped with a warning. Raw partition p lies in state partition p % n. docs/decisions/0010-snapshots.md has
the reasons.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka_errors

from enrich.errors import MillraceError
from worker.current import Noted
from worker.kafka_client import aiokafka_options, unreachable
from worker.log import log
from worker.produce_errors import BACKOFF_S, FATAL, TOO_LARGE
from worker.producer import REQUEST_TIMEOUT_MS
from worker.settings import FRAMING, Settings
from worker.state_reading import CLOSE_S, Kept, found, latest
from worker.state_records import (
    NONCE_BYTES,
    Attempt,
    Owner,
    Pair,
    Place,
    Snapshot,
    attempt_value,
    chunks,
    key,
    manifest,
    promotion_key,
)
from worker.topics import CHUNK_BYTES

__all__ = ["Attempt", "Kept", "Snapshot", "StateFailed", "StateTopic"]


class StateFailed(MillraceError):
    """The state topic cannot be read or written: not there, not allowed, or no answer in time."""


class StateTopic:
    """See the module. Lives in one event loop. One write at a time; a read may go beside it."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        self._topic: Final = settings.topic_state
        self._owner: Final = Owner(settings.group, settings.topic_raw)
        self._timeout_s: Final = settings.produce_timeout_s
        self._lock: Final = asyncio.Lock()
        self._producer: Any = None
        self._number = 0  # partitions of the state topic, as last seen
        self._newest: Final[dict[int, int]] = {}  # partition -> slot
        self._chunks: Final[dict[tuple[int, int], int]] = {}  # partition, slot -> chunks that lie there
        self._promotions: dict[int, str] = {}  # sequence -> bundle id, as last seen
        self._ending: Final[set[asyncio.Task[None]]] = set()

    async def start(self) -> None:
        """Connect, and see that the topic is there. Raises StateFailed within ``connect_timeout_s``."""
        within_s = self._settings.connect_timeout_s
        try:
            async with asyncio.timeout(within_s), self._lock:
                await self._connected()
        except TimeoutError:
            raise StateFailed(
                f"topic {self._topic}: no broker tells of it within {within_s:g} s: "
                f"`millrace topics --apply` creates what is missing"
            ) from None
        except kafka_errors.KafkaConnectionError as error:
            raise StateFailed(unreachable(self._settings, type(error).__name__)) from None
        except kafka_errors.KafkaError as error:
            raise self._refused(error) from None

    async def stop(self) -> None:
        """Disconnect. What has no receipt by now is not waited for."""
        self._drop()
        if self._ending:
            await asyncio.wait(self._ending)

    async def keep(self, partition: int, snapshot: Snapshot) -> None:
        """Return when the whole snapshot has its receipts. Raises StateFailed; the newest slot stays."""
        async with self._writing():
            slot = 1 - self._newest.get(partition, 1)
            nonce = secrets.token_bytes(NONCE_BYTES)
            parts = chunks(self._owner, partition, slot, snapshot, nonce)
            before = self._chunks.get((partition, slot), 0)
            self._chunks[partition, slot] = max(before, len(parts))
            last = manifest(self._owner, partition, slot, snapshot, nonce, len(parts))
            # Chunks of a larger snapshot before it: nothing else would ever take them away.
            beyond = (Place(partition, "fold", slot, number) for number in range(len(parts), before))
            await self._write(partition, parts, [last, *((key(self._owner, each), None) for each in beyond)])
            self._newest[partition], self._chunks[partition, slot] = slot, len(parts)

    async def note(self, partition: int, attempt: Attempt | None) -> None:
        """Note what was tried; None: forget it. Returns with the receipt. Raises StateFailed."""
        async with self._writing():
            value = None if attempt is None else attempt_value(attempt)
            await self._write(partition, [(key(self._owner, Place(partition, "attempt")), value)])

    @property
    def promotion(self) -> Noted:
        """The highest promotion known to have been used in the group, as last read or noted."""
        return max((Noted(*each) for each in self._promotions.items()), default=Noted())

    async def promotions(self) -> Noted:
        """Return the same as it stands on the topic now. Raises StateFailed."""
        await self._latest(frozenset(), {0})
        return self.promotion

    async def note_promotion(self, sequence: int, bundle_id: str) -> None:
        """Note that a bundle of this promotion is used. Returns with the receipt. Raises StateFailed."""
        async with self._writing():
            note = promotion_key(self._owner, sequence), bundle_id.encode()
            lower = [each for each in self._promotions if each < sequence]
            # The higher one is there by then: who reads between the two sees both.
            await self._write(0, [note], [(promotion_key(self._owner, each), None) for each in lower])
            self._promotions[sequence] = bundle_id
            for each in lower:
                self._promotions.pop(each, None)

    async def read(self, partitions: Iterable[int]) -> dict[int, Kept]:
        """Return what is kept of each of these raw partitions. Raises StateFailed.

        Bounded by progress: it gives up when ``produce_timeout_s`` went by without a record.
        """
        asked = frozenset(partitions)
        if not asked:
            return {}
        if not self._number:
            await self.start()
        newest = await self._latest(asked, {partition % self._number for partition in asked})
        # Checksums of some megabytes: not in the loop that sends heartbeats.
        each = await asyncio.to_thread(found, self._owner, asked, newest)
        for partition, of in each.items():
            self._newest.pop(partition, None)
            if of.newest is not None:
                self._newest[partition] = of.newest
            self._chunks.update({(partition, slot): number for slot, number in of.chunks.items()})
            for slot, reason in of.skipped:
                log.warning("state_skipped", partition=partition, slot=slot, reason=reason)
        return {partition: of.kept for partition, of in each.items()}

    async def _latest(self, asked: frozenset[int], numbers: set[int]) -> dict[Place, bytes]:
        """Read these partitions of the topic, and learn of promotions by the way."""
        time = asyncio.get_running_loop().time
        give_up_s = time() + self._timeout_s
        for tries in count():
            try:
                newest = await latest(self._settings, self._owner, asked, numbers)
                break
            except TimeoutError:
                raise self._late("record read", "no answer") from None
            except kafka_errors.KafkaError as error:
                if isinstance(error, FATAL):
                    raise self._refused(error) from None
                if time() > give_up_s:
                    raise self._late("record read", type(error).__name__) from None
                log.warning("state_read_retry", error=type(error).__name__, tries=tries + 1)
                await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])
        if 0 in numbers:
            # Never down: what was read may be of before our own note.
            known = self.promotion
            own = {known.sequence: known.bundle_id} if known.sequence else {}
            self._promotions = own | newest.promotions
        return newest.values

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s), self._lock:
                try:
                    yield
                except asyncio.CancelledError:
                    self._drop()
                    raise
        except TimeoutError:
            raise self._late("receipt", "no answer") from None

    async def _write(self, partition: int, *steps: Sequence[Pair]) -> None:
        """Produce each step when the one before has its receipts; all of it again after a failure."""
        for tries in count():
            try:
                await self._connected()
                for step in steps:
                    await self._produced(partition % self._number, step)
                return
            except kafka_errors.KafkaError as error:
                # A producer that failed a batch has a gap in its sequence numbers: later batches are refused.
                self._drop()
                if isinstance(error, FATAL + TOO_LARGE):
                    raise self._refused(error) from None
                log.warning("state_write_retry", error=type(error).__name__, tries=tries + 1)
                await asyncio.sleep(BACKOFF_S[min(tries, len(BACKOFF_S) - 1)])

    async def _produced(self, partition: int, pairs: Sequence[Pair]) -> None:
        receipts: list[asyncio.Future[Any]] = []
        for name, value in pairs:
            receipt = await self._producer.send(self._topic, value, key=name, partition=partition)
            receipt.add_done_callback(lambda done: done.cancelled() or done.exception())  # asked for here
            receipts.append(receipt)
        await asyncio.gather(*receipts)

    async def _connected(self) -> None:
        """See that there is a producer, and how many partitions the topic has."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                **aiokafka_options(self._settings),
                enable_idempotence=True,
                acks="all",
                max_request_size=CHUNK_BYTES + FRAMING,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await self._producer.start()
            except BaseException:
                self._drop()
                raise
        self._number = len(await self._producer.partitions_for(self._topic))

    def _drop(self) -> None:
        """Let go of the producer, at once: nothing of what it was given up on may arrive later."""
        producer, self._producer = self._producer, None
        if producer is not None:
            task = asyncio.create_task(_ended(producer))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _late(self, what: str, last: str) -> StateFailed:
        within = f"within {self._timeout_s:g} s ({last})"
        return StateFailed(
            f"topic {self._topic}: no {what} {within}: are the brokers up, with enough replicas?"
        )

    def _refused(self, error: Exception) -> StateFailed:
        return StateFailed(
            f"topic {self._topic} refuses us ({type(error).__name__}): `millrace topics` says what is wrong "
            f"with it; this user must be allowed to read and write it"
        )


async def _ended(producer: Any) -> None:
    # stop() would wait for the brokers, and the sender, which tries an idempotent batch without end, goes on
    # when that is given up. tests/unit/test_worker_state.py says when aiokafka has other names.
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    producer._closed = True
    try:
        async with asyncio.timeout(CLOSE_S):
            await producer.client.close()
            if sender is not None:
                await asyncio.wait([sender])
    except (TimeoutError, kafka_errors.KafkaError) as error:
        log.warning("producer_left", error=type(error).__name__)
