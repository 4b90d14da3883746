"""One nested view of documents whose keys are nested, dotted (``source.ip``), or both at once.

Elasticsearch takes ``{"source": {"ip": …}}`` and ``{"source.ip": …}`` for the same, at any level, and a list
of one for its only value. Kibana's alerts have both side by side; the search API's ``fields`` has dotted keys
and lists only. https://www.elastic.co/guide/en/elasticsearch/reference/current/object.html
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT
from enrich.errors import Quality, QualityCode
from enrich.formats import fields

# Dots of one key that are taken for levels. ECS's deepest names have six; more would only let a key choose
# how deep the document gets.
LEVELS: Final = 8


def unwrapped(doc: Mapping[str, Any]) -> tuple[Mapping[str, Any], object]:
    """Return what a search hit holds (``_source``, else ``fields``), and its ``_id``; else the document."""
    if "_source" in doc:
        inner = doc["_source"]
        if type(inner) is dict:
            return inner, doc.get("_id")
    if "_index" in doc:
        inner = doc.get("fields")
        if type(inner) is dict:
            return inner, doc.get("_id")
    return doc, None


def nested(doc: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the document with its dotted keys as levels; the same object where it has none.

    What stands nested goes before what stands dotted. A dotted key whose place is taken stays as it is. The
    given document is not changed; objects below the first level are looked at by ``section``.

    >>> nested({"a": {"x": 1}, "a.y": 2, "b.c.d": 3, "a.x": 4})
    {'a': {'x': 1, 'y': 2}, 'b': {'c': {'d': 3}}, 'a.x': 4}
    """
    if "." not in "".join(doc):
        return doc
    view = {key: value for key, value in doc.items() if "." not in key}
    made: set[int] = set()  # objects of this view, which may be written to
    for key, value in doc.items():
        if "." in key:
            _put(view, key, value, made)
    return view


def _put(view: dict[str, Any], key: str, value: Any, made: set[int]) -> None:
    *outer, last = key.split(".", LEVELS)
    at = view
    for name in outer:
        inner = at.get(name)
        if inner is None:
            inner = {}
        elif type(inner) is not dict:
            view[key] = value
            return
        elif id(inner) not in made:
            inner = dict(inner)
        at[name] = inner
        made.add(id(inner))
        at = inner
    if at.get(last) is None:
        at[last] = value
    else:
        view[key] = value


def section(doc: Mapping[str, Any], key: str, path: str, quality: list[Quality]) -> Mapping[str, Any]:
    """Return the object under this key, its dotted keys as levels; of a list the first; else an empty one."""
    value = doc.get(key)
    if type(value) is dict:
        return nested(value)
    return fields.NOTHING if value is None else nested(fields.first_part(value, path, quality))


def sections(value: object, path: str, quality: list[Quality]) -> list[Mapping[str, Any]]:
    """Return the objects of a list of objects, or of one; no more than LIST_LIMIT of them."""
    if value is None:
        return []
    if type(value) is dict:
        return [nested(value)]
    if type(value) is not list:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
        return []
    if len(value) > fields.LIST_LIMIT:
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
        value = value[: fields.LIST_LIMIT]
    return [nested(fields.first_part(each, path, quality)) for each in value]


def one(value: object, path: str, quality: list[Quality]) -> object:
    """Return the value, or the first of a list of values; the others are left out, and that is said."""
    if type(value) is not list:
        return value
    if len(value) > 1:
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
    return value[0] if value else None


def text(doc: Mapping[str, Any], key: str, path: str, quality: list[Quality]) -> str | None:
    """Return the text under this key, as ``fields.word`` reads it."""
    value = doc.get(key)
    if type(value) is str and len(value) <= FIELD_LIMIT:  # nearly all
        return None if not value or value.isspace() else value
    return None if value is None else fields.word(one(value, path, quality), path, quality)
