"""AlertSage: invented incident reports with verdicts, as CSV. https://github.com/texasbe2trill/AlertSage

What the set draws for a report (its class, technique and verdict) is a label, and not in the document.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from enrich.formats.incident import SEVERITIES
from training.corpora.alerts_of_rules import techniques_in
from training.corpora.reading import Reading, first_columns
from training.table import Row

SOURCE: Final = "alertsage"
LICENCE: Final = "AlertSage: see its repository's LICENSE; the reports are synthetic"
NEEDED: Final = ("event_id", "timestamp", "log_source", "event_type", "severity", "description")
MARKS: Final = frozenset(NEEDED)
_LABELS: Final = ("event_type", "severity", "mitre_technique", "mitre_clause", "is_true_positive")
_YES: Final = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def is_mine(path: Path) -> bool:
    """Return whether this is the set's table."""
    return path.is_file() and ".csv" in path.name and first_columns(path).issuperset(NEEDED)


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the reports."""
    for place, cells in reading.table(path, NEEDED):
        verdict = cells.get("is_true_positive", "")
        yield Row(
            id=f"{SOURCE}:{place.text(cells, 'event_id')}",
            kind="alert",
            text=place.text(cells, "description"),
            document=orjson.dumps({key: cell for key, cell in cells.items() if cell and key not in _LABELS}),
            label=SEVERITIES[place.one_of(cells["severity"], SEVERITIES, "severity")],
            label_source=SOURCE,
            techniques=techniques_in([cells.get("mitre_technique", "").partition(" ")[0]]),
            true_positive=_YES[place.one_of(verdict, _YES, "is_true_positive")] if verdict else None,
            attack=cells["event_type"],
            time_ms=place.time_ms(cells["timestamp"], "timestamp"),
            group="",
            path=place.path,
            row=place.row,
        )
