"""Splunk: the webhook's payload, notable and risk events in each of their wrappings; wrong inputs."""

import copy
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Alert, Endpoint
from enrich.errors import Rejected
from enrich.formats import Formats, alert_from, splunk
from millrace.samples import SAMPLES
from tests.examples import OF_EACH, examples
from tests.unit.elastic_documents import ANY, places, put, said

NONE = Formats.of(())
GOLDEN = [
    path for path in sorted(SAMPLES.glob("splunk_*.json")) if "input" in json.loads(path.read_text("utf-8"))
]
NOTABLE: dict[str, Any] = {
    "search_name": "Access - Brute Force - Rule",
    "orig_time": "1709633472",
    "rule_title": "Brute Force",
    "security_domain": "access",
    "severity": "high",
}
WEBHOOK: dict[str, Any] = {
    "sid": "scheduler__ann__search__W2_at_1709633460_132",
    "search_name": "Too many 500s",
    "app": "search",
    "owner": "ann",
    "results_link": "https://splunk.example.com/",
    "result": {"_time": "1709633472", "src": "192.0.2.7", "_raw": "a line"},
}


def read(value: dict[str, Any] | str) -> Alert:
    return alert_from(value.encode() if isinstance(value, str) else orjson.dumps(value), NONE)


def notable(**fields: Any) -> Alert:
    return read({**NOTABLE, **fields})


def without(value: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in keys}


LINE = (
    '1709633472, search_name="Access - Brute Force - Rule", orig_time="1709633472", '
    'rule_title="Brute Force", security_domain="access", severity="high"'
)


@pytest.mark.parametrize(
    "value",
    [
        NOTABLE,
        LINE,
        f"<14>Mar  5 10:11:12 sh-1 {LINE}",
        {"event": NOTABLE, "sourcetype": "stash"},
        {"event": NOTABLE, "time": 1},
        {"event": LINE, "source": "x"},
        {"preview": False, "result": NOTABLE},
        {"_raw": LINE, "sourcetype": "stash", "index": "notable"},
        {"preview": False, "result": {"_raw": LINE, "sourcetype": "stash"}},
        {**WEBHOOK, "result": NOTABLE},
    ],
    ids=lambda value: json.dumps(value)[:30],
)
def test_a_notable_is_the_same_alert_in_each_of_its_wrappings(value: dict[str, Any] | str) -> None:
    found = read(value)
    assert (found.format, found.rule_id, found.title) == (
        "splunk",
        "Access - Brute Force - Rule",
        "Brute Force",
    )
    assert (found.category, found.severity_id, found.time_ms) == ("access", 4, 1_709_633_472_000)
    assert found.quality == ()


@pytest.mark.parametrize(
    "value",
    [
        {"search_name": "x"},
        {"search_name": ["x"], "rule_title": "y"},
        {"search_name": "", "orig_time": "1"},
        {"search_name": None, "orig_time": "1"},
        {"rule_title": "x", "security_domain": ["y"]},
        {"sid": "1", "results_link": "x"},
        {"sid": 1, "results_link": "x", "search_name": "y"},
        {"sid": "1", "search_name": "x", "result": {}},
        {"preview": False, "result": {"src": "192.0.2.7"}},
        {"preview": False, "result": [NOTABLE]},
        {"event": {"src": "192.0.2.7"}, "sourcetype": "x"},
        {"event": "search_name is missing", "sourcetype": "stash"},
        {"event": [NOTABLE], "sourcetype": "stash"},
        {"_raw": "192.0.2.7 says search_name", "sourcetype": "stash"},
        {"_raw": LINE, "sourcetype": "syslog"},
        {"_raw": 7, "sourcetype": "stash"},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_near_miss_is_nobodys(value: dict[str, Any]) -> None:
    assert not splunk.recognise(value)
    with pytest.raises(Rejected):
        read(value)


def test_pairs_without_a_field_of_splunks_are_of_no_notable() -> None:
    assert read('search_name="x", src=192.0.2.7, dst=192.0.2.8, user=ann').format == "keyvalue"


@pytest.mark.parametrize(
    "line",
    [
        f"<38>Mar  5 10:11:12 web-1 sshd[812]: Failed password for {LINE} from 192.0.2.7 port 22 ssh2",
        f"<38>Mar  5 10:11:12 web-1 sshd[812]: Invalid user {LINE.partition(', ')[2]} from 192.0.2.7",
        f"user=ann {LINE}",
    ],
)
def test_pairs_within_a_sentence_make_no_notable(line: str) -> None:
    assert read(line).format in ("syslog", "keyvalue")


def test_an_event_of_another_product_within_a_notable_stays_a_notable() -> None:
    for key, value in (("EventID", 4625), ("event_type", "alert"), ("rule", {"level": 5}), ("note", "x")):
        assert notable(**{key: value, "alert": {}, "Computer": "a", "Channel": "b"}).format == "splunk"


@pytest.mark.parametrize(
    ("result", "quality"),
    [
        (None, ()),
        ({}, ()),
        ([], ()),
        ([WEBHOOK["result"]], ()),
        ("x", (("bad_type", "result"),)),
        (7, (("bad_type", "result"),)),
        (["x"], (("bad_type", "result"),)),
    ],
)
def test_a_webhook_whose_result_is_no_row_is_still_an_alert(
    result: Any, quality: tuple[tuple[str, str], ...]
) -> None:
    found = read({**WEBHOOK, "result": result})
    assert (found.title, found.rule_id) == ("Too many 500s", "Too many 500s")
    assert tuple(said(found)) == quality


def test_a_webhook_without_result_and_one_without_name_are_alerts() -> None:
    assert read(without(WEBHOOK, "result")).title == "Too many 500s"
    found = read({**WEBHOOK, "search_name": None})
    assert (found.title, found.rule_id, found.message) == ("Splunk alert", "unknown", "a line")


def test_the_key_of_a_session_goes_no_further() -> None:
    found = read({**WEBHOOK, "session_key": "s3cret", "server_uri": "https://x"})
    assert "session_key" not in (found.unmapped or {})
    assert "server_uri" in (found.unmapped or {})


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"rule_name": "ESCU - Odd Login - Rule"}, "Odd Login"),
        ({"rule_name": "Odd"}, "Odd"),
        ({"search_name": "ESCU - Deprecated - Odd - Login - Rule"}, "Odd - Login"),
        ({"search_name": "Too many - Rules"}, "Too many - Rules"),
        ({"rule_title": "Brute Force From 192.0.2.7"}, "Brute Force"),
    ],
)
def test_the_title_is_the_rules_name(fields: dict[str, Any], title: str) -> None:
    assert notable(**fields).title == title


def test_a_title_that_quotes_what_was_found_is_the_last_to_be_asked() -> None:
    kept = notable(rule_title="Brute Force From 192.0.2.7").unmapped or {}
    assert kept["rule_title"] == "Brute Force From 192.0.2.7"
    assert read({"rule_title": "T", "security_domain": "access"}).title == "T"


def test_the_id_of_a_notable_is_not_that_of_its_rule() -> None:
    found = notable(rule_id="g@@notable@@h", event_id="g@@notable@@h", event_hash="h")
    assert (found.rule_id, found.source_uid) == ("Access - Brute Force - Rule", "g@@notable@@h")
    assert notable(event_hash="h").source_uid == "h"
    assert read({**WEBHOOK, "result": {"event_id": "4625"}}).source_uid is None


def test_what_the_rule_says_is_the_same_in_each_of_its_alerts() -> None:
    found = notable(savedsearch_description="D.", rule_description="D. Here: ann.")
    assert (found.description, found.message) == ("D.", "D. Here: ann.")
    assert notable(rule_description="D.").description == "D."
    assert notable(description="of the event").description is None


@pytest.mark.parametrize(
    ("fields", "severity_id", "text", "scale"),
    [
        *(
            ({"severity": word}, number, word, "splunk:severity")
            for number, word in enumerate(("informational", "low", "medium", "high", "critical"), 1)
        ),
        ({"severity": "HIGH", "urgency": "low"}, 4, "HIGH", "splunk:severity"),
        ({"severity": None, "urgency": "low"}, 2, "low", "splunk:urgency"),
        ({"severity": "3", "urgency": "critical"}, 5, "critical", "splunk:urgency"),
        ({"severity": "unknown", "urgency": "medium"}, 3, "medium", "splunk:urgency"),
        ({"severity": "unknown"}, None, "unknown", "splunk:severity"),
        ({"severity": None}, None, None, None),
        ({"severity": ["low"]}, 2, "low", "splunk:severity"),
    ],
)
def test_severity_goes_before_urgency(
    fields: dict[str, Any], severity_id: int | None, text: str | None, scale: str | None
) -> None:
    found = notable(**fields)
    assert (found.severity_id, found.severity_text, found.severity_scale) == (severity_id, text, scale)
    assert found.quality == ()


@pytest.mark.parametrize("value", [5, "severe", 1e300])
def test_another_scale_is_told(value: object) -> None:
    found = notable(severity=value)
    assert (found.severity_id, said(found)) in (
        (None, [("bad_severity", "severity")]),
        (None, [("number_out_of_range", "severity"), ("bad_severity", "severity")]),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"annotations": {"mitre_attack": ["T1110", "T1110.001"], "analytic_story": ["A", "B"]}},
        {"annotations": '{"mitre_attack":["T1110","T1110.001"],"analytic_story":["A","B"]}'},
        {
            "annotations": [
                '{"mitre_attack":["T1110"]}',
                '{"mitre_attack":"T1110.001","analytic_story":"A\\nB"}',
            ]
        },
        {"annotations": {"mitre_attack.mitre_technique_id": "T1110,T1110.001", "analytic_story": ["A", "B"]}},
        {
            "annotations": {
                "mitre_attack": {"mitre_technique_id": ["T1110", "T1110.001"]},
                "analytic_story": "A\nB",
            }
        },
        {
            "annotations.mitre_attack.mitre_technique_id": ["T1110", "T1110.001"],
            "annotations.analytic_story": ["A", "B"],
        },
        {"annotations.mitre_attack": "t1110\nt1110.001", "annotations.analytic_story": "A\nB"},
        {
            "annotations.mitre_attack": {"mitre_technique_id": "T1110 T1110.001"},
            "annotations.analytic_story": "A\nB",
        },
        {"mitre_technique_id": "T1110, T1110.001", "annotations.analytic_story": ["A", "B", "A"]},
    ],
    ids=lambda fields: json.dumps(fields)[:60],
)
def test_annotations_are_read_in_each_of_their_spellings(fields: dict[str, Any]) -> None:
    found = notable(**fields)
    assert (found.techniques, found.tags, found.quality) == (("T1110", "T1110.001"), ("A", "B"), ())


@pytest.mark.parametrize(
    ("value", "tactics"),
    [
        (["TA0001", "initial-access"], ("TA0001",)),
        ("Initial Access,credential-access", ("Initial Access", "credential-access")),
        ("Valid Accounts", ()),
        ("XTA0001 T11", ()),
    ],
)
def test_tactics_are_ids_else_names(value: object, tactics: tuple[str, ...]) -> None:
    assert notable(**{"annotations.mitre_attack": value}).tactics == tactics


@pytest.mark.parametrize("value", ["no JSON", 7, True, "{", '["x"]'])
def test_annotations_that_say_nothing_cost_nothing(value: object) -> None:
    found = notable(annotations=value)
    assert (found.title, found.techniques, found.tags) == ("Brute Force", (), ())


@pytest.mark.parametrize(
    ("fields", "src", "dst", "device"),
    [
        ({"dest": "ws-1"}, Endpoint(), Endpoint(), Endpoint(name="ws-1")),
        (
            {"src": "192.0.2.7", "dest": "ws-1", "dvc": "fw-1"},
            Endpoint(ip="192.0.2.7"),
            Endpoint(name="ws-1"),
            Endpoint(name="fw-1"),
        ),
        (
            {"src": "192.0.2.7", "dest": "ws-1", "process_name": "a"},
            Endpoint(ip="192.0.2.7"),
            Endpoint(),
            Endpoint(name="ws-1"),
        ),
        (
            {"dest": "a.example", "dest_port": 443},
            Endpoint(),
            Endpoint(port=443, name="a.example"),
            Endpoint(),
        ),
        ({"src": "unknown", "src_ip": "192.0.2.7"}, Endpoint(ip="192.0.2.7"), Endpoint(), Endpoint()),
        (
            {"risk_object": "ws-9", "risk_object_type": "system"},
            Endpoint(),
            Endpoint(),
            Endpoint(name="ws-9"),
        ),
        (
            {"risk_object": "10.0.0.1", "risk_object_type": "system"},
            Endpoint(),
            Endpoint(),
            Endpoint(ip="10.0.0.1"),
        ),
        ({"risk_object": "ann", "risk_object_type": "user"}, Endpoint(), Endpoint(), Endpoint()),
    ],
)
def test_the_destination_is_the_host_itself_where_there_is_no_connection(
    fields: dict[str, Any], src: Endpoint, dst: Endpoint, device: Endpoint
) -> None:
    found = notable(**fields)
    assert (found.src, found.dst, found.device) == (src, dst, device)


def test_of_several_values_the_first_is_taken_and_all_are_kept() -> None:
    found = notable(src=["192.0.2.7", "192.0.2.8"], user="ann\nbob")
    assert (found.src.ip, found.user) == ("192.0.2.7", "ann")
    assert said(found) == [("field_truncated", "src"), ("field_truncated", "user")]
    assert {"src", "user"} <= set(found.unmapped or {})


def test_lines_of_a_command_are_one_value() -> None:
    process = notable(process="a.exe\n-x", process_name="a.exe").process
    assert process is not None
    assert process.command_line == "a.exe\n-x"


@pytest.mark.parametrize(
    ("fields", "time_ms"),
    [
        ({"orig_time": "1709633472.5"}, 1_709_633_472_500),
        ({"orig_time": None, "_time": 1709633473}, 1_709_633_473_000),
        ({"orig_time": "xxx", "_time": "2024-03-05T10:11:13+00:00"}, 1_709_633_473_000),
        ({"orig_time": None, "info_search_time": "1709633474.1"}, 1_709_633_474_100),
    ],
)
def test_the_time_is_that_of_what_was_found(fields: dict[str, Any], time_ms: int) -> None:
    found = notable(**fields)
    assert (found.time_ms, found.quality) == (time_ms, ())


def test_a_time_that_none_of_them_says_is_told() -> None:
    found = notable(orig_time="xxx")
    assert (found.time_ms, said(found)) == (None, [("bad_time", "orig_time")])


def test_numbers_as_texts_are_numbers_and_wrong_ones_are_told() -> None:
    found = notable(src="192.0.2.7", src_port="51515", dest="192.0.2.8", dest_port="x", process_id="0x1a4")
    assert (found.src.port, found.dst.port) == (51515, None)
    assert said(found) == [("bad_port", "dest_port")]


def test_ten_thousand_keys_are_read_and_kept() -> None:
    found = notable(**{f"field_{number}": str(number) for number in range(10_000)})
    assert (found.title, len(found.unmapped or {})) == ("Brute Force", 10_001)


def test_of_equal_keys_the_last_counts_and_that_is_told() -> None:
    value = orjson.dumps(NOTABLE).replace(b'"severity":"high"', b'"severity":"high","severity":"low"')
    found = alert_from(value, NONE)
    assert (found.severity_id, said(found)) == (2, [("duplicate_keys", "")])


def test_a_key_that_comes_again_in_a_line_is_a_list() -> None:
    found = read(LINE + ', orig_tag="a", orig_tag="b", orig_tag="c"')
    assert (found.unmapped or {})["orig_tag"] == ["a", "b", "c"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@given(data=st.data())
@examples(OF_EACH)
def test_any_value_anywhere_gives_an_alert_or_a_rejection_and_nothing_else(
    path: Path, data: st.DataObject
) -> None:
    doc = copy.deepcopy(json.loads(path.read_text("utf-8"))["input"])
    put(doc, data.draw(st.sampled_from(places(doc))), data.draw(ANY))
    if not splunk.recognise(doc):
        return
    alert = splunk.parse(doc, ())
    assert alert.title
    assert alert.rule_id
    assert (alert.severity_text is None) == (alert.severity_scale is None)
    json.dumps(alert.unmapped)
