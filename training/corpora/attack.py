"""ATT&CK's own texts, each with its technique: a clone of mitre/cti, a STIX bundle, or the normalised files.

A procedure is a sentence on what a group or a program did ("X dumped LSASS"); names in it are replaced by
what they name, else a model would learn who uses what. Techniques are rows, too: name and description.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from training.corpora.alerts_of_rules import text_of_rule
from training.corpora.reading import Reading, first_object, json_object, start
from training.place import Place
from training.table import Row

SOURCE: Final = "attack"
LICENCE: Final = (
    "ATT&CK: terms of use of The MITRE Corporation (royalty-free; © The MITRE Corporation, reproduced and "
    "distributed with its permission)"
)
# Keys of every row of the normalised procedures.
MARKS: Final = frozenset(("id", "text", "technique", "source_kind", "date"))
# The one file of a clone that has the whole of Enterprise ATT&CK.
_BUNDLE: Final = "enterprise-attack/enterprise-attack.json"
_ID: Final = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")
_CITATION: Final = re.compile(r"\(Citation:[^)]*\)")
_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_NAMED: Final = {
    "malware": "The malware",
    "tool": "The tool",
    "intrusion-set": "The actor",
    "campaign": "The campaign",
}


def is_mine(path: Path) -> bool:
    """Return whether this is a clone, a STIX bundle of ATT&CK, or one of the normalised files."""
    if path.is_dir():
        return (path / _BUNDLE).is_file()
    if "jsonl" in path.name:
        return first_object(path).keys() >= MARKS
    if ".json" not in path.name:
        return False
    head = start(path, 65_536)
    return (b'"bundle"' in head and b"attack" in head) or b'"attack_version"' in head


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield procedures and techniques."""
    if path.is_dir():
        path = path / _BUNDLE
    if "jsonl" in path.name:
        for place, doc in reading.objects(path):
            text = place.text(doc, "text_anon" if "text_anon" in doc else "text")
            yield _procedure(place.text(doc, "id"), text, doc.get("technique"), doc.get("date"), place)
        return
    place = Place(reading.shown(path), 1)
    whole = json_object(reading.whole(path), place)
    if "objects" in whole:
        yield from _of_bundle(place.parts(whole, "objects"), place.path, reading)
        return
    for number, doc in enumerate(place.parts(whole, "techniques"), start=1):
        here = Place(place.path, number)
        if doc.get("revoked") or doc.get("deprecated"):
            reading.left_out["revoked and deprecated techniques"] += 1
            continue
        yield _technique(here.text(doc, "id"), doc, here)


def _of_bundle(objects: list[dict[str, Any]], path: str, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a STIX bundle; a row's number is that of its object."""
    known = {each.get("id"): each for each in objects}
    for number, doc in enumerate(objects, start=1):
        place = reading.told(Place(path, number))
        kind = doc.get("type")
        if kind == "attack-pattern":
            if _gone(doc):
                reading.left_out["revoked and deprecated techniques"] += 1
            else:
                yield _technique(_external(doc, place), doc, place)
        elif kind == "relationship" and doc.get("relationship_type") == "uses" and not _gone(doc):
            source, target = known.get(doc.get("source_ref")), known.get(doc.get("target_ref"))
            if target is None or target.get("type") != "attack-pattern" or not doc.get("description"):
                continue
            if source is None:
                place.refuse("source_ref names no object of the bundle: take the whole bundle")
            if _gone(target) or _gone(source):
                reading.left_out["procedures of revoked objects"] += 1
                continue
            text = anonymous(place.text(doc, "description"), source)
            yield _procedure(place.text(doc, "id"), text, _external(target, place), doc.get("created"), place)


def anonymous(text: str, source: Mapping[str, Any]) -> str:
    """Return a procedure without citations, links and the names of who is spoken of.

    >>> anonymous("[Foo](https://x/S1) can run. (Citation: A)", {"type": "malware", "name": "Foo"})
    'The malware can run.'
    """
    text = _LINK.sub(r"\1", _CITATION.sub("", text))
    names = [source.get("name"), *(source.get("aliases") or ()), *(source.get("x_mitre_aliases") or ())]
    told = _NAMED.get(str(source.get("type")), "It")
    for name in sorted((name for name in names if type(name) is str and name), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", told, text)
    return " ".join(text.split())


def _gone(doc: Mapping[str, Any]) -> bool:
    return bool(doc.get("revoked") or doc.get("x_mitre_deprecated"))


def _external(doc: Mapping[str, Any], place: Place) -> str:
    references = place.parts(doc, "external_references")
    found = [each for each in references if each.get("source_name") == "mitre-attack"]
    if not found:
        place.refuse("a technique without an ATT&CK id")
    return place.text(found[0], "external_id")


def _technique(technique: str, doc: Mapping[str, Any], place: Place) -> Row:
    description = _LINK.sub(r"\1", _CITATION.sub("", place.text(doc, "description", empty=True)))
    return _row(
        f"{SOURCE}:{technique}", text_of_rule(place.text(doc, "name"), description), technique, None, place
    )


def _procedure(row_id: str, text: str, technique: object, date: object, place: Place) -> Row:
    named = technique if type(technique) is str else ""
    return _row(f"{SOURCE}:{row_id}", text, named, place.day_ms(date, "date"), place)


def _row(row_id: str, text: str, technique: str, time_ms: int | None, place: Place) -> Row:
    if not _ID.fullmatch(technique):
        place.refuse(f"technique is {orjson.dumps(technique[:40]).decode()}, not an id such as T1059.001")
    return Row(
        id=row_id,
        kind="procedure",
        text=text,
        document=b"",
        label=None,
        label_source=SOURCE,
        techniques=(technique,),
        true_positive=None,
        attack="",
        time_ms=time_ms,
        group="",
        path=place.path,
        row=place.row,
    )
