"""Make the compact table of facts in ``enrich/encode/ocsf_facts.json`` from the OCSF schema's sources.

    python tools/ocsf_facts.py ocsf-1.8.0.tar.gz > enrich/encode/ocsf_facts.json

The archive holds the sources as published (``version.json``, ``categories.json``, ``dictionary.json``,
``events/``, ``objects/``, ``profiles/``; without platform extensions). What comes out holds facts only:
names, types, requirements, enum values with captions, siblings, constraints, and which profiles an
attribute belongs to, for Detection Finding and every object that it reaches. No descriptions.

The sources are resolved as OCSF's own compiler does: ``$include`` of profiles, then ``extends``, then the
dictionary underneath, then a ``…_dt`` twin of each timestamp in the ``datetime`` profile. In a merge the
nearer definition wins; ``"profile": null`` frees an attribute of its profiles; constraints are replaced,
not joined. (Checked once against that compiler, 1.1.1: no difference in class, 125 objects and types.)
Output is a function of the archive's content: sorted, one line per class, object and type.
"""

import copy
import json
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

ROOT_CLASS: Final = "detection_finding"
RANKS: Final = ("optional", "recommended", "required")

Doc = dict[str, Any]


def read(archive: Path) -> dict[str, Doc]:
    """Return every JSON document of the archive by its path, without a leading ``./``."""
    docs: dict[str, Doc] = {}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(".json"):
                stream = tar.extractfile(member)
                if stream is not None:
                    docs[member.name.removeprefix("./")] = json.loads(stream.read())
    return docs


def named(docs: dict[str, Doc], folder: str) -> dict[str, Doc]:
    """Return the documents under a folder by their own ``name``, with ``$include`` resolved."""
    found: dict[str, Doc] = {}
    for path, doc in sorted(docs.items()):
        if path.startswith(folder + "/"):
            found[doc["name"]] = {**doc, "attributes": _included(doc["attributes"], docs)}
    return found


def _included(attributes: Doc, docs: dict[str, Doc]) -> Doc:
    """Return the attributes on top of those of the profiles that they include."""
    merged: Doc = {}
    for path in attributes.get("$include", ()):
        profile = docs[path]
        marked = {
            name: {**facts, "profiles": [profile["name"]]} for name, facts in profile["attributes"].items()
        }
        _merge(merged, marked)
    own: Doc = {}
    for name, facts in attributes.items():
        if name == "$include":
            continue
        if "$include" in facts:
            raise SystemExit(f"ocsf_facts: attribute {name} includes a file: not supported")
        own[name] = dict(facts)
        if "profile" in facts:
            profile_name = own[name].pop("profile")
            own[name]["profiles"] = None if profile_name is None else [profile_name]
    _merge(merged, own)
    return merged


def _merge(under: Doc, over: Doc) -> None:
    """Merge attributes onto ``under`` in place; ``over`` wins."""
    for name, facts in over.items():
        below = under.setdefault(name, {})
        for key, value in copy.deepcopy(facts).items():
            if key == "profiles" and value is not None and below.get(key) is not None:
                below[key] = sorted({*below[key], *value})
            elif key == "requirement" and facts.get("profiles") is not None and "profiles" in below:
                below[key] = max(below.get(key, "optional"), value, key=RANKS.index)
            elif isinstance(value, dict) and isinstance(below.get(key), dict):
                below[key] = {**below[key], **value}
            else:
                below[key] = value


def extended(items: dict[str, Doc], name: str) -> Doc:
    """Return an item on top of the chain of those that it extends."""
    item = items[name]
    if "extends" not in item:
        return copy.deepcopy(item)
    whole = extended(items, item["extends"])
    attributes = whole["attributes"]
    _merge(attributes, item["attributes"])
    return {**whole, **item, "attributes": attributes}


def attribute_facts(attributes: Doc, dictionary: Doc, types: Doc) -> Doc:
    """Return the facts of each attribute: what the item says on top of what the dictionary says."""
    whole: Doc = {}
    for name, facts in attributes.items():
        merged: Doc = {name: copy.deepcopy(dictionary[name])}
        _merge(merged, {name: facts})
        whole[name] = merged[name]
        if merged[name]["type"] == "timestamp_t":
            twin = {**merged[name], "type": "datetime_t", "profiles": ["datetime"], "requirement": "optional"}
            whole[name + "_dt"] = twin
    return {name: _compact(facts, types) for name, facts in sorted(whole.items())}


def _compact(facts: Doc, types: Doc) -> Doc:
    kept: Doc = {"type": facts["type"]}
    if facts["type"] not in types:
        kept = {"object": facts["type"]}
    if facts.get("is_array"):
        kept["array"] = True
    if facts.get("requirement", "optional") != "optional":
        kept["requirement"] = facts["requirement"]
    if facts.get("profiles"):
        kept["profiles"] = facts["profiles"]
    if "enum" in facts:
        kept["enum"] = {key: value["caption"] for key, value in facts["enum"].items()}
        marked = {key: value["@deprecated"] for key, value in facts["enum"].items() if "@deprecated" in value}
        old = {key: value["since"] for key, value in marked.items()}
        if old:
            kept["enum_deprecated"] = old
        if "sibling" in facts:
            kept["sibling"] = facts["sibling"]
    if "@deprecated" in facts:
        kept["deprecated"] = facts["@deprecated"]["since"]
    return kept


def observable_types(items: Iterable[Doc], dictionary: Doc, types: Doc) -> dict[str, str]:
    """Return the ``type_id`` values of an observable: every ``observable`` number given anywhere."""
    found: dict[str, str] = {}
    for kind in (*types.values(), *dictionary.values()):
        if "observable" in kind:
            found[str(kind["observable"])] = kind["caption"]
    for item in items:
        if "observable" in item:
            found[str(item["observable"])] = item["caption"]
        for name, facts in item["attributes"].items():
            if "observable" in facts:
                found[str(facts["observable"])] = f"{item['caption']} Object: {name}"
    return found


def facts_of(docs: dict[str, Doc]) -> Doc:
    """Return the whole table."""
    dictionary, types = docs["dictionary.json"]["attributes"], docs["dictionary.json"]["types"]["attributes"]
    classes, objects, profiles = (named(docs, folder) for folder in ("events", "objects", "profiles"))
    observables = observable_types(objects.values(), dictionary, types)

    root = extended(classes, ROOT_CLASS)
    category = docs["categories.json"]["attributes"][root["category"]]
    uid = category["uid"] * 1000 + root["uid"]
    enums = {
        "category_uid": {category["uid"]: category["caption"]},
        "class_uid": {uid: root["caption"]},
        "type_uid": {
            uid * 100 + int(key): f"{root['caption']}: {value['caption']}"
            for key, value in root["attributes"]["activity_id"]["enum"].items()
        },
    }
    for name, captions in enums.items():
        root["attributes"][name]["enum"] = {str(key): {"caption": text} for key, text in captions.items()}

    reached: Doc = {}
    waiting = [attribute_facts(root["attributes"], dictionary, types)]
    class_attributes = waiting[0]
    while waiting:
        for facts in waiting.pop().values():
            name = facts.get("object")
            if name is None or name in reached:
                continue
            item = extended(objects, name)
            if name == "observable":
                item["attributes"]["type_id"]["enum"] |= {
                    key: {"caption": caption} for key, caption in observables.items()
                }
            reached[name] = {"attributes": attribute_facts(item["attributes"], dictionary, types)}
            if item.get("constraints"):
                reached[name]["constraints"] = item["constraints"]
            if "@deprecated" in item:
                reached[name]["deprecated"] = item["@deprecated"]["since"]
            waiting.append(reached[name]["attributes"])

    kept_types = ("type", "regex", "max_len", "range", "values")
    return {
        "version": docs["version.json"]["version"],
        "class": {"name": ROOT_CLASS, "uid": uid, "attributes": class_attributes},
        "profiles": sorted(profiles),
        "types": {
            name: {key: kind[key] for key in kept_types if key in kind}
            for name, kind in sorted(types.items())
        },
        "objects": dict(sorted(reached.items())),
    }


def written(table: Doc) -> str:
    """Return the table as JSON text, one line per object and type: a new schema then reads as a diff."""

    def line(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    parts = []
    for key, value in table.items():
        if key in ("types", "objects"):
            rows = ",\n".join(f"{line(name)}:{line(facts)}" for name, facts in value.items())
            parts.append(f'"{key}":{{\n{rows}\n}}')
        else:
            parts.append(f'"{key}":{line(value)}')
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/ocsf_facts.py ocsf-VERSION.tar.gz > TABLE.json")
    sys.stdout.write(written(facts_of(read(Path(sys.argv[1])))))
