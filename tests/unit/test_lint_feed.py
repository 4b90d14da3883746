"""The accumulator: whatever the rows, it counts them, never raises, and keeps little."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.errors import QualityCode
from enrich.lint import Lint, Place, findings
from enrich.lint.facts import RULES, SEVERITIES, Facts
from enrich.lint.repeats import ROWS, Repeats
from enrich.lint.sources import DETECTORS, DEVICES, SLOTS, Heard, Source
from enrich.lint.stated import PENDING_LENGTH, WRONG
from enrich.lint.tally import SAMPLE, Mark, Sample, Tally
from enrich.lint.times import FeedTime, Kind, Watermarks, kind
from millrace.linted import document
from tests.unit.feeds import (
    DAY_MS,
    MINUTE_MS,
    START_MS,
    attack,
    eve,
    formats,
    report,
    stamp,
    wazuh,
)
from tests.unit.rows import BARE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-09T08:53:20.123456+0200", Kind.ZONED),
        ("2025-10-09T08:53:20Z", Kind.ZONED),
        ("2025-10-09 08:53:20,5 UTC", Kind.ZONED),
        ("01/Apr/2014:00:00:01 -0500", Kind.ZONED),
        ("Sat May  7 03:17:27 CDT 2011", Kind.ZONED),
        ("2025-10-09T08:53:20.123456", Kind.ZONELESS),
        ("2025-10-09 08:53", Kind.ZONELESS),
        ("October 14, 2019 09:06:02 PM", Kind.ZONELESS),
        ("1760000000", Kind.SECONDS),
        ("1760000000.25", Kind.SECONDS),
        ("0001760000000", Kind.SECONDS),
        ("99999999999", Kind.SECONDS),
        ("100000000000", Kind.MILLISECONDS),
        ("1760000000000", Kind.MILLISECONDS),
        ("1760000000000000", Kind.MICROSECONDS),
        ("1760000000000000000", Kind.NANOSECONDS),
        ("1.76e+18", Kind.NANOSECONDS),
    ],
)
def test_a_time_is_of_the_kind_that_the_parser_takes_it_for(text: str, expected: Kind) -> None:
    assert kind(text) is expected


@given(st.text())
def test_any_text_has_a_kind(text: str) -> None:
    assert kind(text) in Kind


def test_the_row_of_a_mark_is_the_first() -> None:
    mark = Mark()
    mark.add(Place(7))
    mark.add(Place(8), 3)
    assert (mark.rows, mark.place) == (4, Place(7))


def test_a_tally_keeps_the_first_keys_and_counts_the_others_together() -> None:
    tally: Tally[str] = Tally(2)
    for i, key in enumerate("abcbc"):
        tally.add(key, Place(i))
    assert [tuple(each) for each in tally.most()] == [("b", 2, Place(1)), ("a", 1, Place(0))]
    assert tally.beyond == 2


@given(st.lists(st.integers(-(2**62), 2**62), max_size=SAMPLE - 1))
def test_a_short_sample_has_the_exact_median(numbers: list[int]) -> None:
    sample = Sample()
    for number in numbers:
        sample.add(number)
    spread = sample.spread()
    if not numbers:
        assert spread is None
    else:
        assert spread is not None
        assert spread.exact
        assert spread.median == sorted(numbers)[(len(numbers) - 1) // 2]


@pytest.mark.parametrize("count", [255, 256, 257, 10_000, 123_457])
def test_a_long_sample_has_about_the_median_and_keeps_every_kth(count: int) -> None:
    sample = Sample()
    for number in range(count):
        sample.add(number)
    kept = list(sample._values)
    assert kept == list(range(0, count, kept[1]))
    assert len(kept) < SAMPLE
    spread = sample.spread()
    assert spread is not None
    assert (spread.told, abs(spread.median / count - 0.5) < 0.01) == (count, True)


def test_repeats_are_counted_exactly_while_few_rows_differ() -> None:
    repeats = Repeats()
    again = [repeats.see(b"%d" % (i % 10), Place(i)) for i in range(1_000)]
    found = repeats.repeated()
    assert (found.rows, found.exact, found.most, found.times) == (990, True, 100, None)
    assert again == [False] * 10 + [True] * 990


def test_beyond_the_bound_repeats_are_estimated_from_a_sample_that_says_so() -> None:
    repeats = Repeats()
    for i in range(3 * ROWS):
        repeats.see(b"%d" % (i - i % 4 // 3), Place(i))
    found = repeats.repeated()
    assert not found.exact
    assert found.looked_at < 2 * ROWS
    assert found.share == pytest.approx(0.25, abs=0.01)
    assert len(repeats._counts) <= ROWS


def test_the_longest_run_of_equal_rows_is_found() -> None:
    repeats = Repeats()
    for i, value in enumerate(b"abbbcaaaad"):
        repeats.see(bytes([value]), Place(i + 1))
    found = repeats.repeated()
    assert (found.burst, found.burst_place) == (4, Place(6))


def test_one_wrong_clock_does_not_move_the_feeds_time() -> None:
    clock = FeedTime()
    for i in range(100):
        clock.see(START_MS + i + (DAY_MS if i % 20 == 7 else 0))
    end_ms = clock.end_ms()
    assert end_ms is not None
    assert START_MS + 80 < end_ms < START_MS + 100


def test_partitions_have_event_times_of_their_own() -> None:
    marks = Watermarks()
    assert not marks.late(START_MS + DAY_MS, None, Place(0, 0))
    assert not marks.late(START_MS, None, Place(0, 1))
    assert marks.late(START_MS, None, Place(1, 0))


def test_a_time_in_the_future_moves_no_event_time() -> None:
    marks = Watermarks()
    assert not marks.late(START_MS + DAY_MS, START_MS, Place(1))
    assert not marks.late(START_MS, START_MS, Place(2))


def heard(time_ms: int) -> Heard:
    return Heard(time_ms, True, None, None, True, Place(1))


def test_the_longest_gap_does_not_hang_on_the_order() -> None:
    times = [START_MS + minute * MINUTE_MS for minute in (0, 1, 2, 30, 31, 90, 91)]
    there, back = Source(Place(1)), Source(Place(1))
    for time_ms in times:
        there.see(heard(time_ms))
    for time_ms in reversed(times):
        back.see(heard(time_ms))
    assert there.longest_ms == back.longest_ms == 59 * MINUTE_MS


def test_gaps_of_long_feeds_are_known_to_a_coarser_slot() -> None:
    source = Source(Place(1))
    for minute in range(0, 50_000, 3):
        if not 20_000 < minute < 25_000:
            source.see(heard(START_MS + minute * MINUTE_MS))
    assert len(source._slots) <= SLOTS
    assert source.longest_ms == pytest.approx(5_000 * MINUTE_MS, rel=0.06)


def test_the_sensor_that_eve_names_is_the_device_of_its_source() -> None:
    names = {name.device for name in report([eve(1)]).sources.devices}
    assert names == {"sensor-1"}


def test_equal_feeds_give_equal_documents() -> None:
    rows = [*(eve(i) for i in range(300)), b"no", *(wazuh(i) for i in range(300))]
    one, two = (document(found, findings(found), "x") for found in (report(rows), report(rows)))
    assert orjson.dumps(one) == orjson.dumps(two)


HOSTILE = DEVICES + 1_000


def hostile() -> Iterator[bytes]:
    """Every name, id and time another, and long."""
    for i in range(HOSTILE):
        long = f"{i:06}" * 150
        yield orjson.dumps(
            {
                "timestamp": stamp(START_MS + i * 7_919_993 % (300 * DAY_MS)),
                "rule": {
                    "id": long,
                    "level": long,
                    "description": long,
                    "mitre": {"id": [f"T{i:04}", long], "tactic": [long]},
                },
                "agent": {"id": long, "name": long},
                "decoder": {},
            }
        )
        yield b'{"%d":1}' % i


def test_memory_is_bounded_whatever_the_rows_say() -> None:
    rows = list(hostile())
    made = Lint(formats(), attack(), 1_048_576)
    tracemalloc.start()
    for i, row in enumerate(rows):
        made.see(row, START_MS + i, Place(i, i % 50_000))
    found = made.report()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # Of 80,000 such rows 10 MB were measured, most of it the hashes, which end at 15 MB.
    assert size < 10_000_000
    assert (len(found.formats["wazuh"].severities), len(found.wrong)) == (SEVERITIES, WRONG)
    assert (len(found.sources.detectors), len(found.sources.devices)) == (1, DEVICES)
    assert found.sources.beyond == HOSTILE - DEVICES
    assert found.wrong_beyond > 0


def test_rules_are_counted_up_to_a_bound() -> None:
    facts = Facts()
    for i in range(RULES + 10):
        facts.see(replace(BARE, rule_id=str(i)), Place(i))
    assert facts.rules == RULES


def test_detectors_are_bounded_too() -> None:
    row = {"ts": stamp(START_MS), "name": "n", "ip": "10.0.0.1", "host": "h", "code": "c"}
    found = report(orjson.dumps({**row, "detector": f"d{i}"}) for i in range(DETECTORS + 50))
    assert (len(found.sources.detectors), found.sources.beyond) == (DETECTORS, 50)


def test_long_stated_lists_are_read_and_not_held() -> None:
    ids = [f"T{i:04}-{'x' * 40}" for i in range(PENDING_LENGTH // 10)]
    found = report([wazuh(i, mitre={"id": ids[:32]}) for i in range(5)])
    assert sum(each.rows for each in found.problems) == 5 * 32


def test_qualities_of_one_row_are_counted_once_by_code() -> None:
    facts = report([eve(1, src_ip="x", dest_ip="y"), eve(2)]).formats["suricata"]
    assert [(each.key, each.rows) for each in facts.codes.most()] == [(QualityCode.BAD_IP, 1)]
    assert facts.fields_of(QualityCode.BAD_IP) == {"src_ip": 1, "dest_ip": 1}


def test_no_fact_is_made_of_nothing() -> None:
    assert set(Facts().filled.values()) == {0}


# Rows of any bytes, and rows that are nearly alerts.
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
mutated = st.tuples(
    st.sampled_from([eve(3), wazuh(3)]),
    st.sampled_from(["timestamp", "alert", "rule", "agent", "host", "src_ip", "x"]),
    values,
)


def changed(row: bytes, key: str, value: object) -> bytes:
    try:
        return orjson.dumps({**orjson.loads(row), key: value})
    except (TypeError, ValueError):  # an integer beyond 64 bits, a lone surrogate
        return repr(value).encode("utf-8", "replace")


any_row = st.none() | st.binary(max_size=80) | mutated.map(lambda parts: changed(*parts))
times = st.none() | st.integers(0, 2**63 - 1)


@settings(max_examples=300)
@given(st.lists(st.tuples(any_row, times), max_size=30), times)
def test_any_rows_give_a_report_findings_and_a_document(
    rows: list[tuple[bytes | None, int | None]], now_ms: int | None
) -> None:
    made = Lint(formats(), attack(), 1_048_576, now_ms)
    for i, (row, record_ms) in enumerate(rows):
        made.see(row, record_ms, Place(i, i % 3))
    found = made.report()
    assert found.rows == len(rows)
    assert found.alerts + found.tombstones.rows + sum(each.rows for each in found.dead) == len(rows)
    told = findings(found)
    for finding in told:
        assert finding.share is None or 0 <= finding.share <= 1
        assert finding.text
    assert orjson.loads(orjson.dumps(document(found, told, "x")))["rows"] == len(rows)


def test_times_at_the_ends_of_what_can_be_are_read_like_others() -> None:
    rows = [
        eve(i, timestamp=value) for i, value in enumerate([0, 1, 253_402_300_799_999, "9999-12-31T23:59:59Z"])
    ]
    found = report(rows, now_ms=None)
    assert document(found, findings(found), "x")["alerts"] == 4
    assert found.end_ms is not None
