"""Files that are no corpus: harmless ones are left alone, a broken corpus among them is refused.

A rule set whose first line is spoilt is known by nothing any more. To pass over it would train a model
without it, and nobody would look. So what calls itself JSON, CSV or gzip has to be that, as far as it is
looked into; and what has more than half of a corpus's keys or columns is asked about.
"""

import csv
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from training.corpora.reading import Reading, broken, opened, start
from training.place import Place

# How much of a file, and how many lines of that, are looked at.
_HEAD: Final = 262_144
_LINES: Final = 5
# More than half of a corpus's marks: results of Sigma rules have half of those of the rules (title, level,
# description). And never two alone: flows of all kinds have "Timestamp" and "Protocol".
_HALF: Final = 0.5
_LEAST: Final = 3


def check(path: Path, reading: Reading, marks: Mapping[str, frozenset[str]]) -> None:
    """Raise CorpusRefused, by file and row, for a file that is broken, or nearly a corpus.

    marks: name of a corpus -> keys or columns of its rows.
    """
    name, place = path.name.lower(), Place(reading.shown(path), 1)
    packed = _opens(path, place)
    if name.endswith(".gz") and not packed and path.stat().st_size:
        place.refuse("named .gz, but no gzip file: get it again, or name it for what it is")
    if not any(each in name for each in (".jsonl", ".csv", ".json")):
        return
    head = start(path, _HEAD)
    whole = len(head) < _HEAD
    text = _text(head, whole, place)
    if not text.strip():
        return
    if ".csv" in name:
        keys = _columns(text, place)
    elif ".jsonl" in name:
        keys = _keys_of_lines(text, whole, place)
    else:
        keys = _keys_of_json(text, whole, place)
    _nearly(keys, marks, place)


def _opens(path: Path, place: Place) -> bool:
    """Return whether a file is gzip. Raises CorpusRefused where its beginning cannot be read."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with opened(path) as stream:
            stream.read(_HEAD)
    except (EOFError, OSError, zlib.error) as error:
        broken(error, place)
    return packed


def _text(head: bytes, whole: bool, place: Place) -> str:
    """Return the whole lines of the head as text."""
    if not whole:
        head = head[: head.rfind(b"\n") + 1] or head
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if whole or error.end < len(head):  # the last letter may have been cut
            Place(place.path, head.count(b"\n", 0, error.start) + 1).refuse("not UTF-8: save it as UTF-8")
        return head[: error.start].decode("utf-8-sig")


def _columns(text: str, place: Place) -> frozenset[str]:
    if "\x00" in text:
        place.refuse("no CSV: it holds bytes of value 0")
    try:
        cells = next(csv.reader([text.lstrip("\r\n").split("\n", 1)[0]], strict=True), [])
    except csv.Error as error:
        place.refuse(f"no CSV: {error}")
    return frozenset(cell.strip() for cell in cells)


def _keys_of_lines(text: str, whole: bool, place: Place) -> frozenset[str]:
    """Return the keys of the first object of JSON lines."""
    keys: frozenset[str] | None = None
    lines = text.split("\n")
    for number, line in enumerate(lines[:_LINES], start=1):
        if not line.strip() or (number == len(lines) and not whole):  # of a line that is cut nobody knows
            continue
        try:
            doc = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            Place(place.path, number).refuse(f"no JSON: {error}")
        if keys is None:
            keys = _keys(doc)
    return keys or frozenset()


def _keys_of_json(text: str, whole: bool, place: Place) -> frozenset[str]:
    """Return the keys of the first object: of a document, of a list, or of JSON lines under another name."""
    inner = text.lstrip()
    if inner[0] not in "{[":
        place.refuse("no JSON object, and no list of them")
    if inner.startswith("["):
        inner = inner[1:].lstrip()
    if inner.startswith("]"):
        return frozenset()
    try:
        doc, _ = json.JSONDecoder().raw_decode(inner)
    except (json.JSONDecodeError, RecursionError) as error:
        if inner.startswith("{") and not whole:
            return frozenset()  # an object that is longer than what is looked at
        place.refuse(f"no JSON: {getattr(error, 'msg', 'nested too deep')}")
    return _keys(doc)


def _keys(doc: object) -> frozenset[str]:
    return frozenset(doc) if isinstance(doc, dict) else frozenset()


def _nearly(keys: frozenset[str], marks: Mapping[str, frozenset[str]], place: Place) -> None:
    shares = {name: len(own & keys) / len(own) for name, own in marks.items() if len(own & keys) >= _LEAST}
    if not shares or max(shares.values()) <= _HALF:
        return
    corpus = max(shares, key=lambda name: shares[name])
    missing = ", ".join(sorted(marks[corpus] - keys))
    if missing:
        place.refuse(f"nearly {corpus}, but without {missing}: mend it, or take it away")
    place.refuse(f"{corpus} by its keys, but not by its name: JSON lines are named .jsonl, tables .csv")


def told(others: Sequence[Path], reading: Reading, shown: int = 3) -> str:
    """Return a line that names the first of the files that are left alone."""
    names = ", ".join(reading.shown(path) for path in others[:shown])
    more = ", …" if len(others) > shown else ""
    return f"{len(others):,} files are no corpus that is known, and were left alone: {names}{more}"
