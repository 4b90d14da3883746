"""Splunk's detections: a clone of splunk/security_content (YAML), or the normalised JSONL."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from enrich.formats.severities import Bands, by_band
from training.corpora import alerts_of_rules
from training.corpora.reading import Reading, first_object
from training.corpora.rule_yaml import document
from training.place import Place
from training.table import Row

SOURCE: Final = "splunk"
LICENCE: Final = "Splunk Security Content: Apache License 2.0"
# Keys of every row of the normalised set.
MARKS: Final = frozenset(("title", "severity", "impact", "confidence", "risk_score", "description"))
# A detection states a risk score, not a severity. The bands of the normalised set, in which no score lies
# between two of them: low to 28, medium 30-56, high 60-76, critical from 80.
RISKS: Final = Bands(100, ((80, 5), (60, 4), (29, 3), (0, 2)))
SEVERITIES: Final = {"low": 2, "medium": 3, "high": 4, "critical": 5}
# Where versions of the repository keep scores and techniques: up to 4, 5, and from 2026.
_OBJECTS: Final = (("rba", "risk_objects"), ("intermediate_findings", "entities"), ("finding", "entities"))


def is_mine(path: Path) -> bool:
    """Return whether this is a clone, or the JSONL."""
    if path.is_dir():
        return (path / "detections").is_dir() and any(path.glob("detections/*/*.yml"))
    return "jsonl" in path.name and first_object(path).keys() >= MARKS


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the detections. Those without any score have no label, and are rows for their techniques."""
    if path.is_file():
        for place, doc in reading.objects(path):
            label = SEVERITIES[place.one_of(doc.get("severity"), SEVERITIES, "severity")]
            if doc.get("risk_score") is not None:
                place.number(doc["risk_score"], 0, int(RISKS.most), "risk_score")
            yield from _row(doc, label, place, reading)
        return
    for file in sorted((path / "detections").rglob("*.yml")):
        found = document(reading.whole(file), reading.shown(file))
        if found is None:
            Place(reading.shown(file), 1).refuse("an empty file")
        place, doc = found
        reading.told(place)
        yield from _row(_normal(doc, place), _label(doc, place), place, reading)


def _normal(doc: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return a detection under the JSONL's names: its tags are the analytic stories."""
    tags = doc["tags"] if type(doc.get("tags")) is dict else {}
    return {
        "id": doc.get("id"),
        "title": doc.get("name"),
        "description": doc.get("description"),
        "techniques": doc.get("mitre_attack_id") or tags.get("mitre_attack_id"),
        "tags": doc.get("analytic_story") or tags.get("analytic_story"),
        "logsource": {"security_domain": doc.get("security_domain") or tags.get("security_domain")},
        "status": doc.get("status"),
        "date": doc.get("creation_date") or doc.get("date"),
    }


def _label(doc: Mapping[str, Any], place: Place) -> int | None:
    """Return the class of the highest risk score."""
    tags = doc["tags"] if type(doc.get("tags")) is dict else {}
    scores = [] if tags.get("risk_score") is None else [tags["risk_score"]]
    for section, listed in _OBJECTS:
        within = doc.get(section)
        if type(within) is dict:
            scores += [each["score"] for each in place.parts(within, listed) if each.get("score") is not None]
    if not scores:
        return None
    highest = max(place.number(score, 0, int(RISKS.most), "score") for score in scores)
    return by_band(highest, RISKS, "score", [])[0]


def _row(doc: Mapping[str, Any], label: int | None, place: Place, reading: Reading) -> Iterator[Row]:
    rule_id, title = place.text(doc, "id"), place.text(doc, "title")
    description = place.text(doc, "description", empty=True)
    techniques = alerts_of_rules.techniques_in(place.texts(doc, "techniques"))
    stories = place.texts(doc, "tags")
    domain = place.text(place.part(doc, "logsource"), "security_domain", empty=True)
    time_ms = place.day_ms(doc.get("date"), "date")
    if place.text(doc, "status", empty=True) in ("deprecated", "removed") and not reading.deprecated:
        reading.left_out["deprecated rules"] += 1
        return
    yield Row(
        id=f"{SOURCE}:{rule_id}",
        kind="rule",
        text=alerts_of_rules.text_of_rule(title, description),
        document=alerts_of_rules.splunk(title, description, techniques, stories, domain),
        label=label,
        label_source=SOURCE,
        techniques=techniques,
        true_positive=None,
        attack="",
        time_ms=time_ms,
        group="",
        path=place.path,
        row=place.row,
    )
