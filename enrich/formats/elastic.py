"""Elastic Security alerts: ``kibana.alert.*`` (8 and later), ``signal.*`` (7), beside the ECS event.
https://www.elastic.co/guide/en/security/current/alert-schema.html

However they are taken out of Elasticsearch: nested, with dotted keys, both at once (Kibana's own way), as a
search hit with ``_source`` or with ``fields`` only. What the rule says goes before what the event says.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import Quality
from enrich.formats import ecs, fields
from enrich.formats.ecs import Ecs
from enrich.formats.kibana import parted, prefix_of
from enrich.formats.nested import one, section, text, unwrapped
from enrich.formats.severities import Bands, by_band, by_word
from enrich.formats.threat import threat
from enrich.swift import maker

SCALE: Final = "elastic:low-critical"
RISK_SCALE: Final = "elastic:0-100"
# https://www.elastic.co/docs/solutions/security/detect-and-alert/common-rule-settings (default severity)
SEVERITIES: Final = {"low": 2, "medium": 3, "high": 4, "critical": 5}
# The same page, default risk score: low 0-21, medium 22-47, high 48-73, critical 74-100.
RISKS: Final = Bands(100, ((74, 5), (48, 4), (22, 3), (0, 2)))

# "My First Rule": it fires once for any event, "not a sign of threat activity".
# https://www.elastic.co/guide/en/security/8.19/prebuilt-rule-8-7-1-my-first-rule.html
SAMPLE_RULES: Final = frozenset(("a198fbbd-9413-45ec-a269-47ae4ccf59ce",))


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether something here, in a document or a search hit, names an alert's detection rule."""
    return prefix_of(unwrapped(doc)[0]) is not None


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    inner, hit_id = unwrapped(doc)
    prefix, alert, rule, original, view, rest = parted(inner, quality)
    event = section(view, "event", "event", quality)
    path = prefix + "original_time"
    stamp = one(alert.get("original_time"), path, quality)
    if stamp is None:
        path = "@timestamp"
        stamp = one(view.get(path), path, quality)
    time_ms, time_text = fields.time(stamp, path, quality)
    rule_id = _rule_id(rule, prefix, quality)
    title = text(rule, "name", prefix + "rule.name", quality)
    if title is None:
        title = f"Elastic rule {rule_id}" if rule_id else "Elastic Security alert"
    listed = event.get("category")
    if listed is None:
        listed = original.get("category")
    # Kibana writes much of the rule in two places.
    parameters = section(rule, "parameters", prefix + "rule.parameters", quality)
    stated = rule.get("threat")
    if stated is None:
        stated = parameters.get("threat")
    techniques, tactics = threat(stated, prefix + "rule.threat", quality)
    if not techniques and not tactics:
        techniques, tactics = threat(view.get("threat"), "threat", quality)
    # A rule that only passes on what a sensor said: the sensor is the detector.
    module = text(original, "module", prefix + "original_event.module", quality)
    passed_on = module is not None and one(original.get("kind"), "", []) == "alert"
    sensor = (module or text(event, "module", "event.module", quality)) in ecs.SENSORS
    found = ecs.ecs(view, event, quality, sensor)
    return _new_alert(
        module if passed_on and module is not None else "elastic",
        time_ms,
        time_text,
        text(alert, "uuid", prefix + "uuid", quality) or fields.word(hit_id, "_id", quality),
        rule_id or title[:FIELD_LIMIT],
        title[:FIELD_LIMIT],
        ", ".join(fields.texts(listed, "event.category", quality))[:FIELD_LIMIT] or None,
        text(alert, "reason", prefix + "reason", quality) or text(view, "message", "message", quality),
        text(rule, "description", prefix + "rule.description", quality)
        or text(parameters, "description", prefix + "rule.parameters.description", quality),
        fields.texts(
            rule.get("false_positives") or parameters.get("false_positives"),
            prefix + "rule.false_positives",
            quality,
        ),
        fields.texts(rule.get("tags"), prefix + "rule.tags", quality),
        *_severity(alert, rule, prefix, quality),
        techniques,
        tactics,
        rule_id in SAMPLE_RULES,
        rest,
        fields.closed(quality, before),
        *found,
    )


_new_alert: Final = maker(
    Alert,
    *("detector", "time_ms", "time_text", "source_uid", "rule_id", "title", "category"),
    *("message", "description", "false_positives", "tags", "severity_id", "severity_text", "severity_scale"),
    *("techniques", "tactics"),
    *("is_sample", "unmapped", "quality"),
    *Ecs._fields,
    format="elastic",
    vendor="Elastic",
    product="Elastic Security",
)


def _rule_id(rule: Mapping[str, Any], prefix: str, quality: list[Quality]) -> str | None:
    """Return the id that the rule has wherever it is installed, else that of this installation."""
    for name in ("rule_id", "uuid", "id"):
        found = text(rule, name, f"{prefix}rule.{name}", quality)
        if found is not None:
            return found
    parameters = section(rule, "parameters", prefix + "rule.parameters", quality)
    return text(parameters, "rule_id", prefix + "rule.parameters.rule_id", quality)


def _severity(
    alert: Mapping[str, Any], rule: Mapping[str, Any], prefix: str, quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale: of the severity, which may be overridden per alert, else the score."""
    for where, part in (("severity", alert), ("rule.severity", rule)):
        path = prefix + where
        severity_id, received = by_word(one(part.get("severity"), path, quality), SEVERITIES, path, quality)
        if received is not None:
            return severity_id, received, SCALE
    path = prefix + "risk_score"
    score = alert.get("risk_score")
    if score is None:
        score = rule.get("risk_score")
    severity_id, received = by_band(one(score, path, quality), RISKS, path, quality)
    return severity_id, received, None if received is None else RISK_SCALE
