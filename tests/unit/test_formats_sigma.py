"""Results of Sigma rules: which shapes are known, what is read of rule and event, and each wrong field."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import DeadCode, Rejected
from enrich.formats import sigma, windows
from enrich.formats.sigma_results import engine_of
from millrace.samples import SAMPLES as GOLDEN
from tests.examples import OF_EACH, examples
from tests.unit.test_formats_properties import VALUES, paths, put
from tests.unit.test_formats_samples import plain
from tests.unit.windows_events import assert_text_of, evtx, flat, winlog

SAMPLES = [orjson.loads(path.read_bytes()) for path in GOLDEN.glob("sigma_*.json")]
RULE: dict[str, Any] = {"title": "T", "id": "i-1", "level": "high", "tags": ["attack.execution"]}


def beside(**changes: Any) -> dict[str, Any]:
    doc = {**RULE, "event": evtx(1, Image="C:\\a.exe", User="EX\\u"), **changes}
    return {key: value for key, value in doc.items() if value is not None}


def hayabusa(**changes: Any) -> dict[str, Any]:
    line = {"Timestamp": "2026-03-02 10:14:07.118 +01:00", "RuleTitle": "T", "Level": "med", "Computer": "c"}
    return {**line, "Channel": "Sysmon", "EventID": 1, **changes}


def chainsaw(**changes: Any) -> dict[str, Any]:
    hit = {
        "group": "Sigma",
        "kind": "individual",
        "name": "T",
        "level": "low",
        "timestamp": "2026-03-02T09:00:00Z",
    }
    return {**hit, "document": {"kind": "evtx", "data": evtx(1, User="EX\\u")}, **changes}


def zircolite(**changes: Any) -> dict[str, Any]:
    found = {"title": "T", "id": "i", "description": "D", "rule_level": "low", "tags": []}
    return {**found, "count": 1, "matches": [{"EventID": 1, "User": "EX\\u", "Computer": "c"}], **changes}


def read(doc: dict[str, Any]) -> Alert:
    assert sigma.recognise(doc)
    before = copy.deepcopy(doc)
    alert = sigma.parse(doc, ())
    assert doc == before
    return alert


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
def test_a_sample_becomes_exactly_the_alert_beside_it(sample: dict[str, Any]) -> None:
    assert plain(read(sample["input"])) == sample["alert"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
def test_no_result_of_a_rule_is_taken_for_a_bare_event(sample: dict[str, Any]) -> None:
    assert not windows.recognise(sample["input"])


KNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "a rule beside its event": (beside(), "sigma"),
    "its id called rule_id": (beside(id=None, rule_id="r"), "sigma"),
    "a rule of another system's event": (
        beside(event={"CommandLine": "id"}, logsource={"product": "linux"}),
        "sigma",
    ),
    "a list of events": (beside(event=None, events=[evtx()]), "sigma"),
    "a rule in its own object": ({"rule": RULE, "event": winlog()}, "sigma"),
    "its matches": ({"rule": RULE, "matches": [flat()]}, "sigma"),
    "Hayabusa": (hayabusa(), "hayabusa"),
    "Hayabusa for Timesketch": (
        {"datetime": "2026-03-02T09:00:00Z", "timestamp_desc": "hayabusa", "message": "T", "Level": "high"},
        "hayabusa",
    ),
    "chainsaw": (chainsaw(), "chainsaw"),
    "several documents": (
        chainsaw(kind="aggregate", document=None, documents=[{"data": evtx()}]),
        "chainsaw",
    ),
    "chainsaw 1": ({"detection": ["T", "U"], "event": evtx()}, "chainsaw"),
    "Zircolite": (zircolite(), "zircolite"),
    "Zircolite's template without level": (
        {"title": "T", "id": "i", "description": "D", **flat()},
        "zircolite",
    ),
}


@pytest.mark.parametrize(("doc", "engine"), KNOWN.values(), ids=KNOWN.keys())
def test_every_engines_results_are_known(doc: dict[str, Any], engine: str) -> None:
    found = read(doc)
    assert (found.format, found.detector, found.title) == ("sigma", engine, "T")


FOREIGN: dict[str, dict[str, Any]] = {
    "a Wazuh alert": {"rule": {"level": 3, "id": "1", "description": "d"}, "agent": {}, "event": {"a": 1}},
    "a Wazuh alert with a word": {"rule": {"level": "high"}, "agent": {}, "event": {}},
    "a Wazuh 5 alert": {
        "rule": {"id": "0-77", "title": "T", "level": "high"},
        "event": {"original": "x"},
        "agent": {},
    },
    "a rule without event": {"rule": RULE},
    "a title and a level": {"title": "T", "level": "high", "id": "1"},
    "an error report": {"title": "T", "level": "error", "id": "1", "event": {"type": "error"}},
    "an incident with an event of its own": {"title": "T", "level": "high", "id": "1", "event": {"a": 1}},
    "an incident without id": {"title": "T", "level": "high", "event": evtx()},
    "an event that is a text": {"title": "T", "level": "high", "id": "1", "tags": ["attack.x"], "event": "x"},
    "a document of another": {"kind": "individual", "document": {}, "name": 1, "level": "low"},
    "a participant": {"kind": "individual", "name": "Jane", "documents": []},
    "a detection of another": {"detection": {"name": "x"}, "event": evtx()},
    "a detection without event": {"detection": ["x"], "event": {"a": 1}},
    "a bare Windows event": flat(),
    "a bare EVTX record": evtx(),
    "a timeline of another": {"timestamp_desc": "MFT", "message": "m", "Level": "high"},
    "a rule's title alone": {"RuleTitle": "T", "Level": "high"},
    "an Elastic alert": {"kibana.alert.rule.name": "T", "level": "high", "event": {"kind": "signal"}},
}


@pytest.mark.parametrize("doc", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_no_result_of_a_sigma_rule_is_refused(doc: dict[str, Any]) -> None:
    assert not sigma.recognise(doc)


def test_what_is_not_recognised_is_rejected_and_nothing_else() -> None:
    with pytest.raises(Rejected) as refused:
        sigma.parse({}, ())
    assert refused.value.code == DeadCode.NOT_AN_ALERT


LEVELS = {"informational": 1, "low": 2, "Medium": 3, "HIGH": 4, "critical": 5}
SHORT = {"info": 1, "low": 2, "med": 3, "high": 4, "crit": 5, "emer": 5, "emergency": 5}


@pytest.mark.parametrize(("level", "severity_id"), LEVELS.items())
def test_sigmas_levels_are_ocsfs_classes(level: str, severity_id: int) -> None:
    found = read(beside(level=level))
    assert (found.severity_id, found.severity_text, found.severity_scale) == (
        *(severity_id, level),
        "sigma:informational-critical",
    )


@pytest.mark.parametrize(("level", "severity_id"), SHORT.items())
def test_hayabusas_short_levels_are_the_same(level: str, severity_id: int) -> None:
    assert read(hayabusa(Level=level)).severity_id == severity_id


@pytest.mark.parametrize(
    "doc", [hayabusa(Level="undef"), chainsaw(level="undef"), zircolite(rule_level="undef")]
)
def test_a_level_outside_the_scale_is_none_and_said(doc: dict[str, Any]) -> None:
    found = read(doc)
    assert (found.severity_id, found.severity_text, said(found)) == (
        None,
        "undef",
        [("bad_severity", "level")],
    )


def test_the_rules_level_goes_before_the_events() -> None:
    assert read(beside(event=evtx(system={"Level": 1}), level="low")).severity_id == 2


TAGS: dict[str, tuple[list[str], list[str]]] = {
    "attack.t1059.001": (["T1059.001"], []),
    "attack.T1059": (["T1059"], []),
    "attack.initial-access": ([], ["initial-access"]),
    "attack.initial_access": ([], ["initial_access"]),
    "attack.ta0001": ([], ["ta0001"]),
    "attack.g0007": ([], []),
    "attack.s0002": ([], []),
    "attack.ds0009": ([], []),
    "attack.": ([], []),
    "t1059": ([], []),
    "cve.2024-0001": ([], []),
    "car.2013-05-004": ([], []),
    "detection.emerging-threats": ([], []),
}


@pytest.mark.parametrize(("tag", "stated"), TAGS.items(), ids=TAGS.keys())
def test_a_tag_is_a_technique_or_a_tactic_or_neither(tag: str, stated: tuple[list[str], list[str]]) -> None:
    found = read(beside(tags=[tag]))
    assert (list(found.techniques), list(found.tactics)) == stated


def test_what_stands_beside_the_tags_is_added_once() -> None:
    found = read(beside(tags=["attack.t1059"], techniques=["T1059", "T1027"], tactics=["execution"]))
    assert (found.techniques, found.tactics) == (("T1059", "T1027"), ("execution",))


@pytest.mark.parametrize("tactics", [["Exec", "C2", "Unheard"], "Exec ¦ C2 ¦ Unheard"])
def test_hayabusas_short_tactics_are_written_out_and_others_passed_on(tactics: object) -> None:
    assert read(hayabusa(MitreTactics=tactics)).tactics == ("execution", "command-and-control", "Unheard")


def test_hayabusas_groups_and_software_are_no_techniques() -> None:
    assert read(hayabusa(MitreTags=["T1059", "G0007", "S0002", "-"])).techniques == ("T1059",)


def test_hayabusas_details_in_one_text_are_read_like_an_object() -> None:
    said_once = {"Cmdline": "a: b -c", "Proc": "C:\\a.exe", "User": "EX\\u"}
    text = " ¦ ".join(f"{name}: {value}" for name, value in said_once.items())
    one, other = read(hayabusa(Details=said_once)), read(hayabusa(Details=text))
    assert (one.process, one.user) == (other.process, other.user)
    assert one.process is not None
    assert one.process.command_line == "a: b -c"


@pytest.mark.parametrize("details", ["DUP", "-", {}, None])
def test_hayabusas_details_that_say_nothing_are_not_wrong(details: object) -> None:
    found = read(hayabusa(Details=details))
    assert (found.process, found.quality) == (None, ())


def test_the_path_of_a_new_process_is_a_program_and_of_another_event_a_file() -> None:
    process, file = (read(hayabusa(EventID=number, Details={"Path": "C:\\a.exe"})) for number in (4688, 11))
    assert (process.process and process.process.name, process.file_path) == ("a.exe", None)
    assert (file.process, file.file_path) == (None, "C:\\a.exe")


def test_of_several_computers_the_first_is_the_device() -> None:
    assert read(hayabusa(Computer="a ¦ b")).device == Endpoint(name="a")


@pytest.mark.parametrize(
    "doc", [beside(), chainsaw(), zircolite(), {"rule": RULE, "events": [evtx(1, User="EX\\u")]}]
)
def test_the_events_own_fields_are_the_alerts(doc: dict[str, Any]) -> None:
    assert read(doc).user == "EX\\u"


def test_a_rule_without_id_is_known_by_its_title() -> None:
    assert read(chainsaw()).rule_id == "T"


def test_a_rule_without_title_is_titled_by_its_id() -> None:
    assert read(chainsaw(name=" ", id="i")).title == "Sigma rule i"


def test_the_results_time_stands_in_for_the_events() -> None:
    untimed = evtx(system={"TimeCreated": None})
    found = read(chainsaw(document={"data": untimed}))
    assert (found.time_text, found.quality) == ("2026-03-02T09:00:00Z", ())


def test_the_description_is_the_message_and_else_the_events() -> None:
    event = flat(Message="M")
    assert [read(beside(event=event, description=each)).message for each in ("D", None)] == ["D", "M"]


def test_a_test_file_found_by_defender_is_a_sample_here_too() -> None:
    found = evtx(1116, "Microsoft-Windows-Windows Defender", **{"Threat Name": "Virus:DOS/EICAR_Test_File"})
    assert read(beside(event=found)).is_sample


def test_a_rule_under_test_is_no_sample() -> None:
    assert not read(beside(status="test")).is_sample


def test_the_rest_of_result_and_event_stay_at_their_places() -> None:
    event = evtx(1, User="u", RuleName="r")
    left = {"Event": {"EventData": {"RuleName": "r"}}}
    assert read(beside(event=event, status="test")).unmapped == {"status": "test", "event": left}
    assert read(chainsaw(document={"data": event})).unmapped == {
        "group": "Sigma",
        "kind": "individual",
        "document": {"data": left},
    }
    matches = [{"EventID": 1, "a": 1}, {"EventID": 2}]
    assert read(zircolite(matches=matches)).unmapped == {"count": 1, "matches": [{"a": 1}, {"EventID": 2}]}
    within = {"rule": {**RULE, "author": "A"}, "events": [event]}
    assert read(within).unmapped == {"rule": {"author": "A"}, "events": [left]}


WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "tags": (beside(tags={"a": 1}), "techniques", (), ("bad_type", "tags")),
    "a tag": (beside(tags=[["x"], "attack.t1059"]), "techniques", ("T1059",), ("bad_type", "tags")),
    "many tags": (beside(tags=["attack.t1059"] * 33), "techniques", ("T1059",), ("field_truncated", "tags")),
    "a description": (beside(description=[1]), "title", "T", ("bad_type", "description")),
    "a log source": (chainsaw(logsource="x"), "category", "C", ("bad_type", "logsource")),
    "a document": (chainsaw(document={"data": "x"}), "user", None, ("bad_type", "document.data")),
    "details": (hayabusa(Details=7), "process", None, ("bad_type", "Details")),
    "a field of the event": (
        beside(event=evtx(3, SourceIp="x")),
        *("src", Endpoint()),
        ("bad_ip", "event.Event.EventData.SourceIp"),
    ),
    "a field of a match": (
        zircolite(matches=[{"User": {"a": 1}}]),
        "user",
        None,
        ("bad_type", "matches.User"),
    ),
    "a result's time": (hayabusa(Timestamp="x"), "time_ms", None, ("bad_time", "timestamp")),
    "a long title": (chainsaw(name="T" * 1025), "title", "T" * FIELD_LIMIT, ("field_truncated", "title")),
}


@pytest.mark.parametrize(("doc", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_mended_and_said_and_the_alert_goes_on(
    doc: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = read(doc)
    assert (getattr(found, field), said(found)) == (value, [quality])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_anywhere_give_an_alert_or_are_not_recognised(
    sample: dict[str, Any], data: st.DataObject
) -> None:
    doc = copy.deepcopy(sample["input"])
    for path in data.draw(st.lists(st.sampled_from(paths(doc)), max_size=3)):
        put(doc, path, copy.deepcopy(data.draw(VALUES)))
    if engine_of(doc) is None:
        return
    alert = sigma.parse(doc, ())
    assert type(alert) is Alert
    assert "" not in (alert.rule_id.strip(), alert.title.strip(), alert.detector.strip())
    for text in (
        alert.rule_id,
        alert.title,
        alert.category,
        alert.message,
        alert.user,
        *alert.techniques,
        *alert.tactics,
    ):
        assert_text_of(text)
    assert (alert.severity_text is None) == (alert.severity_scale is None)
