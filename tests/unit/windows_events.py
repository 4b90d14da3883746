"""Windows events for the tests: one event in three shapes, and how they are read."""

import copy
from typing import Any

import orjson

from enrich.alert import Alert
from enrich.formats import windows
from millrace.samples import SAMPLES as GOLDEN
from tests.unit.test_formats_properties import assert_text

SAMPLES = [orjson.loads(path.read_bytes()) for path in GOLDEN.glob("windows_*.json")]
SECURITY, SYSMON = "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-Sysmon"
DEFENDER = "Microsoft-Windows-Windows Defender"


def evtx(
    event_id: object = 1, provider: str = SYSMON, system: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    header = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": event_id,
        "Level": 4,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-03-02T09:14:07.118402Z"}},
        "Channel": "C",
        "Computer": "ws.example.com",
        **(system or {}),
    }
    return {"Event": {"System": header, "EventData": data}}


def winlog(
    event_id: object = 1, provider: str = SYSMON, doc: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    inner = {
        "channel": "C",
        "provider_name": provider,
        "event_id": event_id,
        "computer_name": "ws.example.com",
    }
    stamp = {"@timestamp": "2026-03-02T09:14:07.118402Z", "log": {"level": "information"}}
    return {**stamp, "winlog": {**inner, "event_data": data}, **(doc or {})}


def flat(
    event_id: object = 1, provider: str = SYSMON, doc: dict[str, Any] | None = None, **data: Any
) -> dict[str, Any]:
    header = {
        "EventID": event_id,
        "SourceName": provider,
        "Channel": "C",
        "Hostname": "ws.example.com",
        "Level": "4",
    }
    return {**header, "TimeCreated": "2026-03-02T09:14:07.118402Z", **data, **(doc or {})}


def read(doc: dict[str, Any]) -> Alert:
    assert windows.recognise(doc)
    before = copy.deepcopy(doc)
    alert = windows.parse(doc, ())
    assert doc == before
    return alert


def said(found: Alert) -> list[tuple[str, str]]:
    return [(str(each.code), each.field) for each in found.quality]


def assert_text_of(text: str | None) -> None:
    # A lone surrogate is mended by the parser of bytes, which is not asked here.
    if text is None or text.isprintable() or "\ud800" not in text:
        assert_text(text)
