"""Alert + scores + decision → the event, an OCSF 1.8.0 Detection Finding. Its fields: ``docs/event.md``."""

from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import orjson

from enrich.attack import AttackKnowledge, Hint
from enrich.attack.hint import HINTS_MAX
from enrich.context import CODE_VERSION, Context
from enrich.encode import known
from enrich.encode.captions import (
    ACTION,
    CONFIDENCE,
    PRIORITY,
    RISK_LEVEL,
    SEVERITY,
    STATUS,
    confidence_id,
    risk_level_id,
)
from enrich.encode.evidence import device, evidence, observables
from enrich.encode.own import own
from enrich.errors import Quality, QualityCode
from enrich.redact import LOOKED_AT, Redaction
from enrich.row import AnomalyPart, Decision, Row, Score

OCSF_VERSION: Final = "1.8.0"
# Entity kinds in words for people who read `analysis_targets`.
TARGETS: Final = {"ip": "IP Address", "host": "Host", "user": "User", "rule": "Rule"}
# Output topics take 2 x raw + 64 KiB; this much of it is for the key, the headers and the record batch.
ENVELOPE: Final = 4096
# Sets of hints whose ``attacks`` are kept, as JSON: some 0.5 KB each, 5 KB at most. Saves 1 µs an alert.
ATTACKS_KEPT: Final = 1024
SHUT_OUT: Final = frozenset(("suppressed", "never"))
RAW_NOT_UTF8: Final = Quality(QualityCode.RAW_NOT_UTF8)
RAW_TRUNCATED: Final = Quality(QualityCode.RAW_TRUNCATED)

Doc = dict[str, Any]

# Every event has these, in this order. Copying and filling it takes half the time of a literal of its size.
ALWAYS: Final[Doc] = {
    "activity_id": 1,
    "activity_name": "Create",
    "category_uid": 2,
    "category_name": "Findings",
    "class_uid": 2004,
    "class_name": "Detection Finding",
    "type_uid": 200401,
    "type_name": "Detection Finding: Create",
    "time": None,
    "message": None,
    "severity_id": None,
    "severity": None,
    "status_id": None,
    "status": None,
    "is_alert": True,
    "confidence_id": None,
    "confidence": None,
    "risk_score": None,
    "risk_level_id": None,
    "risk_level": None,
    "metadata": None,
    "finding_info": None,
}


def encode(row: Row, score: Score, decision: Decision, context: Context) -> tuple[bytes, bytes | None]:
    """Return the value for the enriched topic, and the one for the escalated topic if it goes there.

    Both fit the output topics whatever the raw record holds: where the event would not, more of ``raw_data``
    is cut off.
    """
    limit = 2 * context.raw_limit + 65_536 - ENVELOPE
    keep = context.raw_keep
    shown, decision = _shown(row, decision, context)
    whole = _event(shown, score, decision, context, keep, row.alert.user)
    value = orjson.dumps(whole)
    if len(value) > limit and shown.alert.unmapped is not None:  # all of it stands in raw_data, too
        shown = replace(shown, alert=replace(shown.alert, unmapped=None))
        whole["unmapped"].pop("source")
        value = orjson.dumps(whole)
    while len(value) > limit and keep > 0:
        keep = min(keep, len(row.raw)) // 2
        whole = _event(shown, score, decision, context, keep, row.alert.user)
        value = orjson.dumps(whole)
    return value, orjson.dumps(escalated(whole, decision)) if decision.escalated else None


def event(row: Row, score: Score, decision: Decision, context: Context) -> Doc:
    """Return the event for the enriched topic, as it is read again from what ``encode`` writes."""
    shown, decision = _shown(row, decision, context)
    whole = _event(shown, score, decision, context, context.raw_keep, row.alert.user)
    doc: Doc = orjson.loads(orjson.dumps(whole))
    return doc


def _shown(row: Row, decision: Decision, context: Context) -> tuple[Row, Decision]:
    redaction, user = context.redaction, row.alert.user
    if not redaction.active:
        return row, decision
    shown = replace(
        row,
        alert=redaction.alert(row.alert),
        entity=redaction.entity(row.entity, user),
        hints=redaction.hints(row.hints, user),
        found=known.shown(row.found, redaction, user),
    )
    return shown, redaction.decision(decision, user)


def escalated(whole: Doc, decision: Decision) -> Doc:
    """Return the event for analysts: the same with the ``incident`` profile, waiting for a verdict."""
    metadata = whole["metadata"]
    priority_id = max(1, risk_level_id(round(decision.priority)))
    return {
        **whole,
        "metadata": {**metadata, "profiles": [*metadata.get("profiles", ()), "incident"]},
        "priority_id": priority_id,
        "priority": PRIORITY[priority_id],
        "verdict_id": 0,
        "verdict": "Unknown",
    }


def _event(row: Row, score: Score, decision: Decision, context: Context, keep: int, user: str | None) -> Doc:
    alert, raw, severity_id = row.alert, row.raw, score.severity.id
    confident, anomaly = score.confidence.score, score.anomaly
    digest = sha256(raw).hexdigest()
    raw_data, found = _shown_raw(raw, keep, context.redaction, user)
    quality = (*row.quality, *(new for new in found if new not in row.quality)) if found else row.quality
    percent = None if confident is None else round(100 * confident)
    sure = confidence_id(percent)
    priority = round(decision.priority)
    risk = risk_level_id(priority)
    status_id = 3 if decision.route in SHUT_OUT else 1

    doc = ALWAYS.copy()
    doc["time"] = row.time_ms
    doc["message"] = alert.title
    doc["severity_id"], doc["severity"] = severity_id, SEVERITY[severity_id]
    doc["status_id"], doc["status"] = status_id, STATUS[status_id]
    doc["confidence_id"], doc["confidence"] = sure, CONFIDENCE[sure]
    doc["risk_score"] = priority
    doc["risk_level_id"], doc["risk_level"] = risk, RISK_LEVEL[risk]
    doc["metadata"] = metadata = _metadata(row)
    doc["finding_info"] = _finding(row, digest, context)
    if percent is not None:
        doc["confidence_score"] = percent
    if alert.action is not None and alert.action in ACTION:
        metadata["profiles"] = ["security_control"]
        doc["action_id"], doc["action"], doc["disposition_id"], doc["disposition"] = ACTION[alert.action]
    host = device(alert)
    if host is not None:
        doc["device"] = host
    seen = evidence(row, context.networks)
    if seen is not None:
        doc["evidences"] = [seen]
    pivots = observables(alert, host, seen)
    if pivots:
        doc["observables"] = pivots
    if row.found:
        _put_known(doc, row)
    if anomaly is not None and anomaly.parts:
        doc["anomaly_analyses"] = [_analysis(row.entity, anomaly.parts)]
    if raw_data is not None:
        doc["raw_data"] = raw_data
    doc["raw_data_hash"] = {"algorithm_id": 3, "algorithm": "SHA-256", "value": digest}
    doc["raw_data_size"] = len(raw)
    if found and RAW_TRUNCATED in found:
        metadata["is_truncated"] = True
        metadata["untruncated_size"] = -(-len(raw) // 1024)
    doc["unmapped"] = {"millrace": own(row, score, decision, context, quality)}
    if alert.unmapped is not None:
        doc["unmapped"]["source"] = alert.unmapped
    return doc


def _put_known(doc: Doc, row: Row) -> None:
    listed = known.osint(row.found)
    if listed:
        metadata = doc["metadata"]
        metadata["profiles"] = [*metadata.get("profiles", ()), "osint"]
        doc["osint"] = listed
    assets = known.resources(row.found)
    if assets:
        doc["resources"] = assets


def _metadata(row: Row) -> Doc:
    alert, record = row.alert, row.record
    doc: Doc = {
        "version": OCSF_VERSION,
        "uid": row.uid,
        "product": {"name": alert.product or "unknown", "vendor_name": alert.vendor or "unknown"},
        "reporter": {"name": alert.detector or "unknown"},
        "loggers": _loggers(record.topic),
        "log_name": record.topic,
        "log_format": alert.format,
        "event_code": alert.rule_id,
        "sequence": record.offset,
    }
    if alert.time_text is not None:
        doc["original_time"] = alert.time_text
    if alert.source_uid is not None:
        doc["original_event_uid"] = alert.source_uid
    if alert.is_sample:
        doc["labels"] = ["sample"]
    return doc


def _shown_raw(
    raw: bytes, keep: int, redaction: Redaction, user: str | None
) -> tuple[str | None, tuple[Quality, ...]]:
    """Return the original as it goes out, None: not at all. It is redacted first, and cut then."""
    if not redaction.active:
        return _raw_data(raw, keep)
    if redaction.raw_data == "none":
        return None, ()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):  # no name is found between the zeros of UTF-16
        raw = raw.decode("utf-16", "replace").encode()
    text, found = _raw_data(raw, LOOKED_AT)
    text = redaction.text(text, user)
    if len(text) > keep:
        text, found = text[:keep], (*found, RAW_TRUNCATED) if RAW_TRUNCATED not in found else found
    return text, found


def _raw_data(raw: bytes, keep: int) -> tuple[str, tuple[Quality, ...]]:
    """Return the original as text, at most ``keep`` bytes of it, and what that did to it."""
    quality: tuple[Quality, ...] = ()
    kept = raw
    if len(raw) > keep:
        end = keep
        while end > max(keep - 3, 0) and raw[end] & 0xC0 == 0x80:  # not within a character
            end -= 1
        kept = raw[:end]
        quality = (RAW_TRUNCATED,)
    try:
        return kept.decode(), quality
    except UnicodeDecodeError:
        return kept.decode("utf-8", "backslashreplace"), (RAW_NOT_UTF8, *quality)


def _finding(row: Row, digest: str, context: Context) -> Doc:
    alert = row.alert
    title = alert.title
    analytic: Doc = {"type_id": 1, "type": "Rule", "uid": alert.rule_id, "name": title}
    doc: Doc = {
        "uid": alert.source_uid or digest,
        "title": title,
        "analytic": analytic,
        "data_sources": [alert.detector],
    }
    if alert.category:
        analytic["category"] = alert.category
        doc["types"] = [alert.category]
    if alert.message:
        doc["desc"] = alert.message
    if alert.description:
        analytic["desc"] = alert.description
    if alert.time_ms is not None:
        doc["created_time"] = alert.time_ms
    if row.hints:
        doc["attacks"] = _attacks(row.hints, context.attack)
    return doc


@lru_cache(ATTACKS_KEPT)
def _attacks(hints: tuple[Hint, ...], attack: AttackKnowledge) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps([doc for hint in hints[:HINTS_MAX] for doc in _attack(hint, attack)]))


def _attack(hint: Hint, attack: AttackKnowledge) -> list[Doc]:
    """Return one ``attack`` per tactic: its list of tactics is deprecated. Without a known tactic, one."""
    doc: Doc = {"version": attack.version}
    if "." in hint.uid:
        parent_uid = hint.uid.partition(".")[0]
        parent = attack.technique(parent_uid)
        doc["technique"] = {"uid": parent_uid} if parent is None else {"uid": parent_uid, "name": parent.name}
        doc["sub_technique"] = {"uid": hint.uid, "name": hint.name}
    else:
        doc["technique"] = {"uid": hint.uid, "name": hint.name}
    if len(hint.tactics) > 1:
        return [{**doc, "tactic": {"uid": uid, "name": name}} for uid, name in hint.tactics]
    for uid, name in hint.tactics:
        doc["tactic"] = {"uid": uid, "name": name}
    return [doc]


def _analysis(entity: str, parts: tuple[AnomalyPart, ...]) -> Doc:
    kind, _, name = entity.partition(":")
    return {
        "analysis_targets": [{"name": name or entity, "type": TARGETS.get(kind, kind)}],
        "anomalies": [
            {
                "observation_parameter": part.feature,
                "observation_type": "Distribution Analysis",
                "observed_pattern": "RARE",
                "observations": [{"value": "missing" if part.value is None else f"{part.value:.6g}"}],
            }
            for part in parts
        ],
    }


@lru_cache(64)
def _loggers(topic: str) -> orjson.Fragment:
    """Return the way from the source to the event: us."""
    way = [{"name": "Millrace", "version": CODE_VERSION, "log_name": topic}]
    return orjson.Fragment(orjson.dumps(way))
