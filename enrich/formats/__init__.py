"""The formats: bytes → Alert. The shape of the document tells which one it is; no parser is tried out.

A record that begins with ``{`` is JSON: its top-level keys choose the formats that look at it. Any other is a
line of text (``line``), unless it is JSON after all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import DeadCode, Quality, Rejected, SettingsWrong
from enrich.formats import line
from enrich.formats.mapped import Mapping
from enrich.formats.mapping_file import load_mapping
from enrich.formats.shapes import FORMATS, KEYS, LINES, NAMES, Format, Parse, candidates
from enrich.parse import parse_bytes

__all__ = [
    "FORMATS",
    "LINES",
    "NAMES",
    "Format",
    "Formats",
    "Mapping",
    "Parse",
    "alert_from",
    "alerts_from",
    "load_mapping",
    "packaged_mappings",
]

# Raised with every change of a format's code that changes a field of some alert.
FORMATS_VERSION: Final = 4
# In real alert streams a third to three quarters of the rows are byte-identical repeats, nearly all of them
# of one of the last eight. Few are kept, so that they stay in the processor's cache.
REPEATS: Final = 16
REPEATS_BYTES: Final = 4_096
# Records that begin with the same so many bytes are read one after the other. Most of one detector's do: more
# bytes reach into the values (times, ids), fewer tell less.
ALIKE_BYTES: Final = 12
# Where a search hit has the document: exports of an index are lists of these.
HIT: Final = "_source"


@dataclass(frozen=True)
class Formats:
    """The formats in use: the built-in ones, then the mappings in the order given. Make it with ``of``."""

    mappings: tuple[Mapping, ...]

    @classmethod
    def of(cls, mappings: Sequence[Mapping]) -> "Formats":
        """Return the formats. Raises SettingsWrong where two mappings have one name."""
        names = [mapping.name for mapping in mappings]
        for name in names:
            if names.count(name) > 1:
                raise SettingsWrong(f"mapping {name}: given twice; rename one of the files")
        return cls(tuple(mappings))

    @cached_property
    def remembered(self) -> Callable[[bytes], Alert]:
        """What parses bytes, and keeps the last REPEATS alerts: repeats come close together."""
        return lru_cache(REPEATS)(partial(_read, formats=self))

    @cached_property
    def digest(self) -> str:
        """Hash of everything here that can change an Alert, 16 hex digits. The mappings' order counts."""
        parts = [str(FORMATS_VERSION), *NAMES]
        parts += [f"{mapping.name}={mapping.digest}" for mapping in self.mappings]
        return blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def packaged_mappings() -> tuple[Mapping, ...]:
    """Return the mappings that come with Millrace. Reads package data: for the composition root."""
    found = sorted(
        (file for file in files(__name__).iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    return tuple(load_mapping(file.read_text("utf-8"), file.name.removesuffix(".toml")) for file in found)


def alert_from(value: bytes, formats: Formats) -> Alert:
    """Return the Alert that these bytes are.

    Raises Rejected and nothing else, for any bytes: what ``parse_bytes`` raises, ``unknown_format``,
    ``not_an_alert``. Equal bytes in a row give the same object.
    """
    return formats.remembered(value) if len(value) <= REPEATS_BYTES else _read(value, formats)


def alerts_from(values: Sequence[bytes], formats: Formats) -> list[Alert | Rejected]:
    """Return what each of these is, at its place: the Alert, or why it is none.

    The same as ``alert_from`` of each, in less time: those that begin alike are read one after the other,
    for a parser that is called again finds its code and tables in the processor's caches. Of six formats in
    any order 101 µs an alert for 127, the whole way without models (benchmarks.formats).
    """
    alike: dict[bytes, list[int]] = {}
    for place, value in enumerate(values):
        alike.setdefault(value[:ALIKE_BYTES], []).append(place)
    found: dict[int, Alert | Rejected] = {}
    for places in alike.values():
        for place in places:
            try:
                found[place] = alert_from(values[place], formats)
            except Rejected as rejected:
                # A new one: this one's traceback holds our frame, and so ``found``: a ring.
                found[place] = Rejected(rejected.code, str(rejected))
    return [found[place] for place in range(len(values))]


def _read(value: bytes, formats: Formats) -> Alert:
    if value[:1] != b"{":
        found = line.document(value)
        if found is not None:
            name, doc, quality = found
            return LINES[name](doc, quality) if name else _of_object(doc, quality, formats)
    return _of_object(*parse_bytes(value), formats)


def _of_object(doc: dict[str, Any], quality: tuple[Quality, ...], formats: Formats) -> Alert:
    for format_ in candidates(KEYS.intersection(doc)):
        if format_.recognise(doc):
            return format_.parse(doc, quality)
    for mapping in formats.mappings:
        if mapping.recognise(doc):
            return mapping.parse(doc, quality)
    inner = doc.get(HIT)
    if type(inner) is dict and HIT not in inner:  # a search hit of Elasticsearch or OpenSearch
        return _of_object(inner, quality, formats)
    raise Rejected(
        DeadCode.UNKNOWN_FORMAT, "no format knows this JSON object; write a mapping for it (docs/formats.md)"
    )
