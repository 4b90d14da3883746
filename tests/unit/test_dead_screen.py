"""How a person chooses dead letters, and sees them: nothing in a letter can forge the terminal."""

import io
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from enrich.errors import DeadCode, SettingsWrong
from enrich.record import RawRecord
from millrace import letters
from millrace.cli import main
from tests.unit.letters import HEADERS, UID, record
from worker.dead import Sent, of_record
from worker.dead_plan import REFUSALS
from worker.dead_reading import Choice, Found

EVIL = "\x1b]0;owned\x07\x1b[2J\r\x9b1A [link=http://x]y[/link] \u202eexe.png\n"


def choose(**given: Any) -> Choice:
    options = dict.fromkeys(("codes", "partitions", "since", "until", "offset"))
    return letters.choice(**{**options, **given})


def found(given: RawRecord, sent: Sent | None = None) -> Found:
    return Found(of_record(given), sent, False)


def printed(*parts: RenderableType) -> str:
    """What a terminal would get, without the colours."""
    out = io.StringIO()
    console = Console(
        file=out, width=200, markup=False, emoji=False, highlight=False, no_color=True, force_terminal=True
    )
    for part in parts:
        console.print(part, soft_wrap=True)
    return out.getvalue().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")


def test_without_options_every_letter_is_chosen() -> None:
    assert choose() == Choice()


@pytest.mark.parametrize("code", DeadCode)
def test_every_code_can_be_chosen(code: str) -> None:
    assert choose(codes=[code]).codes == {code}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"codes": ["unparsable"]}, "did you mean unparseable?"),
        ({"codes": ["redriven?"]}, "one of unparseable, "),
        ({"codes": ["zzz"]}, "one of unparseable, "),
        ({"since": "yesterday"}, "--since 'yesterday': give a time such as"),
        ({"until": "17"}, "--until '17': give a time such as"),
        ({"since": "7y"}, "how long ago: 90m, 24h, 7d"),
        ({"offset": "-3"}, "--offset '-3': give one (17)"),
        ({"offset": "9-3"}, "--offset '9-3'"),
        ({"offset": "9" * 30}, "--offset"),
        ({"places": ["3"]}, "give partition:offset"),
        ({"places": ["3:x"]}, "give partition:offset"),
        ({"places": [UID.upper()]}, "or a uid"),
    ],
)
def test_what_chooses_nothing_is_a_line_that_says_what_would(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        choose(**given)
    assert (words in str(caught.value), "\n" in str(caught.value)) == (True, False)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["redrive"], "say which letters"),
        (["redrive", "--all", "--dry-run", "--yes"], "give one of them"),
        (["redrive", "3"], "give partition:offset"),
        (["list", "--code", "unparsable"], "did you mean unparseable?"),
        (["show", "3:1", "--raw", "--json"], "give one of them"),
        (["shw"], "No such command 'shw'"),
    ],
)
def test_a_wrong_option_is_one_line_before_a_broker_is_asked(
    args: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, said = main(["dead", *args]), capfd.readouterr().err
    assert (code, said.count("\n"), words in said) == (2, 1, True)


@pytest.mark.parametrize(
    ("text", "since_ms"),
    [("2026-11-21T07:00:00Z", 1_795_244_400_000), ("2026-11-21", 1_795_219_200_000)],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, since_ms: int) -> None:
    assert choose(since=text).since_ms == since_ms


def test_a_span_is_so_long_ago() -> None:
    now = time.time() * 1_000
    assert choose(until="2h").until_ms == pytest.approx(now - 7_200_000, abs=5_000)


@pytest.mark.parametrize(("text", "ends"), [("17", (17, 17)), ("17-", (17, None)), ("17-40", (17, 40))])
def test_offsets_are_one_or_a_stretch(text: str, ends: tuple[int, int | None]) -> None:
    chosen = choose(offset=text)
    assert (chosen.first, chosen.last) == ends


def test_places_and_uids_are_told_apart() -> None:
    chosen = choose(places=["3:17", UID])
    assert (chosen.places, chosen.uids) == ({(3, 17)}, {UID})


def test_a_row_tells_place_code_source_size_attempt_and_message() -> None:
    text = printed(letters.table([found(record())], 0))
    for word in ("3:17", "unknown_format", "alerts.raw 2:911", "no format knows it"):
        assert word in text


def test_what_went_back_says_where_it_is_now() -> None:
    assert "[sent back as 4:99]" in printed(letters.table([found(record(), Sent(1, 4, 99))], 0))


def test_headers_that_say_nothing_are_named_in_the_row() -> None:
    text = printed(letters.table([found(record(attempt=b"abc", uid=None))], 0))
    assert "[headers: attempt, uid]" in text


def test_a_page_shows_every_header_as_it_was_written() -> None:
    page = printed(*letters.page(found(record(attempt=b"-1\xff")), record(attempt=b"-1\xff")))
    assert ("-1\\xff" in page, UID in page) == (True, True)


def test_a_page_tells_times_as_the_options_take_them() -> None:
    page = printed(*letters.page(found(record()), record()))
    assert "2023-11-14T22:15:00.000+00:00" in page
    assert choose(since="2023-11-14T22:15:00.000+00:00").since_ms == 1_700_000_100_000


def test_a_page_shows_a_time_that_is_none_as_its_number() -> None:
    given = record(record_ms=b"9223372036854775807")
    assert "9223372036854775807" in printed(*letters.page(found(given), given))


def test_a_page_shows_bytes_that_are_no_text_as_escapes() -> None:
    given = record(b"\xff\x00{}")
    assert "\\xff␀{}" in printed(*letters.page(found(given), given))


def test_a_page_says_how_much_it_left_out() -> None:
    given = record(b"x" * 5_000)
    assert "1,000 bytes more: --raw" in printed(*letters.page(found(given), given))


def obeyed(text: str) -> list[str]:
    """Characters that a terminal would obey."""
    return [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]


@pytest.mark.parametrize("name", HEADERS)
def test_a_hostile_header_reaches_no_terminal(name: str) -> None:
    given = record(**{name.replace("-", "_"): EVIL.encode()})
    assert obeyed(printed(letters.table([found(given)], 0), *letters.page(found(given), given))) == []


def test_hostile_bytes_key_and_header_names_reach_no_terminal() -> None:
    given = record(EVIL.encode(), more=((EVIL, EVIL.encode()),))._replace(key=EVIL.encode())
    assert obeyed(printed(*letters.page(found(given), given))) == []


@given(st.none() | st.binary(), st.lists(st.tuples(st.text(), st.binary())), st.none() | st.binary())
def test_every_letter_is_a_json_document_with_its_bytes(
    value: bytes | None, headers: list[tuple[str, bytes]], key: bytes | None
) -> None:
    given = record(value, more=tuple(headers))._replace(key=key)
    doc = orjson.loads(orjson.dumps(letters.whole_document(found(given), given)))
    assert (doc["place"], len(doc["headers"])) == ("3:17", len(given.headers))


def test_the_keys_of_a_letter_in_json_are_those_that_are_documented() -> None:
    assert list(letters.document(found(record()))) == [
        "place",
        "time_ms",
        "code",
        "message",
        "topic",
        "partition",
        "offset",
        "record_ms",
        "attempt",
        "uid",
        "size",
        "whole",
        "original_size",
        "wrong_headers",
        "redriven",
        "newer",
    ]


def test_every_code_reason_and_key_is_in_the_document_for_people() -> None:
    text = (Path(__file__).parents[2] / "docs" / "dead-letters.md").read_text("utf-8")
    names = [*DeadCode, *REFUSALS, *letters.document(found(record()))]
    assert [name for name in names if f"`{name}`" not in text] == []
