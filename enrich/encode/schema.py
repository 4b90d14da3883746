"""Is an event a valid OCSF Detection Finding? Answers from the fact table in ``facts``.

The rules are those of OCSF's own server, and stricter where it only warns: a text that does not match its
type's pattern, a caption that contradicts its id, a null, and a schema version other than the table's are
problems here. What lies under an object without attributes of its own (``unmapped``) is free.
"""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, Final

from enrich.encode.facts import Attribute, Facts, Shape, load_facts

OTHER: Final = 99
SURROGATE: Final = re.compile("[\ud800-\udfff]")
# The widest whole number that fits the columns (64 bit, signed) of those who read events.
WHOLE_MAX: Final = 2**63 - 1


def validate(event: object) -> list[str]:
    """Return what is wrong with an event, one ``path: problem`` a line; empty means valid."""
    facts = load_facts()
    if not isinstance(event, dict):
        return ["event: expected an object"]
    if event.get("class_uid") != facts.class_uid:
        return [f"class_uid: expected {facts.class_uid}, the only class of the table"]
    return [*_shape_problems(event, facts.root, "", _profiles(event), facts), *_event_problems(event, facts)]


def warnings(event: dict[str, Any]) -> list[str]:
    """Return what a valid event should not do: uses of deprecated attributes, objects and enum values."""
    facts = load_facts()
    return list(_deprecated(event, facts.root, "", facts))


def _profiles(event: dict[str, Any]) -> frozenset[str]:
    metadata = event.get("metadata")
    named = metadata.get("profiles") if isinstance(metadata, dict) else None
    if not isinstance(named, list):
        return frozenset()
    return frozenset(name for name in named if isinstance(name, str))


def _event_problems(event: dict[str, Any], facts: Facts) -> Iterator[str]:
    for name in sorted(_profiles(event) - facts.profiles):
        yield f"metadata.profiles: no profile is called {name!r}"
    metadata = event.get("metadata")
    version = metadata.get("version") if isinstance(metadata, dict) else None
    if isinstance(version, str) and version != facts.version:
        yield f"metadata.version: {version!r} is not the table's {facts.version!r}"
    activity, type_uid = event.get("activity_id"), event.get("type_uid")
    if isinstance(activity, int) and isinstance(type_uid, int):
        expected = facts.class_uid * 100 + activity
        if type_uid != expected:
            yield f"type_uid: {type_uid} is not class_uid * 100 + activity_id = {expected}"
    observables = event.get("observables")
    for index, observable in enumerate(observables if isinstance(observables, list) else ()):
        path = observable.get("name") if isinstance(observable, dict) else None
        if isinstance(path, str):
            if not _defined(path, facts):
                yield f"observables[{index}].name: the class has no attribute {path!r}"
            elif not _present(event, path.split(".")):
                yield f"observables[{index}].name: {path!r} is not in this event"


def _defined(path: str, facts: Facts) -> bool:
    shape: Shape | None = facts.root
    for step in path.split("."):
        attribute = shape.attributes.get(step) if shape else None
        if attribute is None:
            return False
        shape = facts.objects[attribute.object] if attribute.object else None
    return True


def _present(value: object, steps: list[str]) -> bool:
    if isinstance(value, list):
        return any(_present(item, steps) for item in value)
    if not steps:
        return True
    return isinstance(value, dict) and steps[0] in value and _present(value[steps[0]], steps[1:])


def _shape_problems(
    item: dict[str, Any], shape: Shape, path: str, profiles: frozenset[str], facts: Facts
) -> Iterator[str]:
    if not shape.attributes:
        return
    for name, attribute in shape.attributes.items():
        if attribute.required and name not in item and _allowed(attribute, profiles):
            yield f"{_join(path, name)}: required, but missing"
    for name, value in item.items():
        here, known = _join(path, name), shape.attributes.get(name)
        if known is None:
            yield f"{here}: unknown attribute"
        elif not _allowed(known, profiles):
            yield f"{here}: belongs to profile {' or '.join(sorted(known.profiles))}, which is not declared"
        else:
            yield from _value_problems(value, known, here, profiles, facts)
            yield from _sibling_problems(item, value, known, path)
    for rule, names in shape.constraints.items():
        count = sum(name in item for name in names)
        if rule == "at_least_one" and count == 0:
            yield f"{path or 'event'}: needs at least one of {', '.join(names)}"
        elif rule == "just_one" and count != 1:
            yield f"{path or 'event'}: needs exactly one of {', '.join(names)}, has {count}"


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _allowed(attribute: Attribute, profiles: frozenset[str]) -> bool:
    return not attribute.profiles or bool(attribute.profiles & profiles)


def _value_problems(
    value: object, attribute: Attribute, path: str, profiles: frozenset[str], facts: Facts
) -> Iterator[str]:
    if attribute.array:
        if not isinstance(value, list):
            yield f"{path}: expected a list of {attribute.type_name}"
            return
        for index, element in enumerate(value):
            yield from _value_problems(
                element, attribute._replace(array=False), f"{path}[{index}]", profiles, facts
            )
        return
    if attribute.object is not None:
        if isinstance(value, dict):
            yield from _shape_problems(value, facts.objects[attribute.object], path, profiles, facts)
        else:
            yield f"{path}: expected an object {attribute.object}"
        return
    problem = _kind_problem(value, attribute)
    if problem:
        yield f"{path}: {problem}"
    elif attribute.enum is not None and str(value) not in attribute.enum:
        yield f"{path}: {value!r} is not in the enum"


def _kind_problem(value: object, attribute: Attribute) -> str | None:
    kind = attribute.kind
    if kind is None or kind.base == "json_t":
        return None
    if not _has_base(value, kind.base):
        return f"expected {attribute.type_name}, got {type(value).__name__}"
    if kind.range is not None and isinstance(value, int) and not kind.range[0] <= value <= kind.range[1]:
        return f"{value} is outside {kind.range[0]} to {kind.range[1]} of {attribute.type_name}"
    if isinstance(value, str):
        if SURROGATE.search(value):
            return "lone surrogate: cannot be written as UTF-8"
        if kind.max_len is not None and len(value) > kind.max_len:
            return f"longer than the {kind.max_len} characters of {attribute.type_name}"
        if kind.regex is not None and kind.regex.search(value) is None:
            return f"does not match the pattern of {attribute.type_name}"
    return None


def _has_base(value: object, base: str) -> bool:
    if base == "string_t":
        return isinstance(value, str)
    if base == "boolean_t":
        return isinstance(value, bool)
    if base == "float_t":
        return isinstance(value, float) and isfinite(value)
    return _is_whole(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -WHOLE_MAX - 1 <= value <= WHOLE_MAX


def _sibling_problems(item: dict[str, Any], value: object, attribute: Attribute, path: str) -> Iterator[str]:
    """Compare an enum's captions with the text beside it; beside 99, Other, stands the source's own word."""
    if attribute.enum is None or attribute.sibling is None or attribute.sibling not in item:
        return
    beside = item[attribute.sibling]
    pairs: list[tuple[object, object]] = [(value, beside)]
    if attribute.array:
        both = isinstance(value, list) and isinstance(beside, list)
        pairs = list(zip(value, beside, strict=False)) if both else []  # type: ignore[call-overload]
    for one, text in pairs:
        caption = attribute.enum.get(str(one))
        if caption is not None and one != OTHER and text != caption:
            yield f"{_join(path, attribute.sibling)}: {text!r} contradicts the id {one!r}, {caption!r}"


def _deprecated(item: dict[str, Any], shape: Shape, path: str, facts: Facts) -> Iterator[str]:
    for name, value in item.items():
        attribute = shape.attributes.get(name)
        if attribute is None:
            continue
        here = _join(path, name)
        if attribute.deprecated:
            yield f"{here}: deprecated since {attribute.deprecated}"
        many = attribute.array and isinstance(value, list)
        for index, one in enumerate(value if many else [value]):
            there = f"{here}[{index}]" if many else here
            if attribute.object is None:
                since = attribute.enum_deprecated.get(str(one))
                if since:
                    yield f"{there}: value {one!r} is deprecated since {since}"
            elif isinstance(one, dict):
                inner = facts.objects[attribute.object]
                if inner.deprecated:
                    yield f"{there}: object {attribute.object} is deprecated since {inner.deprecated}"
                yield from _deprecated(one, inner, there, facts)
