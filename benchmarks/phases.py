"""Counting what an analyst gets of a stream under attack: phases caught, delay, false escalations a day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enrich.decide import capacity_share, decide, routed
from enrich.forest import Floats
from enrich.pipeline import PartitionState, Prepared
from enrich.policy import Policy
from enrich.row import Reason, Score
from training.units import Flags

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Stream:
    """n alerts in time order. phase: "" outside all attack phases. caused: a step of the attack caused it.

    time_ms: event times.
    """

    phase: Sequence[str]
    caused: Flags
    time_ms: Sequence[int]

    def where(self, chosen: Flags) -> "Stream":
        """Return the rows for which ``chosen`` holds."""
        places = np.flatnonzero(chosen).tolist()
        return Stream([self.phase[i] for i in places], self.caused[chosen], [self.time_ms[i] for i in places])

    @property
    def begins(self) -> dict[str, int]:
        """When each phase begins: at the first of its alerts."""
        first: dict[str, int] = {}
        for name, time_ms in zip(self.phase, self.time_ms, strict=True):
            if name:
                first.setdefault(name, time_ms)
        return first


@dataclass(frozen=True)
class Caught:
    """escalated: alerts. phases: with an escalation within them. caused: with one that the attack caused.

    of: phases in all. delay_s: from the begin of each phase caught to its first escalation. false_a_day:
    escalations outside all phases that no step caused.
    """

    escalated: int
    phases: int
    caused: int
    of: int
    delay_s: dict[str, float]
    false_a_day: float

    @property
    def median_delay_s(self) -> float | None:
        """Of the phases caught; None: none was."""
        return float(np.median(list(self.delay_s.values()))) if self.delay_s else None


def caught(stream: Stream, escalated: Flags, begins: dict[str, int], days: float) -> Caught:
    """Count. begins: of the phases that could be caught. days: how long the whole stream lasts."""
    delay: dict[str, float] = {}
    caused: set[str] = set()
    false = 0
    for place in np.flatnonzero(escalated).tolist():
        name = stream.phase[place]
        if name in begins:
            delay.setdefault(name, (stream.time_ms[place] - begins[name]) / 1000)
            if stream.caused[place]:
                caused.add(name)
        elif not name and not stream.caused[place]:
            false += 1
    return Caught(int(escalated.sum()), len(delay), len(caused), len(begins), delay, false / days)


def by_scores(batch: Prepared, scores: Sequence[Score], policy: Policy) -> Flags:
    """Return what the worker would escalate: ``pipeline.finish`` decides so, and encodes besides."""
    state, share = PartitionState(), capacity_share(policy.escalate.capacity_per_day, 0, 1)
    rows = zip(batch.rows, scores, batch.now_ms, strict=True)
    return np.array(
        [
            decide(row, score, policy, state.suppression, now_ms, share).escalated
            for row, score, now_ms in rows
        ],
        dtype=np.bool_,
    )


def by_points(batch: Prepared, points: Floats, policy: Policy) -> Flags:
    """Return what a priority (n,), 0-100, escalates by the worker's own rules of capacity and suppression."""
    state, share = PartitionState(), capacity_share(policy.escalate.capacity_per_day, 0, 1)
    reason = (Reason("rival", "", 0.0),)
    rows = zip(batch.rows, points.round(1).tolist(), batch.now_ms, strict=True)
    return np.array(
        [
            routed(row, each, reason, policy, state.suppression, now_ms, share).escalated
            for row, each, now_ms in rows
        ],
        dtype=np.bool_,
    )


def tail_points(score: Floats) -> Floats:
    """Return a score as a priority, 0-100: the logarithm of the share of rows at least as high.

    Hindsight in favour of a rival: its scale is taken from the stream that it is tried on.
    """
    rising = np.sort(score)
    share = (len(score) - np.searchsorted(rising, score, "left")) / len(score)
    points: Floats = 100.0 * np.log(share) / np.log(1.0 / len(score)) if len(score) > 1 else score * 0.0
    return points
