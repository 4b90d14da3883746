"""The OCSF facts that the validator rests on: the table that ``tools/ocsf_facts.py`` makes, as values."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A dictionary type. base: string_t | integer_t | long_t | float_t | boolean_t | json_t."""

    base: str
    regex: re.Pattern[str] | None
    max_len: int | None
    range: tuple[int, int] | None


class Attribute(NamedTuple):
    """What the schema says of one attribute; ``object`` names the object's facts, else ``kind`` is set."""

    kind: Kind | None
    type_name: str
    object: str | None
    array: bool
    required: bool
    profiles: frozenset[str]
    enum: Mapping[str, str] | None
    sibling: str | None
    deprecated: str | None
    enum_deprecated: Mapping[str, str]


class Shape(NamedTuple):
    """The class or one object: its attributes (none: anything goes) and constraints."""

    attributes: Mapping[str, Attribute]
    constraints: Mapping[str, tuple[str, ...]]
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole table. version: of the schema. root: the class. profiles: every name the schema knows."""

    version: str
    class_uid: int
    root: Shape
    objects: Mapping[str, Shape]
    profiles: frozenset[str]


def facts_from(text: str) -> Facts:
    """Return the table from its JSON text."""
    table = json.loads(text)
    kinds = {}
    for name, facts in table["types"].items():
        pattern, limits = facts.get("regex"), facts.get("range")
        kinds[name] = Kind(
            base=facts.get("type", name),
            regex=re.compile(pattern) if pattern else None,
            max_len=facts.get("max_len"),
            range=(limits[0], limits[1]) if limits else None,
        )
    objects = {name: _shape(facts, kinds) for name, facts in table["objects"].items()}
    return Facts(
        version=table["version"],
        class_uid=table["class"]["uid"],
        root=_shape(table["class"], kinds),
        objects=objects,
        profiles=frozenset(table["profiles"]),
    )


def _shape(facts: dict[str, Any], kinds: dict[str, Kind]) -> Shape:
    attributes = {}
    for name, its in facts["attributes"].items():
        attributes[name] = Attribute(
            kind=kinds[its["type"]] if "type" in its else None,
            type_name=its.get("type") or its["object"],
            object=its.get("object"),
            array=its.get("array", False),
            required=its.get("requirement") == "required",
            profiles=frozenset(its.get("profiles", ())),
            enum=its.get("enum"),
            sibling=its.get("sibling"),
            deprecated=its.get("deprecated"),
            enum_deprecated=its.get("enum_deprecated", {}),
        )
    constraints = {key: tuple(names) for key, names in facts.get("constraints", {}).items()}
    return Shape(attributes, constraints, facts.get("deprecated"))


@cache
def load_facts() -> Facts:
    """Return the packaged table, read once."""
    return facts_from(resources.files("enrich.encode").joinpath("ocsf_facts.json").read_text("utf-8"))
