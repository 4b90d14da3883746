"""Every finding: a feed that has it, and a feed that has not."""

from pathlib import Path

import orjson
import pytest

from enrich.errors import DeadCode, QualityCode
from enrich.formats import Formats
from enrich.formats.mapping_file import load_mapping
from enrich.lint import Level, Lint, Place, findings
from enrich.lint.findings import DEAD, QUALITY
from enrich.lint.stated_findings import PROBLEMS
from tests.unit.feeds import (
    START_MS,
    attack,
    eve,
    found,
    report,
    stamp,
)
from tests.unit.lint_cases import CASES, SOUND, Case, in_file, mitre, mixed, records, severity

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
