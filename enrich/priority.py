"""The priority of an alert: how many points each part gives, and a reason for each that gave some."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import log2
from typing import Final

from enrich.attack import Hint
from enrich.policy import Points
from enrich.row import AnomalyPart, Pull, Reason, Row, Score, Severity
from enrich.tables.values import CRITICALITY, Asset, Found, Indicator

# The most points each part can give; together 100. What tables add comes on top, as far as 100.
SEVERITY_POINTS: Final = 65.0
ANOMALY_POINTS: Final = 20.0
ATTACK_POINTS: Final = 15.0
# How far a raise by the model counts where its confidence is not measured.
UNMEASURED: Final = 0.5
# How far a lower view of the model counts, times its confidence: a person ranks by the best estimate, but no
# text that an attacker writes may take more than half of what the source states.
LOWERING: Final = 0.5
# Each doubling of the odds of a true positive, above or below one in five, is so many points, within bounds.
# On held-out phases of AIT-ADS as many are caught as with one in ten as the middle, with half the false
# escalations (docs/quality.md).
WORTH_POINTS: Final = 5.0
WORTH_NEUTRAL: Final = 0.2
WORTH_MOST, WORTH_LEAST = 30.0, -20.0
# What tables add where the policy says nothing of it.
POINTS: Final = Points()
# Matches that the reason names; the event has them all.
LISTED: Final = 3


def priority(row: Row, score: Score, points_of: Points = POINTS) -> tuple[float, list[Reason]]:
    """Return the priority, 0-100, and each part's share; the shares add up to it.

    priority = 0.65 x severity + 20 x anomaly squared + 15 x the best hint's confidence, where
    - what the model adds to the stated severity counts x confidence, what it takes off x confidence / 2;
    - an anomaly counts only where the partition's history is warm;
    - worth adds or takes 5 points for each doubling of its odds from 1 in 5, from -20 to 30, and
      the sum stays within 0 and 100;
    - what tables say adds ``points_of``, as far as 100: for the most critical asset, for a listed address.
    """
    severity, unusual, confidence = score.severity, score.anomaly, score.confidence
    reasons = _of_severity(severity, confidence.score, score.pulls)
    if unusual is not None:
        anomaly, parts = unusual
        if row.history.warm:
            points, detail = _of_anomaly(anomaly)
            if points >= 1.0:
                if parts:
                    detail = f"{detail}: {_names(parts)}"
                reasons.append(Reason("anomaly", detail, points))
        elif parts:
            reasons.append(Reason("anomaly_not_counted", _names(parts), 0.0))
    if row.hints:
        best = row.hints[0]
        for hint in row.hints:
            if hint.confidence > best.confidence:
                best = hint
        reasons.append(_of_attack(best))
    total = 0.0
    for _, _, points in reasons:
        total += points
    if score.worth is not None:
        detail, points = _of_worth(score.worth)
        points = round(max(min(points, 100.0 - total), -total), 1)
        reasons.append(Reason("worth", detail, points))
        total += points
    if row.found:
        for code, detail, points in _of_tables(row.found, points_of):
            added = round(max(min(points, 100.0 - total), 0.0), 1)
            reasons.append(Reason(code, detail, added))
            total += added
    return round(min(total, 100.0), 1), reasons


@lru_cache(16_384)
def _of_tables(found: tuple[Found, ...], points_of: Points) -> tuple[Reason, ...]:
    """Return a reason for the most critical asset, and one for the addresses that block lists hold."""
    highest, asset = 0, ""
    listed: list[str] = []
    for each in found:
        value = each.value
        if isinstance(value, Asset):
            if (value.criticality or 0) > highest:
                highest = value.criticality or 0
                asset = f"{CRITICALITY[highest]}: {value.name}, {_source(each)}"
        elif isinstance(value, Indicator):
            listed.append(f"{value.ip} in {_source(each)}")
    reasons: list[Reason] = []
    if highest:
        reasons.append(Reason("asset_criticality", asset, points_of.asset_criticality[highest - 1]))
    if listed:
        reasons.append(Reason("indicator", "; ".join(listed[:LISTED]), points_of.indicator))
    return tuple(reasons)


def _source(found: Found) -> str:
    day = datetime.fromtimestamp(found.as_of_ms / 1000, UTC).date()
    return f"{found.source} of {day.isoformat()}"


def _of_severity(severity: Severity, confident: float | None, pulls: tuple[Pull, ...]) -> list[Reason]:
    severity_id, value, stated_id, model_id, model_score, origin = severity
    if origin == "default":
        return [_default(severity_id, value)]
    if origin == "model":
        stated = 0.0 if stated_id is None else _stated_points(stated_id)
        trust = UNMEASURED if confident is None else confident
        said = _said(model_id, confident, pulls)
        more = max(SEVERITY_POINTS * value / 100 - stated, 0.0) * trust
        added = Reason("severity_model", said, round(more, 1))
        if stated_id is None:
            return [added]
        return [Reason("severity_stated", f"class {stated_id}", round(stated, 1)), added]
    reasons = [_stated(severity_id, value)]
    if confident is not None and model_id is not None and model_score is not None and model_id < severity_id:
        lower = max(value - model_score, 0.0) * SEVERITY_POINTS / 100
        taken = round(lower * LOWERING * confident, 1)
        if taken:
            said = _said(model_id, confident, pulls)
            reasons.append(Reason("severity_model_lower", said, -taken))
    return reasons


# What follows is asked for again and again: shares have four digits, points one, and classes are five.
@lru_cache(256)
def _stated(severity_id: int, value: float) -> Reason:
    return Reason("severity_stated", f"class {severity_id}", round(SEVERITY_POINTS * value / 100, 1))


@lru_cache(256)
def _default(severity_id: int, value: float) -> Reason:
    return Reason("severity_default", f"class {severity_id}", round(SEVERITY_POINTS * value / 100, 1))


@lru_cache(16_384)
def _of_anomaly(score: float) -> tuple[float, str]:
    return round(ANOMALY_POINTS * score**2, 1), f"more unusual than {_percent(score)}"


@lru_cache(1024)
def _of_attack(hint: Hint) -> Reason:
    how = "stated by the source" if hint.source == "stated" else f"matched: {hint.evidence}"
    return Reason("attack", f"{hint.uid} {hint.name}, {how}", round(ATTACK_POINTS * hint.confidence, 1))


@lru_cache(16_384)
def _of_worth(worth: float) -> tuple[str, float]:
    bounded = min(max(worth, 0.0001), 0.9999)
    doublings = log2(bounded / (1 - bounded)) - log2(WORTH_NEUTRAL / (1 - WORTH_NEUTRAL))
    points = min(max(WORTH_POINTS * doublings, WORTH_LEAST), WORTH_MOST)
    return f"{worth:.1%} likely a true positive", points


def _said(model_id: int | None, confident: float | None, pulls: tuple[Pull, ...]) -> str:
    said = f"class {model_id}, confidence {_percent(confident)}"
    return f"{said}: {', '.join([pull.word for pull in pulls])}" if pulls else said


@lru_cache(16_384)
def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share:.0%}"


def _names(parts: Sequence[AnomalyPart]) -> str:
    return ", ".join([part.feature for part in parts])


def _stated_points(stated_id: int) -> float:
    return SEVERITY_POINTS * (20 * stated_id - 10) / 100
