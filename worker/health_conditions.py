"""When a worker is alive, and when it is ready: pure functions of the pulse, the bounds and the time.

Alive: nothing is wrong that only a restart helps. Ready: it does its work, or would if there were any.
Neither asks how far behind it is: a worker that catches up is ready, and a restart would throw it back.
"""

from typing import Final, NamedTuple

from enrich.context import PASSTHROUGH_BUNDLE
from worker.pulse import Pulse

# A poll returns within a second, with or without records.
POLLED_S: Final = 10.0
OLDEST_S: Final = 30.0


class Bounds(NamedTuple):
    """core_s: for one batch in the core. oldest_s: for a list to be acknowledged. polled_s: between polls."""

    core_s: float
    oldest_s: float
    polled_s: float = POLLED_S

    @classmethod
    def of(cls, core_timeout_s: float) -> "Bounds":
        """Return the bounds that go with this time-out of the core."""
        return cls(core_timeout_s, max(OLDEST_S, core_timeout_s / 2))


class Unmet(NamedTuple):
    """condition: a stable word. why: one line for a person, made of our own words and numbers."""

    condition: str
    why: str


def not_alive(pulse: Pulse, bounds: Bounds, now_s: float) -> list[Unmet]:
    """Return why this process is to be ended, [] while it is not."""
    since_s = pulse.core_since_s
    if since_s is None or now_s - since_s <= bounds.core_s:
        return []
    return [
        Unmet("core", f"one batch has taken {now_s - since_s:.0f} s, at most {bounds.core_s:g} s are given")
    ]


def not_ready(pulse: Pulse, bounds: Bounds, now_s: float) -> list[Unmet]:
    """Return every condition that is not met, [] if the worker is ready."""
    unmet = not_alive(pulse, bounds, now_s)
    if pulse.stopping:
        unmet.append(Unmet("stopping", "it was told to stop"))
    if not pulse.bundle_id:
        unmet.append(Unmet("bundle", "no bundle is loaded"))
    if not pulse.joined:
        unmet.append(Unmet("joined", "not in the consumer group, or waiting for an assignment"))
    if pulse.restoring:
        unmet.append(Unmet("restored", f"{len(pulse.restoring)} partitions wait for their history"))
    oldest_s = pulse.oldest()
    if oldest_s is not None and now_s - oldest_s > bounds.oldest_s:
        age = f"{now_s - oldest_s:.0f} s"
        unmet.append(Unmet("acknowledged", f"the oldest alerts in work have waited {age} for their receipts"))
    # An idle worker has nothing to poll; whether a full one moves on, the oldest list says.
    if pulse.reading and oldest_s is None:
        unmet += _not_polled(pulse.polled_s, bounds.polled_s, now_s)
    return unmet


def _not_polled(polled_s: float | None, bound_s: float, now_s: float) -> list[Unmet]:
    if polled_s is None:
        return [Unmet("polled", "no poll has returned yet")]
    if now_s - polled_s > bound_s:
        return [Unmet("polled", f"no poll has returned for {now_s - polled_s:.0f} s")]
    return []


def degraded(pulse: Pulse) -> list[Unmet]:
    """Return what a person should see to, and no restart helps: a worker that is ready may be so."""
    if not pulse.bundle_refused:
        return []
    stays = "no bundle is open" if passthrough(pulse) else f"bundle {pulse.bundle_id} stays"
    return [Unmet("bundle", f"what is promoted is not in use, {stays}: the log says why")]


def passthrough(pulse: Pulse) -> bool:
    """Whether events go out unscored because no bundle is open."""
    return pulse.bundle_id == PASSTHROUGH_BUNDLE
