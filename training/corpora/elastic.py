"""Elastic's detection rules: a clone of elastic/detection-rules (TOML), or the normalised JSONL."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from enrich.formats.elastic import RISKS, SEVERITIES
from training.corpora import alerts_of_rules
from training.corpora.reading import Reading, first_object
from training.place import Place
from training.table import Row

SOURCE: Final = "elastic"
LICENCE: Final = "Elastic detection rules: Elastic License 2.0"
# Keys of every row of the normalised set.
MARKS: Final = frozenset(("title", "severity", "building_block", "risk_score", "tactics", "description"))
_ATTACK: Final = "MITRE ATT&CK"


def is_mine(path: Path) -> bool:
    """Return whether this is a clone, or the JSONL."""
    if path.is_dir():
        return (path / "rules").is_dir() and any(path.glob("rules/*/*.toml"))
    return "jsonl" in path.name and first_object(path).keys() >= MARKS


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rules; those that only build blocks for others are rules like the rest."""
    if path.is_file():
        for place, doc in reading.objects(path):
            yield from _row(doc, place, reading)
        return
    folders = [path / name for name in ("rules", "rules_building_block") if (path / name).is_dir()]
    for file in sorted(file for folder in folders for file in folder.rglob("*.toml")):
        place = reading.told(Place(reading.shown(file), 1))
        try:
            doc = tomllib.loads(reading.whole(file))
        except tomllib.TOMLDecodeError as error:
            place.refuse(f"no TOML: {error}")
        if "rule" not in doc and "hunt" in doc:
            continue
        yield from _row(_normal(doc, place), place, reading)


def _normal(doc: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return a rule file under the JSONL's names."""
    metadata, rule = place.part(doc, "metadata"), place.part(doc, "rule")
    tactics: list[str] = []
    techniques: list[str] = []
    for threat in place.parts(rule, "threat"):
        if threat.get("framework", _ATTACK) != _ATTACK:
            continue
        tactic = place.part(threat, "tactic")
        if tactic:
            tactics.append(place.text(tactic, "name").lower().replace(" ", "-"))
        for technique in place.parts(threat, "technique"):
            subs = place.parts(technique, "subtechnique")
            # Where a sub-technique is stated, it says what its technique says.
            techniques += [place.text(each, "id") for each in subs or [technique]]
    return {
        "id": rule.get("rule_id"),
        "title": rule.get("name"),
        "description": rule.get("description"),
        "severity": rule.get("severity"),
        "risk_score": rule.get("risk_score"),
        "tactics": tactics,
        "techniques": techniques,
        "tags": rule.get("tags"),
        "false_positives": rule.get("false_positives"),
        "status": metadata.get("maturity"),
        "date": metadata.get("creation_date"),
    }


def _row(doc: Mapping[str, Any], place: Place, reading: Reading) -> Iterator[Row]:
    rule_id, title = place.text(doc, "id"), place.text(doc, "title")
    description = place.text(doc, "description", empty=True)
    severity = SEVERITIES[place.one_of(doc.get("severity"), SEVERITIES, "severity")]
    if doc.get("risk_score") is not None:
        place.number(doc["risk_score"], 0, int(RISKS.most), "risk_score")
    techniques = alerts_of_rules.techniques_in(place.texts(doc, "techniques"))
    tactics, tags = place.texts(doc, "tactics"), place.texts(doc, "tags")
    false_positives = place.texts(doc, "false_positives")
    time_ms = place.day_ms(doc.get("date"), "date")
    if place.text(doc, "status", empty=True) == "deprecated" and not reading.deprecated:
        reading.left_out["deprecated rules"] += 1
        return
    yield Row(
        id=f"{SOURCE}:{rule_id}",
        kind="rule",
        text=alerts_of_rules.text_of_rule(title, description),
        document=alerts_of_rules.elastic(
            rule_id, title, description, techniques, tactics, tags, false_positives
        ),
        label=severity,
        label_source=SOURCE,
        techniques=techniques,
        true_positive=None,
        attack="",
        time_ms=time_ms,
        group="",
        path=place.path,
        row=place.row,
    )
