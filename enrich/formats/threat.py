"""ATT&CK as ECS, Kibana and Wazuh 5 state it: ``{"tactic": {…}, "technique": [{"id", "subtechnique"}]}``.
https://www.elastic.co/guide/en/ecs/current/ecs-threat.html

Techniques come as objects, lists of objects, or one object with lists of ids; nothing is moved from one field
to another: that is for ``enrich.attack``.
"""

from collections.abc import Mapping
from typing import Any

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.nested import sections


def threat(value: object, path: str, quality: list[Quality]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return technique ids (each before its sub-techniques') and tactic ids, else names; each once.

    What is stated of another framework than ATT&CK is left out. At most LIST_LIMIT of each.
    """
    if value is None:
        return (), ()
    techniques: dict[str, None] = {}
    tactics: dict[str, None] = {}
    for each in sections(value, path, quality):
        if _of_another_framework(each.get("framework")):
            continue
        for technique in _named(each.get("technique"), path, quality):
            techniques.update(dict.fromkeys(_ids(technique, path, quality)))
            for sub in _named(technique.get("subtechnique"), path, quality):
                techniques.update(dict.fromkeys(_ids(sub, path, quality)))
        for sub in _named(each.get("subtechnique"), path, quality):
            techniques.update(dict.fromkeys(_ids(sub, path, quality)))
        for tactic in _named(each.get("tactic"), path, quality):
            tactics.update(dict.fromkeys(_ids(tactic, path, quality)))
    return tuple(techniques)[: fields.LIST_LIMIT], tuple(tactics)[: fields.LIST_LIMIT]


def _named(value: object, path: str, quality: list[Quality]) -> list[Mapping[str, Any]]:
    """Return objects; bare ids (``["T1059"]``, as early Wazuh 5 wrote them) as objects with this id."""
    if type(value) is str or (type(value) is list and value and type(value[0]) is str):
        return [{"id": value}]
    return sections(value, path, quality)


def _ids(named: Mapping[str, Any], path: str, quality: list[Quality]) -> tuple[str, ...]:
    return fields.texts(named.get("id"), path, quality) or fields.texts(named.get("name"), path, quality)


def _of_another_framework(value: object) -> bool:
    if type(value) is list and value:
        value = value[0]
    return type(value) is str and value != "" and "ATT&CK" not in value.upper()
