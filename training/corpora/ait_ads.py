"""AIT-ADS: alerts of Wazuh, Suricata and AMiner in testbeds under attack (Landauer et al., 2024), as JSONL.

``phase``: the attack phase in whose time window the alert falls, or "false_positive". ``event``: the step of
the attack that caused it. True are those that a step caused, false those of no phase and no step. Of what a
step did not cause, but falls into a phase, nobody knows row by row: most of it is everyday noise.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from training.corpora.reading import Reading, first_object
from training.table import Row

SOURCE: Final = "ait-ads"
LICENCE: Final = "AIT Alert Data Set: cite Landauer, Skopik and Wurzenberger, 2024"
# Keys of every row of the normalised set.
MARKS: Final = frozenset(("ts", "detector", "name", "code", "phase", "event"))
LABELS: Final = ("phase", "event", "scenario")
_FALSE: Final = "false_positive"


def is_mine(path: Path) -> bool:
    """Return whether this is a scenario's file."""
    return path.is_file() and "jsonl" in path.name and first_object(path).keys() >= MARKS


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the alerts in the file's order. A scenario is one group: its attack is one."""
    for place, doc in reading.objects(path):
        scenario = place.text(doc, "scenario")
        phase, event = place.text(doc, "phase"), place.text(doc, "event", empty=True)
        attack = event if phase == _FALSE else phase
        time_ms = place.time_ms(doc.get("ts"), "ts")
        if time_ms is None:
            place.refuse("ts is missing")
        yield Row(
            id=f"{SOURCE}:{scenario}:{place.row}",
            kind="alert",
            text=place.text(doc, "name"),
            document=orjson.dumps({key: value for key, value in doc.items() if key not in LABELS}),
            label=None,
            label_source=SOURCE,
            techniques=(),
            true_positive=True if event else (False if phase == _FALSE else None),
            attack=attack,
            time_ms=time_ms,
            group=f"{SOURCE}:{scenario}",
            path=place.path,
            row=place.row,
        )
