"""Our own alerts: a directory with JSONL of the enriched topic and JSONL of the feedback topic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training import verdicts
from training.corpora.reading import Reading, first_object
from training.table import Row
from training.verdict_record import decoded

SOURCE: Final = verdicts.SOURCE
LICENCE: Final = verdicts.LICENCE
MARKS: Final = frozenset[str]()


def is_mine(path: Path) -> bool:
    """Return whether events and verdicts lie in this directory."""
    return path.is_dir() and bool(_files(path, True)) and bool(_files(path, False))


def files(path: Path) -> tuple[Path, ...]:
    """Return the files in this directory that are read as events or verdicts."""
    return (*_files(path, True), *_files(path, False))


def rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the events with verdicts that count. What is to be said of the verdicts goes to the notes."""
    events = (each for file in _files(path, True) for each in reading.objects(file))
    said = (
        (place, decoded(doc, place, reading.authors))
        for file in _files(path, False)
        for place, doc in reading.objects(file)
    )
    made, report = verdicts.rows(events, said, reading.authors, formats=reading.formats)
    reading.notes.extend(report.lines)
    yield from made


def _files(path: Path, events: bool) -> list[Path]:
    found = sorted(file for file in path.iterdir() if file.is_file() and "jsonl" in file.name)
    return [file for file in found if (_is_events(file) if events else _is_verdicts(file))]


def _is_events(path: Path) -> bool:
    first = first_object(path)
    unmapped = first.get("unmapped")
    return "class_uid" in first and type(unmapped) is dict and "millrace" in unmapped


def _is_verdicts(path: Path) -> bool:
    return {"uid", "verdict_id", "author"} <= first_object(path).keys()
