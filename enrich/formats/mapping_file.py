"""The TOML file of a mapping → Mapping. Everything unknown or wrong is refused in one line that names it."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from operator import methodcaller
from typing import Any, Final

import orjson

from enrich.errors import SettingsWrong
from enrich.formats.mapped import READERS, Doc, Getter, Mapping, Read, Severity, Step

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# A dot parts two keys unless a backslash stands before it.
_DOT: Final = re.compile(r"(?<!\\)\.")
_INDEX: Final = re.compile(r"[0-9]{1,4}")
_TABLES: Final = ("ignore", "recognise", "fields", "severity")
_RECOGNISE: Final = ("keys", "equals")
_SEVERITY: Final = ("path", "scale", "table")


def load_mapping(text: str, name: str) -> Mapping:
    """Return the compiled mapping of this TOML text; the alerts' format will be ``mapped:<name>``.

    Raises SettingsWrong with one line that names the file and the key.

    >>> mapping = load_mapping('[recognise]\\nkeys = ["id"]\\n[fields]\\nrule_id = "id"', "mine")
    >>> mapping.parse({"id": 7}, ()).rule_id
    '7'
    """
    if not _NAME.fullmatch(name):
        raise SettingsWrong(f"mapping {name[:60]!r}: rename the file: 1-40 of a-z, 0-9, '-' and '_'")
    try:
        doc = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(f"mapping {name}: not TOML: {' '.join(str(error).split())}") from None
    _known(doc, _TABLES, name, "table")
    recognise = _table(doc, "recognise", name)
    _known(recognise, _RECOGNISE, name, "key in [recognise]")
    specs = dict(_flat(_table(doc, "fields", name), name))
    if not {"rule_id", "title"} & specs.keys():
        raise SettingsWrong(f"mapping {name}: [fields] needs rule_id or title")
    return Mapping(
        name=name,
        digest=blake2b(_canonical(doc, name), digest_size=8).hexdigest(),
        keys=_keys(recognise.get("keys"), name),
        equals=_equals(recognise.get("equals", {}), name),
        # In the order of READERS: it is the order of an alert's quality, and must not hang on the file's.
        steps=tuple(_step(field, specs[field], name) for field in READERS if field in specs),
        severity=_severity(_table(doc, "severity", name), name) if "severity" in doc else None,
        read=_read((*_ignored(doc, name), *_first_paths(specs), *_severity_path(doc))),
    )


def _ignored(doc: dict[str, Any], name: str) -> list[str]:
    found = doc.get("ignore", [])
    if not isinstance(found, list) or not all(isinstance(path, str) and path for path in found):
        raise SettingsWrong(f"mapping {name}: ignore must be a list of paths, as text")
    return found


def _first_paths(specs: dict[str, Any]) -> list[str]:
    """Return where each field is filled from; of several places the first, since the others may say more."""
    found = [spec[0] if isinstance(spec, list) else spec for spec in specs.values()]
    return [path for path in found if isinstance(path, str)]


def _severity_path(doc: dict[str, Any]) -> tuple[str, ...]:
    return (doc["severity"]["path"],) if "severity" in doc else ()


def _read(paths: Iterable[str]) -> Read:
    """Return the paths as one tree: key → None where all under it is read, else the keys under it."""
    tree: dict[str, Any] = {}
    for path in paths:
        *above, last = _keys_of(path)
        at: Any = tree
        for key in above:
            at = at.setdefault(key, {})
            if at is None:
                break
        if at is not None:
            at[last] = None
    return tree


def _canonical(doc: dict[str, Any], name: str) -> bytes:
    try:
        return orjson.dumps(doc, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise SettingsWrong(f"mapping {name}: a number in it is beyond 64 bits") from None


def _known(table: dict[str, Any], names: tuple[str, ...], name: str, what: str) -> None:
    for key in table:
        if key not in names:
            raise SettingsWrong(f"mapping {name}: unknown {what}: {key!r}; known are {', '.join(names)}")


def _table(doc: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    found = doc.get(key)
    if not isinstance(found, dict):
        raise SettingsWrong(f"mapping {name}: the table [{key}] is missing")
    return found


def _keys(keys: object, name: str) -> frozenset[str]:
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
        raise SettingsWrong(f"mapping {name}: [recognise] keys must list at least one top-level key, as text")
    return frozenset(keys)


def _equals(table: object, name: str) -> tuple[tuple[Getter, object], ...]:
    if not isinstance(table, dict):
        raise SettingsWrong(f"mapping {name}: [recognise] equals must be a table of path = value")
    for path, value in table.items():
        if not isinstance(value, str | int | float):
            raise SettingsWrong(
                f"mapping {name}: [recognise] equals {path!r} must be text, a number, true or false"
            )
    return tuple((_getter(path, name), value) for path, value in table.items())


def _flat(table: dict[str, Any], name: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (field, what it is mapped to): ``src.ip = …`` in TOML is a table in a table."""
    for key, value in table.items():
        field = prefix + key
        if isinstance(value, dict) and value.keys() != {"const"}:
            yield from _flat(value, name, field + ".")
        elif field in READERS:
            yield field, value
        else:
            raise SettingsWrong(f"mapping {name}: unknown field {field!r}; known are {', '.join(READERS)}")


def _step(field: str, spec: object, name: str) -> Step:
    if isinstance(spec, dict):
        constant = spec["const"]
        if not isinstance(constant, str | int):
            raise SettingsWrong(f"mapping {name}: const of {field!r} must be text, whole number or boolean")
        return Step(field, READERS[field], lambda doc: constant, "")
    paths = [spec] if isinstance(spec, str) else spec
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise SettingsWrong(f'mapping {name}: {field!r} must be a path, a list of paths or {{const = "…"}}')
    getters = tuple(_getter(path, name) for path in paths)
    if len(getters) == 1:
        return Step(field, READERS[field], getters[0], paths[0])

    def first(doc: Doc) -> Any:
        for get in getters:
            value = get(doc)
            if value is not None and value != "" and value != []:
                return value
        return None

    return Step(field, READERS[field], first, "|".join(paths))


def _getter(path: str, name: str) -> Getter:
    r"""Return the function that looks a path up. Numbers pick from a list; ``\.`` is a dot in a key."""
    keys = _keys_of(path)
    if not all(keys):
        raise SettingsWrong(
            f"mapping {name}: {path!r} is not a path: keys with dots between, as in 'source.ip'"
        )
    if len(keys) == 1:
        return methodcaller("get", keys[0])

    def get(doc: Doc) -> Any:
        value: Any = doc
        for key in keys:
            if type(value) is dict:
                value = value.get(key)
            elif (
                type(value) is list
                and key.isascii()
                and key.isdigit()
                and len(key) < 4
                and int(key) < len(value)
            ):
                value = value[int(key)]
            else:
                return None
        return value

    return get


def _keys_of(path: str) -> tuple[str, ...]:
    return tuple(key.replace(r"\.", ".") for key in _DOT.split(path))


def _severity(table: dict[str, Any], name: str) -> Severity:
    _known(table, _SEVERITY, name, "key in [severity]")
    path, scale, classes = table.get("path"), table.get("scale", name), table.get("table")
    if not isinstance(path, str) or not isinstance(scale, str) or not scale:
        raise SettingsWrong(f"mapping {name}: [severity] needs path (and may have scale), as text")
    if not isinstance(classes, dict) or not classes:
        raise SettingsWrong(f"mapping {name}: [severity] needs a table of received value = OCSF class 1-5")
    for received, number in classes.items():
        if type(number) is not int or not 1 <= number <= 5:
            raise SettingsWrong(
                f"mapping {name}: [severity] table {received!r} must be a class: 1 informational, 2 low, "
                "3 medium, 4 high, 5 critical"
            )
    lower = {received.strip().lower(): number for received, number in classes.items()}
    if len(lower) < len(classes):
        raise SettingsWrong(f"mapping {name}: [severity] table: two values differ only in case or space")
    return Severity(_getter(path, name), path, scale, lower)
