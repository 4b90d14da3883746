"""Lines of text: whatever is missing, put in or repeated, nothing stops or slows the reader."""

import copy
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert
from enrich.formats import keyvalue, line
from tests.examples import OF_EACH, examples
from tests.unit.lines_read import DOCS, NAMES, PARSE, SAMPLES, document


def tokens(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict):
        return [at]
    return [at] * bool(at) + [path for key, item in value.items() for path in tokens(item, (*at, key))]


def without(doc: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    doc = copy.deepcopy(doc)
    inner = doc
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return doc


def assert_sound(found: Alert) -> None:
    assert type(found) is Alert
    for name in ("format", "vendor", "product", "detector", "rule_id", "title"):
        said = getattr(found, name)
        assert said.strip()
        assert len(said) <= FIELD_LIMIT
    for end in (found.src, found.dst, found.device):
        assert end.ip is None or canonical(end.ip) == end.ip
        assert end.port is None or 0 <= end.port <= 65_535
        assert end.name is None or 0 < len(end.name) <= FIELD_LIMIT
    assert found.severity_id in (None, 1, 2, 3, 4, 5)
    assert (found.severity_text is None) == (found.severity_scale is None)
    assert found.action in (None, "allowed", "blocked")
    for text in (found.user, found.message, found.url, found.file_path, found.category, found.source_uid):
        assert text is None or 0 < len(text) <= FIELD_LIMIT
    assert len(set(found.quality)) == len(found.quality)
    orjson.dumps(found, default=list)


@pytest.mark.parametrize("number", range(len(DOCS)), ids=list(SAMPLES))
def test_each_token_may_be_missing(number: int) -> None:
    for path in tokens(DOCS[number]):
        assert_sound(PARSE[NAMES[number]](without(DOCS[number], path), ()))


def test_a_field_comes_from_the_token_that_says_it() -> None:
    doc = document(SAMPLES["keyvalue_fortigate_ips"]["line"])
    assert keyvalue.parse(without(doc, ("pairs", "srcip")), ()).src.ip is None
    assert keyvalue.parse(without(doc, ("pairs", "url")), ()).url is None
    assert keyvalue.parse(without(doc, ("pairs", "srcip")), ()).dst.ip == "198.51.100.7"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.sampled_from(
        ["", " ", "-", "9" * 40, "1.1.1.1", "::1", "65536", "x" * 2000, "\x00", "a b", "T1059", '"']
    )
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["src", "a", "msg"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize("number", range(len(DOCS)), ids=list(SAMPLES))
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_at_the_tokens_give_a_sound_alert(number: int, data: st.DataObject) -> None:
    doc = copy.deepcopy(DOCS[number])
    for path in data.draw(st.lists(st.sampled_from(tokens(doc)), max_size=4, unique=True)):
        inner: Any = doc
        for key in path[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and path[-1] in inner:
            inner[path[-1]] = data.draw(VALUES)
    found = PARSE[NAMES[number]](doc, ())
    assert type(found) is Alert
    assert found.title
    assert found.rule_id


PIECES = st.sampled_from(
    [
        *(
            "<34>",
            "1 ",
            "Mar  5 10:11:12 ",
            "2024-03-05T10:11:12Z ",
            "h ",
            "sshd[7]: ",
            "%ASA-4-1:",
            "CEF:0|a|b|c|d|e|5|",
        ),
        *(
            "LEEF:2.0|a|b|c|d|^|",
            "src=",
            "192.0.2.1",
            ":22",
            " from ",
            "user ",
            '"',
            "'",
            "[",
            "]",
            "=",
            "|",
            "\\",
            ",",
        ),
        *(
            "msg=audit(1709633472.243:1):",
            "type=X ",
            "a=b ",
            "\t",
            "  ",
            "Key: ",
            "GET / HTTP/1.1",
            "{",
            "}",
            "\x00",
            "ü",
        ),
        *(
            "filterlog: ",
            "5,,,1,igb0,match,block,in,4,",
            "1,2024/03/05 10:11:12,1,THREAT,",
            "WinEvtLog: ",
            " ; ",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=24).map("".join))
def test_any_text_is_no_line_or_a_sound_alert(text: str) -> None:
    read = line.document(text.encode(errors="replace"))
    if read is not None and read[0]:
        assert_sound(PARSE[read[0]](read[1], read[2]))


@given(st.binary(max_size=200))
def test_any_bytes_are_no_line_or_a_sound_alert(value: bytes) -> None:
    read = line.document(value)
    if read is not None and read[0]:
        assert_sound(PARSE[read[0]](read[1], read[2]))


STARTS = (
    *("", "<34>Mar  5 10:11:12 h t[1]: ", "<34>1 2024-03-05T10:11:12Z h a - - ", "CEF:0|a|b|c|d|e|5|", "["),
    *("LEEF:2.0|a|b|c|d|^|", 'x - - [05/Mar/2024:10:11:12 +0000] "', "Mar  5 10:11:12 h WinEvtLog: "),
)
REPEATED = (
    *(
        'a="',
        'a=\\"',
        "a='",
        "a=b,",
        "a= = ",
        "[a ",
        '[a "',
        "[",
        "<a",
        "1.1.1.1,",
        "1.",
        "::",
        "f:",
        "\\",
        "user ",
    ),
    *(
        "from a.",
        "password for ",
        "su for ",
        "'",
        "/a",
        "C:\\",
        '"GET /',
        "  ",
        "\t",
        "a: b  ",
        "%",
        "Jan 1 ",
        "9",
    ),
    *("(a", "a@", "a.", "|", "\\|", "key=\\", "a : ", "((", "x=y z=", "\u2028", ", 12", "Mar  5 10:11:12 "),
)


def seconds(value: bytes) -> float:
    began = time.process_time()
    read = line.document(value)
    if read is not None and read[0]:
        PARSE[read[0]](read[1], read[2])
    return time.process_time() - began


@pytest.mark.parametrize("start", STARTS)
def test_no_line_takes_more_than_linear_time(start: str) -> None:
    """Eight times the text, at most 24 times the time: a quadratic reader would take 64 times as long."""
    for piece in REPEATED:
        short, long = ((start + piece * (size // len(piece))).encode() for size in (8_192, 65_536))
        times = min(seconds(long) for _ in range(2)), min(seconds(short) for _ in range(2))
        assert times[0] < 24 * times[1] + 0.05, piece
