"""Results of Sigma rules: the rule that fired and the event that it fired on (shapes: ``sigma_results``).
https://sigmahq.io/docs/basics/rules.html

The event is read as a Windows event; where it is of another system, by the same names, which are Sigma's own.
"""

import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.formats import fields
from enrich.formats.sigma_result import Result
from enrich.formats.sigma_results import engine_of
from enrich.formats.windows import Seen, seen
from enrich.formats.windows_flat import flat
from enrich.formats.windows_shapes import shape_of
from enrich.swift import maker

SCALE: Final = "sigma:informational-critical"
# Sigma's levels are OCSF's classes. Hayabusa shortens them, and calls critical emergency on hosts listed as
# critical.
# https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html#level
SEVERITIES: Final = {
    **dict.fromkeys(("informational", "info"), 1),
    "low": 2,
    **dict.fromkeys(("medium", "med"), 3),
    "high": 4,
    **dict.fromkeys(("critical", "crit", "emergency", "emer"), 5),
}
NAMESPACE: Final = "attack."
_TECHNIQUE: Final = re.compile(r"t[0-9]{4}(?:\.[0-9]{3})?")
# "attack.initial-access", "attack.initial_access", "attack.ta0001"; not groups (g0007) and software (s0002).
_TACTIC: Final = re.compile(r"ta[0-9]{4}|[a-z][a-z_ -]{1,40}")
_LOGSOURCE: Final = ("product", "category", "service")
_PRODUCTS: Final = {
    "sigma": "Sigma",
    "chainsaw": "Chainsaw",
    "hayabusa": "Hayabusa",
    "zircolite": "Zircolite",
}

_OF_EVENT: Final = (
    *(
        "proto",
        "src",
        "dst",
        "device",
        "user",
        "process",
        "action",
        "url",
        "dns_query",
        "file_path",
        "hashes",
    ),
    "is_sample",
)
_event_fields: Final = attrgetter(*_OF_EVENT)
_new_alert: Final = maker(
    Alert,
    *(
        "product",
        "detector",
        "time_ms",
        "time_text",
        "rule_id",
        "title",
        "category",
        "message",
        "description",
        "false_positives",
        "tags",
        "severity_id",
    ),
    *("severity_text", "severity_scale", "techniques", "tactics", "unmapped", "quality"),
    *_OF_EVENT,
    format="sigma",
    vendor="Sigma",
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is the result of a Sigma rule."""
    return engine_of(doc) is not None


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for what ``recognise`` does not know."""
    quality: list[Quality] = []
    found = engine_of(doc)
    if found is None:
        raise Rejected(DeadCode.NOT_AN_ALERT, "no result of a Sigma rule")
    engine, reader = found
    result = reader(doc, quality)
    prefix = result.prefix
    event = _event(result, quality)
    time_ms, time_text = event.time_ms, event.time_text
    if time_ms is None:
        time_ms, stamp_text = fields.time(result.stamp, "timestamp", quality)
        time_text = stamp_text or time_text
    rule_id = fields.word(result.rule_id, prefix + "id", quality)
    title = fields.word(result.title, prefix + "title", quality)
    if title is None:
        title = f"Sigma rule {rule_id}"[:FIELD_LIMIT] if rule_id else "Sigma rule"
    severity_id, severity_text = _severity(result.level, prefix + "level", quality)
    description = fields.word(result.description, prefix + "description", quality)
    techniques, tactics, tags = attack(result, quality)
    return _new_alert(
        _PRODUCTS[engine],
        engine,
        time_ms,
        time_text,
        rule_id or title,
        title,
        _category(result, quality) or event.category,
        description or event.message,
        description,
        fields.texts(result.false_positives, result.prefix + "falsepositives", quality),
        tags,
        severity_id,
        severity_text,
        None if severity_text is None else SCALE,
        techniques,
        tactics,
        _unmapped(result, event),
        fields.closed(quality, before),
        *_event_fields(event),
    )


def _event(result: Result, quality: list[Quality]) -> Seen:
    found: list[Quality] = []
    shape = shape_of(result.event) or flat
    event = seen(shape(result.event, found), found)
    if found:
        place = "".join(f"{part}." for part in result.place or () if type(part) is str)
        quality.extend(Quality(code, place + path) for code, path in found)
    return event


def _severity(value: object, path: str, quality: list[Quality]) -> tuple[int | None, str | None]:
    received = fields.word(value, path, quality)
    if received is None:
        return None, None
    found = SEVERITIES.get(received.strip().lower())
    if found is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, path))
    return found, received


def _category(result: Result, quality: list[Quality]) -> str | None:
    """Return what the rule looks at, "windows/process_creation"."""
    path = result.prefix + "logsource"
    source = fields.part({"logsource": result.logsource}, "logsource", path, quality)
    parts = [fields.word(source.get(key), path, quality) for key in _LOGSOURCE]
    return "/".join(part for part in parts if part is not None)[:FIELD_LIMIT] or None


def attack(
    result: Result, quality: list[Quality]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return techniques and tactics of the rule's tags, with those stated beside them; then other tags.

    Tags of other namespaces (cve., car., detection.), and of ATT&CK's groups and software, are others.
    """
    others: dict[str, None] = {}
    techniques: dict[str, None] = {}
    tactics: dict[str, None] = {}
    for tag in fields.texts(result.tags, result.prefix + "tags", quality):
        folded = tag.strip().lower()
        if not folded.startswith(NAMESPACE):
            others[tag] = None
            continue
        named = folded.removeprefix(NAMESPACE)
        if _TECHNIQUE.fullmatch(named):
            techniques[named.upper()] = None
        elif _TACTIC.fullmatch(named):
            tactics[named] = None
        else:
            others[tag] = None
    techniques.update(dict.fromkeys(fields.texts(result.techniques, result.prefix + "techniques", quality)))
    tactics.update(dict.fromkeys(fields.texts(result.tactics, result.prefix + "tactics", quality)))
    found = (techniques, tactics, others)
    techniques_, tactics_, tags = (tuple(each)[: fields.LIST_LIMIT] for each in found)
    return techniques_, tactics_, tags


def _unmapped(result: Result, event: Seen) -> dict[str, Any] | None:
    """Return the rest of the result with the rest of the event at its place."""
    rest = result.rest
    left = event.unmapped
    if left is not None and result.place is not None:
        if result.place:
            at: Any = rest
            for key in result.place[:-1]:
                at = at[key]
            at[result.place[-1]] = left
        else:
            rest.update(left)
    return rest or None
