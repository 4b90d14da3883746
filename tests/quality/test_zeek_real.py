"""Zeek's notices, weirds and connections of other people's sensors. The data stand beside the checkout."""

import gzip
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.errors import Rejected
from enrich.formats import flow_zeek, zeek

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "flows"

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data are not at {DATA}"),
]


def records(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / name) as file:
        return [orjson.loads(line) for line in file]


@cache
def notices() -> list[Alert]:
    found = records("slips_test9_notice.jsonl.gz")
    assert all(zeek.recognise(doc) and not flow_zeek.recognise(doc) for doc in found)
    return [zeek.parse(doc, ()) for doc in found]


@cache
def connections() -> list[Alert]:
    found = records("slips_test9_conn.jsonl.gz")
    assert all(flow_zeek.recognise(doc) and not zeek.recognise(doc) for doc in found)
    return [flow_zeek.parse(doc, ()) for doc in found]


@cache
def combined() -> list[tuple[str, Alert | None]]:
    """Return of each record the log's name and the alert, None where it is none."""
    found: list[tuple[str, Alert | None]] = []
    for doc in records("otrf_apt29_day1_combined_zeek.log.gz"):
        assert zeek.recognise(doc) != flow_zeek.recognise(doc)
        module = zeek if zeek.recognise(doc) else flow_zeek
        try:
            found.append((doc["@stream"], module.parse(doc, ())))
        except Rejected:
            found.append((doc["@stream"], None))
    return found


def test_all_18_notices_have_time_rule_source_and_message() -> None:
    whole = [
        alert
        for alert in notices()
        if None not in (alert.time_ms, alert.src.ip, alert.message) and "::" in alert.rule_id
    ]
    assert (len(whole), {each for alert in notices() for each in alert.quality}) == (18, set())


def test_all_576_connections_have_time_ends_protocol_and_id() -> None:
    whole = [
        alert
        for alert in connections()
        if None not in (alert.time_ms, alert.src.ip, alert.dst.ip, alert.proto, alert.source_uid)
    ]
    assert (len(whole), {each for alert in connections() for each in alert.quality}) == (576, set())


def test_of_a_combined_log_notices_weirds_and_connections_are_alerts_and_no_others() -> None:
    kept = Counter(log for log, alert in combined() if alert is not None)
    assert kept == {"conn": 613, "weird": 12, "notice": 2}
    assert sum(alert is None for _, alert in combined()) == 2140 - 627


def test_nothing_in_a_combined_log_had_to_be_mended() -> None:
    assert {each for _, alert in combined() if alert is not None for each in alert.quality} == set()


def test_every_number_of_a_connection_is_in_its_alert() -> None:
    rows = [doc for doc in records("otrf_apt29_day1_combined_zeek.log.gz") if doc["@stream"] == "conn"]
    read = [
        (alert.bytes_out, alert.bytes_in, alert.packets)
        for log, alert in combined()
        if alert is not None and log == "conn"
    ]
    assert read == [
        (row.get("orig_bytes"), row.get("resp_bytes"), row["orig_pkts"] + row["resp_pkts"]) for row in rows
    ]
