"""Lines of text: what is one, how it is taken apart, and that nothing in it can stop or slow the reader."""

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Alert
from enrich.formats import cef, keyvalue, leef, line, syslog
from millrace.samples import SAMPLES as GOLDEN
from tests.unit.test_formats_samples import plain

PARSE: dict[str, Callable[..., Alert]] = {
    "cef": cef.parse,
    "leef": leef.parse,
    "syslog": syslog.parse,
    "keyvalue": keyvalue.parse,
}
FILES = sorted(GOLDEN.glob("*.json"))
SAMPLES = {path.stem: found for path in FILES if "line" in (found := json.loads(path.read_text("utf-8")))}
READ = [read for each in SAMPLES.values() if (read := line.document(each["line"].encode())) is not None]
NAMES = [name for name, _, _ in READ]
DOCS = [doc for _, doc, _ in READ]


def document(text: str | bytes) -> dict[str, Any]:
    read = line.document(text if isinstance(text, bytes) else text.encode())
    assert read is not None
    return read[1]


def header(text: str) -> dict[str, Any]:
    found: dict[str, Any] = document(text)["syslog"]
    return found


def alert(text: str | bytes) -> Alert:
    read = line.document(text if isinstance(text, bytes) else text.encode())
    assert read is not None
    name, doc, quality = read
    return PARSE[name](doc, quality)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_line_becomes_exactly_the_alert_beside_it(name: str) -> None:
    assert plain(alert(SAMPLES[name]["line"])) == SAMPLES[name]["alert"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_line_end_and_an_octet_count_change_nothing(name: str) -> None:
    text = SAMPLES[name]["line"]
    counted = f"{len(text)} {text}" if text.startswith("<") else text
    assert plain(alert(counted + "\r\n\x00")) == SAMPLES[name]["alert"]


@pytest.mark.parametrize("format_", PARSE)
def test_every_format_has_at_least_four_samples(format_: str) -> None:
    assert sum(each["alert"]["format"] == format_ for each in SAMPLES.values()) >= 4


NO_LINES: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \t\r\n\x00",
    "an object": b'{"a":1}',
    "an object behind blanks": b'\n  {"a":1}',
    "an object behind a BOM": b'\xef\xbb\xbf{"a":1}',
    "an object in UTF-16": '{"a":1}'.encode("utf-16"),
    "a list of objects": b'[{"a":1}]',
    "a list of numbers": b"[1, 2, 3]",
    "an empty list": b"[]",
    "a text": b'"Mar  5 10:11:12 h t[1]: x"',
    "a number": b"12345",
    "a word": b"null",
    "a sentence": b"hello world",
    "a sentence with two pairs": b"it is a=1 b=2",
    "a level and a sentence": b"error: something bad",
    "markup": b'<?xml version="1.0"?><Event a="1" b="2" c="3"/>',
    "a cut object": b'{"a":"b',
    "bytes": bytes(range(1, 32)),
}


@pytest.mark.parametrize("value", NO_LINES.values(), ids=NO_LINES.keys())
def test_what_is_no_line_is_left_to_the_json_parser(value: bytes) -> None:
    assert line.document(value) is None


HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "RFC 3164": (
        "<38>Mar  5 10:11:12 h-1 sshd[7]: x",
        {"priority": "38", "time": "Mar  5 10:11:12", "host": "h-1", "tag": "sshd", "pid": "7"},
    ),
    "no priority": ("Mar 15 10:11:12 h-1 su: x", {"time": "Mar 15 10:11:12", "host": "h-1", "tag": "su"}),
    "a module behind the tag": (
        "Mar  5 10:11:12 h sshd(pam_unix)[7]: x",
        {"time": "Mar  5 10:11:12", "host": "h", "tag": "sshd", "module": "pam_unix", "pid": "7"},
    ),
    "no host": ("Mar  5 10:11:12 cron[7]: x", {"time": "Mar  5 10:11:12", "tag": "cron", "pid": "7"}),
    "no tag": (
        "<13>Mar  5 10:11:12 h some words",
        {"priority": "13", "time": "Mar  5 10:11:12", "host": "h"},
    ),
    "a tag alone": ("oscap: ERROR: x", {"tag": "oscap", "level": "ERROR"}),
    "a year": ("Mar 05 2024 10:11:12 h t: x", {"time": "Mar 05 2024 10:11:12", "host": "h", "tag": "t"}),
    "an ISO time": (
        "2024-03-05T10:11:12.5+01:00 h t[7]: x",
        {"time": "2024-03-05T10:11:12.5+01:00", "host": "h", "tag": "t", "pid": "7"},
    ),
    "a program's time": (
        "2024-03-05 10:11:12,5 h t[7] x",
        {"time": "2024-03-05 10:11:12,5", "host": "h", "tag": "t", "pid": "7"},
    ),
    "a program's level": (
        "2024-03-05 10:11:12.5 4711 WARNING a.b.c x",
        {"time": "2024-03-05 10:11:12.5", "pid": "4711", "level": "WARNING", "tag": "a.b.c"},
    ),
    "RFC 5424": (
        "<165>1 2024-03-05T10:11:12Z h t 7 ID1 - x",
        {
            "priority": "165",
            "version": "1",
            "time": "2024-03-05T10:11:12Z",
            "host": "h",
            "tag": "t",
            "pid": "7",
            "message_id": "ID1",
        },
    ),
    "RFC 5424, nothing said": ("<165>1 - - - - - - x", {"priority": "165", "version": "1"}),
    "ASA": (
        "<166>Mar 05 2024 10:11:12 fw-1 : %ASA-6-302013: Built",
        {
            "priority": "166",
            "time": "Mar 05 2024 10:11:12",
            "host": "fw-1",
            "facility": "ASA",
            "level": "6",
            "mnemonic": "302013",
        },
    ),
    "IOS": (
        "<189>45: sw-1: *Mar  5 10:11:12.345 UTC: %SYS-5-CONFIG_I: x",
        {
            "priority": "189",
            "sequence": "45",
            "time": "Mar  5 10:11:12.345 UTC",
            "host": "sw-1",
            "facility": "SYS",
            "level": "5",
            "mnemonic": "CONFIG_I",
        },
    ),
    "Apache": (
        "[Tue Mar 05 10:11:12.5 2024] [ssl:error] [pid 7:tid 8] [client 192.0.2.1:99] x",
        {
            "time": "Tue Mar 05 10:11:12.5 2024",
            "module": "ssl",
            "level": "error",
            "pid": "7",
            "client": "192.0.2.1:99",
        },
    ),
    "nginx": (
        "2024/03/05 10:11:12 [crit] 7#0: *1 x",
        {"time": "2024/03/05 10:11:12", "level": "crit", "pid": "7"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_is_taken_apart_by_name(text: str, expected: dict[str, Any]) -> None:
    assert header(text) == expected


def test_structured_data_keep_their_ids_and_escapes() -> None:
    doc = document(r'<165>1 2024-03-05T10:11:12Z h t - - [a@1 x="1\"\]" y=""][meta z="2"] text')
    assert (doc["structured"], doc["message"]) == ({"a@1": {"x": '1"]', "y": ""}, "meta": {"z": "2"}}, "text")


def test_a_relayed_line_has_its_inner_header() -> None:
    found = header("Mar  5 10:11:12 relay fwd: 2024-03-05T10:11:11Z h t[7]: x")
    assert (found["time"], found["host"], found["tag"]) == ("2024-03-05T10:11:11Z", "h", "t")


@pytest.mark.parametrize("cookie", ["", "@cee:", "@cee: "])
def test_an_object_behind_a_header_is_the_document(cookie: str) -> None:
    read = line.document(f'<13>Mar  5 10:11:12 h t[7]: {cookie}{{"event_type":"alert"}}'.encode())
    assert read == ("", {"event_type": "alert"}, ())


def test_what_is_mended_in_an_object_behind_a_header_is_said() -> None:
    read = line.document(b'<13>Mar  5 10:11:12 h t[7]: {"a": NaN}')
    assert read is not None
    assert [str(each.code) for each in read[2]] == ["number_out_of_range"]


def test_a_broken_object_behind_a_header_is_a_sentence() -> None:
    assert document('<13>Mar  5 10:11:12 h t[7]: {"a": ')["message"] == '{"a":'


@pytest.mark.parametrize("event", ["CEF:0|A|B|1|2|C|9|src=192.0.2.1", "LEEF:1.0|A|B|1|2|src=192.0.2.1"])
def test_an_event_within_a_sentence_is_what_somebody_wrote_and_no_event(event: str) -> None:
    read = line.document(f"Mar  5 10:11:12 h sshd[7]: Invalid user {event} from 192.0.2.9".encode())
    assert read is not None
    assert read[0] == "syslog"


@pytest.mark.parametrize("before", ["", "<13>", "<13>Mar  5 10:11:12 h ", "<13>Mar  5 10:11:12 h agent[7]: "])
def test_an_event_stands_right_behind_any_header(before: str) -> None:
    read = line.document((before + "CEF:0|A|B|1|2|C|9|src=192.0.2.1").encode())
    assert read is not None
    assert (read[0], read[1]["extension"]) == ("cef", {"src": "192.0.2.1"})


def test_bytes_that_are_no_utf8_are_mended_and_said() -> None:
    found = alert(b"<13>Mar  5 10:11:12 h t[7]: M\xfcller from 192.0.2.1")
    assert ([str(each.code) for each in found.quality], found.src.ip) == (["bytes_repaired"], "192.0.2.1")


def test_a_bom_before_a_line_is_said() -> None:
    assert [str(each.code) for each in alert("\ufeff<13>Mar  5 10:11:12 h t: x").quality] == ["bom_stripped"]


def test_a_line_too_long_is_cut_and_said() -> None:
    found = alert("<13>Mar  5 10:11:12 h t: " + "x " * line.LINE_LIMIT)
    assert "field_truncated" in [str(each.code) for each in found.quality]


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
