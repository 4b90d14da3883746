"""Formats against alerts of other people's detectors. The data stand beside the checkout, never in it."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.formats import Formats, alert_from, packaged_mappings

DATA = Path(__file__).parents[2].parent / "shared" / "data"
IN_USE = Formats.of(packaged_mappings())
LABELS = ("phase", "event", "scenario")

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data are not at {DATA}"),
]


def lines(path: str, most: int | None = None) -> list[bytes]:
    with gzip.open(DATA / path) as file:
        return [line for _, line in zip(range(most or 1_000_000), file, strict=False)]


@cache
def suricata() -> list[Alert]:
    return [alert_from(line, IN_USE) for line in lines("alerts/suricata_alerts.jsonl.gz")]


def test_all_274_suricata_alerts_are_recognised() -> None:
    assert [alert.format for alert in suricata()] == ["suricata"] * 274


def test_every_suricata_alert_has_time_ends_rule_and_severity() -> None:
    lacking = [
        alert
        for alert in suricata()
        if None
        in (alert.time_ms, alert.src.ip, alert.dst.ip, alert.src.port, alert.dst.port, alert.severity_id)
        or not alert.rule_id.isdigit()
    ]
    assert lacking == []


def test_nothing_in_a_suricata_alert_had_to_be_mended() -> None:
    assert {each for alert in suricata() for each in alert.quality} == set()


def test_every_http_request_of_suricata_has_its_url_and_method() -> None:
    raw = [orjson.loads(line).get("http", {}) for line in lines("alerts/suricata_alerts.jsonl.gz")]
    asked = [(http.get("url"), http.get("http_method"), http.get("http_user_agent")) for http in raw]
    read = [(alert.url, alert.http_method, alert.user_agent) for alert in suricata()]
    assert read == [tuple(None if value is None else value[:1024] for value in http) for http in asked]


def stripped(line: bytes) -> bytes:
    doc: dict[str, Any] = orjson.loads(line)
    return orjson.dumps({key: value for key, value in doc.items() if key not in LABELS})


def relabelled(line: bytes) -> bytes:
    return orjson.dumps({**orjson.loads(line), **dict.fromkeys(LABELS, "other")})


@cache
def santos() -> list[Alert]:
    return [alert_from(stripped(line), IN_USE) for line in lines("ait_ads/santos.jsonl.gz", 20_000)]


def test_the_first_20000_ait_alerts_are_recognised_by_their_mapping() -> None:
    assert [alert.format for alert in santos()] == ["mapped:ait-ads"] * 20_000


def test_every_ait_alert_has_time_rule_title_and_device() -> None:
    lacking = [
        alert
        for alert in santos()
        if None in (alert.time_ms, alert.device.ip, alert.device.name)
        or "unknown" in (alert.rule_id, alert.title)
    ]
    assert lacking == []


def test_nothing_in_an_ait_alert_had_to_be_mended() -> None:
    assert {each for alert in santos() for each in alert.quality} == set()


@pytest.mark.parametrize("change", [bytes, relabelled], ids=["as they are", "changed"])
def test_labels_change_nothing_of_an_ait_alert(change: Any) -> None:
    found = [alert_from(change(line), IN_USE) for line in lines("ait_ads/santos.jsonl.gz", 20_000)]
    assert found == santos()
