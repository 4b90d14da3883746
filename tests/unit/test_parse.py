"""parse_bytes: any bytes give an object that orjson can write, or Rejected; nothing else, ever."""

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from enrich.errors import DeadCode, QualityCode, Rejected
from enrich.parse import DEPTH_LIMIT, parse_bytes


def nested(levels: int, opening: bytes = b'{"a":', closing: bytes = b"}") -> bytes:
    return opening * levels + b"1" + closing * levels


def cut(levels: int) -> object:
    """What is read of objects in objects that go on beyond so many levels."""
    return {"a": cut(levels - 1)} if levels else None


def cut_list(levels: int) -> object:
    return [cut_list(levels - 1)] if levels else None


MENDED = {
    "a UTF-8 BOM": (b'\xef\xbb\xbf{"a":1}', {"a": 1}, {"bom_stripped"}),
    "UTF-16 little-endian": ('{"a":"ü"}'.encode("utf-16"), {"a": "ü"}, {"bom_stripped"}),
    "UTF-16 big-endian": (b"\xfe\xff" + '{"a":1}'.encode("utf-16-be"), {"a": 1}, {"bom_stripped"}),
    "UTF-16 cut in a character": (
        '{"a":1}'.encode("utf-16") + b"\x20",
        None,
        DeadCode.UNPARSEABLE,
    ),
    "a byte that is not UTF-8": (b'{"a":"x\xffy"}', {"a": "x\ufffdy"}, {"bytes_repaired"}),
    "Latin-1": (b'{"a":"M\xfcller"}', {"a": "M\ufffdller"}, {"bytes_repaired"}),
    "overlong UTF-8": (b'{"a":"\xc0\xaf"}', {"a": "\ufffd\ufffd"}, {"bytes_repaired"}),
    "a surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', {"a": "\ufffd\ufffd\ufffd"}, {"bytes_repaired"}),
    "a raw control character": (b'{"a":"x\x01y"}', {"a": "x\x01y"}, {"control_character"}),
    "a raw newline": (b'{"a":"x\ny"}', {"a": "x\ny"}, {"control_character"}),
    "a raw NUL": (b'{"a":"x\x00y"}', {"a": "x\x00y"}, {"control_character"}),
    "NULs behind": (b'{"a":1}\x00\x00\n', {"a": 1}, {"control_character"}),
    "an escaped NUL, which is JSON": (b'{"a":"\\u0000"}', {"a": "\x00"}, set()),
    "NaN": (b'{"a":NaN}', {"a": None}, {"number_out_of_range"}),
    "infinities": (b'{"a":[Infinity,-Infinity]}', {"a": [None, None]}, {"number_out_of_range"}),
    "1e999": (b'{"a":1e999,"b":-1e999}', {"a": None, "b": None}, {"number_out_of_range"}),
    "5,000 digits": (b'{"a":' + b"9" * 5000 + b"}", {"a": None}, {"number_out_of_range"}),
    "20 digits, which is a float": (b'{"a":99999999999999999999}', {"a": 1e20}, set()),
    "a lone surrogate": (b'{"a":"x\\ud800y"}', {"a": "x\ufffdy"}, {"lone_surrogate"}),
    "a lone low surrogate": (b'{"a":"\\uDC00"}', {"a": "\ufffd"}, {"lone_surrogate"}),
    "surrogates the wrong way round": (b'{"a":"\\udc00\\ud800"}', {"a": "\ufffd\ufffd"}, {"lone_surrogate"}),
    "a lone surrogate in a key": (b'{"\\ud800":[{"b":1}]}', {"\ufffd": [{"b": 1}]}, {"lone_surrogate"}),
    "a surrogate pair beside a raw control": (
        b'{"a":"\\ud83d\\ude00\x02"}',
        {"a": "😀\x02"},
        {"control_character"},
    ),
    "an escaped backslash before ud800": (
        b'{"a":"\\\\ud800\x01"}',
        {"a": "\\ud800\x01"},
        {"control_character"},
    ),
    "everything at once": (
        b'\xef\xbb\xbf{"a":"\xff\x01\\ud800","b":1e999}\x00',
        {"a": "\ufffd\x01\ufffd", "b": None},
        {"bom_stripped", "bytes_repaired", "control_character", "lone_surrogate", "number_out_of_range"},
    ),
    "space around": (b' \t\r\n{"a":1}\n', {"a": 1}, set()),
    "a duplicate key, the last counts": (b'{"a":1,"a":2}', {"a": 2}, {"duplicate_keys"}),
    "a duplicate key within": (
        b'{"b":[{"a":1,"c":0,"a":"x"}]}',
        {"b": [{"a": "x", "c": 0}]},
        {"duplicate_keys"},
    ),
    "a duplicate key in another spelling": (b'{"a":1,"\\u0061":2}', {"a": 2}, {"duplicate_keys"}),
    "a duplicate key, made up for by an escaped mark": (
        b'{"a":1,"a":"\\u0022\\u0022"}',
        {"a": '""'},
        {"duplicate_keys"},
    ),
    "a duplicate key where the document is mended too": (
        b'{"a":1,"a":NaN}',
        {"a": None},
        {"duplicate_keys", "number_out_of_range"},
    ),
    "one key in two objects": (b'{"a":{"a":1},"b":{"a":1}}', {"a": {"a": 1}, "b": {"a": 1}}, set()),
    "an escaped mark": (b'{"a":"\\u0022","b":"\\\\u0022"}', {"a": '"', "b": "\\u0022"}, set()),
    "a key in two cases": (b'{"a":1,"A":2}', {"a": 1, "A": 2}, set()),
    "an object in a text": (b' "{\\"a\\":1}"', {"a": 1}, {"twice_encoded"}),
    "an object in a text, and a key twice in it": (
        b'"{\\"a\\":1,\\"a\\":2}"',
        {"a": 2},
        {"twice_encoded", "duplicate_keys"},
    ),
    "an empty object in a text": (b'"{}"', {}, {"twice_encoded"}),
    "a text in a text in a text": (
        json.dumps(json.dumps(json.dumps({"a": 1}))).encode(),
        None,
        DeadCode.NOT_AN_OBJECT,
    ),
    "two objects one after the other": (b'{"a":1}{"a":2}', None, DeadCode.UNPARSEABLE),
    "two lines": (b'{"a":1}\n{"a":2}\n', None, DeadCode.UNPARSEABLE),
    "an object cut off": (b'{"a":1,"b', None, DeadCode.UNPARSEABLE),
    "minus zero": (b'{"a":-0,"b":-0.0}', {"a": 0, "b": 0.0}, set()),
    "nothing": (b"", None, DeadCode.UNPARSEABLE),
    "space": (b" \n", None, DeadCode.UNPARSEABLE),
    "a BOM alone": (b"\xef\xbb\xbf", None, DeadCode.UNPARSEABLE),
    "NULs": (b"\x00" * 9, None, DeadCode.UNPARSEABLE),
    "text": (b"Jan 14 00:00:00 host sshd[1]: x", None, DeadCode.UNPARSEABLE),
    "a cut object": (b'{"a":"b', None, DeadCode.UNPARSEABLE),
    "two objects": (b'{"a":1}{"b":2}', None, DeadCode.UNPARSEABLE),
    "a trailing comma": (b'{"a":1,}', None, DeadCode.UNPARSEABLE),
    "single quotes": (b"{'a':1}", None, DeadCode.UNPARSEABLE),
    "a list": (b'[{"a":1}]', None, DeadCode.NOT_AN_OBJECT),
    "null": (b"null", None, DeadCode.NOT_AN_OBJECT),
    "a number": (b"7", None, DeadCode.NOT_AN_OBJECT),
    "a string": (b'"x{}"', None, DeadCode.NOT_AN_OBJECT),
    "NaN alone": (b"NaN", None, DeadCode.NOT_AN_OBJECT),
    "objects as deep as allowed": (
        nested(DEPTH_LIMIT),
        orjson.loads(nested(DEPTH_LIMIT)),
        set(),
    ),
    "a part that is too deep, beside others": (
        b'{"a":' + nested(DEPTH_LIMIT + 5) + b',"b":' + b"[" * 300 + b"]" * 300 + b',"c":1}',
        {"a": cut(DEPTH_LIMIT - 1), "b": cut_list(DEPTH_LIMIT - 1), "c": 1},
        {"nesting_pruned"},
    ),
    "100,000 brackets": (b"[" * 100_000, None, DeadCode.UNPARSEABLE),
    "too deep behind a quote that is not closed": (b'{"a":"' + b"[" * 500, None, DeadCode.UNPARSEABLE),
    "deep and broken": (b'{"a":\x01' * 500, None, DeadCode.UNPARSEABLE),
    "deep in UTF-16": (
        nested(300).decode().encode("utf-16"),
        cut(DEPTH_LIMIT),
        {"nesting_pruned", "bom_stripped"},
    ),
    "deep in UTF-16 behind what looks like a quote": (
        ('{"\u2222":' + nested(2000).decode() + "}").encode("utf-16"),
        {"\u2222": cut(DEPTH_LIMIT - 1)},
        {"nesting_pruned", "bom_stripped"},
    ),
    "brackets in a text": (b'{"a":"' + b"[{" * 500 + b'"}', {"a": "[{" * 500}, set()),
    "brackets in a text behind escaped quotes": (
        b'{"a":"\\\\\\"' + b"[" * 500 + b'"}',
        {"a": '\\"' + "[" * 500},
        set(),
    ),
    "many shallow lists": (b'{"a":[' + b"[]," * 500 + b"[]]}", {"a": [[]] * 501}, set()),
    "Chinese in UTF-16, whose bytes look like brackets": (
        '{"a":"'.encode("utf-16") + ("筻" * 300 + '"}').encode("utf-16-le"),
        {"a": "筻" * 300},
        {"bom_stripped"},
    ),
}


@pytest.mark.parametrize(("value", "doc", "found"), MENDED.values(), ids=MENDED.keys())
def test_what_is_read_and_what_was_mended(value: bytes, doc: Any, found: Any) -> None:
    if isinstance(found, DeadCode):
        with pytest.raises(Rejected) as refused:
            parse_bytes(value)
        assert refused.value.code == found
    else:
        read, quality = parse_bytes(value)
        assert (read, {str(each.code) for each in quality}) == (doc, found)


NASTY = st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\\ud800",
        b"\\udc00",
        b"NaN",
        b"1e999",
        b"-",
        b"\x1b",
        b"\\",
        b'"',
        b"{",
        b"]",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def check(value: bytes) -> None:
    try:
        doc, quality = parse_bytes(value)
    except Rejected:
        return
    assert type(doc) is dict
    assert all(type(each.code) is QualityCode and each.field == "" for each in quality)
    orjson.dumps(doc)


@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00")
@example(b"\xfe\xff")
def test_any_bytes_give_an_object_or_a_rejection(value: bytes) -> None:
    check(value)


@given(st.lists(NASTY | st.binary(max_size=6), max_size=12).map(b"".join))
def test_any_pieces_within_an_object_give_an_object_or_a_rejection(piece: bytes) -> None:
    check(b'{"a":"' + piece + b'","b":' + piece + b"}")
    check(b'{"a":"' + piece + b'"}')


@given(JSON)
def test_whatever_the_standard_library_writes_is_read(value: Any) -> None:
    text = json.dumps({"a": value})
    doc, _ = parse_bytes(text.encode())
    orjson.dumps(doc)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_what_orjson_writes_needs_no_mending(doc: dict[str, Any]) -> None:
    try:
        value = orjson.dumps(doc)
    except TypeError:
        return  # an integer or a surrogate that orjson refuses
    assert parse_bytes(value) == (orjson.loads(value), ())


@given(st.text(st.sampled_from('{}[]"\\ a'), max_size=400))
def test_the_depth_is_told_the_same_for_all_callers(text: str) -> None:
    value = b'{"a":' + text.encode() * 2 + b"}"

    def outcome(below: int) -> Any:
        if below:
            return outcome(below - 1)
        try:
            return parse_bytes(value)
        except Rejected as refused:
            return refused.code

    assert outcome(0) == outcome(200)


@pytest.mark.parametrize(
    "value",
    [
        b'{"password":"hunter2',
        b'hunter2 {"a":1}',
        b'["hunter2"]',
        b'{"hunter2":' * 200,
        b'{"a":"\\hunter2"}',
        b'{"a":1} hunter2',
    ],
)
def test_a_rejection_repeats_nothing_of_the_record(value: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        parse_bytes(value)
    assert "hunter2" not in str(refused.value) + repr(refused.value.__cause__)


@pytest.mark.parametrize("value", [b"", b"x", b"[]", b'{"a":1}{}'])
def test_a_rejection_is_one_line(value: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        parse_bytes(value)
    assert "\n" not in str(refused.value)


def test_a_megabyte_of_escapes_and_quotes_takes_linear_time() -> None:
    def seconds(size: int) -> float:
        worst = 0.0
        for piece in (b'\\"', b'"\\', b'["', b"\\\\[", b"\\ud800", b'"[\x01'):
            began = time.process_time()
            check(b'{"a":"' + piece * (size // len(piece)))
            worst = max(worst, time.process_time() - began)
        return worst

    assert seconds(1_000_000) < 40 * max(seconds(100_000), 0.002)
