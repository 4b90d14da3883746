"""Bytes → JSON object. One fast parse, then one tolerant parse, then a dead letter.

orjson refuses a whole document for one lone surrogate, one 0xFF, ``1e999``, a BOM or a raw control character.
Each of these can be put into an alert by whoever is being watched (a host name, a URL, a user agent), so none
of them may cost the analyst the alert: the tolerant parse mends it and says what it mended.
"""

import re
from json import JSONDecodeError, JSONDecoder
from math import isinf
from typing import Any, Final

import orjson

from enrich.errors import DeadCode, Quality, QualityCode, Rejected
from enrich.text import without_surrogates

# Deepest nesting read. Real alerts nest about 8 levels; orjson writes at most 254, and the standard library's
# parser gives up at a depth that hangs on the caller's stack, which would make the outcome differ by caller.
DEPTH_LIMIT: Final = 128

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# Strings are skipped whole, an unclosed one up to the end. Possessive: linear on any input.
_STRING_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_STEP: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_INT64_MIN: Final = -(2**63)
_UINT64_MAX: Final = 2**64 - 1

_NAN_ETC: Final = Quality(QualityCode.NUMBER_OUT_OF_RANGE)
_BYTES: Final = Quality(QualityCode.BYTES_REPAIRED)
_BOM: Final = Quality(QualityCode.BOM_STRIPPED)
_CONTROL: Final = Quality(QualityCode.CONTROL_CHARACTER)
_SURROGATE: Final = Quality(QualityCode.LONE_SURROGATE)
_NESTING: Final = Quality(QualityCode.NESTING_PRUNED)
_DUPLICATE: Final = Quality(QualityCode.DUPLICATE_KEYS)
_TWICE: Final = Quality(QualityCode.TWICE_ENCODED)


def parse_bytes(value: bytes, before: tuple[Quality, ...] = ()) -> tuple[dict[str, Any], tuple[Quality, ...]]:
    """Return the JSON object in these bytes, and what had to be mended to read it.

    The object holds only what ``orjson.dumps`` can write: text without lone surrogates, finite floats,
    integers of 64 bits (longer ones become floats, or None beyond a float's range), DEPTH_LIMIT levels.

    What is nested deeper becomes None: an attacker may write a part of an alert, not take it away. Of equal
    keys in one object the last counts, and that is told: another reader may go by the first. A JSON text
    within a JSON text is read once more.

    before: what was mended to get at these bytes.

    Raises Rejected and nothing else, for any bytes: ``unparseable``, ``not_an_object``. The message tells
    where reading stopped and repeats nothing of what the bytes say.

    >>> parse_bytes(b'{"a": NaN}')
    ({'a': None}, (Quality(code=<QualityCode.NUMBER_OUT_OF_RANGE: 'number_out_of_range'>, field=''),))
    """
    quality: tuple[Quality, ...] = ()
    if value.count(b"{") + value.count(b"[") > DEPTH_LIMIT and value[:2] not in _UTF16:
        shallow = _pruned(value)
        if shallow is not value:
            value, quality = shallow, (_NESTING,)
    try:
        doc = orjson.loads(value)
    except JSONDecodeError:
        doc, mended = _tolerant(value)
        quality = tuple(sorted({*quality, *mended}))
    else:
        if _doubles(value, doc):
            quality = tuple(sorted({*quality, _DUPLICATE}))
    if type(doc) is str and doc.lstrip(" \t\r\n")[:1] == "{" and _TWICE not in before:
        return parse_bytes(doc.encode(), (*before, *quality, _TWICE))
    quality = (*before, *quality) if before else quality
    if type(doc) is not dict:
        raise Rejected(
            DeadCode.NOT_AN_OBJECT, "the JSON value is not an object; send one alert object per record"
        )
    return doc, quality


def _doubles(value: bytes, doc: object) -> bool:
    """Return whether some object in the text has a key twice.

    Of two equal keys orjson keeps one, so its own text of the document has fewer quotation marks. An escaped
    one (``\\u0022``) becomes a plain one there; counted with the others, nothing can make up for the loss.
    Most sources write as orjson does, and nothing needs to be counted: 0.8 µs for 2.3 of 900 bytes.
    """
    again = orjson.dumps(doc)
    if again == value:
        return False
    marks = value.count(b'"')
    if b"\\u0022" in value:
        marks += value.count(b"\\u0022")
    if marks == again.count(b'"'):
        return False
    found: set[Quality] = set()
    _decoder(found, strict=True).decode(value.decode())  # orjson has read it: it is sound
    return _DUPLICATE in found


def _tolerant(value: bytes) -> tuple[object, tuple[Quality, ...]]:
    found: set[Quality] = set()
    text = _decoded(value, found)
    body = text.rstrip("\x00 \t\r\n")
    if "\x00" in text[len(body) :]:
        found.add(_CONTROL)
    if not body:
        raise Rejected(DeadCode.UNPARSEABLE, "the record is empty")
    try:
        doc = _decoder(found, strict=True).decode(body)
    except ValueError:
        doc = _lenient(body, found)
        found.add(_CONTROL)
    if _SURROGATE_ESCAPE.search(body):
        doc = _mended(doc, found)
    return doc, tuple(sorted(found))


def _lenient(body: str, found: set[Quality]) -> object:
    try:
        return _decoder(found, strict=False).decode(body)
    except JSONDecodeError as error:
        where = f"reading stopped at character {error.pos} of {len(body)}"
    raise Rejected(DeadCode.UNPARSEABLE, f"the record is not JSON: {where}")


def _decoded(value: bytes, found: set[Quality]) -> str:
    """Return the text: UTF-16 where a BOM says so, else UTF-8. What is invalid becomes U+FFFD."""
    encoding = _UTF16.get(value[:2], "utf-8")
    if encoding != "utf-8":
        value = value[2:]
        found.add(_BOM)
    elif value.startswith(_UTF8_BOM):
        value = value[3:]
        found.add(_BOM)
    try:
        text = value.decode(encoding)
    except UnicodeDecodeError:
        found.add(_BYTES)
        text = value.decode(encoding, "replace")
    if encoding != "utf-8":  # the look before saw bytes, not characters
        encoded = text.encode()
        shallow = _pruned(encoded)
        if shallow is not encoded:
            found.add(_NESTING)
            return shallow.decode()
    return text


def _decoder(found: set[Quality], *, strict: bool) -> JSONDecoder:
    def constant(_: str) -> None:
        found.add(_NAN_ETC)

    def floating(digits: str) -> float | None:
        number = float(digits)
        if isinf(number):
            found.add(_NAN_ETC)
            return None
        return number

    def integer(digits: str) -> float | None:
        # int() of unbounded digits is quadratic, and refused beyond 4,300; orjson too makes these floats.
        if len(digits) <= 20 and _INT64_MIN <= (number := int(digits)) <= _UINT64_MAX:
            return number
        return floating(digits)

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        doc = dict(pairs)
        if len(doc) != len(pairs):
            found.add(_DUPLICATE)
        return doc

    return JSONDecoder(
        strict=strict,
        parse_float=floating,
        parse_int=integer,
        parse_constant=constant,
        object_pairs_hook=members,
    )


def _mended(doc: Any, found: set[Quality]) -> Any:
    """Return the value with every lone surrogate, in keys too, as U+FFFD. Depth is bounded by DEPTH_LIMIT."""
    if type(doc) is str:
        text = without_surrogates(doc)
        if text is not doc:
            found.add(_SURROGATE)
        return text
    if type(doc) is list:
        return [_mended(item, found) for item in doc]
    if type(doc) is dict:
        mended = {_mended(key, found): _mended(item, found) for key, item in doc.items()}
        if len(mended) != len(doc):
            found.add(_DUPLICATE)
        return mended
    return doc


def _pruned(value: bytes) -> bytes:
    """Return the JSON text with null for every value nested deeper than DEPTH_LIMIT; the same if none is."""
    depth, kept_to = 0, 0
    kept: list[bytes] = []
    step = _STEP.get
    for match in _STRING_OR_BRACKET.finditer(value):
        change = step(match[0], 0)
        if change > 0:
            depth += 1
            if depth == DEPTH_LIMIT + 1:
                kept += (value[kept_to : match.start()], b"null")
        elif change < 0:
            if depth == DEPTH_LIMIT + 1:
                kept_to = match.end()
            depth -= 1
    if not kept:
        return value
    if depth <= DEPTH_LIMIT:  # else it breaks off in the depth, and is no JSON either way
        kept.append(value[kept_to:])
    return b"".join(kept)
