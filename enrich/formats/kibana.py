"""Elastic's alert documents taken apart: the alert's own part, its rule, the ECS event around it, the rest.

Of a rule only what is read is looked at: each alert brings the whole text of its rule along.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality
from enrich.formats import ecs, fields
from enrich.formats.nested import nested, section

KIBANA: Final = "kibana.alert."
SIGNAL: Final = "signal."

# Nobody else writes these.
_MARKS: Final = tuple(
    (prefix, f"{prefix}rule.{name}") for prefix in (KIBANA, SIGNAL) for name in ("name", "uuid", "rule_id")
)
_RULE_NAMES: Final = ("name", "uuid", "id", "rule_id")

# What is read: the part of the alert -> its fields that end in the Alert, and those that only help.
_READ: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "": (("uuid", "severity", "reason", "original_time"), ("risk_score",)),
    "rule": (
        ("name", "rule_id", "severity", "threat"),
        ("uuid", "id", "risk_score", "parameters", "description", "false_positives", "tags"),
    ),
    "original_event": ((), ("kind", "module", "category")),
}
_IN_ALERT: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(_READ[""][0]),
    "rule": frozenset(_READ["rule"][0]),
}
_KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **ecs.KNOWN,
    "event": frozenset(("kind", "category")),
    "@timestamp": None,
}


class Place(NamedTuple):
    """Where the value of a dotted key belongs. ends: in a field of the Alert, so not in ``unmapped``."""

    part: str
    name: str
    ends: bool


# prefix -> dotted key -> its place.
_PLACES: Final = {
    prefix: {
        f"{prefix}{part}{'.' if part else ''}{name}": Place(part, name, name in ending)
        for part, (ending, helping) in _READ.items()
        for name in (*ending, *helping)
    }
    for prefix in (KIBANA, SIGNAL)
}


class Parted(NamedTuple):
    """A document, taken apart, in nested views.

    prefix: KIBANA or SIGNAL. alert, rule, original: the alert's own part, its rule, its original event.
    event: the ECS event around it. rest: for ``unmapped``.
    """

    prefix: str
    alert: Mapping[str, Any]
    rule: Mapping[str, Any]
    original: Mapping[str, Any]
    event: Mapping[str, Any]
    rest: dict[str, Any] | None


def prefix_of(inner: Mapping[str, Any]) -> str | None:
    """Return under which names the document holds the alert of a named rule, None if it holds none."""
    for prefix, name in _MARKS:
        if name in inner:
            return prefix
    kibana = inner.get("kibana")
    if type(kibana) is dict and _has_rule(nested(kibana).get("alert")):
        return KIBANA
    if _has_rule(inner.get("kibana.alert")):
        return KIBANA
    return SIGNAL if _has_rule(inner.get("signal")) else None


def _has_rule(alert: object) -> bool:
    if type(alert) is not dict:
        return False
    rule = nested(alert).get("rule")
    return type(rule) is dict and any(name in rule for name in _RULE_NAMES)


def parted(inner: Mapping[str, Any], quality: list[Quality]) -> Parted:
    """Return the parts of an alert. Takes a document that has a prefix."""
    prefix = prefix_of(inner) or KIBANA
    places, threat = _PLACES[prefix], prefix + "rule.threat."
    flat: dict[str, dict[str, Any]] = {"": {}, "rule": {}, "original_event": {}}
    threats: dict[str, Any] = {}
    event: dict[str, Any] = {}
    around: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for key, value in inner.items():
        place = places.get(key)
        if place is not None:
            flat[place.part][place.name] = value
            if not place.ends:
                left[key] = value
        elif key.startswith(threat):
            threats[key[len(threat) :]] = value
        elif key.startswith(prefix):
            left[key] = value
        elif key in ("kibana", "kibana.alert", "signal") or key.startswith(SIGNAL):
            around[key] = value
        else:
            event[key] = value
    alert, rest = _nested_alert(around, prefix, quality)
    rule = section(alert, "rule", prefix + "rule", quality)
    original = section(alert, "original_event", prefix + "original_event", quality)
    if threats and "threat" not in rule:
        flat["rule"].setdefault("threat", nested(threats))
    view = nested(event)
    return Parted(
        prefix,
        {**flat[""], **alert} if alert else flat[""],
        {**flat["rule"], **rule} if rule else flat["rule"],
        {**flat["original_event"], **original} if original else flat["original_event"],
        view,
        {**(fields.rest(view, _KNOWN) or {}), **rest, **left} or None,
    )


def _nested_alert(
    around: Mapping[str, Any], prefix: str, quality: list[Quality]
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the alert that stands nested, and what is left of the objects it stands in.

    ``signal.*`` beside ``kibana.alert.*`` is the search API's second name of the same, and left out.
    """
    if not around:
        return fields.NOTHING, {}
    rest: dict[str, Any] = {}
    if prefix is SIGNAL:
        name = "signal"
        alert = section(around, name, name, quality)
    else:
        name = "kibana.alert"
        kibana = section(around, "kibana", "kibana", quality)
        alert = section(kibana, "alert", name, quality) or section(around, name, name, quality)
        others = {key: value for key, value in kibana.items() if key != "alert"}
        if others:
            rest["kibana"] = others
    unread = fields.rest(alert, _IN_ALERT)
    if unread:
        rest[name] = unread
    return alert, rest
