"""What the core writes on a dead letter for `millrace dead`."""

import pytest

from enrich.dead_letter import ATTEMPT_HEADER
from enrich.pipeline import process
from enrich.record import RawRecord, Record
from enrich.refused import cut_raw, undeliverable
from enrich.uid import UID_HEADER
from tests.unit import tiny
from tests.unit.letters import record
from worker.dead import Letter, headers_of, of_record
from worker.reader import raw_record


def dead(record: RawRecord) -> dict[str, bytes]:
    ((letter,),) = process([record], {}, tiny.context(), tiny.models()).outputs
    return dict(letter.headers)


def raw(**changes: object) -> RawRecord:
    return tiny.records([b"not json"])[0]._replace(**changes)  # type: ignore[arg-type]


def test_a_dead_letter_says_when_the_raw_record_was_written() -> None:
    assert dead(raw(time_ms=1_700_000_000_123))["millrace-record-ms"] == b"1700000000123"


def test_a_dead_letter_of_a_record_without_a_time_says_none() -> None:
    assert "millrace-record-ms" not in dead(raw(time_ms=None))


@pytest.mark.parametrize(
    ("given", "attempt"), [(b"2", b"2"), (b"0", b"1"), (b"000", b"1"), (b"-1", b"1"), (b"x", b"1")]
)
def test_an_attempt_is_carried_on_unless_it_is_none(given: bytes, attempt: bytes) -> None:
    assert dead(raw(headers=(("millrace-attempt", given),)))["millrace-attempt"] == attempt


def read(letter: Record) -> Letter:
    return of_record(raw_record("alerts.dead", 0, 5, 1, letter.key, letter.value, letter.headers))


def test_every_dead_letter_of_the_core_can_be_read_whole() -> None:
    values = [b"", b"\xff", b"[1]", b'{"a":1}', b"x" * 1_048_577]
    batch = process(tiny.records(list(values)), {}, tiny.context(), tiny.models())
    for i, (letter,) in enumerate(batch.outputs):
        assert (read(letter).wrong, read(letter).source_offset, read(letter).cut) == ((), i, False)


def test_a_dead_letter_without_its_bytes_says_so() -> None:
    records = [*tiny.records([b"x" * 2_097_153, b"x" * 1_048_577, tiny.line(1)])]
    cut, whole, event = (
        outputs[0] for outputs in process(records, {}, tiny.context(), tiny.models()).outputs
    )
    emptied, refused = cut_raw(whole), undeliverable(event, "alerts.enriched")
    assert emptied is not None
    for letter, size in ((cut, 2_097_153), (emptied, 1_048_577), (refused, len(tiny.line(1)))):
        assert (read(letter).wrong, read(letter).cut, read(letter).whole) == ((), True, size)


def test_what_goes_back_is_named_as_the_core_reads_it() -> None:
    names = [name for name, _ in headers_of(of_record(record()), record(), "alerts.dead")]
    assert names[:2] == [UID_HEADER, ATTEMPT_HEADER]
