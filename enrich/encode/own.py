"""What OCSF has no place for: the object ``unmapped.millrace``. Every field of it is in ``docs/event.md``."""

from typing import Any, Final

from enrich.attack import Hint
from enrich.attack.hint import HINTS_MAX
from enrich.context import EVENT_VERSION, Context
from enrich.encode.known import told
from enrich.errors import Quality
from enrich.row import Anomaly, Decision, History, Row, Score

Doc = dict[str, Any]

# Most entries that a hostile record can make of this list, so that the event fits its topic.
QUALITY_MAX: Final = 64
_COUNTS: Final = tuple(name for name in History._fields if name not in ("warm", "folded"))
NOT_WARM: Final = {
    folded: {"warm": False, "folded": folded, **dict.fromkeys(_COUNTS)} for folded in (False, True)
}


def own(row: Row, score: Score, decision: Decision, context: Context, quality: tuple[Quality, ...]) -> Doc:
    """Return the object. Its shape is fixed: what is not known is null.

    quality: the row's findings and the encoder's.
    """
    alert, record, src, dst = row.alert, row.record, row.src, row.dst
    severity, anomaly, confidence = score
    severity_id, severity_score, stated_id, model_id, model_score, origin = severity
    sure, status, label_source = confidence
    _, route, priority, reasons, suppressed_count = decision
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
            "id": severity_id,
            "score": severity_score,
            "origin": origin,
            "stated_id": stated_id,
            "stated_text": alert.severity_text,
            "stated_scale": alert.severity_scale,
            "model_id": model_id,
            "model_score": model_score,
        },
        "anomaly": None if anomaly is None else _anomaly(anomaly),
        "confidence": {"score": sure, "status": status, "label_source": label_source},
        "priority": priority,
        "decision": {
            "route": route,
            "reasons": [
                {"code": code, "detail": detail, "points": points} for code, detail, points in reasons
            ],
            "suppressed_count": suppressed_count,
        },
        "hints": [_hint(hint) for hint in row.hints[:HINTS_MAX]] if row.hints else [],
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
        "tables": told(row.found, row.record_time_ms) if row.found else [],
        "quality": [{"code": code, "field": field} for code, field in quality[:QUALITY_MAX]]
        if quality
        else [],
    }


def _anomaly(anomaly: Anomaly) -> Doc:
    score, parts = anomaly
    if not parts:
        return {"score": score, "parts": []}
    return {
        "score": score,
        "parts": [{"feature": feature, "value": value, "share": share} for feature, value, share in parts],
    }


def _hint(hint: Hint) -> Doc:
    uid, _, _, source, evidence, confidence, as_received, was_revoked, span = hint
    return {
        "uid": uid,
        "source": source,
        "evidence": evidence,
        "confidence": confidence,
        "as_received": as_received,
        "was_revoked": was_revoked,
        "span": None if span is None else {"field": span.field, "start": span.start, "end": span.end},
    }


def _history(history: History) -> Doc:
    """Counts and times are null until the fold has seen a whole window: they would be too small.

    What is not warm is shared between events: not to be changed.
    """
    entity_1m, entity_10m, entity_60m, rule_1m, rule_10m, rule_60m, entity_s, rule_s, pair_s, warm, folded = (
        history
    )
    if not warm:
        return NOT_WARM[folded]
    return {
        "warm": True,
        "folded": folded,
        "entity_1m": entity_1m,
        "entity_10m": entity_10m,
        "entity_60m": entity_60m,
        "rule_1m": rule_1m,
        "rule_10m": rule_10m,
        "rule_60m": rule_60m,
        "entity_since_s": entity_s,
        "rule_since_s": rule_s,
        "pair_since_s": pair_s,
    }
