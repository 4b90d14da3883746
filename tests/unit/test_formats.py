"""The table of formats, and what is not in it."""

import importlib
import pkgutil
from pathlib import Path

import orjson
import pytest

import enrich.formats
from enrich.errors import DeadCode, Rejected, SettingsWrong
from enrich.formats import (
    FORMATS,
    LINES,
    NAMES,
    REPEATS,
    REPEATS_BYTES,
    Formats,
    alert_from,
    load_mapping,
    packaged_mappings,
)
from enrich.formats.mapped import READERS

PLAIN = Formats.of(())
MINE = '[recognise]\nkeys = ["id"]\n[fields]\nrule_id = "id"\n'


def code_of(doc: object, formats: Formats = PLAIN) -> DeadCode:
    with pytest.raises(Rejected) as refused:
        alert_from(orjson.dumps(doc), formats)
    return refused.value.code


def test_every_module_that_recognises_and_parses_is_in_the_table() -> None:
    names = [module.name for module in pkgutil.iter_modules(enrich.formats.__path__)]
    modules = [importlib.import_module(f"enrich.formats.{name}") for name in names]
    parsing = {each.parse for each in modules if hasattr(each, "recognise") and hasattr(each, "parse")}
    assert parsing - {format_.parse for format_ in FORMATS} - set(LINES.values()) == set()


def test_a_shape_stands_in_the_table_once() -> None:
    assert len({(shape.recognise, shape.keys) for shape in FORMATS}) == len(FORMATS)


DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTATION = (DOCS / "formats.md").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_a_page_and_a_line_in_the_index(name: str) -> None:
    assert f"# `{name}`" in (DOCS / "formats" / f"{name}.md").read_text("utf-8")
    assert f"](formats/{name}.md)" in DOCUMENTATION


def test_every_field_that_can_be_mapped_is_in_the_documentation() -> None:
    assert [field for field in READERS if f"`{field}`" not in DOCUMENTATION] == []


def test_the_mapping_in_the_documentation_is_a_mapping() -> None:
    toml = DOCUMENTATION.partition("```toml\n")[2].partition("```")[0]
    assert load_mapping(toml, "edr").keys == {"detection_id", "severity"}


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"a": 1},
        {"rule": {"id": "x", "name": "an Elastic rule"}, "agent": {"name": "x"}},
        {"rule": {"level": 3}},
        {"rule": "level", "agent": {}},
        {"event_type": "alert"},
        {"event_type": "alerts", "timestamp": "x"},
        {"event_type": "flow"},
        {"event_type": ["alert"], "alert": {}},
        {"alert": {"signature_id": 1}},
    ],
    ids=str,
)
def test_an_object_of_no_known_shape_is_an_unknown_format(doc: object) -> None:
    assert code_of(doc) == DeadCode.UNKNOWN_FORMAT


@pytest.mark.parametrize("kind", ["flow", "dns", "http", "stats", "fileinfo", "drop", "anomaly"])
def test_an_eve_record_of_another_type_is_not_an_alert(kind: str) -> None:
    assert code_of({"event_type": kind, "timestamp": "2024-01-01T00:00:00Z"}) == DeadCode.NOT_AN_ALERT


def test_a_rejection_names_no_key_of_the_record() -> None:
    with pytest.raises(Rejected) as refused:
        alert_from(b'{"hunter2":"hunter2"}', PLAIN)
    assert "hunter2" not in str(refused.value)


def test_a_built_in_format_goes_before_a_mapping_that_would_fit() -> None:
    greedy = load_mapping('[recognise]\nkeys = ["event_type"]\n[fields]\ntitle = "event_type"\n', "greedy")
    value = orjson.dumps({"event_type": "alert", "alert": {}})
    assert alert_from(value, Formats.of((greedy,))).format == "suricata"


def test_of_two_mappings_that_fit_the_first_is_taken() -> None:
    first, second = load_mapping(MINE, "first"), load_mapping(MINE, "second")
    assert alert_from(b'{"id":1}', Formats.of((second, first))).format == "mapped:second"


def test_two_mappings_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsWrong, match="mapping mine: given twice"):
        Formats.of((load_mapping(MINE, "mine"), load_mapping(MINE, "mine")))


def test_the_digest_changes_with_a_mapping() -> None:
    other = MINE.replace('rule_id = "id"', 'title = "id"')
    assert (
        Formats.of((load_mapping(MINE, "mine"),)).digest != Formats.of((load_mapping(other, "mine"),)).digest
    )


def test_the_digest_changes_with_a_mappings_name() -> None:
    assert Formats.of((load_mapping(MINE, "a"),)).digest != Formats.of((load_mapping(MINE, "b"),)).digest


def test_the_digest_changes_with_the_order_of_the_mappings() -> None:
    a, b = load_mapping(MINE, "a"), load_mapping(MINE, "b")
    assert Formats.of((a, b)).digest != Formats.of((b, a)).digest


def test_the_digest_does_not_change_with_comments_and_the_order_of_keys() -> None:
    ordered = '# mine\n[fields]\ntitle = "t"\nrule_id = "id"\n[recognise]\nkeys = ["id"]\n'
    other = '[recognise]\nkeys = ["id"]\n[fields]\nrule_id = "id"\ntitle = "t"\n'
    assert load_mapping(ordered, "mine").digest == load_mapping(other, "mine").digest


def test_the_packaged_mappings_are_those_that_the_documentation_names() -> None:
    assert [mapping.name for mapping in packaged_mappings()] == ["ait-ads"]


def test_equal_bytes_in_a_row_give_the_same_alert() -> None:
    formats = Formats.of((load_mapping(MINE, "mine"),))
    one, again, other = (alert_from(b'{"id": %d}' % i, formats) for i in (7, 7, 8))
    assert one is again
    assert one != other


def test_few_and_short_records_are_remembered() -> None:
    formats = Formats.of((load_mapping(MINE, "mine"),))
    for i in range(3 * REPEATS):
        alert_from(b'{"id": %d}' % i, formats)
    long = b'{"id": 1, "x": "' + b"x" * REPEATS_BYTES + b'"}'
    assert alert_from(long, formats) == alert_from(long, formats)
    assert alert_from(long, formats) is not alert_from(long, formats)
    assert formats.remembered.cache_info().currsize == REPEATS  # type: ignore[attr-defined]


def test_what_was_refused_is_refused_again() -> None:
    assert [code_of({"a": 1}) for _ in range(2)] == [DeadCode.UNKNOWN_FORMAT] * 2
    assert PLAIN.remembered is PLAIN.remembered
