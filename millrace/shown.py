"""What `watch` and `status` read out of events and dead letters, whatever wrote them."""

from base64 import b64encode
from typing import Any, Final, NamedTuple

import orjson

from enrich.record import RawRecord

DEAD_HEADERS: Final = ("code", "message", "topic", "partition", "offset", "attempt", "uid")
NUMBERS: Final = ("partition", "offset", "attempt")
Doc = dict[str, Any]


class Shown(NamedTuple):
    """An event as a person reads it; None where the event does not say."""

    time_ms: int | None
    severity_id: int | None
    anomaly: float | None
    confidence: float | None
    confidence_status: str
    priority: float | None
    title: str
    entity: str
    techniques: tuple[str, ...]
    reasons: tuple[str, ...]
    route: str
    detector: str


def event(value: bytes | None) -> Doc | None:
    """Return the event, None for what is no JSON object: anybody may write to a topic."""
    try:
        doc = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    return doc if isinstance(doc, dict) else None


def shown(doc: Doc) -> Shown:
    """Return what is shown of an event. Fields of another type than ours count as missing."""
    own = _dict(_dict(doc.get("unmapped")).get("millrace"))
    decision, anomaly, confidence = (_dict(own.get(name)) for name in ("decision", "anomaly", "confidence"))
    attacks = [_dict(attack) for attack in _list(_dict(doc.get("finding_info")).get("attacks"))]
    techniques = (
        _text(_dict(attack.get("sub_technique") or attack.get("technique")).get("uid")) for attack in attacks
    )
    reasons = [_dict(reason) for reason in _list(decision.get("reasons"))]
    return Shown(
        time_ms=_number(doc.get("time")),
        severity_id=_number(doc.get("severity_id")),
        anomaly=_number(anomaly.get("score")),
        confidence=_number(confidence.get("score")),
        confidence_status=_text(confidence.get("status")),
        priority=_number(own.get("priority")),
        title=_text(doc.get("message")),
        entity=_text(own.get("entity")),
        techniques=tuple(dict.fromkeys(uid for uid in techniques if uid)),
        reasons=tuple(_reason(each) for each in reasons),
        route=_text(decision.get("route")),
        detector=_text(own.get("detector")),
    )


def dead_letter(record: RawRecord) -> Doc:
    """Return a dead letter as a JSON object: its headers by name, the original bytes in base64."""
    headers = dict(record.headers)
    doc: Doc = {}
    for name in DEAD_HEADERS:
        text = headers.get(f"millrace-{name}", b"").decode("utf-8", "replace")
        number = name in NUMBERS and text.isascii() and text.isdigit() and len(text) < 20
        doc[name] = int(text) if number else text or None
    value = record.value or b""
    return {**doc, "time_ms": record.time_ms, "size": len(value), "value": b64encode(value).decode()}


def _reason(reason: Doc) -> str:
    points, detail = _number(reason.get("points")), _text(reason.get("detail"))
    share = f" {points:+g}" if points else ""
    return f"{_text(reason.get('code'))}{share}" + (f" ({detail})" if detail else "")


def _dict(value: Any) -> Doc:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
