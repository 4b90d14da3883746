"""Hot swap: what is promoted is taken over between two batches, while the worker goes on with what it has.

    look ─▶ a higher promotion ─▶ bundle proved, opened, warm ─▶ noted on alerts.state ─▶ next batch
              └▶ older than seen, or       └▶ refused               └▶ failed: tried again
                 of a number used: refused

Every look is some stat calls; only what changed is read. All that reads goes on in a thread beside the core,
which gets the interpreter at least every 5 ms: docs/delivery.md has what that costs. Where a file system
hangs, that thread does, and nothing else: it is told, and what was read is taken when it answers. The
sequence is noted before the bundle is used, so that no worker that starts later takes an older one.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from time import monotonic
from typing import Final, TypeVar

from mode import Service

from enrich.errors import BundleRefused, MillraceError, SettingsWrong
from enrich.score import Models
from models import Promotion
from worker import bundles
from worker.aside import aside, awaited
from worker.current import UNSCORED, Current, InForce, Noted, with_models
from worker.log import log, where
from worker.metrics import Metrics
from worker.pulse import Pulse
from worker.settings import Settings
from worker.stall import Stall
from worker.state import StateTopic
from worker.warm import warm

T = TypeVar("T")
# What was refused is tried again when a file changes, and after so long: a disk may have failed for a moment.
AGAIN_S: Final = 60.0
# A look takes milliseconds, opening the largest bundle allowed (1 GiB) a minute on a slow disk.
SLOW_S: Final = 60.0


class Watch(Service):
    """Keeps the current models in step with what is promoted. No failure here stops a worker.

    reason: why the worker started without a bundle, as it was told; "": it has one.
    slow_s: reading that takes so long is told, and goes on.
    """

    def __init__(
        self,
        settings: Settings,
        current: Current,
        state: StateTopic,
        pulse: Pulse,
        metrics: Metrics,
        reason: str = "",
        slow_s: float = SLOW_S,
    ) -> None:
        super().__init__()
        self._slow_s: Final = slow_s
        self._settings: Final = settings
        self._current: Final = current
        self._state: Final = state
        self._pulse: Final = pulse
        self._metrics: Final = metrics
        self._looked: object = None  # what was seen when everything was last tried
        self._again_s = 0.0
        self._ready: tuple[Promotion, Models] | None = None  # opened and warm, and not noted yet
        self._told = reason
        self._pulse.promotion = current.now.promotion
        self._pulse.bundle_refused = bool(reason)

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(self._settings.bundles_poll_s)
            await self.look()

    async def look(self) -> None:
        """Look once, and take over what is new."""
        seen: object = None
        try:
            seen = await self._apart(partial(bundles.look, self._settings)), self._state.promotion
            if seen == self._looked and monotonic() < self._again_s:
                return
            await self._look()
        except (BundleRefused, SettingsWrong) as error:
            self._kept("refused", str(error))
            self._ready = None
            self._looked, self._again_s = seen, monotonic() + AGAIN_S
        except MillraceError as error:  # the state topic: the next look tries again, with what is opened
            self._kept("failed", str(error))
        except Exception as error:  # noqa: BLE001 - no bundle may stop a worker
            self._kept("failed", " ".join(f"{name}={value}" for name, value in where(error).items()))
            self._looked, self._again_s = seen, monotonic() + AGAIN_S
        else:
            self._looked, self._again_s = seen, inf
            self._told, self._pulse.bundle_refused = "", False

    async def _look(self) -> None:
        began, now = monotonic(), self._current.now
        used = now.promotion
        known = Noted(used, now.context.bundle_id if used else ""), self._state.promotion
        found = await self._apart(partial(bundles.promotion, self._settings, *known))
        if found.sequence == used:
            self._ready = None
            # Who signed it may be trusted no longer: whoever starts now would not take it.
            await self._apart(partial(bundles.check_signed, self._settings, found))
            if self._told:
                log.info("bundle_as_promoted", bundle=found.bundle_id, promotion=used)
            return
        seen = await self._state.promotions()
        if found.sequence <= seen.sequence:  # of another worker, noted since the last look
            found = await self._apart(partial(bundles.promotion, self._settings, seen))
        ready = self._ready[1] if self._ready is not None and self._ready[0] == found else None
        async with Stall() as stall:
            new = await self._apart(partial(self._opened, found, self._current.now, ready))
        self._ready = found, new
        if self._pulse.stopping:
            return
        if found.sequence > seen.sequence:
            await self._state.note_promotion(found.sequence, found.bundle_id)
        self._take(new, found.sequence, monotonic() - began, stall.seconds)

    def _opened(self, found: Promotion, now: InForce, ready: Models | None) -> Models:
        """Return models that are proved now, whoever is trusted now, and opened at some time."""
        known = ready or now.models
        new = bundles.models(self._settings, found, known)
        if new is not known:
            warm(new, with_models(now.context, new))
        return new

    def _take(self, models: Models, sequence: int, seconds: float, stall_s: float) -> None:
        before = self._current.now.context.bundle_id
        context = self._current.take_models(models, sequence)
        self._ready = None
        self._pulse.bundle_id, self._pulse.context_id = context.bundle_id, context.context_id
        self._pulse.promotion = sequence
        self._metrics.bundle_taken(seconds)
        log.info(
            "bundle",
            bundle=context.bundle_id,
            before=before,
            promotion=sequence,
            context=context.context_id,
            seconds=round(seconds, 3),
            stall_ms=round(stall_s * 1000),
        )

    def _kept(self, how: str, reason: str) -> None:
        """Tell what was not taken, once for each reason."""
        self._pulse.bundle_refused = True
        if reason == self._told:
            return
        self._told = reason
        self._metrics.bundle_kept(how)
        passthrough = self._current.now.models is None
        meaning = UNSCORED if passthrough else "the last good one stays"
        log.error(
            "bundle_refused" if how == "refused" else "bundle_failed",
            reason=reason,
            bundle=self._current.now.context.bundle_id,
            promotion=self._current.now.promotion,
            meaning=meaning,
        )

    async def _apart(self, work: Callable[[], T]) -> T:
        def late() -> None:
            self._kept("failed", bundles.slow(self._settings, self._slow_s))
            self._again_s = 0.0  # when it answers, all of it is tried: the worker is degraded until then

        return await awaited(aside(work, "bundles"), self._slow_s, late)
