"""What people see of alerts: nothing that an attacker wrote moves the cursor, hides, or is read as markup."""

import io
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from enrich.record import RawRecord
from millrace import screen, shown
from millrace.commands.watch import HEADINGS, RIGHT, Which, _cells

EVIL = "\x1b[31mred\x1b[0m [bold]b[/bold] [link=http://x]y[/link] \u202eexe.png :smile:\n2nd\u200b"


def record(value: bytes | None, *headers: tuple[str, bytes]) -> RawRecord:
    return RawRecord("alerts.x", 3, 41, 1_700_000_000_000, None, value, headers)


def printed(which: Which, *records: RawRecord, width: int = 100) -> str:
    """The lines that `watch` draws, as a terminal would get them, without the colours."""
    rows = [row for each in records for row in _cells(which, each)]
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False, no_color=True)
    for line in screen.lines(HEADINGS[which], rows, RIGHT, width):
        console.print(line, no_wrap=True, overflow="crop")
    return out.getvalue()


def event(**own: Any) -> bytes:
    doc = {
        "time": 1_700_000_000_000,
        "severity_id": 4,
        "message": "ET MALWARE",
        "finding_info": {"attacks": [{"technique": {"uid": "T1059"}, "sub_technique": {"uid": "T1059.001"}}]},
        "unmapped": {
            "millrace": {
                "entity": "ip:10.0.0.1",
                "anomaly": {"score": 0.987},
                "confidence": {"score": 0.5, "status": "measured"},
                "priority": 72.4,
                "decision": {
                    "route": "escalated",
                    "reasons": [{"code": "severity_stated", "detail": "class 4", "points": 30.0}],
                },
            }
        },
    } | own
    return orjson.dumps(doc)


def test_an_escalation_shows_who_why_and_how_much() -> None:
    text = printed(Which.ESCALATED, record(event()))
    for word in (
        "22:13:20",
        "high",
        "72",
        "0.99",
        "0.50",
        "ET MALWARE",
        "ip:10.0.0.1",
        "T1059.001",
        "class 4",
    ):
        assert word in text


def test_a_dead_letter_shows_code_message_place_and_size() -> None:
    headers = [("code", b"unparseable"), ("message", b"not JSON"), ("topic", b"raw"), ("partition", b"1")]
    letter = record(b"x" * 1234, *((f"millrace-{n}", v) for n, v in headers), ("millrace-offset", b"17"))
    text = printed(Which.DEAD, letter)
    for word in ("unparseable", "not JSON", "raw 1:17", "1,234"):
        assert word in text


@pytest.mark.parametrize("which", [Which.ENRICHED, Which.ESCALATED])
def test_text_of_an_alert_is_shown_as_it_is_written(which: Which) -> None:
    text = printed(which, record(event(message=EVIL)), width=300)
    assert "␛[31mred␛[0m [bold]b[/bold] [link=http://x]y[/link] ‹U+202E›exe.png :smile:␊2nd‹U+200B›" in text


def test_text_of_a_dead_letter_is_shown_as_it_is_written() -> None:
    text = printed(Which.DEAD, record(b"", ("millrace-message", EVIL.encode())), width=300)
    assert ("\x1b" in text, "[link=http://x]" in text) == (False, True)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_line_never_wraps(width: int) -> None:
    lines = printed(Which.ESCALATED, record(event(message="x" * 500)), width=width).splitlines()
    assert (len(lines), max(len(line) for line in lines) <= width) == (3, True)


@pytest.mark.parametrize("value", [None, b"", b"no", b"[]", b"{}", b'{"unmapped":7}', b"\xff"])
@pytest.mark.parametrize("which", list(Which))
def test_a_foreign_record_on_the_topic_is_shown_too(value: bytes | None, which: Which) -> None:
    assert printed(which, record(value)).count("\n") >= 2


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(orjson.loads(event()), json)))
def test_no_document_can_break_the_screen(doc: dict[str, Any]) -> None:
    value = orjson.dumps(doc)
    assert "\x1b" not in printed(Which.ESCALATED, record(value)) + printed(Which.ENRICHED, record(value))


@given(st.lists(st.tuples(st.sampled_from([f"millrace-{n}" for n in shown.DEAD_HEADERS]), st.binary())))
def test_no_header_can_break_the_json_of_a_dead_letter(headers: list[tuple[str, bytes]]) -> None:
    letter = record(b"\xff\x00", *headers)
    assert orjson.loads(orjson.dumps(shown.dead_letter(letter)))["value"] == "/wA="


def test_a_dead_letters_coordinates_are_numbers() -> None:
    letter = shown.dead_letter(record(b"x", ("millrace-partition", b"3"), ("millrace-offset", b"12")))
    assert (letter["partition"], letter["offset"], letter["attempt"]) == (3, 12, None)
