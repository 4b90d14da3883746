"""Windows events: each wrong field, what is left over, and any values anywhere."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Alert, Endpoint
from enrich.errors import Rejected
from enrich.formats import windows
from tests.examples import OF_EACH, examples
from tests.unit.test_formats_properties import VALUES, paths, put
from tests.unit.windows_events import (
    SAMPLES,
    assert_text_of,
    evtx,
    flat,
    read,
    said,
    winlog,
)

WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": (evtx(system={"TimeCreated": "x"}), "time_ms", None, ("bad_time", "Event.System.TimeCreated")),
    "a computer": (
        evtx(system={"Computer": ["x"]}),
        "device",
        Endpoint(),
        ("bad_type", "Event.System.Computer"),
    ),
    "a channel": (evtx(system={"Channel": {"a": 1}}), "category", None, ("bad_type", "Event.System.Channel")),
    "data": (
        {"Event": {**evtx()["Event"], "EventData": "x"}},
        "process",
        None,
        ("bad_type", "Event.EventData"),
    ),
    "an address": (evtx(3, SourceIp="x"), "src", Endpoint(), ("bad_ip", "Event.EventData.SourceIp")),
    "a port": (
        evtx(3, SourceIp="10.0.0.1", SourcePort="x"),
        "proto",
        None,
        ("bad_port", "Event.EventData.SourcePort"),
    ),
    "a user": (evtx(User={"a": 1}), "user", None, ("bad_type", "Event.EventData.User")),
    "a process id": (
        evtx(Image="a", ProcessId="0xzz"),
        "user",
        None,
        ("bad_type", "Event.EventData.ProcessId"),
    ),
    "a hash": (evtx(Hashes="MD5=12,IMPHASH=zz"), "hashes", (), ("bad_type", "Event.EventData.Hashes")),
    "a long command line": (
        *(evtx(QueryName="q" * 1025), "dns_query", "q" * FIELD_LIMIT),
        ("field_truncated", "Event.EventData.QueryName"),
    ),
    "a Beat's data": (
        winlog(doc={"winlog": {**winlog()["winlog"], "event_data": 3}}),
        "process",
        None,
        ("bad_type", "winlog.event_data"),
    ),
    "a flat user": (flat(User=True), "user", None, ("bad_type", "User")),
}


@pytest.mark.parametrize(("doc", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_mended_and_said_and_the_alert_goes_on(
    doc: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = read(doc)
    assert (getattr(found, field), said(found)) == (value, [quality])


def test_the_rest_keeps_what_was_not_read_and_nothing_that_was() -> None:
    found = read(evtx(1, Image="a", ProcessId=7, RuleName="r", ParentProcessId=9))
    assert found.unmapped == {"Event": {"EventData": {"RuleName": "r", "ParentProcessId": 9}}}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["about"])
@given(data=st.data())
@examples(OF_EACH)
def test_any_values_anywhere_give_an_alert_or_are_not_recognised(
    sample: dict[str, Any], data: st.DataObject
) -> None:
    doc = copy.deepcopy(sample["input"])
    for path in data.draw(st.lists(st.sampled_from(paths(doc)), max_size=3)):
        put(doc, path, copy.deepcopy(data.draw(VALUES)))
    if not windows.recognise(doc):
        return
    try:
        alert = windows.parse(doc, ())
    except Rejected:
        return
    assert type(alert) is Alert
    assert "" not in (alert.rule_id.strip(), alert.title.strip(), alert.detector.strip())
    for name in (
        "rule_id",
        "title",
        "detector",
        "category",
        "message",
        "severity_text",
        "user",
        "file_path",
        "url",
    ):
        assert_text_of(getattr(alert, name))
    assert (alert.severity_text is None) == (alert.severity_scale is None)
