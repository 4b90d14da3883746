"""Findings about times: wrong zones, sources that fell silent, rows out of order."""

from dataclasses import replace

import pytest

from enrich.lint import Place, findings
from enrich.lint.facts import Facts
from enrich.lint.time_findings import time_findings
from tests.unit.feeds import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    START_MS,
    eve,
    found,
    report,
    stamp,
    wazuh,
)
from tests.unit.lint_cases import SOUND, records, stopped
from tests.unit.rows import BARE


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
