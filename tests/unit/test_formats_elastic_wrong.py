"""Elastic and ECS: each wrong field, what is left over, and any value anywhere."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import FIELD_LIMIT, Endpoint
from enrich.errors import Rejected
from tests.examples import OF_EACH, examples
from tests.unit.elastic_documents import (
    ANY,
    GOLDEN,
    MODULES,
    golden,
    places,
    plain_alert,
    put,
    rule_alert,
    said,
)

WRONG: dict[str, tuple[dict[str, Any], str, object, tuple[str, str]]] = {
    "a time": ({"@timestamp": "soon"}, "time_ms", None, ("bad_time", "@timestamp")),
    "an address": ({"source": {"ip": "1.2.3"}}, "src", Endpoint(), ("bad_ip", "source.ip")),
    "a port": ({"source": {"port": 70000}}, "src", Endpoint(), ("bad_port", "source.port")),
    "a host": ({"host": "h"}, "device", Endpoint(), ("bad_type", "host")),
    "a host's address": ({"host": {"ip": ["x"]}}, "device", Endpoint(), ("bad_ip", "host.ip")),
    "a protocol": ({"network": {"transport": "a b"}}, "proto", None, ("bad_type", "network.transport")),
    "a URL": ({"url": {"full": {"a": 1}}}, "url", None, ("bad_type", "url.full")),
    "a long URL": ({"url": {"full": "/" * 1025}}, "url", "/" * FIELD_LIMIT, ("field_truncated", "url.full")),
    "two users": ({"user": {"name": ["a", "b"]}}, "user", "a", ("field_truncated", "user")),
    "a pid": ({"process": {"pid": "x"}}, "process", None, ("bad_type", "process.pid")),
    "a hash": ({"file": {"hash": {"md5": "x"}}}, "hashes", (), ("bad_type", "file")),
    "bytes": ({"source": {"bytes": -1}}, "bytes_out", None, ("bad_type", "source.bytes")),
    "threat": ({"threat": "T1059"}, "techniques", (), ("bad_type", "threat")),
    "a question": ({"dns": {"question": "x"}}, "dns_query", None, ("bad_type", "dns.question")),
    "a method": (
        {"http": {"request": {"method": True}}},
        "http_method",
        None,
        ("bad_type", "http.request.method"),
    ),
}


@pytest.mark.parametrize(("view", "field", "value", "quality"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_left_out_and_said_and_the_alert_goes_on(
    view: dict[str, Any], field: str, value: object, quality: tuple[str, str]
) -> None:
    found = plain_alert(**view)
    assert (getattr(found, field), said(found), found.rule_id) == (value, [quality], "9")


def test_what_no_field_takes_is_kept_by_its_own_keys() -> None:
    found = plain_alert(tags=["a"], host={"name": "h", "os": {"name": "x"}}, message="m")
    assert found.unmapped == {"tags": ["a"], "host": {"os": {"name": "x"}}, "event": {"id": "e"}}


def test_what_no_field_takes_of_a_rule_is_kept_too() -> None:
    found = rule_alert({"note": "n"}, status="active")
    assert found.unmapped == {"kibana.alert": {"status": "active", "rule": {"note": "n"}}}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@given(data=st.data())
@examples(OF_EACH)
def test_any_value_anywhere_gives_an_alert_or_a_rejection_and_nothing_else(
    path: Path, data: st.DataObject
) -> None:
    doc = golden(path)["input"]
    put(doc, data.draw(st.sampled_from(places(doc))), data.draw(ANY))
    for module in MODULES.values():
        if not module.recognise(doc):
            continue
        try:
            alert = module.parse(doc, ())
        except Rejected:  # any other error is a bug
            continue
        assert alert.title
        assert alert.rule_id
        assert (alert.severity_text is None) == (alert.severity_scale is None)
        assert all(0 < len(text) <= FIELD_LIMIT for text in (*alert.techniques, *alert.tactics))
        assert len(set(alert.quality)) == len(alert.quality)
        json.dumps(alert.unmapped)
