"""``explain``: the places that a field came from, by leaving values out; and the command's words for it."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Alert
from enrich.errors import DeadCode, QualityCode
from enrich.explain import Explained, Field, Refused, explain, parts, paths, without, written
from enrich.formats import Formats, alert_from, load_mapping, packaged_mappings
from enrich.meaning import DEAD, QUALITY
from millrace.cli import main
from millrace.commands.explain import document, record
from millrace.samples import samples

IN_USE = Formats.of(packaged_mappings())
EVE: dict[str, Any] = {
    "timestamp": "2024-01-14T00:00:01.5+0000",
    "event_type": "alert",
    "src_ip": "10.0.0.1",
    "src_port": 50000,
    "dest_ip": "192.0.2.1",
    "dest_port": "x",
    "proto": "TCP",
    "community_id": "1:abc",
    "alert": {
        "signature_id": 9,
        "signature": "S",
        "severity": 1,
        "metadata": {"mitre_technique_id": ["T1", "T2"]},
    },
}


def explained(doc: dict[str, Any], formats: Formats = IN_USE) -> Explained:
    found = explain(orjson.dumps(doc), formats)
    assert isinstance(found, Explained)
    return found


def field(found: Explained, name: str) -> Field:
    return next(each for each in found.fields if each.name == name)


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("src.ip", ("src_ip",)),
        ("src.port", ("src_port",)),
        ("severity_id", ("alert.severity",)),
        ("severity_scale", ("alert.severity",)),
        ("title", ("alert.signature",)),
        ("rule_id", ("alert.signature_id",)),
        ("time_ms", ("timestamp",)),
        ("techniques", ("alert.metadata.mitre_technique_id[0]", "alert.metadata.mitre_technique_id[1]")),
    ],
)
def test_a_field_comes_from_where_it_is_read(name: str, sources: tuple[str, ...]) -> None:
    assert field(explained(EVE), name).sources == sources


def test_what_the_format_itself_says_comes_from_nowhere() -> None:
    assert [field(explained(EVE), name).sources for name in ("vendor", "product", "detector")] == [()] * 3


def test_what_tells_the_format_is_named() -> None:
    found = explained(EVE)
    assert (found.format, found.keys, found.decided_by) == ("suricata", ("event_type",), ("event_type",))


def test_what_no_field_takes_is_named() -> None:
    assert set(explained(EVE).unread) == {"dest_port", "community_id"}


def test_what_was_repaired_is_named() -> None:
    assert [tuple(each) for each in explained(EVE).repaired] == [(QualityCode.BAD_PORT, "dest_port")]


def test_the_place_that_was_read_is_named_and_not_the_one_it_could_have_been_read_from() -> None:
    doc = {**EVE, "@timestamp": "2024-01-01T00:00:00Z"}
    found = explained(doc)
    assert (field(found, "time_ms").sources, "@timestamp" in found.unread) == (("timestamp",), True)


def test_a_value_that_stands_twice_is_found_at_one_of_its_places() -> None:
    both = field(explained({**EVE, "@timestamp": EVE["timestamp"]}), "time_ms")
    assert (both.sources, both.shared) == (("timestamp",), True)


def test_a_value_that_both_tells_the_format_and_fills_a_field_is_in_both() -> None:
    found = explained({"rule": {"level": 9, "id": "5710"}, "agent": {"name": "a"}})
    assert ("rule.level" in found.decided_by, field(found, "severity_id").sources) == (True, ("rule.level",))


def test_a_mapping_is_explained_like_a_format() -> None:
    mapping = load_mapping(
        '[recognise]\nkeys = ["x"]\n[fields]\ntitle = ["a.b", "c"]\nrule_id = "d"\n', "mine"
    )
    found = explained({"x": 1, "c": "T", "d": 7}, Formats.of((mapping,)))
    assert (found.format, found.keys, found.decided_by) == ("mapped:mine", ("x",), ("x",))
    assert (field(found, "title").sources, field(found, "rule_id").sources) == (("c",), ("d",))


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_leaving_out_the_places_of_a_field_changes_it(sample: Any) -> None:
    found = explain(sample.value, IN_USE)
    if isinstance(found, Refused):
        pytest.skip("a format that is not in the table yet")
    alert = alert_from(sample.value, IN_USE)
    assert {each.name: each.value for each in found.fields} == parts(alert)
    assert found.repaired == alert.quality
    # Everything that differs between two alerts of the format must come from somewhere.
    unexplained = {each.name for each in found.fields if not each.sources}
    constant = {"format", "vendor", "product", "detector", "category", "severity_scale", "title", "rule_id"}
    assert unexplained <= constant


@pytest.mark.parametrize(
    ("value", "code", "of"),
    [
        (b"\x00", DeadCode.UNPARSEABLE, None),
        (b"[1]", DeadCode.NOT_AN_OBJECT, None),
        (b'{"a": 1}', DeadCode.UNKNOWN_FORMAT, None),
        (b"{}", DeadCode.UNKNOWN_FORMAT, None),
        (b'{"event_type": "flow", "timestamp": 1}', DeadCode.NOT_AN_ALERT, "suricata"),
    ],
)
def test_a_dead_letter_is_explained_too(value: bytes, code: DeadCode, of: str | None) -> None:
    found = explain(value, IN_USE)
    assert isinstance(found, Refused)
    assert (found.code, found.format) == (code, of)


def test_every_code_has_words() -> None:
    assert (set(QUALITY), set(DEAD)) == (set(QualityCode), set(DeadCode))


@given(
    st.recursive(
        st.none() | st.text(max_size=3) | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=10,
    )
)
def test_every_leaf_can_be_left_out_and_the_document_stays_as_it_was(inner: Any) -> None:
    doc = {"a": inner}
    before = json.dumps(doc)
    for path in paths(doc):
        assert json.dumps(without(doc, path)) != before
        assert without(doc, path, None)["a"] is None or path != ("a",)
        assert json.dumps(doc) == before


def test_a_path_is_written_as_people_write_it() -> None:
    assert (written(("a", 0, "b.c")), written((0,))) == ("a[0].b.c", "[0]")


def test_only_so_many_values_are_tried_and_that_is_said() -> None:
    found = explained({**EVE, "x": list(range(5_000))})
    assert found.untried > 900
    assert field(found, "src.ip").sources == ("src_ip",)


def lines(tmp_path: Path, *values: bytes) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\n".join(values) + b"\n")
    return path


@pytest.mark.parametrize(
    ("values", "line", "found"),
    [
        ((b'{"a": 1}', b'{"a": 2}'), None, (b'{"a": 1}', True)),
        ((b'{"a": 1}', b"", b'{"a": 2}'), 3, (b'{"a": 2}', False)),
        ((b'{"a": 1}', b"", b'{"a": 2}'), 2, (b'{"a": 2}', False)),
        ((b"{", b'"a": 1', b"}"), None, (b'{\n"a": 1\n}', False)),
        ((b"Jan 1 x", b"Jan 2 y"), None, (b"Jan 1 x", True)),
        ((b"Jan 1 x",), None, (b"Jan 1 x", False)),
    ],
)
def test_the_record_is_the_line_asked_for_or_the_object_or_the_first_line(
    tmp_path: Path, values: tuple[bytes, ...], line: int | None, found: tuple[bytes, bool]
) -> None:
    assert record(lines(tmp_path, *values), line) == found


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str
) -> tuple[int, str, str]:
    monkeypatch.setenv("MILLRACE_STATE", "/nonexistent")
    monkeypatch.setenv("COLUMNS", "160")
    code = main(args)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_the_screen_shows_fields_and_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, monkeypatch, "explain", str(lines(tmp_path, orjson.dumps(EVE))))
    assert (code, "Format suricata" in out, "alert.signature_id" in out) == (0, True, True)
    assert "Repaired: dest_port: not a port; left out [bad_port]" in out


def test_the_screen_shows_no_control_character_of_the_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    doc = {**EVE, "alert": {**EVE["alert"], "signature": "\x1b[31m\u202egnp.exe"}, "\x1b[2Jkey": 1}
    _, out, _ = run(capsys, monkeypatch, "explain", str(lines(tmp_path, orjson.dumps(doc))))
    assert ("\x1b" in out, "\u202e" in out, "␛[31m‹U+202E›gnp.exe" in out) == (False, False, True)


def test_json_says_all_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, monkeypatch, "explain", "--json", str(lines(tmp_path, orjson.dumps(EVE))))
    doc = json.loads(out)
    assert (code, doc["fields"]["src.ip"]) == (
        0,
        {"value": "10.0.0.1", "from": ["src_ip"], "stands_twice": False},
    )
    assert doc["repaired"][0]["meaning"] == "not a port; left out"


def test_a_dead_letter_says_what_helps_and_the_answer_is_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, monkeypatch, "explain", str(lines(tmp_path, b'{"a": 1}')))
    assert (code, "unknown_format" in out, "write a mapping" in out) == (1, True, True)


def test_json_of_a_dead_letter_says_what_helps() -> None:
    found = document(Refused(DeadCode.NOT_AN_ALERT, "m", "suricata"))["dead"]
    assert (found["format"], found["helps"]) == ("suricata", "filter it out at the producer")


def test_an_empty_file_and_a_line_that_is_not_there_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, one = tmp_path / "empty", lines(tmp_path, b"{}")
    empty.write_bytes(b"\n")
    assert run(capsys, monkeypatch, "explain", str(empty))[::2] == (2, f"millrace: {empty}: is empty\n")
    assert run(capsys, monkeypatch, "explain", str(one), "--line", "2")[0] == 2


def test_parts_leaves_out_what_has_no_value() -> None:
    alert = Alert(format="f", vendor="v", product="p", detector="d", time_ms=None, rule_id="r", title="t")
    assert set(parts(alert)) == {"format", "vendor", "product", "detector", "rule_id", "title"}
