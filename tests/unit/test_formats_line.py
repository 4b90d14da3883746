"""Lines of text: what is one, how it is taken apart, and what is mended in it."""

from typing import Any

import pytest

from enrich.formats import line
from tests.unit.lines_read import PARSE, SAMPLES, alert, document
from tests.unit.test_formats_samples import plain


def header(text: str) -> dict[str, Any]:
    found: dict[str, Any] = document(text)["syslog"]
    return found


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
