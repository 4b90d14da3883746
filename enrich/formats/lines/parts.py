"""The parts of a line's document, checked for their types: what ``ends`` and ``stated`` read."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.lines import keys, products, words
from enrich.formats.lines.products import Product
from enrich.formats.lines.structured import private


class Line(NamedTuple):
    """A line's parts, checked for their types.

    named: pairs that are known, by plain key. text: beside the pairs. told: a program's sentence stands
    first; whoever is watched writes some of it, pairs too (``Invalid user src=10.0.0.1 from 192.0.2.1``), so
    that they tell nothing of time, severity, rule and host, and of the source only what the sentence leaves
    open. rule: id and title, where the layout of the message tells them.
    """

    header: Mapping[str, Any]
    pairs: Mapping[str, Any]
    structured: Mapping[str, Any]
    named: Mapping[str, tuple[str, str]]
    text: str
    body: str
    kind: str | None
    product: Product
    said: words.Said
    told: bool = False
    rule: Mapping[str, Any] = fields.NOTHING


def line(doc: Mapping[str, Any], quality: list[Quality]) -> Line:
    """Return the parts of a document that ``line.document`` made."""
    header = fields.part(doc, "syslog", "syslog", quality)
    pairs = fields.part(doc, "pairs", "pairs", quality)
    structured = fields.part(doc, "structured", "structured", quality)
    if structured:
        pairs = pairs | private({name: said for name, said in structured.items() if type(said) is dict})
    body, text, kind = (doc.get(key) for key in ("message", "text", "columns"))
    body = body if type(body) is str else ""
    text = text if type(text) is str else ""
    named = keys.named(pairs) if pairs else {}
    scanned = text
    if named and (sentence := keys.first(named, keys.MESSAGE)[1]):
        scanned = f"{text} {sentence}" if text else sentence
    kind = kind if type(kind) is str else None
    leads = bool(text) and body.startswith(text[:_LEAD])
    product = products.product(header, pairs, structured, text or body, kind, leads)
    told = leads and kind is None and (product.program or product in _OF_SENTENCES)
    if told and named:
        named = {name: pair for name, pair in named.items() if name not in _NOT_TOLD}
    rule = fields.part(doc, "rule", "rule", quality)
    return Line(header, pairs, structured, named, text, body, kind, product, words.said(scanned), told, rule)


# How much of the text must stand at the message's start.
_LEAD: Final = 8
_OF_SENTENCES: Final = frozenset((products.UNKNOWN, products.WEB_SERVER, products.ASA, products.IOS))
_NOT_TOLD: Final = frozenset(
    (
        *(*keys.TIME, *keys.SEVERITY, *keys.LEVEL, *keys.RULE_ID, *keys.TITLE, *keys.ACTION, *keys.CATEGORY),
        *(*keys.DEVICE_ID, *keys.SOURCE_UID, *keys.TECHNIQUES),
    )
)


def one(found: Line, names: tuple[str, ...], used: set[str]) -> str | None:
    """Return the value of the first of these pairs, and note that it was used."""
    key, value = keys.first(found.named, names)
    if not key:
        return None
    used.add(key)
    return value
