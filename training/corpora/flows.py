"""Labelled network flows as CSV: NSL-KDD, the NF sets (NetFlow) and CIC's (CICFlowMeter).

The document is the row as JSON without its labels, as ``millrace send`` would be given it. Flows that are
equal in all that the document says are one group.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from enrich.formats import flow_cic
from training.corpora.reading import Reading, first_columns
from training.place import Place
from training.table import Row

NSL_KDD: Final = "nsl-kdd"
NF: Final = "nf"
CIC: Final = "cic"
LICENCES: Final = {
    NSL_KDD: "NSL-KDD: public research set, cite Tavallaee et al., 2009",
    NF: "NF data sets: free for academic use, cite Sarhan et al., 2021; others ask the authors",
    CIC: "CIC data sets: free with citation of the Canadian Institute for Cybersecurity",
}

_WORDS: Final = ("protocol_type", "service", "flag")
_FIGURES: Final = ("PROTOCOL", "L4_SRC_PORT", "L4_DST_PORT", "IN_BYTES", "OUT_BYTES", "IN_PKTS", "OUT_PKTS")
# Columns without which a table is not read.
KDD_NEEDED: Final = ("duration", *_WORDS, "src_bytes", "dst_bytes", "count", "srv_count", "label")
NF_NEEDED: Final = (*_FIGURES, "Label")
CIC_NEEDED: Final = ("Flow Duration", "Protocol", "Timestamp", "Label")
_BENIGN: Final = frozenset(("normal", "benign"))
# NSL-KDD has the columns of Zeek's ancestor under other names: so its rows can be read as flows, too.
_ZEEK: Final = {
    "protocol_type": "proto",
    "flag": "conn_state",
    "src_bytes": "orig_bytes",
    "dst_bytes": "resp_bytes",
}


class Read(NamedTuple):
    """attack: type of the attack, "" for a benign flow. time_ms: None where the set has none."""

    attack: str
    document: bytes
    time_ms: int | None


def is_nsl_kdd(path: Path) -> bool:
    """Return whether this is an NSL-KDD table with a header."""
    return _is_table(path) and first_columns(path).issuperset(KDD_NEEDED)


def is_nf(path: Path) -> bool:
    """Return whether this is a table of an NF set."""
    return _is_table(path) and first_columns(path).issuperset(NF_NEEDED)


def is_cic(path: Path) -> bool:
    """Return whether this is a table of CICFlowMeter's with labels."""
    columns = first_columns(path) if _is_table(path) else frozenset()
    return "Flow Duration" in columns and "Label" in columns


def nsl_kdd(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rows of NSL-KDD."""
    return _rows(path, reading, NSL_KDD, KDD_NEEDED, _of_kdd)


def nf(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rows of an NF set, of any version."""
    return _rows(path, reading, NF, NF_NEEDED, _of_nf)


def cic(path: Path, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a CIC set."""
    return _rows(path, reading, CIC, ("Flow Duration", "Label"), _of_cic)


def _is_table(path: Path) -> bool:
    return path.is_file() and ".csv" in path.name.lower()


def _rows(
    path: Path,
    reading: Reading,
    source: str,
    needed: tuple[str, ...],
    read: Callable[[Mapping[str, str], Place], Read],
) -> Iterator[Row]:
    stem = path.name.lower().split(".")[0]
    for place, cells in reading.table(path, needed):
        found = read(cells, place)
        yield Row(
            id=f"{source}:{stem}:{place.row}",
            kind="flow",
            text="",
            document=found.document,
            label=None,
            label_source=source,
            techniques=(),
            true_positive=bool(found.attack),
            attack=found.attack,
            time_ms=found.time_ms,
            group=f"{source}:{blake2b(found.document, digest_size=12).hexdigest()}",
            path=place.path,
            row=place.row,
        )


def _of_kdd(cells: Mapping[str, str], place: Place) -> Read:
    numbers = {name: cell for name, cell in cells.items() if name not in ("label", "difficulty")}
    for name, cell in numbers.items():
        if name not in _WORDS:
            _figure(cell, name, place)
    doc = {"_path": "conn", "ts": None, **{_ZEEK.get(name, name): cell for name, cell in numbers.items()}}
    return Read(_attack(cells["label"], "label", place), orjson.dumps(doc), None)


def _of_nf(cells: Mapping[str, str], place: Place) -> Read:
    for name in _FIGURES:
        _figure(cells[name], name, place)
    label = place.number(cells["Label"], 0, 1, "Label")
    attack = _attack(cells["Attack"], "Attack", place) if "Attack" in cells else ("attack" if label else "")
    if bool(attack) != bool(label):
        place.refuse(f"Label is {label}, but Attack is {cells['Attack']!r}")
    start = cells.get("FLOW_START_MILLISECONDS")
    doc = {name: cell for name, cell in cells.items() if name not in ("Label", "Attack", "Dataset")}
    return Read(attack, orjson.dumps(doc), place.time_ms(start, "FLOW_START_MILLISECONDS"))


def _of_cic(cells: Mapping[str, str], place: Place) -> Read:
    if cells["Label"] == "Label":
        # Parts of the 2018 sets were glued together with their headers.
        place.refuse("the header comes again here: delete this line")
    _figure(cells["Flow Duration"], "Flow Duration", place)
    attack = _attack(cells["Label"], "Label", place)
    if attack.isdigit():
        place.refuse(f"Label is {attack!r}: give the set with names of attacks")
    doc = {name: cell for name, cell in cells.items() if name not in ("Label", "Attempted Category")}
    return Read(attack, orjson.dumps(doc), flow_cic.parse(doc, ()).time_ms)


def _attack(cell: str, key: str, place: Place) -> str:
    if not cell:
        place.refuse(f"{key} is missing")
    return "" if cell.lower().rstrip(".") in _BENIGN else cell.rstrip(".")


def _figure(cell: str, key: str, place: Place) -> None:
    try:
        figure = float(cell)
    except ValueError:
        figure = float("nan")
    if figure - figure != 0:  # not a number, or infinite
        place.refuse(f"{key} is {cell[:40]!r}, not a number")
