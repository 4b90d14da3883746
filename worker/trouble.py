"""What to do with records that worker after worker dies of: find the one, and let the others pass.

Each assignment with records to read is noted on ``alerts.state``. After three that came to nothing at one
offset, the records are taken in small groups, and a group is noted before the core sees it. If the worker
dies again, the next one takes that group record by record; a record with which two have died by itself is a
dead letter ``poison`` ever after. docs/delivery.md has the steps.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from enrich.errors import MillraceError
from enrich.record import RawRecord
from worker.delivery import Delivery
from worker.log import log
from worker.metrics import Metrics
from worker.pump import Pump
from worker.settings import Settings
from worker.state import Attempt, StateTopic

# Assignments at one offset that came to nothing, before records are suspected.
PATIENCE: Final = 3
GROUP: Final = 64
# Beyond what was outstanding: acknowledged and not yet committed at the death, about a second of work.
BESIDE: Final = 20_000
POISON_KEPT: Final = 100
# One death while the core has a record by itself may be a kill from outside.
DEATHS: Final = 2


class Trouble:
    """One per worker, between transport and pump. Of a partition without trouble it knows nothing."""

    def __init__(self, settings: Settings, state: StateTopic, pump: Pump, metrics: Metrics) -> None:
        self._reach: Final = settings.outstanding_rows + BESIDE
        self._state: Final = state
        self._pump: Final = pump
        self._metrics: Final = metrics
        self._attempts: dict[int, Attempt] = {}
        self._until: dict[int, int] = {}  # partition -> the offset up to which its records are suspected
        self._queue: Final[asyncio.Queue[Delivery]] = asyncio.Queue()
        self._queued: dict[int, int] = {}
        self._begun: set[int] = set()
        self._over = False  # the partitions are being given up
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._task = asyncio.create_task(self._walk())
        self._task.add_done_callback(self._pump.watched)

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()

    async def begin(self, place: int, start: int, end: int, before: Attempt | None) -> None:
        """Note an assignment of this partition, and what came of those before it."""
        self._over = False
        self._until.pop(place, None)
        poison = tuple(before.poison) if before else ()
        probe = before.probe if before and before.probe and before.probe[1] >= start else None
        again = before is not None and before.starts > 0 and (before.offset == start or probe is not None)
        starts = before.starts + 1 if before and again else 1
        deaths = 0
        if before and probe is not None and probe[0] == probe[1]:
            deaths = before.deaths + 1
            if deaths >= DEATHS:
                log.error("poison", partition=place, offset=probe[0], becomes="a dead letter")
                self._metrics.poisoned()
                poison = (*poison, probe[0])[-POISON_KEPT:]
                probe, starts, deaths = None, PATIENCE, 0  # there may be another
        attempt = Attempt(start, starts, probe, poison, deaths)
        self._attempts[place] = attempt
        self._begun.add(place)
        if starts > PATIENCE:
            self._until[place] = min(end, start + self._reach)
            log.warning("suspected", partition=place, starts=starts, offset=start, until=self._until[place])
        if end > start or poison:
            await self._state.note(place, attempt)

    async def handed_over(self, *, stuck: bool) -> None:
        """An orderly end of an assignment is no attempt that came to nothing. No note follows it.

        stuck: the core is still at work on what it had when the end began. For the partitions of those
        records that is no orderly end: the notes stay as they are, with the group that the core has. Else the
        restarts of workers that hang, each of which moves partitions about, would wipe out what is known of
        the record that they hang at.
        """
        self._over = True
        begun, self._begun = sorted(self._begun), set()
        for place in begun:
            if stuck and place in self._pump.at:
                continue
            attempt = self._attempts[place]
            if attempt.starts > 1:
                await self._state.note(
                    place, attempt._replace(starts=attempt.starts - 1, probe=None, deaths=0)
                )

    def offer(self, delivery: Delivery) -> None:
        """Take a delivery to the pump, or apart from the others if its records are suspected."""
        place = delivery.tp.partition
        delivery.poison = self.poison(place)
        if place in self._until and self._pump.failed is None:
            self._queued[place] = self._queued.get(place, 0) + 1
            self._queue.put_nowait(delivery)
        else:
            self._pump.offer(delivery)

    def poison(self, place: int) -> frozenset[int]:
        """Return the offsets of a partition's known poison."""
        attempt = self._attempts.get(place)
        return frozenset(attempt.poison) if attempt else frozenset()

    async def _walk(self) -> None:
        while True:
            delivery = await self._queue.get()
            try:
                await self._step(delivery)
            except MillraceError as error:  # the state topic: without notes there is no way on
                self._pump.fail(error)

    async def _step(self, delivery: Delivery) -> None:
        place = delivery.tp.partition
        self._queued[place] -= 1
        if not self._ours(delivery):
            return
        attempt = self._attempts[place]

        async def note(group: Sequence[RawRecord]) -> bool:
            """Before the core has a group, and with none after the last; whether to go on."""
            if not self._ours(delivery):
                return False
            probe = (group[0].offset, group[-1].offset) if group and not group[0].poison else None
            deaths = attempt.deaths if probe == attempt.probe else 0
            await self._state.note(place, attempt._replace(probe=probe, deaths=deaths))
            return self._ours(delivery)

        records = await self._pump.in_core(delivery.taken)
        await self._pump.apart(delivery, groups(records, attempt.probe), note)
        if not self._ours(delivery) or self._pump.failed is not None:
            return
        if not self._queued[place] and delivery.next >= self._until.get(place, 0):
            self._until.pop(place, None)
            self._attempts[place] = attempt._replace(starts=0, probe=None, deaths=0)
            await self._state.note(place, self._attempts[place])
            log.info("no_longer_suspected", partition=place, offset=delivery.next)

    def _ours(self, delivery: Delivery) -> bool:
        consumer = self._pump.consumer
        return not self._over and consumer is not None and delivery.epoch == consumer.epoch


def groups(records: Sequence[RawRecord], probe: tuple[int, int] | None) -> list[list[RawRecord]]:
    """Cut records into groups; those that a worker died in go singly, and so do known poison's neighbours."""
    made: list[list[RawRecord]] = []
    single = True
    for record in records:
        alone = record.poison or (probe is not None and probe[0] <= record.offset <= probe[1])
        if alone or single or len(made[-1]) >= GROUP:
            made.append([record])
        else:
            made[-1].append(record)
        single = alone
    return made
