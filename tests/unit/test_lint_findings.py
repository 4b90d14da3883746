"""Every finding: a feed that has it, and a feed that has not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from enrich.errors import DeadCode, QualityCode
from enrich.formats import Formats
from enrich.formats.mapping_file import load_mapping
from enrich.lint import Level, Lint, Place, findings
from enrich.lint.facts import Facts
from enrich.lint.findings import DEAD, QUALITY
from enrich.lint.stated_findings import PROBLEMS
from enrich.lint.time_findings import time_findings
from tests.unit.feeds import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    START_MS,
    attack,
    eve,
    found,
    report,
    stamp,
    wazuh,
)
from tests.unit.rows import BARE

Rows = list[bytes | None]
SOUND: Rows = [eve(i) for i in range(200)]


def mixed(broken: Callable[[int], bytes | None], every: int = 10, count: int = 200) -> Rows:
    """Sound rows, of which each so-manieth is another."""
    return [broken(i) if i % every == every - 1 else eve(i) for i in range(count)]


def mitre(*ids: str, tactics: tuple[str, ...] = ()) -> Callable[[int], bytes]:
    return lambda i: wazuh(i, mitre={"id": list(ids), "tactic": list(tactics)})


def in_file(rows: Rows) -> dict[str, Any]:
    return {"rows": rows}


def late_by(ms: int, jitter: int = 3_000) -> Callable[[int], int]:
    """Record times so much after the event's."""
    return lambda i: START_MS + i * MINUTE_MS + ms + i % 7 * jitter // 7


def records(rows: Rows, delay_ms: int, jitter: int = 3_000) -> dict[str, Any]:
    return {"rows": rows, "record_ms": late_by(delay_ms, jitter), "partitions": 1}


class Case(NamedTuple):
    code: str
    level: Level
    feed: dict[str, Any]
    other: dict[str, Any] | None = None  # None: a sound file


def doubled(row: bytes) -> bytes:
    return row[:-1] + b',"flow_id":7}'


def severity(values: Callable[[int], object]) -> Rows:
    return [eve(i, alert={"severity": values(i)}) for i in range(200)]


def stopped(after: int, count: int = 3_000) -> Rows:
    """Two agents, one of which ends."""
    return [wazuh(i, agent="web-1" if i % 2 or i >= after else "web-2") for i in range(count)]


CASES = [
    Case("empty", Level.ERROR, in_file([])),
    Case("unparseable", Level.ERROR, in_file(mixed(lambda _: b"{no"))),
    Case("not_an_object", Level.ERROR, in_file(mixed(lambda _: b"[1]"))),
    Case("unknown_format", Level.ERROR, in_file(mixed(lambda i: b'{"a":%d}' % i))),
    Case(
        "not_an_alert",
        Level.NOTE,
        in_file(mixed(lambda i: b'{"event_type":"flow","timestamp":"2026","n":%d}' % i)),
    ),
    Case("oversize", Level.ERROR, in_file(mixed(lambda i: eve(i, more="x" * 1_048_576), every=100))),
    Case("tombstones", Level.NOTE, in_file(mixed(lambda _: None))),
    Case("bad_ip", Level.WARNING, in_file(mixed(lambda i: eve(i, src_ip="10.0.0.256")))),
    Case("bad_port", Level.WARNING, in_file(mixed(lambda i: eve(i, src_port=70_000)))),
    Case("bad_type", Level.WARNING, in_file(mixed(lambda i: eve(i, http=["x"])))),
    Case("duplicate_keys", Level.WARNING, in_file(mixed(lambda i: doubled(eve(i))))),
    Case("twice_encoded", Level.NOTE, in_file(mixed(lambda i: orjson.dumps(eve(i).decode())))),
    Case("bytes_repaired", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"\xff")))),
    Case("bom_stripped", Level.NOTE, in_file(mixed(lambda i: b"\xef\xbb\xbf" + eve(i)))),
    Case("control_character", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"a\tb")))),
    Case("lone_surrogate", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"\\ud800")))),
    Case(
        "number_out_of_range",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, x=1).replace(b'"x":1', b'"x":NaN'))),
    ),
    Case(
        "nesting_pruned",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, x=1).replace(b'"x":1', b'"x":' + b"[" * 200 + b"]" * 200))),
    ),
    Case("field_truncated", Level.NOTE, in_file(mixed(lambda i: eve(i, alert={"signature": "x" * 2_000})))),
    Case("bad_severity", Level.ERROR, in_file(severity(lambda i: 9 if i % 4 else 1))),
    Case("severity_missing", Level.WARNING, in_file(severity(lambda i: i % 4 or None))),
    Case("severity_constant", Level.WARNING, in_file(severity(lambda _: 3))),
    Case("rule_missing", Level.NOTE, in_file(mixed(lambda i: eve(i, alert={"signature_id": None})))),
    Case(
        "about_missing",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, src_ip="left out", dest_ip="left out"))),
    ),
    Case("time_missing", Level.ERROR, in_file(mixed(lambda i: eve(i, timestamp="left out")))),
    Case("bad_time", Level.ERROR, in_file(mixed(lambda i: eve(i, timestamp="yesterday")))),
    Case(
        "seconds_for_milliseconds",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS // 1000 + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(5_000 + i)))),
    ),
    Case(
        "time_before_1990",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(5_000 + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS // 1000 + i)))),
    ),
    Case(
        "time_units_mixed",
        Level.WARNING,
        in_file([eve(i, timestamp=(START_MS // 1000 + i) * (1000 if i % 9 == 0 else 1)) for i in range(99)]),
        in_file([eve(i, timestamp=START_MS + i) for i in range(99)]),
    ),
    Case(
        "time_zoneless",
        Level.WARNING,
        in_file([eve(i, timestamp=stamp(START_MS + i, zone="")) for i in range(50)]),
        in_file([eve(i, timestamp=stamp(START_MS + i, zone="-0600")) for i in range(50)]),
    ),
    Case(
        "time_in_future",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(NOW_MS + HOUR_MS + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(NOW_MS + MINUTE_MS + i)), every=200)),
    ),
    Case(
        "time_too_old",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS - 2 * HOUR_MS)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + (i - 50) * MINUTE_MS)))),
    ),
    Case(
        "zone_offset",
        Level.ERROR,
        records(SOUND, -2 * HOUR_MS),
        records(SOUND, 2 * HOUR_MS, jitter=HOUR_MS),
    ),
    Case("clock_ahead", Level.WARNING, records(SOUND, -30_000), records(SOUND, 30_000)),
    Case(
        "delayed", Level.WARNING, records(SOUND, 20 * MINUTE_MS, jitter=15 * MINUTE_MS), records(SOUND, 2_000)
    ),
    Case(
        "time_constant",
        Level.ERROR,
        in_file([eve(i, timestamp=stamp(START_MS + 7)) for i in range(150)]),
        in_file([eve(i, timestamp=stamp(START_MS + 7 + i // 149)) for i in range(150)]),
    ),
    Case(
        "out_of_order",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + (i - 30) * MINUTE_MS)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + i * MINUTE_MS - 61_000)))),
    ),
    Case("attack_unknown", Level.WARNING, in_file([mitre("T9999")(i) for i in range(9)])),
    Case("attack_malformed", Level.WARNING, in_file([mitre("T105")(i) for i in range(9)])),
    Case("attack_not_attack", Level.WARNING, in_file([mitre("CST0001")(i) for i in range(9)])),
    Case("attack_deprecated", Level.WARNING, in_file([mitre("T1175")(i) for i in range(9)])),
    Case("attack_revoked", Level.NOTE, in_file([mitre("T1086")(i) for i in range(9)])),
    Case("attack_renamed", Level.NOTE, in_file([mitre("T1059", tactics=("Defense Evasion",))(1)])),
    Case("attack_wrong_field", Level.NOTE, in_file([mitre("TA0002")(i) for i in range(9)])),
    Case("attack_wrong_case", Level.NOTE, in_file([mitre("t1059")(i) for i in range(9)])),
    Case("attack_spelling", Level.NOTE, in_file([mitre("T1059/001")(i) for i in range(9)])),
    Case("attack_name", Level.NOTE, in_file([mitre("PowerShell")(i) for i in range(9)])),
    Case(
        "repeats",
        Level.NOTE,
        in_file([eve(i - i % 5 // 4) for i in range(200)]),
        in_file([eve(i - (i == 4)) for i in range(200)]),
    ),
    Case(
        "sent_twice",
        Level.WARNING,
        in_file([eve(i // 2) for i in range(400)]),
        in_file([eve(i - i % 5 // 4) for i in range(400)]),
    ),
    Case("silent", Level.WARNING, in_file(stopped(1_600)), in_file(stopped(2_950))),
    Case(
        "sources_beyond",
        Level.NOTE,
        in_file([wazuh(i, agent=f"web-{i}") for i in range(2_100)]),
        in_file([wazuh(i, agent=f"web-{i}") for i in range(1_900)]),
    ),
]
# These have tests of their own.
OTHERS = {"samples", "time_yearless"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_feed_that_has_it_is_told_so(case: Case) -> None:
    finding = found(**case.feed)[case.code]
    assert finding.level is case.level
    assert finding.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_feed_that_has_it_not_is_not_told_so(case: Case) -> None:
    assert case.code not in found(**(case.other or in_file(SOUND)))


def test_a_sound_feed_gives_nothing() -> None:
    assert found(SOUND) == {}


def test_a_sound_topic_gives_nothing() -> None:
    assert found(**records(SOUND, 1_500)) == {}


def test_every_dead_code_of_a_row_and_every_quality_code_of_parsing_has_its_words() -> None:
    assert set(DeadCode) - set(DEAD) == {DeadCode.POISON, DeadCode.UNDELIVERABLE}
    of_their_own = {QualityCode.BAD_TIME, QualityCode.BAD_SEVERITY}
    of_later_steps = {
        QualityCode.BAD_TECHNIQUE,
        *(QualityCode.TIME_FROM_RECORD, QualityCode.TIME_IN_FUTURE, QualityCode.TIME_TOO_OLD),
        *(QualityCode.RAW_NOT_UTF8, QualityCode.RAW_TRUNCATED, QualityCode.SCORE_FAILED),
    }
    assert set(QualityCode) - set(QUALITY) == of_their_own | of_later_steps


def test_every_code_is_in_the_document_for_people_and_has_a_case() -> None:
    text = (Path(__file__).parents[2] / "docs" / "lint.md").read_text("utf-8")
    codes = {case.code for case in CASES} | OTHERS
    assert {*DEAD, *QUALITY} <= codes
    assert {f"attack_{problem}" for problem in PROBLEMS} <= codes
    assert [code for code in sorted(codes) if f"`{code}`" not in text] == []


def test_a_few_broken_rows_are_a_warning() -> None:
    finding = found(mixed(lambda _: b"{no", every=150))["unparseable"]
    assert (finding.level, finding.rows, finding.share) == (Level.WARNING, 1, 1 / 200)


def test_a_finding_names_the_first_row_that_shows_it() -> None:
    assert str(found(mixed(lambda i: eve(i, src_ip="x")))["bad_ip"].place) == "line 10"


def test_a_finding_of_a_topic_names_partition_and_offset() -> None:
    rows = mixed(lambda i: eve(i, src_ip="x"), every=150)
    assert str(found(rows, partitions=4)["bad_ip"].place) == "2:149"


def test_errors_come_before_warnings_and_these_before_notes() -> None:
    rows = mixed(lambda i: [b"{no", eve(i, src_ip="x"), None][i // 10 % 3])
    levels = [finding.level for finding in findings(report(rows))]
    assert levels == [Level.ERROR, Level.WARNING, Level.NOTE]


def test_a_bad_field_is_named() -> None:
    assert found(mixed(lambda i: eve(i, src_ip="x")))["bad_ip"].text.startswith("src_ip: ")


def test_the_keys_of_unknown_objects_are_named() -> None:
    finding = found([b'{"kind":1,"when":%d}' % i if i % 2 else b'{"kind":2}' for i in range(10)])[
        "unknown_format"
    ]
    assert "the keys kind, when (50 %)" in finding.text


def test_severities_outside_the_scale_are_named_with_it() -> None:
    assert (
        "outside suricata:1-4: “9”;"
        in found(severity(lambda i: i % 3 + 1 if i % 2 else 9))["bad_severity"].text
    )


def test_a_format_without_severities_is_a_note() -> None:
    row = {"detector": "d", "name": "n", "ip": "10.0.0.1", "host": "h", "code": "c"}
    rows = [orjson.dumps({"ts": stamp(START_MS + i), **row}) for i in range(50)]
    assert found(rows)["severity_missing"].level is Level.NOTE


def test_one_severity_is_nothing_where_one_rule_speaks() -> None:
    rows = [eve(i, alert={"severity": 1, "signature_id": 9}) for i in range(200)]
    assert "severity_constant" not in found(rows)


@pytest.mark.parametrize(
    ("hours", "zone"),
    [(-2, "UTC+02:00"), (5, "UTC-05:00"), (-5.5, "UTC+05:30"), (-14, "UTC+14:00"), (12, "UTC-12:00")],
)
def test_a_wrong_zone_is_named(hours: float, zone: str) -> None:
    assert (
        f"local time of {zone} told as UTC"
        in found(**records(SOUND, int(hours * HOUR_MS)))["zone_offset"].text
    )


@pytest.mark.parametrize("delay_ms", [-15 * HOUR_MS, 13 * HOUR_MS, 7 * MINUTE_MS, 3_000, -3 * DAY_MS])
def test_what_is_no_zone_is_not_taken_for_one(delay_ms: int) -> None:
    assert "zone_offset" not in found(**records(SOUND, delay_ms))


def test_a_zone_takes_more_rows_than_a_few() -> None:
    assert "zone_offset" not in found(**records(SOUND[:19], -2 * HOUR_MS))


def test_the_device_in_a_wrong_zone_is_named_where_its_detector_is_not() -> None:
    def row(i: int) -> bytes:
        ahead = 2 * HOUR_MS if i % 5 == 0 else 0
        agent = "berlin" if ahead else f"web-{i % 5}"
        return wazuh(i, timestamp=stamp(START_MS + i * MINUTE_MS + ahead), agent=agent)

    finding = found(**records([row(i) for i in range(200)], 1_000))["zone_offset"]
    assert (finding.about, finding.rows, finding.text[:8]) == ("wazuh", 40, "berlin: ")


def test_many_devices_with_one_fault_are_one_finding() -> None:
    rows = [wazuh(i, agent=f"web-{i % 7}", timestamp=stamp(START_MS + 5)) for i in range(1_400)]
    rows += [wazuh(i, agent="db-1") for i in range(100)]
    every = [each for each in findings(report(rows)) if each.code == "time_constant"]
    assert [each.text.partition(":")[0] for each in every] == ["web-0, web-1, web-2 and 4 more"]


def test_a_silent_source_is_told_since_when_and_what_was_usual() -> None:
    finding = found(stopped(1_600))["silent"]
    assert finding.text.startswith("web-2: silent for 23.2 h at the end, since 2025-10-10 11:31 UTC")
    assert "longest silence before (4 min)" in finding.text


def test_a_source_that_spoke_only_once_is_not_silent() -> None:
    burst = [wazuh(i, agent="scanned", timestamp=stamp(START_MS + i)) for i in range(500)]
    assert "silent" not in found(burst + stopped(3_000))


def test_a_device_heard_for_less_than_a_day_is_not_silent_for_its_nights_are_not_known() -> None:
    assert "silent" not in found(stopped(1_000))


def test_a_detector_as_a_whole_is_silent_after_less() -> None:
    rows = [eve(i) for i in range(300)] + [wazuh(i) for i in range(600)]
    assert found(rows)["silent"].about == "suricata"


def test_a_source_that_is_often_silent_is_not_told_so() -> None:
    def agent(i: int) -> str:
        return "nightly" if i % 600 < 60 and i < 2_500 else "web-1"

    assert "silent" not in found([wazuh(i, agent=agent(i)) for i in range(3_000)])


def test_one_wrong_clock_makes_nobody_silent() -> None:
    rows = stopped(3_000)
    rows.insert(1_500, wazuh(1, timestamp=stamp(START_MS + 20 * DAY_MS), agent="odd"))
    assert "silent" not in found(rows)


def test_partitions_read_one_after_the_other_are_no_disorder() -> None:
    rows = [wazuh(i % 500) for i in range(2_000)]
    assert "out_of_order" not in found(rows, partitions=4)


def test_the_leap_that_made_all_others_late_is_named() -> None:
    rows = [eve(0, timestamp=stamp(START_MS)), eve(1, timestamp=stamp(START_MS + 9 * DAY_MS)), *SOUND]
    assert "9.0 days, is at line 2" in found(rows)["time_too_old"].text


def test_wrong_ids_are_named_with_what_they_should_be() -> None:
    text = found([mitre("T1086", "T1059.001")(i) for i in range(9)])["attack_revoked"].text
    assert text.startswith("“T1086” → T1059.001 (9): revoked")


def test_ids_in_one_text_are_read_as_the_hints_read_them() -> None:
    finding = found([mitre("T1059, T9999")(1)])["attack_unknown"]
    assert (finding.rows, finding.share) == (1, 0.5)


def test_samples_are_told() -> None:
    mapping = load_mapping('[recognise]\nkeys = ["t"]\n[fields]\ntitle = "t"\nsample = "test"\n', "own")
    made = Lint(Formats.of((mapping,)), attack(), 1_048_576)
    for i in range(10):
        made.see(b'{"t":"x","test":%s}' % (b"true" if i == 3 else b"false"), None, Place(i + 1))
    finding = next(each for each in findings(made.report()) if each.code == "samples")
    assert (finding.level, finding.rows, str(finding.place)) == (Level.NOTE, 1, "line 4")


def test_a_time_without_a_year_is_told_apart_from_none() -> None:
    facts = Facts()
    for text in ("May  7 03:17:27", None):
        facts.alerts += 1
        facts.times.see(replace(BARE, time_text=text), None, Place(facts.alerts))
    codes = {each.code: str(each.place) for each in time_findings("lines", facts, report([]))}
    assert codes == {"time_yearless": "line 1", "time_missing": "line 2"}


def test_without_a_clock_no_time_is_in_the_future() -> None:
    rows = [eve(i, timestamp=stamp(NOW_MS + DAY_MS + i)) for i in range(50)]
    assert "time_in_future" not in found(rows, now_ms=None)
