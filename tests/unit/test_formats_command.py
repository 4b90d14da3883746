"""``millrace formats``: the table, the coverage, and samples to try the line with."""

import json

import orjson
import pytest

from enrich.alert import Alert
from enrich.errors import SettingsWrong
from enrich.explain import explain
from enrich.formats import FORMATS, LINES, Formats, packaged_mappings
from millrace.cli import main
from millrace.commands.formats import GROUPS, LINKS, coverage_markdown, listed, told_by
from millrace.samples import FIELDS, coverage, filled, sample, samples
from tests.unit.test_formats_properties import IN_USE as EVERY_FIELD
from tests.unit.test_formats_properties import MAPPED

IN_USE = Formats.of(packaged_mappings())


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_STATE", "/nonexistent")
    monkeypatch.setenv("COLUMNS", "200")


def test_every_format_in_use_is_listed_once_with_its_keys_and_a_link() -> None:
    rows = listed(IN_USE, [])
    names = [row["format"] for row in rows]
    known = {*(format_.name for format_ in FORMATS), *LINES, *(mapping.format for mapping in IN_USE.mappings)}
    assert (set(names), len(names)) == (known, len(known))
    assert [row["format"] for row in rows if not told_by(row)] == []
    assert [row["format"] for row in rows if not str(LINKS.get(row["format"])).startswith("https://")] == []


def test_shapes_of_one_format_are_told_apart() -> None:
    row = {"keys": [["a"], ["b", "c"]], "line": False}
    assert told_by(row) == "a or b + c"
    assert told_by(row | {"line": True}) == "a or b + c or a line of text"
    assert told_by({"keys": [], "line": True}) == "a line of text"


def test_the_columns_of_the_screen_and_the_rows_of_the_table_are_the_same_fields() -> None:
    assert sorted(field for group in GROUPS.values() for field in group) == sorted(FIELDS)


def test_the_fields_are_those_of_an_alert() -> None:
    every = {name.partition(".")[0] for name in FIELDS}
    left = {
        "format",
        "vendor",
        "product",
        "detector",
        "time_text",
        "rule_id",
        "title",
        "process",
        "src",
        "dst",
    }
    left |= {"device", "severity_text", "severity_scale", "quality"}
    assert every | left == set(Alert.__slots__)


def test_coverage_counts_what_the_samples_fill() -> None:
    table = coverage(IN_USE)
    mine = [each for each in samples() if each.format == "suricata"]
    assert table["suricata"]["severity_id"] == len(mine)
    assert (table["suricata"]["user"], table["wazuh"]["user"] > 0) == (0, True)


def test_an_alert_with_every_field_fills_every_row_that_a_mapping_can() -> None:
    from enrich.formats import alert_from

    found = filled(alert_from(orjson.dumps(MAPPED), EVERY_FIELD))
    assert found <= set(FIELDS)
    assert {"dns_query", "user", "device.name", "process.name"} <= found


def test_the_table_of_markdown_has_a_row_per_field() -> None:
    text = coverage_markdown({"a": dict.fromkeys(FIELDS, 0) | {"user": 2}}, FIELDS)
    assert text.splitlines()[:2] == ["| field | a |", "|---|---|"]
    assert "| user | 2 |" in text
    assert "| url |  |" in text
    assert len(text.splitlines()) == len(FIELDS) + 2


@pytest.mark.parametrize("each", samples(), ids=lambda each: each.name)
def test_every_sample_can_be_printed_and_explained(
    each: object, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = each.name  # type: ignore[attr-defined]
    assert main(["formats", "--sample", name]) == 0
    value = capfdbinary.readouterr().out.rstrip(b"\n")
    assert value == sample(name).value
    assert explain(value, IN_USE)


def test_a_formats_name_gives_its_first_sample() -> None:
    assert sample("wazuh").format == "wazuh"


def test_an_unknown_sample_is_told_with_the_formats_that_have_some() -> None:
    with pytest.raises(SettingsWrong, match=r"no sample 'nothing'.*suricata"):
        sample("nothing")


def test_the_list_is_printed_for_people_and_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    assert "event_type" in capfd.readouterr().out
    assert main(["formats", "--json"]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert next(row for row in rows if row["format"] == "suricata")["samples"][0].startswith("suricata_")
    assert main(["formats", "--markdown"]) == 0
    assert "| `suricata` | event_type |" in capfd.readouterr().out


def test_the_coverage_is_printed_for_people_and_for_programs(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "--coverage"]) == 0
    assert "●" in capfd.readouterr().out
    assert main(["formats", "--coverage", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == coverage(IN_USE)


def test_a_sample_is_printed_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "--sample", "wazuh", "--coverage"]) == 2
    assert "give it alone" in capfd.readouterr().err
