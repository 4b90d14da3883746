"""Whether a person must see the alert: policy, capacity and suppression over its priority, in one place."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from enrich.alert import rule_key
from enrich.policy import Match, Policy
from enrich.priority import priority
from enrich.row import Decision, Reason, Row, Score
from enrich.suppression import Suppression

# Points above everything escalated in the last day that let an alert pass a capacity which is used up.
CLEARLY_WORSE: Final = 5
# With a capacity, the next alert of a rule that was escalated within these minutes, on whatever entity, ranks
# so much lower: else one scan of a network takes the whole day's share in its first minute, and what comes
# after it is not seen. Attack phases caught at 20 a day: 2 of 10 without, 4 with it (docs/quality.md).
REPEATED_MIN: Final = 60
REPEATED: Final = 20.0

REASONS: Final[dict[str, str]] = {
    "severity_stated": "the severity that the source states",
    "severity_model": "the severity that the model adds, as far as its confidence goes",
    "severity_model_lower": "the model sees a lower severity: it counts half, as far as its confidence goes",
    "severity_default": "neither source nor model says a severity: low is assumed",
    "anomaly": "how unusual the alert is, with the features that are rare in it",
    "anomaly_not_counted": "unusual, but the partition's history is not warm: it gives no points",
    "attack": "an ATT&CK technique, with its evidence",
    "worth": "how likely alerts like this were true positives, as far as somebody said",
    "asset_criticality": "how critical an asset of yours is that the alert is about",
    "indicator": "an address of the alert stands on a block list",
    "always": "a rule of the policy: always",
    "never": "a rule of the policy: never",
    "sample": "a test or sample finding: it never escalates",
    "suppressed": "this rule on this entity was escalated a short while ago",
    "suppression_ended": "how many of this rule and entity were held back before this one",
    "over_threshold": "the priority reaches the threshold",
    "below_threshold": "the priority is below the threshold",
    "within_capacity": "among the day's highest of this partition's share, or clearly above all of them",
    "below_capacity": "not among the day's highest priorities of this partition's share",
    "over_capacity": "the partition's share of the day's capacity is used up",
}

# Stands for every entity in the key of a rule that was escalated.
ANYWHERE: Final = ""

# The reasons that let an alert through to the analyst, unless it is suppressed.
PASSING: Final = frozenset({"always", "over_threshold", "within_capacity"})


def decide(
    row: Row, score: Score, policy: Policy, suppression: Suppression, now_ms: int, share: int | None
) -> Decision:
    """Decide one alert. Call in offset order: it writes to the partition's suppression fold.

    now_ms: the partition's event time. share: this partition's part of the day's capacity; None: threshold.
    """
    return routed(row, *priority(row, score, policy.points), policy, suppression, now_ms, share)


def routed(
    row: Row,
    points: float,
    reasons: Sequence[Reason],
    policy: Policy,
    suppression: Suppression,
    now_ms: int,
    share: int | None,
) -> Decision:
    """Decide an alert whose priority is known. The rest as in ``decide``."""
    alert = row.alert
    if alert.is_sample:
        return Decision(False, "sample", points, (*reasons, Reason("sample", "", 0.0)), 0)
    always = _first(policy.always, row)
    if always is None:
        for never in policy.never:
            if never.until_ms is not None and row.time_ms >= never.until_ms:
                continue
            if never.matches(alert, row.entity, row.hints):
                return Decision(False, "never", points, (*reasons, Reason("never", never.reason, 0.0)), 0)
    rank, anywhere = points, (ANYWHERE, ANYWHERE)
    if share is not None:
        anywhere = (rule_key(alert), ANYWHERE)
        if suppression.runs(anywhere, now_ms, REPEATED_MIN):
            rank = max(points - REPEATED, 0.0)
    if always is None and share is None:
        reason = _by_threshold(points, policy.escalate.threshold or 0.0)
    else:
        reason = _reason_to_escalate(always, points, rank, policy, suppression, now_ms, share or 0)
    if reason.code not in PASSING:
        if share is not None:
            suppression.ranked(rank, now_ms)
        route = "over_capacity" if reason.code == "over_capacity" else "low"
        return Decision(False, route, points, (*reasons, reason), 0)
    ended = 0
    for rule in policy.suppress:
        of_rule, of_entity = rule.patterns
        if of_rule.match(alert.rule_id) and of_entity.match(row.entity):
            key = (rule_key(alert), row.entity)
            held = suppression.held(key, now_ms, rule.minutes, rule.count)
            if held:  # not ranked: repeats of one finding must not raise the threshold for others
                held_back = Reason("suppressed", f"{held} within {rule.minutes} minutes", 0.0)
                return Decision(False, "suppressed", points, (*reasons, reason, held_back), held)
            ended = suppression.passed(key, now_ms, rule.minutes)
            break
    if share is not None:
        suppression.ranked(rank, now_ms)
        suppression.escalated(points, now_ms)
        suppression.passed(anywhere, now_ms, REPEATED_MIN)
    told = (*reasons, reason)
    if ended:
        told = (*told, Reason("suppression_ended", f"{ended} were held back", 0.0))
    return Decision(True, "escalated", points, told, ended)


def _reason_to_escalate(
    always: Match | None,
    points: float,
    rank: float,
    policy: Policy,
    suppression: Suppression,
    now_ms: int,
    share: int,
) -> Reason:
    if always is not None:
        return Reason("always", always.reason, 0.0)
    day = suppression.day(now_ms, share)
    ranked = f"{points:g}" if rank == points else f"{rank:g} ({points:g}, but the rule repeats)"
    if points < policy.escalate.floor:
        return Reason("below_capacity", f"{points:g} < {policy.escalate.floor:g}", 0.0)
    # Whoever fills the day with decoys must not buy silence for what is clearly worse than all of them.
    worse = 0 <= day.highest <= int(points) - CLEARLY_WORSE
    if rank < day.threshold and not worse:
        return Reason("below_capacity", f"{ranked} < {day.threshold:g}", 0.0)
    if day.used >= day.allowed and not worse:
        return Reason("over_capacity", f"{day.used} of {day.allowed} escalated within a day", 0.0)
    threshold = max(float(day.threshold), policy.escalate.floor)
    return Reason("within_capacity", f"{ranked} >= {threshold:g}, {day.used} of {day.allowed} used", 0.0)


def capacity_share(capacity: int | None, partition: int, partitions: int) -> int | None:
    """Return a partition's part of the capacity; the first partitions take what does not divide.

    >>> [capacity_share(40, partition, 6) for partition in range(6)]
    [7, 7, 7, 7, 6, 6]
    """
    if capacity is None:
        return None
    return capacity // partitions + (partition < capacity % partitions)


@lru_cache(4096)
def _by_threshold(points: float, threshold: float) -> Reason:
    if points >= threshold:
        return Reason("over_threshold", f"{points:g} >= {threshold:g}", 0.0)
    return Reason("below_threshold", f"{points:g} < {threshold:g}", 0.0)


def _first(rules: Sequence[Match], row: Row) -> Match | None:
    for rule in rules:
        if rule.matches(row.alert, row.entity, row.hints):
            return rule
    return None
