"""Mappings: what a file can say, what its alerts become, and each way in which it can be wrong."""

from typing import Any

import orjson
import pytest

from enrich.alert import Alert, Endpoint, Process
from enrich.errors import SettingsWrong
from enrich.formats import Formats, alert_from, load_mapping
from enrich.formats.mapped import READERS

HEAD = '[recognise]\nkeys = ["id"]\n'
MINE = HEAD + '[fields]\nrule_id = "id"\n'


def alert(toml: str, doc: dict[str, Any]) -> Alert:
    return alert_from(orjson.dumps(doc), Formats.of((load_mapping(toml, "mine"),)))


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


def test_a_path_goes_through_objects_and_lists() -> None:
    toml = MINE + 'src.ip = "net.ends.1.addr"\n'
    assert alert(toml, {"id": 1, "net": {"ends": [{}, {"addr": "10.0.0.1"}]}}).src.ip == "10.0.0.1"


def test_an_escaped_dot_belongs_to_the_key() -> None:
    assert alert(MINE + "src.ip = 'id\\.orig_h'\n", {"id": 1, "id.orig_h": "10.0.0.1"}).src.ip == "10.0.0.1"


def test_of_several_paths_the_first_that_is_not_empty_counts() -> None:
    toml = MINE + 'user = ["a", "b", "c.d"]\n'
    assert alert(toml, {"id": 1, "a": "", "b": None, "c": {"d": "eve"}}).user == "eve"


def test_a_constant_is_taken_as_it_is() -> None:
    found = alert(MINE + 'vendor = {const = "V"}\ndst.port = {const = 25}\n', {"id": 1})
    assert (found.vendor, found.dst.port) == ("V", 25)


def test_a_path_that_leads_nowhere_is_none_and_not_wrong() -> None:
    found = alert(MINE + 'user = "a.b.c"\nurl = "a.9"\n', {"id": 1, "a": ["x"]})
    assert (found.user, found.url, found.quality) == (None, None, ())


def test_a_wrong_value_is_said_with_the_sources_path() -> None:
    assert said(alert(MINE + 'dst.port = "net.port"\n', {"id": 1, "net": {"port": "x"}})) == [
        ("bad_port", "net.port")
    ]


def test_the_names_fall_back_on_each_other() -> None:
    found = alert(MINE + 'product = "p"\n', {"id": 7, "p": "P"})
    assert (found.vendor, found.product, found.detector, found.rule_id, found.title) == (
        "mine",
        "P",
        "P",
        "7",
        "7",
    )


def test_an_alert_whose_names_are_all_wrong_still_has_a_title() -> None:
    found = alert(MINE, {"id": {"a": 1}})
    assert (found.rule_id, found.title) == ("unknown", "Alert without a title")


SEVERITY = MINE + '[severity]\npath = "sev"\nscale = "mine:words"\n[severity.table]\nHigh = 4\n"9" = 5\n'


@pytest.mark.parametrize(("received", "severity_id"), [("high", 4), (" HIGH ", 4), (9, 5), ("9", 5)])
def test_a_stated_severity_is_looked_up_whatever_its_case(received: object, severity_id: int) -> None:
    found = alert(SEVERITY, {"id": 1, "sev": received})
    assert (found.severity_id, found.severity_scale) == (severity_id, "mine:words")


def test_a_severity_that_the_table_lacks_is_none_and_said() -> None:
    found = alert(SEVERITY, {"id": 1, "sev": "odd"})
    assert (found.severity_id, found.severity_text, said(found)) == (None, "odd", [("bad_severity", "sev")])


def test_a_missing_severity_is_not_wrong() -> None:
    found = alert(SEVERITY, {"id": 1})
    assert (found.severity_id, found.severity_text, found.severity_scale, found.quality) == (
        None,
        None,
        None,
        (),
    )


def test_a_mapping_can_ask_for_values() -> None:
    toml = '[recognise]\nkeys = ["id"]\nequals = {kind = "alert", "meta.v" = 2}\n[fields]\ntitle = "id"\n'
    mapping = load_mapping(toml, "mine")
    docs = [{"id": 1, "kind": "alert", "meta": {"v": v}} for v in (2, 3, "2", True, None)]
    assert [mapping.recognise(doc) for doc in docs] == [True, False, False, False, False]


def test_a_mapping_asks_for_all_its_keys() -> None:
    mapping = load_mapping('[recognise]\nkeys = ["a", "b"]\n[fields]\ntitle = "a"\n', "mine")
    assert [mapping.recognise(doc) for doc in ({"a": 1, "b": None, "c": 1}, {"a": 1})] == [True, False]


@pytest.mark.parametrize(
    ("received", "is_sample"),
    [(True, True), ("true", True), (1, True), (False, False), ("no", False), (None, False)],
)
def test_a_sample_is_what_the_source_marks_as_one(received: object, is_sample: bool) -> None:
    assert alert(MINE + 'sample = "test"\n', {"id": 1, "test": received}).is_sample is is_sample


@pytest.mark.parametrize(("received", "action"), [("Deny", "blocked"), ("accept", "allowed"), ("odd", None)])
def test_an_action_is_allowed_blocked_or_none(received: str, action: str | None) -> None:
    assert alert(MINE + 'action = "a"\n', {"id": 1, "a": received}).action == action


GOOD: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(READERS, ("Text", "Text")),
    "time": ("1970-01-01T00:00:01Z", 1000),
    "proto": ("TCP", "tcp"),
    "src.ip": ("10.0.0.1", Endpoint(ip="10.0.0.1")),
    "src.port": ("1", Endpoint(port=1)),
    "src.name": ("n", Endpoint(name="n")),
    "dst.ip": ("10.0.0.1", Endpoint(ip="10.0.0.1")),
    "dst.port": (1, Endpoint(port=1)),
    "dst.name": ("n", Endpoint(name="n")),
    "device.ip": ("10.0.0.1", Endpoint(ip="10.0.0.1")),
    "device.name": ("n", Endpoint(name="n")),
    "process.name": ("n", Process(name="n")),
    "process.path": ("/n", Process(path="/n")),
    "process.pid": ("0x10", Process(pid=16)),
    "process.command_line": ("n -x", Process(command_line="n -x")),
    "process.parent_name": ("n", Process(parent_name="n")),
    "action": ("pass", "allowed"),
    "hashes.md5": ("A" * 32, (("md5", "a" * 32),)),
    "hashes.sha1": ("a" * 40, (("sha1", "a" * 40),)),
    "hashes.sha256": ("a" * 64, (("sha256", "a" * 64),)),
    "techniques": (["T1059"], ("T1059",)),
    "tactics": ("TA0001", ("TA0001",)),
    "bytes_out": ("7", 7),
    "bytes_in": (7.0, 7),
    "packets": (7, 7),
    "sample": ("yes", True),
}
NAMES = {"time": "time_ms", "sample": "is_sample"}


@pytest.mark.parametrize("field", READERS)
def test_every_field_that_can_be_mapped_is_filled(field: str) -> None:
    received, expected = GOOD[field]
    paths = {"title": "id", "rule_id": "id", field: "x"}
    toml = HEAD + "[fields]\n" + "".join(f'{name} = "{path}"\n' for name, path in paths.items())
    found = alert(toml, {"id": 1, "x": received})
    assert getattr(found, NAMES.get(field, field.partition(".")[0])) == expected


WRONG = {
    "no TOML": ("[recognise\n", "not TOML"),
    "no tables": ("", r"\[recognise\] is missing"),
    "no fields": (HEAD, r"\[fields\] is missing"),
    "an unknown table": (MINE + "[filters]\n", "unknown table: 'filters'"),
    "an unknown key": (MINE.replace("keys", "key"), "unknown key in .recognise.: 'key'"),
    "an unknown field": (MINE + 'src.host = "x"\n', "unknown field 'src.host'"),
    "a field that is no field": (MINE + 'src = "x"\n', "unknown field 'src'"),
    "no keys": (MINE.replace('["id"]', "[]"), "at least one top-level key"),
    "keys that are no list": (MINE.replace('["id"]', '"id"'), "at least one top-level key"),
    "keys that are no text": (MINE.replace('["id"]', "[1]"), "at least one top-level key"),
    "values that are no table": (MINE.replace("[fields]", "equals = 1\n[fields]"), "equals must be a table"),
    "a value that is a list": (MINE.replace("[fields]", "equals = {a = []}\n[fields]"), "equals 'a' must be"),
    "neither rule nor title": (HEAD + '[fields]\nuser = "id"\n', "needs rule_id or title"),
    "an empty path": (MINE + 'user = ""\n', "'' is not a path"),
    "a path that ends in a dot": (MINE + 'user = "a."\n', "'a.' is not a path"),
    "a number for a path": (MINE + "user = 1\n", "'user' must be a path"),
    "no paths": (MINE + "user = []\n", "'user' must be a path"),
    "a constant that is a list": (MINE + "user = {const = []}\n", "const of 'user'"),
    "a constant beside a path": (MINE + 'user = {const = "x", path = "y"}\n', "unknown field 'user.const'"),
    "a severity without path": (MINE + "[severity]\ntable = {a = 1}\n", "needs path"),
    "a severity without table": (MINE + '[severity]\npath = "s"\n', "needs a table"),
    "a severity class of six": (MINE + '[severity]\npath = "s"\ntable = {a = 6}\n', "'a' must be a class"),
    "a severity class that is true": (
        MINE + '[severity]\npath = "s"\ntable = {a = true}\n',
        "'a' must be a class",
    ),
    "a severity in words": (MINE + '[severity]\npath = "s"\ntable = {a = "high"}\n', "'a' must be a class"),
    "an unknown key of the severity": (
        MINE + '[severity]\nfield = "s"\n',
        "unknown key in .severity.: 'field'",
    ),
    "a number beyond 64 bits": (MINE + "user = {const = 99999999999999999999}\n", "beyond 64 bits"),
}


@pytest.mark.parametrize(("toml", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_mapping_is_refused_in_one_line_that_names_it(toml: str, message: str) -> None:
    with pytest.raises(SettingsWrong, match=message) as refused:
        load_mapping(toml, "mine")
    assert str(refused.value).startswith("mapping mine: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "My Mapping", "a/b", "a:b", "x" * 41, "-a"])
def test_a_name_that_could_not_stand_in_a_format_is_refused(name: str) -> None:
    with pytest.raises(SettingsWrong, match="rename the file"):
        load_mapping(MINE, name)


DEEP = """
ignore = ["secret", "actor.notes"]
[recognise]
keys = ["id"]
[fields]
rule_id = "id"
title = ["rule.title", "rule.name"]
user = "actor.name"
src.ip = "net.0.source"
"""


def test_what_no_field_is_filled_from_is_kept_under_its_own_keys() -> None:
    doc = {
        "id": 7,
        "rule": {"title": "t", "name": "n"},
        "actor": {"name": "ann", "notes": "x", "groups": ["a"]},
        "net": [{"source": "192.0.2.1", "zone": "z"}],
        "secret": 1,
        "more": {"a": {"b": 1}},
    }
    found = load_mapping(DEEP, "mine").parse(doc, ())
    assert found.unmapped == {
        "rule": {"name": "n"},
        "actor": {"groups": ["a"]},
        "net": [{"source": "192.0.2.1", "zone": "z"}],
        "more": {"a": {"b": 1}},
    }


def test_a_mapping_that_takes_all_leaves_nothing() -> None:
    assert load_mapping(DEEP, "mine").parse({"id": 7, "actor": {"name": "ann"}}, ()).unmapped is None


@pytest.mark.parametrize("wrong", ['"x"', "[1]", '[""]'])
def test_what_is_ignored_must_be_paths(wrong: str) -> None:
    with pytest.raises(SettingsWrong, match="ignore"):
        load_mapping(DEEP.replace('["secret", "actor.notes"]', wrong), "mine")
