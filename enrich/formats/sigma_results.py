"""The shapes that results of Sigma rules come in → one ``Result``: the rule, and the event it fired on.

hayabusa   json-timeline: {"Timestamp", "RuleTitle", "Level", "Computer", "Details": {…}, …}, any profile
           https://github.com/Yamato-Security/hayabusa/wiki/Timeline-Output
chainsaw   hunt --json, --jsonl: {"group", "kind", "document": {"data": event}, "name", "level", …};
           version 1: {"detection": [names], "event": event}
           https://github.com/WithSecureLabs/chainsaw
zircolite  {"title", "id", "rule_level", "tags", "count", "matches": [events]}, and its templates, which
           put the rule's fields into the event
           https://wagga40.github.io/Zircolite/
sigma      what else keeps a rule by Sigma's own names with its event: {"title", "id", "level", "tags",
           "event"}, or {"rule": {the same}, "event": …}; of a list of events the first is read
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.hayabusa import hayabusa, is_hayabusa
from enrich.formats.sigma_result import Place, Result
from enrich.formats.windows_shapes import shape_of

# https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html
LEVELS: Final = frozenset(("informational", "low", "medium", "high", "critical"))
_RULE_READ: Final = frozenset(
    ("title", "id", "rule_id", "level", "description", "tags", "techniques", "tactics", "logsource")
)
_CHAINSAW_READ: Final = frozenset(("name", "id", "level", "tags", "logsource", "timestamp"))
_ZIRCOLITE_READ: Final = frozenset(("title", "id", "rule_level", "description", "tags"))
_EVENTS: Final = ("event", "events", "matches", "document")
_KINDS: Final = ("individual", "aggregate")

Reader = Callable[[Mapping[str, Any], list[Quality]], Result]


def engine_of(doc: Mapping[str, Any]) -> tuple[str, Reader] | None:
    """Return the engine's name and what reads its results, None if this is no result of a Sigma rule."""
    if "RuleTitle" in doc or "timestamp_desc" in doc:
        return ("hayabusa", hayabusa) if is_hayabusa(doc) else None
    if "document" in doc or "documents" in doc:
        if doc.get("kind") in _KINDS and type(doc.get("name")) is str and type(doc.get("level")) is str:
            return "chainsaw", _chainsaw
    elif "detection" in doc:
        event, listed = doc.get("event"), doc["detection"]
        old = type(listed) is list and all(type(name) is str for name in listed) and type(event) is dict
        return ("chainsaw", _chainsaw_1) if old and shape_of(doc["event"]) is not None else None
    if type(doc.get("title")) is str:
        if "rule_level" in doc or ("EventID" in doc and "level" not in doc):
            return ("zircolite", _zircolite) if _is_zircolite(doc) else None
        return ("sigma", _beside) if _is_beside(doc) else None
    rule = doc.get("rule")
    return ("sigma", _within) if type(rule) is dict and _is_rule(rule, doc) else None


def first(value: object) -> Mapping[str, Any] | None:
    """Return the object, or the first of a list of objects."""
    if type(value) is list and value:
        value = value[0]
    return value if type(value) is dict else None


def _is_zircolite(doc: Mapping[str, Any]) -> bool:
    if type(doc.get("matches")) is list:
        return type(doc.get("rule_level")) is str
    if "description" not in doc or type(doc.get("id")) is not str:
        return False
    return "EventID" in doc or "OriginalLogfile" in doc


def _is_beside(doc: Mapping[str, Any]) -> bool:
    return type(doc.get("id", doc.get("rule_id"))) is str and _is_rule(doc, doc)


def _is_rule(rule: Mapping[str, Any], doc: Mapping[str, Any]) -> bool:
    """Return whether this is a rule of Sigma's that fired on an event in ``doc``.

    Title and level many others have too (Wazuh 5 under ``rule``): so its tags or its log source must be
    Sigma's, or the event one of Windows.
    """
    event = first(next((doc[key] for key in _EVENTS if key in doc), None))
    level = rule.get("level")
    if event is None or type(rule.get("title")) is not str or type(level) is not str:
        return False
    tags = rule.get("tags")
    tagged = type(tags) is list and any(type(tag) is str and tag.startswith("attack.") for tag in tags)
    sigmas = tagged or type(rule.get("logsource")) is dict or shape_of(event) is not None
    return sigmas and level.lower() in LEVELS


def _chainsaw(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    rest = {key: value for key, value in doc.items() if key not in _CHAINSAW_READ}
    holder = first(doc.get("document"))
    place: Place = ("document", "data")
    if holder is None:
        holder = first(doc.get("documents")) or fields.NOTHING
        place = ("documents", 0, "data")
        listed = doc.get("documents")
        others = listed[1:] if type(listed) is list else []
        rest["documents"] = [{key: value for key, value in holder.items() if key != "data"}, *others]
    else:
        rest["document"] = {key: value for key, value in holder.items() if key != "data"}
    event = holder.get("data")
    if event is not None and type(event) is not dict:
        quality.append(Quality(QualityCode.BAD_TYPE, "document.data"))
    return Result(
        prefix="",
        title=doc.get("name"),
        rule_id=doc.get("id"),
        level=doc.get("level"),
        description=None,
        tags=doc.get("tags"),
        techniques=None,
        tactics=None,
        logsource=doc.get("logsource"),
        false_positives=doc.get("falsepositives"),
        stamp=doc.get("timestamp"),
        event=event if type(event) is dict else fields.NOTHING,
        rest=rest,
        place=place,
    )


def _chainsaw_1(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    listed = doc["detection"]
    rest = {key: value for key, value in doc.items() if key not in ("detection", "event")}
    if len(listed) > 1:
        rest["detection"] = listed[1:]
    return Result(
        prefix="",
        title=listed[0] if listed else None,
        rule_id=None,
        level=None,
        description=None,
        tags=None,
        techniques=None,
        tactics=None,
        logsource=None,
        false_positives=None,
        stamp=None,
        event=doc["event"],
        rest=rest,
        place=("event",),
    )


def _zircolite(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    rest = {key: value for key, value in doc.items() if key not in _ZIRCOLITE_READ}
    place: Place = ()
    if type(doc.get("matches")) is list:
        event = first(doc["matches"]) or fields.NOTHING
        rest["matches"] = [{}, *doc["matches"][1:]]
        place = ("matches", 0)
    else:
        event, rest = rest, {}
    return Result(
        prefix="",
        title=doc.get("title"),
        rule_id=doc.get("id"),
        level=doc.get("rule_level"),
        description=doc.get("description"),
        tags=doc.get("tags"),
        techniques=None,
        tactics=None,
        logsource=None,
        false_positives=doc.get("falsepositives"),
        stamp=None,
        event=event,
        rest=rest,
        place=place,
    )


def _beside(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    return _plain(doc, "", doc, {key: value for key, value in doc.items() if key not in _RULE_READ})


def _within(doc: Mapping[str, Any], quality: list[Quality]) -> Result:
    rule = doc["rule"]
    rest = {key: value for key, value in doc.items() if key != "rule"}
    left = {key: value for key, value in rule.items() if key not in _RULE_READ}
    if left:
        rest["rule"] = left
    return _plain(rule, "rule.", doc, rest)


def _plain(rule: Mapping[str, Any], prefix: str, doc: Mapping[str, Any], rest: dict[str, Any]) -> Result:
    key = next(key for key in _EVENTS if key in doc)
    event = first(doc[key]) or fields.NOTHING
    place: Place = (key,)
    if type(doc[key]) is list:
        rest[key] = [{}, *doc[key][1:]]
        place = (key, 0)
    else:
        del rest[key]
    rule_id = rule.get("id")
    stamp = rest.pop("timestamp", None)
    return Result(
        prefix=prefix,
        title=rule.get("title"),
        rule_id=rule.get("rule_id") if rule_id is None else rule_id,
        level=rule.get("level"),
        description=rule.get("description"),
        tags=rule.get("tags"),
        techniques=rule.get("techniques"),
        tactics=rule.get("tactics"),
        logsource=rule.get("logsource"),
        false_positives=rule.get("falsepositives"),
        stamp=rest.pop("@timestamp", None) if stamp is None else stamp,
        event=event,
        rest=rest,
        place=place,
    )
