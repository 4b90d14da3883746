"""What an alert is about: rung by rung, and where a device only watched."""

import pytest

from enrich.address import DEFAULT_NETWORKS
from enrich.alert import Alert, Endpoint, Process, entity


def about(**parts: object) -> str:
    alert = Alert(
        format="f", vendor="v", product="p", detector="d", time_ms=None, rule_id="r", title="t", **parts
    )  # type: ignore[arg-type]
    return entity(alert, DEFAULT_NETWORKS)


IN, OUT = Endpoint(ip="10.1.1.1"), Endpoint(ip="203.0.113.9")
FIREWALL = Endpoint(name="FW-1", ip="10.0.0.1")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"device": Endpoint(name="WS-1", ip="10.1.1.1"), "user": "u"}, "ip:10.1.1.1"),
        ({"device": Endpoint(name="WS-1"), "user": "u", "src": OUT}, "host:ws-1"),
        ({"src": OUT, "dst": IN, "user": "u"}, "ip:10.1.1.1"),
        ({"src": OUT, "user": "U"}, "user:u"),
        ({"dst": Endpoint(name="Web")}, "host:web"),
        ({"src": OUT}, "ip:203.0.113.9"),
        ({}, "rule:d/r"),
    ],
)
def test_the_first_rung_that_holds(parts: dict[str, object], expected: str) -> None:
    assert about(**parts) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # A firewall between two others: what it saw is about the host inside.
        ({"device": FIREWALL, "src": OUT, "dst": IN}, "ip:10.1.1.1"),
        ({"device": Endpoint(name="FW-1"), "src": IN, "dst": OUT}, "ip:10.1.1.1"),
        ({"device": FIREWALL, "src": OUT, "dst": Endpoint(ip="198.51.100.7"), "user": "u"}, "user:u"),
        ({"device": FIREWALL, "src": OUT, "dst": Endpoint(ip="198.51.100.7")}, "host:fw-1"),
        # One of the ends itself, or a process on the machine: an agent speaks.
        ({"device": Endpoint(name="WS-1", ip="10.1.1.1"), "src": OUT, "dst": IN}, "ip:10.1.1.1"),
        ({"device": Endpoint(name="WS-1"), "src": IN, "dst": OUT, "process": Process(name="x")}, "host:ws-1"),
        ({"device": Endpoint(name="SRV"), "src": OUT}, "host:srv"),
    ],
)
def test_a_device_that_only_watched_comes_after_the_ends(parts: dict[str, object], expected: str) -> None:
    assert about(**parts) == expected


def test_two_hosts_behind_one_firewall_are_two_entities() -> None:
    assert about(device=FIREWALL, src=IN, dst=OUT) != about(
        device=FIREWALL, src=Endpoint(ip="10.1.1.2"), dst=OUT
    )
