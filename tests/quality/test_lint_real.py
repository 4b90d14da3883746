"""The linter over other people's feeds: what it says must be so, and what it does not say too."""

import re
import time
from functools import cache
from pathlib import Path

import pytest

from enrich.lint import Finding, Level, Lint, Place, Report, findings
from millrace.lines import numbered_lines
from tests.unit.feeds import attack, formats

DATA = Path(__file__).parents[2].parent / "shared" / "data"
# The sets were made before 2026.
NOW_MS = 1_767_225_600_000
LABELS = ("phase", "event", "scenario")

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data are not at {DATA}"),
]


@cache
def linted(name: str, strip: tuple[str, ...] = ()) -> tuple[Report, dict[str, Finding]]:
    made = Lint(formats(), attack(), 1_048_576, NOW_MS)
    for number, line in numbered_lines(DATA / name, strip):
        made.see(line, None, Place(number))
    report = made.report()
    return report, {finding.code: finding for finding in findings(report)}


def test_the_suricata_alerts_are_of_several_zones_and_in_no_order() -> None:
    """They were gathered one per signature from captures of 2015 and 2019, some of them without a zone."""
    report, found = linted("alerts/suricata_alerts.jsonl.gz")
    zoneless = sum(
        re.search(rb'"timestamp": "[^"]*[+-][0-9]{4}"', line) is None
        for _, line in numbered_lines(DATA / "alerts/suricata_alerts.jsonl.gz")
    )
    assert report.alerts == report.rows == 274
    assert found["time_zoneless"].rows == zoneless
    assert {"time_too_old", "time_zoneless"} <= set(found)
    assert all(finding.level is not Level.ERROR for finding in found.values())


@pytest.mark.parametrize("name", ["santos", "russellmitchell"])
def test_the_ait_alerts_repeat_themselves_and_state_no_severity(name: str) -> None:
    report, found = linted(f"ait_ads/{name}.jsonl.gz", LABELS)
    lines = [line for _, line in numbered_lines(DATA / f"ait_ads/{name}.jsonl.gz", LABELS)]
    assert set(found) == {"repeats", "severity_missing"}
    assert report.repeats.exact
    assert found["repeats"].rows == len(lines) - len(set(lines))


def test_a_set_that_no_format_knows_is_told_with_its_keys() -> None:
    _, found = linted("alerts/wazuh_test_logs.jsonl.gz")
    assert found["unknown_format"].level is Level.ERROR
    assert "decoder" in found["unknown_format"].text


def test_a_hundred_thousand_rows_take_seconds() -> None:
    lines = list(numbered_lines(DATA / "ait_ads/santos.jsonl.gz", LABELS))[:100_000]
    made = Lint(formats(), attack(), 1_048_576, NOW_MS)
    began = time.process_time()
    for number, line in lines:
        made.see(line, None, Place(number))
    findings(made.report())
    seconds = time.process_time() - began
    print(f"\n{len(lines):,} rows in {seconds:.1f} s of CPU")
    assert seconds < 20
