"""What OCSF has no place for: the object ``unmapped.millrace``. Every field of it is in ``docs/event.md``."""

from typing import Any, Final

from enrich.attack import Hint
from enrich.attack.hint import HINTS_MAX
from enrich.context import EVENT_VERSION, Context
from enrich.errors import Quality
from enrich.row import Anomaly, Decision, History, Row, Score

Doc = dict[str, Any]

# Most entries that a hostile record can make of this list, so that the event fits its topic.
QUALITY_MAX: Final = 64
NOT_WARM: Final = {
    "warm": False,
    "folded": False,
    **dict.fromkeys(name for name in History._fields if name not in ("warm", "folded")),
}


def own(row: Row, score: Score, decision: Decision, context: Context, quality: tuple[Quality, ...]) -> Doc:
    """Return the object. Its shape is fixed: what is not known is null.

    quality: the row's findings and the encoder's.
    """
    alert, record, src, dst = row.alert, row.record, row.src, row.dst
    severity, confidence = score.severity, score.confidence
    return {
        "schema": EVENT_VERSION,
        "context_id": context.context_id,
        "bundle_id": context.bundle_id,
        "bootstrap": context.bootstrap,
        "record": {"partition": record.partition, "offset": record.offset, "time_ms": row.record_time_ms},
        "entity": row.entity,
        "format": alert.format,
        "detector": alert.detector,
        "is_sample": alert.is_sample,
        "severity": {
            "id": severity.id,
            "score": severity.score,
            "origin": severity.origin,
            "stated_id": severity.stated_id,
            "stated_text": alert.severity_text,
            "stated_scale": alert.severity_scale,
            "model_id": severity.model_id,
            "model_score": severity.model_score,
        },
        "anomaly": None if score.anomaly is None else _anomaly(score.anomaly),
        "confidence": {
            "score": confidence.score,
            "status": confidence.status,
            "label_source": confidence.label_source,
        },
        "priority": decision.priority,
        "decision": {
            "route": decision.route,
            "reasons": [
                {"code": code, "detail": detail, "points": points}
                for code, detail, points in decision.reasons
            ],
            "suppressed_count": decision.suppressed_count,
        },
        "hints": [_hint(hint) for hint in row.hints[:HINTS_MAX]],
        "history": _history(row.history),
        "network": {
            "direction": row.direction,
            "app_proto": alert.app_proto,
            "src_scope": None if src is None else src.scope,
            "src_net": None if src is None else src.net,
            "dst_scope": None if dst is None else dst.scope,
            "dst_net": None if dst is None else dst.net,
            "bytes_out": alert.bytes_out,
            "bytes_in": alert.bytes_in,
            "packets": alert.packets,
        },
        "quality": [{"code": code, "field": field} for code, field in quality[:QUALITY_MAX]]
        if quality
        else [],
    }


def _anomaly(anomaly: Anomaly) -> Doc:
    return {
        "score": anomaly.score,
        "parts": [
            {"feature": feature, "value": value, "share": share} for feature, value, share in anomaly.parts
        ],
    }


def _hint(hint: Hint) -> Doc:
    return {
        "uid": hint.uid,
        "source": hint.source,
        "evidence": hint.evidence,
        "confidence": hint.confidence,
        "as_received": hint.as_received,
        "was_revoked": hint.was_revoked,
    }


def _history(history: History) -> Doc:
    """Counts and times are null until the fold has seen a whole window: they would be too small."""
    if not history.warm:
        return {**NOT_WARM, "folded": history.folded}
    return {
        "warm": True,
        "folded": history.folded,
        "entity_1m": history.entity_1m,
        "entity_10m": history.entity_10m,
        "entity_60m": history.entity_60m,
        "rule_1m": history.rule_1m,
        "rule_10m": history.rule_10m,
        "rule_60m": history.rule_60m,
        "entity_since_s": history.entity_since_s,
        "rule_since_s": history.rule_since_s,
        "pair_since_s": history.pair_since_s,
    }
