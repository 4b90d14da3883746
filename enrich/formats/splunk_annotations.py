"""What frameworks say of a Splunk rule: ATT&CK and analytic stories, in each of their spellings.
https://docs.splunk.com/Documentation/ES/latest/Admin/AddESCUannotations

The notable macro writes keys with dots (``annotations.mitre_attack.mitre_technique_id``), the rule has JSON
within a text (``annotations``), and who renames or nests them has objects.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import embedded
from enrich.formats.host_facts import is_tactic
from enrich.formats.nested import nested

_TECHNIQUE: Final = re.compile(r"(?<![\w.])T[0-9]{4}(?:\.[0-9]{3})?(?![\w])", re.IGNORECASE)
_TACTIC: Final = re.compile(r"(?<![\w.])TA[0-9]{4}(?![\w])", re.IGNORECASE)
_ATTACK: Final = ("mitre_technique_id", "mitre_tactic_id", "mitre_tactic")
# Keys of the event, in the order in which they are read.
DOTTED: Final = (
    *(f"annotations.mitre_attack.{name}" for name in _ATTACK),
    "annotations.mitre_attack",
    *_ATTACK,
    "mitre_attack",
)
STORIES: Final = "annotations.analytic_story"
WHOLE: Final = "annotations"


class Annotations(NamedTuple):
    """techniques: ids. tactics: ids, else names. stories: names of Splunk's analytic stories. Each once."""

    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    stories: tuple[str, ...]


_NONE: Final = Annotations((), (), ())


def annotations(event: Mapping[str, Any], prefix: str, quality: list[Quality]) -> Annotations:
    """Return what the event's annotations say; at most LIST_LIMIT of each."""
    whole = [nested(each) for each in _objects(event.get(WHOLE), prefix + WHOLE, quality)]
    attack = [text for key in DOTTED if key in event for text in _texts(event[key], prefix + key, quality)]
    stories = list(_texts(event.get(STORIES), prefix + STORIES, quality))
    for each in whole:
        attack += _texts(each.get("mitre_attack"), prefix + WHOLE, quality)
        stories += _texts(each.get("analytic_story"), prefix + WHOLE, quality)
    if not attack and not stories:
        return _NONE
    techniques = [found.upper() for text in attack for found in _TECHNIQUE.findall(text)]
    tactics = [found.upper() for text in attack for found in _TACTIC.findall(text)]
    if not tactics:
        named = [part.strip() for text in attack for part in text.split(",")]
        tactics = [name for name in named if is_tactic(name.replace("-", " ").replace("_", " "))]
    return Annotations(_each_once(techniques), _each_once(tactics), _each_once(stories))


def _objects(value: object, path: str, quality: list[Quality]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects; of JSON within a text, too. A risk notable has those of several rules, in a list."""
    for each in value[: fields.LIST_LIMIT] if type(value) is list else (value,):
        found = embedded(each, path, quality)
        if type(found) is dict:
            yield found


def _texts(value: object, path: str, quality: list[Quality]) -> Iterator[str]:
    """Yield the texts of a list, of an object's ATT&CK keys, or of a text: a line each."""
    if type(value) is dict:
        for name in _ATTACK:
            if type(inner := value.get(name)) is not dict:
                yield from _texts(inner, path, quality)
        return
    for each in fields.texts(value, path, quality):
        yield from (line.strip() for line in each.split("\n") if line.strip())


def _each_once(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[: fields.LIST_LIMIT]
