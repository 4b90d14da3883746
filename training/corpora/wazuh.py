"""Wazuh rules: a ruleset's directory or file (XML), or the normalised JSONL.

A rule of level 0 never raises an alert, and is left out. In translations of a file the same rule comes again:
they are one group.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from enrich.formats.wazuh import SEVERITIES
from training.corpora import alerts_of_rules
from training.corpora.reading import Reading, first_object, start
from training.corpora.wazuh_xml import Rule, rules
from training.place import Place
from training.table import Row

SOURCE: Final = "wazuh"
LICENCE: Final = "Wazuh ruleset: GPL version 2"
# Keys of every row of the normalised set.
MARKS: Final = frozenset(("id", "title", "level", "groups", "file"))
# Standards that a rule helps to comply with: in the file among its groups, in alerts apart from them.
_STANDARDS: Final = ("pci_dss_", "gpg13_", "gdpr_", "hipaa_", "nist_800_53_", "tsc_")


def is_mine(path: Path) -> bool:
    """Return whether this is a directory of rule files, such a file, or the JSONL."""
    if path.is_dir():
        return any(_is_rules(file) for file in _files(path))
    if path.suffix == ".xml":
        return _is_rules(path)
    return "jsonl" in path.name and first_object(path).keys() >= MARKS


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rules that can raise an alert."""
    if path.is_file() and path.suffix != ".xml":
        for place, doc in reading.objects(path):
            yield from _row(doc, place.text(doc, "file"), place, reading)
        return
    for file in [path] if path.is_file() else _files(path):
        shown = reading.shown(file)
        for rule in rules(reading.whole(file), shown):
            yield from _row(_normal(rule), file.stem, reading.told(Place(shown, rule.line)), reading)


def _files(path: Path) -> list[Path]:
    folder = next((path / name for name in ("ruleset/rules", "rules") if (path / name).is_dir()), path)
    return sorted(folder.rglob("*.xml") if folder != path else folder.glob("*.xml"))


def _is_rules(path: Path) -> bool:
    head = start(path, 65_536)
    return b"<group" in head and b"<rule" in head and b"level=" in head


def _normal(rule: Rule) -> dict[str, Any]:
    """Return a rule's element under the JSONL's names."""
    element = rule.element
    own = _listed(" ".join(text for text in map(_text, element.findall("group")) if text))
    return {
        "id": element.get("id"),
        "level": element.get("level"),
        "title": " ".join(text for text in map(_text, element.findall("description")) if text),
        "groups": [
            name for name in dict.fromkeys((*_listed(rule.group), *own)) if not name.startswith(_STANDARDS)
        ],
        "techniques": [_text(each) for each in element.findall("mitre/id")],
    }


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _row(doc: Mapping[str, Any], file: str, place: Place, reading: Reading) -> Iterator[Row]:
    rule_id = place.text(doc, "id")
    level = place.number(doc.get("level"), 0, len(SEVERITIES) - 1, "level")
    groups = place.texts(doc, "groups")
    techniques = alerts_of_rules.techniques_in(place.texts(doc, "techniques"))
    if level == 0:
        reading.left_out["rules of level 0"] += 1
        return
    title = place.text(doc, "title")
    yield Row(
        id=f"{SOURCE}:{file}:{rule_id}",
        kind="rule",
        text=alerts_of_rules.text_of_rule(title, ""),
        document=alerts_of_rules.wazuh(rule_id, title, groups, techniques),
        label=SEVERITIES[level],
        label_source=SOURCE,
        techniques=techniques,
        true_positive=None,
        attack="",
        time_ms=None,
        group=f"{SOURCE}:{rule_id}",
        path=place.path,
        row=place.row,
    )
