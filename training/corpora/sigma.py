"""Sigma rules: a clone of SigmaHQ/sigma (YAML), or the normalised JSONL."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from enrich.formats.sigma import NAMESPACE, SEVERITIES
from enrich.formats.sigma_results import LEVELS
from training.corpora import alerts_of_rules
from training.corpora.reading import Reading, first_object
from training.corpora.rule_yaml import document
from training.place import Place
from training.table import Row

SOURCE: Final = "sigma"
LICENCE: Final = "SigmaHQ rules: Detection Rule License 1.1 (name the rules' authors)"
# Keys of every row of the normalised set.
MARKS: Final = frozenset(("title", "level", "logsource", "tags", "status", "description"))
# The directories of a clone that hold rules.
_FOLDERS: Final = ("rules", "unsupported", "deprecated")


def is_mine(path: Path) -> bool:
    """Return whether this is a clone, a rule file, or the JSONL."""
    if path.is_dir():
        return (path / "rules" / "windows").is_dir() and any(path.glob("rules/windows/*/*.yml"))
    return "jsonl" in path.name and first_object(path).keys() >= MARKS


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rules."""
    if path.is_file():
        for place, doc in reading.objects(path):
            yield from _row(doc, place, reading)
        return
    files = sorted(
        file
        for folder in path.iterdir()
        if folder.is_dir() and (folder.name in _FOLDERS or folder.name.startswith("rules-"))
        for file in folder.rglob("*.yml")
    )
    for file in files:
        found = document(reading.whole(file), reading.shown(file))
        if found is None:
            Place(reading.shown(file), 1).refuse("an empty file")
        place, doc = found
        if "correlation" in doc and "detection" not in doc:
            reading.left_out["correlation rules"] += 1  # they alert on the alerts of other rules
            continue
        reading.told(place)
        yield from _row({**doc, "path": place.path}, place, reading)


def _row(doc: Mapping[str, Any], place: Place, reading: Reading) -> Iterator[Row]:
    # Sigma's specification lets a rule go without an id; its file then names it.
    rule_id = place.text(doc, "id" if doc.get("id") else "path")
    level = SEVERITIES[place.one_of(doc.get("level"), LEVELS, "level")]
    title, description = place.text(doc, "title"), place.text(doc, "description", empty=True)
    status = place.text(doc, "status", empty=True)
    tags = place.texts(doc, "tags")
    # The rules' own spelling, and that of the normalised JSONL.
    name = "falsepositives" if "falsepositives" in doc else "false_positives"
    false_positives = place.texts(doc, name)
    logsource = place.part(doc, "logsource")
    source = {
        key: place.text(logsource, key) for key in ("product", "category", "service") if logsource.get(key)
    }
    time_ms = place.day_ms(doc.get("date"), "date")
    if status == "deprecated" and not reading.deprecated:
        reading.left_out["deprecated rules"] += 1
        return
    yield Row(
        id=f"{SOURCE}:{rule_id}",
        kind="rule",
        text=alerts_of_rules.text_of_rule(title, description),
        document=alerts_of_rules.sigma(rule_id, title, description, tags, source, false_positives),
        label=level,
        label_source=SOURCE,
        techniques=alerts_of_rules.techniques_in(tags, NAMESPACE),
        true_positive=None,
        attack="",
        time_ms=time_ms,
        group="",
        path=place.path,
        row=place.row,
    )
