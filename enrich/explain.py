"""Why an alert reads as it does: its format, and for each field the places in the source that it came from.

The places are found by taking the document apart: one value at a time is left out, the rest is parsed again,
and whatever field of the Alert has changed came from there. So it holds for every format and every mapping,
fallbacks included, and needs no table that could be wrong. A parse takes microseconds.

    document   bytes → what the formats look at (of a line of text: what was read out of it)
    explain    bytes → Explained, or Refused for what becomes a dead letter
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, Final, NamedTuple

from enrich.alert import Alert, Endpoint, Process
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import FORMATS, HIT, LINES, Formats, Parse, line
from enrich.parse import parse_bytes

# Values left out one by one; a real alert has 20 to 400. Those beyond it are not looked at, and counted.
LEAVES_MAX: Final = 4_000

# What may stand in place of a value that the format cannot do without: words that mean nothing to most
# fields, and that every scale of severity has.
INSTEAD: Final = ("low", "high")

Path = tuple[str | int, ...]
Doc = dict[str, Any]


class Document(NamedTuple):
    """line: name in ``LINES`` for a line of text, "" for JSON. quality: what had to be mended to read it."""

    line: str
    doc: Doc
    quality: tuple[Quality, ...]


class Reader(NamedTuple):
    """What parses a document. keys: the top-level keys that made it look."""

    name: str
    keys: tuple[str, ...]
    parse: Parse


class Field(NamedTuple):
    """A field of the Alert that has a value.

    sources: paths in the document without which it would be another; none: a constant of the format.
    shared: the same value stands elsewhere too, and would have been taken from there.
    """

    name: str
    value: object
    sources: tuple[str, ...]
    shared: bool


class Explained(NamedTuple):
    """keys: top-level keys of the shape. decided_by: values without which it would not be this format.

    unread: paths whose value ends in no field (they are in ``unmapped``, or are the format's own marks).
    untried: how many values beyond LEAVES_MAX were not looked at.
    """

    format: str
    keys: tuple[str, ...]
    decided_by: tuple[str, ...]
    fields: tuple[Field, ...]
    repaired: tuple[Quality, ...]
    unread: tuple[str, ...]
    untried: int


class Refused(NamedTuple):
    """A dead letter. format: that refused it, None where no format knows it."""

    code: DeadCode
    message: str
    format: str | None


def document(value: bytes) -> Document:
    """Return what the formats look at. Raises Rejected."""
    if value[:1] != b"{":
        found = line.document(value)
        if found is not None:
            return Document(*found)
    return Document("", *parse_bytes(value))


def explain(value: bytes, formats: Formats) -> Explained | Refused:
    """Return why these bytes read as they do. Raises nothing."""
    try:
        given = document(value)
    except Rejected as refused:
        return Refused(refused.code, str(refused), None)
    reader = _reader(given, formats)
    if reader is None:
        return Refused(DeadCode.UNKNOWN_FORMAT, "no format knows this record", None)
    try:
        alert = reader.parse(given.doc, given.quality)
    except Rejected as refused:
        return Refused(refused.code, str(refused), reader.name)
    return _Ablation(given, formats, reader, alert).explained()


def _reader(given: Document, formats: Formats) -> Reader | None:
    if given.line:
        return Reader(given.line, (), LINES[given.line])
    for format_ in FORMATS:
        if format_.keys <= given.doc.keys() and format_.recognise(given.doc):
            return Reader(format_.name, tuple(sorted(format_.keys)), format_.parse)
    for mapping in formats.mappings:
        if mapping.recognise(given.doc):
            return Reader(mapping.format, tuple(sorted(mapping.keys)), mapping.parse)
    inner = given.doc.get(HIT)
    if type(inner) is dict and HIT not in inner:
        found = _reader(given._replace(doc=inner), formats)
        if found is not None:
            return found._replace(parse=_of_hit(found.parse))
    return None


def _of_hit(parse: Parse) -> Parse:
    def read(doc: Mapping[str, Any], quality: tuple[Quality, ...]) -> Alert:
        return parse(doc[HIT], quality)

    return read


class _Ablation:
    """The document without some of its values, parsed again and again."""

    def __init__(self, given: Document, formats: Formats, reader: Reader, alert: Alert) -> None:
        self.given, self.formats, self.reader, self.alert = given, formats, reader, alert
        self.values: Final = parts(alert)
        leaves = [path for path in paths(given.doc) if path]
        self.leaves: Final = leaves[:LEAVES_MAX]
        self.untried: Final = len(leaves) - len(self.leaves)

    def explained(self) -> Explained:
        decided: list[str] = []
        unread: list[str] = []
        sources: dict[str, list[str]] = {name: [] for name in self.values}
        needed: list[Path] = []
        for path in self.leaves:
            changed = self._changed(without(self.given.doc, path))
            if changed is None:
                decided.append(written(path))
                needed.append(path)
                # Needed to tell the format: it stays, and says nothing.
                changed = self._changed(without(self.given.doc, path, None)) or set()
            elif not changed:
                unread.append(written(path))
            for name in changed:
                sources[name].append(written(path))
        self._from_needed(needed, sources)
        shared = self._shared({name for name, found in sources.items() if not found})
        fields = [
            Field(name, value, tuple(sources[name] or shared.get(name, ())), name in shared)
            for name, value in self.values.items()
        ]
        taken = {path for found in shared.values() for path in found}
        return Explained(
            self.reader.name,
            self.reader.keys,
            tuple(decided),
            tuple(fields),
            self.alert.quality,
            tuple(path for path in unread if path not in taken),
            self.untried,
        )

    def _changed(self, doc: Doc, told: bool = False) -> set[str] | None:
        """Return the fields that this document gives another value; None where it is not of the format.

        told: the format is known, and not asked for again.
        """
        given = self.given._replace(doc=doc)
        try:
            reader = self.reader if told else _reader(given, self.formats)
            if reader is None or reader.name != self.reader.name:
                return None
            values = parts(reader.parse(doc, given.quality))
        except (Rejected, LookupError, TypeError, AttributeError, ValueError):
            return None  # a line's document, say, without what its parser always finds
        return {name for name, value in self.values.items() if values.get(name) != value}

    def _from_needed(self, needed: list[Path], sources: dict[str, list[str]]) -> None:
        """Add what the format is told by to the fields that have no other source, and only these.

        The format is taken as told; a value that it cannot do without is another then.
        """
        for path in needed:
            changed: set[str] = set()
            for instead in INSTEAD:
                changed |= self._changed(without(self.given.doc, path, instead), told=True) or set()
            for name in changed:
                if not sources[name]:
                    sources[name].append(written(path))

    def _shared(self, unexplained: set[str]) -> dict[str, tuple[str, ...]]:
        """Return a place for each of these whose value stands in two: all later ones are left out with it."""
        found: dict[str, tuple[str, ...]] = {}
        doc = self.given.doc
        for path in reversed(self.leaves):
            if not unexplained:
                break
            shorter = without(doc, path)
            changed = self._changed(shorter, told=True)
            if changed is None:
                continue
            doc = shorter
            for name in changed & unexplained:
                found[name] = (written(path),)
            unexplained -= changed
        return found


def parts(alert: Alert) -> dict[str, object]:
    """Return the fields that have a value, ends and process by their parts; not ``unmapped``, quality."""
    said: dict[str, object] = {}
    for field in dataclass_fields(alert):
        value = getattr(alert, field.name)
        if field.name in ("unmapped", "quality") or value is None or value == () or value is False:
            continue
        if isinstance(value, Endpoint | Process):
            for part in dataclass_fields(value):
                inner = getattr(value, part.name)
                if inner is not None:
                    said[f"{field.name}.{part.name}"] = inner
        else:
            said[field.name] = value
    return said


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every leaf: a value that is no object and no list, or an empty one."""
    items: Iterator[tuple[str | int, object]] | None = None
    if isinstance(value, dict) and value:
        items = iter(value.items())
    elif isinstance(value, list) and value:
        items = iter(enumerate(value))
    if items is None:
        yield at
        return
    for key, inner in items:
        yield from paths(inner, (*at, key))


def without(doc: Doc, path: Path, *instead: object) -> Doc:
    """Return the document without the value at the path, or with another there. It shares all the rest."""
    found: Doc = _without(doc, path, instead)
    return found


def _without(value: Any, path: Path, instead: tuple[object, ...]) -> Any:
    key, *deeper = path
    copy = value.copy()
    if deeper:
        copy[key] = _without(value[key], tuple(deeper), instead)
    elif instead:
        copy[key] = instead[0]
    else:
        del copy[key]
    return copy


def written(path: Path) -> str:
    """Return the path as people write it.

    >>> written(("dns", "query", 0, "rrname"))
    'dns.query[0].rrname'
    """
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{key}" if text else key
    return text
