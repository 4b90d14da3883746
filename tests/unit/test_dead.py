"""A dead letter says of itself what its headers say, once and readable; a note says what went back."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.record import RawRecord
from tests.unit.letters import HEADERS, UID, letter, record
from worker.dead import Sent, headers_of, note, noted, of_record


def test_a_letter_of_a_worker_is_read_whole() -> None:
    read = letter()
    assert (read.place, read.time_ms, read.size, read.wrong) == ("3:17", 1_700_000_100_000, 7, ())
    assert (read.code, read.message, read.attempt, read.uid) == (
        "unknown_format",
        "no format knows it",
        1,
        UID,
    )
    assert (read.topic, read.source_partition, read.source_offset) == ("alerts.raw", 2, 911)
    assert (read.record_ms, read.whole, read.cut) == (1_700_000_000_000, None, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attempt", b"abc"),
        ("attempt", b"-1"),
        ("attempt", b"0"),
        ("attempt", b"+1"),
        ("attempt", b" 1"),
        ("attempt", b"1_0"),
        ("attempt", "١".encode()),
        ("attempt", b"999999999"),
        ("attempt", b"9" * 5_000),
        ("attempt", b""),
        ("attempt", None),
        ("attempt", b"\xff"),
        ("uid", b"0123"),
        ("uid", UID.upper().encode()),
        ("uid", UID.encode() + b"\n"),
        ("uid", None),
        ("code", b"\x1b[2J"),
        ("code", None),
        ("message", b"\xff\xfe"),
        ("message", None),
        ("topic", b"a b"),
        ("partition", b"2147483648"),
        ("offset", b"9223372036854775808"),
        ("record_ms", b"now"),
        ("size", b"much"),
    ],
)
def test_a_forged_or_missing_header_says_nothing_and_is_named(name: str, value: bytes | None) -> None:
    read = letter(**{name: value})
    field = {"partition": "source_partition", "offset": "source_offset", "size": "whole"}.get(name, name)
    assert (getattr(read, field), read.wrong) == (None, (name.replace("_", "-"),))


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_there_twice_counts_as_unreadable(name: str) -> None:
    twice = record(more=((f"millrace-{name}", HEADERS[name]),))
    assert of_record(twice).wrong == (name,)


def test_a_header_of_somebody_else_is_not_taken_for_ours() -> None:
    assert of_record(record(uid=None, more=(("uid", UID.encode()),))).uid is None


@pytest.mark.parametrize("headers", [{"size": b"9000000"}, {"size": b"?"}, {"code": b"undeliverable"}])
def test_a_letter_that_has_not_all_the_bytes_is_known(headers: dict[str, bytes]) -> None:
    assert letter(**headers).cut


names = st.sampled_from([f"millrace-{name}" for name in (*HEADERS, "size", "sha256")]) | st.text()


@given(st.none() | st.binary(), st.lists(st.tuples(names, st.binary() | st.just(b"redriven"))))
def test_whatever_lies_on_the_topic_is_read_without_an_error(
    value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    foreign = RawRecord("alerts.dead", 0, 5, None, None, value, tuple(headers))
    assert (of_record(foreign).offset, noted(foreign) is None or headers != []) == (5, True)


def test_what_goes_back_has_the_first_id_and_one_attempt_more() -> None:
    given = record(attempt=b"2", more=(("trace", b"\xff"),))
    headers = dict(headers_of(of_record(given), given, "alerts.dead"))
    assert headers == {
        "millrace-uid": UID.encode(),
        "millrace-attempt": b"3",
        "millrace-redriven-from": b"alerts.dead:3:17",
        "millrace-record-ms": b"1700000000000",
        "trace": b"\xff",
    }


def written(
    value: bytes, offset: int = 40, headers: tuple[tuple[str, bytes], ...] | None = None
) -> RawRecord:
    ours = tuple(note({}, "alerts.raw")[0]) if headers is None else headers
    return RawRecord("alerts.dead", 3, offset, 1_700_000_200_000, None, value, ours)


def test_a_note_is_read_as_it_was_written() -> None:
    headers, value = note({17: (2, 1_000), 20: (0, 7)}, "alerts.raw")
    found = noted(written(value, headers=tuple(headers)))
    assert found == {17: Sent(1_700_000_200_000, 2, 1_000), 20: Sent(1_700_000_200_000, 0, 7)}


def test_a_note_says_for_people_what_it_is() -> None:
    headers, _ = note({17: (2, 1_000)}, "alerts.raw")
    assert dict(headers) == {
        "millrace-code": b"redriven",
        "millrace-message": b"1 letter sent back to alerts.raw",
    }


@pytest.mark.parametrize(
    "doc",
    [[], 7, {}, {"redriven": 7}, {"redriven": [7]}, {"redriven": [[1, 2]]}, {"redriven": [[1, 2, "3"]]}],
)
def test_a_note_that_cannot_be_read_is_none(doc: object) -> None:
    assert noted(written(orjson.dumps(doc))) is None


def test_a_note_says_nothing_of_letters_behind_it() -> None:
    assert noted(written(b'{"redriven":[[40,0,1],[41,0,2]]}')) == {}


def test_a_letter_is_no_note_whatever_its_bytes_say() -> None:
    assert noted(record(b'{"redriven":[[1,0,1]]}')) is None
