"""Wazuh 5 findings: the event in ECS, and the Sigma rule that matched it under ``wazuh.rule``.
https://documentation.wazuh.com/5.0-beta/user-manual/data-analysis/findings.html

What Wazuh 4 called an alert. Names are those of the Wazuh Common Schema for ``wazuh-findings-v5-*``:
https://github.com/wazuh/wazuh-indexer-plugins/tree/main/wcs/stateless/events/findings
A format of its own beside ``wazuh``: levels are words, rule ids are UUIDs, fields are ECS's.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import ecs, fields
from enrich.formats.ecs import Ecs
from enrich.formats.nested import nested, one, section, text, unwrapped
from enrich.formats.severities import by_word
from enrich.formats.threat import threat
from enrich.swift import maker

SCALE: Final = "wazuh5:informational-critical"
# https://documentation.wazuh.com/5.0-beta/user-manual/data-analysis/rules.html (level)
SEVERITIES: Final = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}

# What other documents of Wazuh 5 have under ``wazuh``: events, states, metrics.
_OTHERS: Final = frozenset(("schema", "integration", "cluster", "protocol", "space"))
_MANAGER: Final = "000"
_TAG: Final = "attack."
_KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **ecs.KNOWN,
    "@timestamp": None,
    "event": frozenset(("category", "original")),
}
_IN_WAZUH: Final[dict[str, frozenset[str] | None]] = {
    "rule": frozenset(("id", "title", "level", "mitre")),
    "agent": frozenset(("id", "name")),
}
_RULE_NAMES: Final = ("title", "level", "id")


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a document of Wazuh 5, finding or not. Takes a document or a search hit."""
    inner = unwrapped(doc)[0]
    if "wazuh.rule.id" in inner or "wazuh.rule.title" in inner:
        return True
    wazuh = inner.get("wazuh")
    if type(wazuh) is not dict:
        return False
    return _names_rule(nested(wazuh).get("rule")) or not _OTHERS.isdisjoint(nested(wazuh))


def _names_rule(rule: object) -> bool:
    return type(rule) is dict and any(name in rule for name in _RULE_NAMES)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for events and states, which name no rule."""
    quality: list[Quality] = []
    inner, hit_id = unwrapped(doc)
    view = nested(inner)
    wazuh = section(view, "wazuh", "wazuh", quality)
    path = "wazuh.rule"
    rule = section(wazuh, "rule", path, quality)
    if not _names_rule(rule):
        # Before 5.0.0-beta the rule stood at the top.
        path = "rule"
        rule = section(view, "rule", path, quality)
        if not _names_rule(rule):
            raise Rejected(
                DeadCode.NOT_AN_ALERT, "a Wazuh 5 document that is no finding; send only wazuh-findings-v5-*"
            )
    event = section(view, "event", "event", quality)
    time_ms, time_text = fields.time(
        one(view.get("@timestamp"), "@timestamp", quality), "@timestamp", quality
    )
    rule_id = text(rule, "id", path + ".id", quality) or text(rule, "sigma_id", path + ".sigma_id", quality)
    title = text(rule, "title", path + ".title", quality)
    title = title or text(rule, "description", path + ".description", quality)
    title = title or (f"Wazuh rule {rule_id}" if rule_id else "Wazuh finding")
    category = ", ".join(fields.texts(event.get("category"), "event.category", quality))
    if not category:
        integration = section(wazuh, "integration", "wazuh.integration", quality)
        category = text(integration, "category", "wazuh.integration.category", quality) or ""
    severity_id, severity_text = by_word(
        one(rule.get("level"), path + ".level", quality), SEVERITIES, path + ".level", quality
    )
    techniques, tactics = _attack(rule, path, quality)
    found = ecs.ecs(view, event, quality)
    device, device_id = _agent(wazuh if "agent" in wazuh else view, found, quality)
    rest = fields.rest({key: value for key, value in view.items() if key != "wazuh"}, _KNOWN) or {}
    unread = fields.rest(wazuh, _IN_WAZUH)
    if unread:
        rest["wazuh"] = unread
    return _new_alert(
        time_ms,
        time_text,
        fields.word(hit_id, "_id", quality),
        rule_id or title[:FIELD_LIMIT],
        title[:FIELD_LIMIT],
        category[:FIELD_LIMIT] or None,
        text(event, "original", "event.original", quality) or text(view, "message", "message", quality),
        severity_id,
        severity_text,
        None if severity_text is None else SCALE,
        techniques,
        tactics,
        rest or None,
        fields.closed(quality, before),
        *found._replace(device=device, device_id=device_id),
    )


_new_alert: Final = maker(
    Alert,
    *("time_ms", "time_text", "source_uid", "rule_id", "title", "category", "message"),
    *("severity_id", "severity_text", "severity_scale", "techniques", "tactics", "unmapped", "quality"),
    *Ecs._fields,
    format="wazuh5",
    vendor="Wazuh",
    product="Wazuh",
    detector="wazuh",
)


def _attack(
    rule: Mapping[str, Any], path: str, quality: list[Quality]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return techniques and tactics: of ``mitre``, else of the Sigma rule's tags (``attack.t1059.001``)."""
    techniques, tactics = threat(rule.get("mitre"), path + ".mitre", quality)
    if techniques or tactics:
        return techniques, tactics
    tags = [tag for tag in fields.texts(rule.get("tags"), path + ".tags", quality) if tag.startswith(_TAG)]
    named = [tag.removeprefix(_TAG) for tag in tags]
    return (
        tuple([tag for tag in named if tag[:1] in "tT" and tag[1:2].isdigit()]),
        tuple([tag for tag in named if _is_tactic(tag)]),
    )


def _is_tactic(tag: str) -> bool:
    """Return whether it may be one: Sigma's tags also name groups (``g0016``) and software (``s0002``)."""
    return bool(tag) and not tag[1:2].isdigit()


def _agent(holder: Mapping[str, Any], found: Ecs, quality: list[Quality]) -> tuple[Endpoint, str | None]:
    """Return the agent's host; where the manager's own (000) speaks for another, the event's host."""
    agent = section(holder, "agent", "wazuh.agent", quality)
    agent_id = text(agent, "id", "wazuh.agent.id", quality)
    name = text(agent, "name", "wazuh.agent.name", quality)
    host = section(agent, "host", "wazuh.agent.host", quality)
    ip = ecs.first_ip(host.get("ip"), "wazuh.agent.host.ip", quality)
    if (name is None and ip is None) or (agent_id == _MANAGER and found.device.name is not None):
        return found.device, agent_id if found.device_id is None and agent_id != _MANAGER else found.device_id
    return fields.endpoint(ip, None, name), agent_id
