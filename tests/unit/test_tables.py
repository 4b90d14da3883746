"""What the tables say of an alert, and what comes of it in the event, the priority and the context."""

import gc
import tomllib
import weakref
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import DEFAULT_NETWORKS
from enrich.alert import Alert, Endpoint
from enrich.decide import decide
from enrich.encode.ocsf import encode
from enrich.encode.schema import validate
from enrich.errors import SettingsWrong
from enrich.pipeline import process
from enrich.policy import Points, Policy
from enrich.priority import priority
from enrich.redact import Redaction
from enrich.row import Reason
from enrich.suppression import Suppression
from enrich.tables import NO_TABLES, Asset, Found, Identity, Indicator, Place, System, Table, Tables, built
from tests.unit import mmdb_writer as mmdb
from tests.unit import rows, tiny

WRITTEN_MS = rows.TIME_MS - 3 * 86_400_000
LIST = b"198.51.100.23 7\n203.0.113.0/24\n10.0.0.0/8\n10.9.9.9\nfe80::/10\n"
OTHER = b"198.51.100.0/24\n"
ASSETS = b"""address,host,name,criticality
10.20.0.17,,Till 17,3
10.20.0.0/16,,Tills,low
,web-1,Web shop,critical
"""
IDENTITIES = b"user,name,department,privileged\nj.doe,Jane Doe,Finance,yes\ncorp\\adm,,IT,no\n"


def table(kind: str, data: bytes, name: str = "", written_ms: int = WRITTEN_MS) -> Table:
    return Table(built(kind, name or kind, data, written_ms))


GEO = table("geo", mmdb.database({"198.51.100.0/24": mmdb.AUSTRIA, "2001:db8::/32": mmdb.AUSTRIA}))
ASN = table(
    "asn", mmdb.database({"198.51.100.0/25": mmdb.system(64_496, "Example Net")}, database_type="Test-ASN")
)
ALL = Tables(
    (
        GEO,
        ASN,
        table("blocklist", LIST, "example"),
        table("blocklist", OTHER, "other"),
        table("assets", ASSETS),
        table("identities", IDENTITIES),
    ),
    DEFAULT_NETWORKS,
)


def alert(**changes: Any) -> Alert:
    return replace(rows.BARE, **changes)


def said(changes: dict[str, Any], tables: Tables = ALL) -> list[tuple[str, str, Any]]:
    return [(each.of, each.source, each.value) for each in tables.found(alert(**changes))]


def test_both_ends_device_and_user_are_told_in_this_order() -> None:
    about = alert(
        src=Endpoint(ip="10.20.0.17"),
        dst=Endpoint(ip="198.51.100.23"),
        device=Endpoint(name="WEB-1"),
        user="J.DOE",
    )
    written, made = WRITTEN_MS, mmdb.EPOCH * 1000
    assert ALL.found(about) == (
        Found("src", "assets", "assets", written, Asset("Till 17", "10.20.0.17", None, 3, ())),
        Found("dst", "geo", "Test-City", made, Place("AT", "AT-9", "Vienna", "Europe", 48.2, 16.37)),
        Found("dst", "asn", "Test-ASN", made, System(64_496, "Example Net")),
        Found("dst", "blocklist", "example", written, Indicator("198.51.100.23", "198.51.100.23", 7)),
        Found("dst", "blocklist", "other", written, Indicator("198.51.100.23", "198.51.100.0/24", None)),
        Found("device", "assets", "assets", written, Asset("Web shop", "web-1", None, 4, ())),
        Found("user", "identities", "identities", written, Identity("j.doe", "Jane Doe", "Finance", True)),
    )


def test_ipv6_is_found_as_ipv4_is() -> None:
    assert [value for _, _, value in said({"src": Endpoint(ip="2001:db8::1")})] == [
        Place("AT", "AT-9", "Vienna", "Europe", 48.2, 16.37)
    ]


@pytest.mark.parametrize(
    ("ip", "matches"),
    [("203.0.113.5", ["203.0.113.0/24"]), ("10.1.2.3", []), ("10.9.9.9", ["10.9.9.9"]), ("fe80::1", [])],
)
def test_a_listed_block_does_not_mean_the_own_networks_but_a_listed_host_does(
    ip: str, matches: list[str]
) -> None:
    found = said({"src": Endpoint(ip=ip)})
    assert [value.match for _, _, value in found if isinstance(value, Indicator)] == matches


@pytest.mark.parametrize(
    ("changes", "of"),
    [
        ({"src": Endpoint(name="Web-1.")}, ["src"]),
        ({"dst": Endpoint(name="web-1")}, ["dst"]),
        ({"dst": Endpoint(name="web-1.evil.example")}, []),
        ({"dst": Endpoint(ip="203.0.114.1", name="web-1")}, []),
        ({"device": Endpoint(ip="192.0.2.1", name="web-1.corp.example")}, ["device"]),
        ({"device": Endpoint(ip="10.20.0.17", name="web-1")}, ["device"]),
    ],
)
def test_a_host_is_found_by_a_name_that_its_sender_cannot_choose(
    changes: dict[str, Any], of: list[str]
) -> None:
    assert [found.of for found in ALL.found(alert(**changes)) if isinstance(found.value, Asset)] == of


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("J.Doe", "j.doe"),
        ("CORP\\j.doe", "j.doe"),
        ("j.doe@corp.example", "j.doe"),
        ("CORP\\adm", "corp\\adm"),
        ("adm", None),
        ("", None),
        ("\\", None),
        ("@", None),
    ],
)
def test_a_user_is_found_with_and_without_a_domain(user: str, found: str | None) -> None:
    assert [value.user for _, _, value in said({"user": user})] == ([found] if found else [])


@given(st.ip_addresses().map(str), st.text(max_size=30), st.text(max_size=30))
def test_any_alert_can_be_asked_about(ip: str, name: str, user: str) -> None:
    from enrich.address import canonical

    end = Endpoint(ip=canonical(ip), name=name)
    for found in ALL.found(alert(src=end, dst=Endpoint(name=name), device=end, user=user)):
        assert found.of in ("src", "dst", "device", "user")


def test_without_tables_nothing_is_said() -> None:
    assert (bool(NO_TABLES), NO_TABLES.found(rows.FULL)) == (False, ())


def test_the_digest_is_of_content_source_and_time() -> None:
    one = Tables((table("blocklist", LIST, "a"),)).digest
    assert one == Tables((table("blocklist", LIST, "a"),)).digest
    others = [
        NO_TABLES.digest,
        Tables((table("blocklist", LIST, "b"),)).digest,
        Tables((table("blocklist", OTHER, "a"),)).digest,
        Tables((table("blocklist", LIST, "a", WRITTEN_MS + 1),)).digest,
        Tables((table("blocklist", LIST, "a"), GEO)).digest,
    ]
    assert len({one, *others}) == 6


def test_tables_are_part_of_the_context() -> None:
    assert rows.context(tables=ALL).context_id != rows.context().context_id


def reasons(found: tuple[Found, ...], points: Points | None = None) -> dict[str, Reason]:
    row = rows.row(found=found)
    _, told = priority(row, rows.SCORE, points) if points else priority(row, rows.SCORE)
    return {reason.code: reason for reason in told}


def test_the_most_critical_asset_is_a_reason_with_its_source_and_age() -> None:
    low, high = (
        Found(of, "assets", "assets", WRITTEN_MS, Asset(of, "x", None, n, ()))
        for of, n in (("src", 1), ("dst", 3))
    )
    assert reasons((low, high))["asset_criticality"] == Reason(
        "asset_criticality", "high: dst, assets of 2025-10-06", 5.0
    )
    assert reasons((low,))["asset_criticality"].points == 0.0


def test_an_asset_of_which_nothing_is_said_is_no_reason() -> None:
    assert "asset_criticality" not in reasons(
        (Found("src", "assets", "a", 0, Asset("x", "x", None, None, ())),)
    )


def test_listed_addresses_are_one_reason_with_their_sources() -> None:
    about = alert(src=Endpoint(ip="198.51.100.23"))
    told = reasons(ALL.found(about))["indicator"]
    assert told == Reason(
        "indicator",
        "198.51.100.23 in example of 2025-10-06; 198.51.100.23 in other of 2025-10-06",
        10.0,
    )


def test_the_policy_sets_the_points() -> None:
    policy = Policy.parse(
        tomllib.loads(
            "version=1\n[escalate]\nthreshold=1\n[points]\nasset_criticality=[1,2,3,4]\nindicator=0.5"
        )
    )
    told = reasons(rows.FOUND, policy.points)
    assert (told["asset_criticality"].points, told["indicator"].points) == (2.0, 0.5)
    decision = decide(rows.row(found=rows.FOUND), rows.SCORE, policy, Suppression(), rows.TIME_MS, None)
    assert (
        decision.priority
        == decide(rows.row(), rows.SCORE, policy, Suppression(), rows.TIME_MS, None).priority + 2.5
    )


@pytest.mark.parametrize(
    "points", ["indicator=-1", "indicator=101", "asset_criticality=[1,2,3]", "indicators=3"]
)
def test_wrong_points_are_refused_by_name(points: str) -> None:
    with pytest.raises(SettingsWrong, match=r"points\.(indicator|asset_criticality)"):
        Policy.parse(tomllib.loads(f"version=1\n[escalate]\nthreshold=1\n[points]\n{points}"))


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_shares_add_up_to_at_most_100(asset: float, indicator: float) -> None:
    points = Points(asset_criticality=(asset,) * 4, indicator=indicator)
    total, told = priority(rows.row(found=rows.FOUND), rows.SCORE, points)
    assert total == pytest.approx(sum(reason.points for reason in told), abs=0.06)
    assert total <= 100
    assert all(reason.points >= 0 for reason in told)


def event(**context: Any) -> dict[str, Any]:
    row = rows.row(rows.FULL, found=rows.FOUND)
    value, _ = encode(row, rows.SCORE, rows.ESCALATED, rows.context(**context))
    doc: dict[str, Any] = orjson.loads(value)
    assert validate(doc) == []
    return doc


def test_what_was_found_stands_in_ocsfs_places() -> None:
    doc = event()
    seen = doc["evidences"][0]
    assert seen["dst_endpoint"]["location"] == {
        "country": "AT",
        "region": "AT-9",
        "city": "Vienna",
        "continent": "Europe",
        "lat": 48.2,
        "long": 16.37,
        "provider": "Example-City",
    }
    assert seen["dst_endpoint"]["autonomous_system"] == {"number": 64_496, "name": "Example Net"}
    assert seen["user"]["type"] == "Admin"
    assert doc["osint"][0]["value"] == "198.51.100.23"
    assert doc["metadata"]["profiles"] == ["security_control", "osint"]
    assert doc["resources"] == [
        {"name": "ws-17", "criticality": "Medium", "owner": {"name": "it"}, "labels": ["office"]}
    ]


def test_every_value_has_its_source_and_age() -> None:
    told = event()["unmapped"]["millrace"]["tables"]
    assert [(each["of"], each["table"], each["source"], each["age_days"]) for each in told] == [
        ("src", "assets", "assets", 1),
        ("dst", "geo", "Example-City", 0),
        ("dst", "asn", "Example-ASN", 0),
        ("dst", "blocklist", "example", 0),
        ("user", "identities", "identities", 0),
    ]
    assert told[3]["value"] == {"ip": "198.51.100.23", "match": "198.51.100.0/24", "listings": 3}


def test_where_users_get_pseudonyms_identities_and_owners_do() -> None:
    text = orjson.dumps(event(redaction=Redaction("none", b"k" * 16))).decode()
    assert all(name not in text for name in ("j.doe", "Jane Doe", '"it"'))


def test_the_same_records_and_tables_give_the_same_bytes() -> None:
    lists = (table("blocklist", LIST, "example"), table("blocklist", OTHER, "other"))
    own = (table("assets", ASSETS), table("identities", IDENTITIES))
    again = Tables((GEO, ASN, *lists, *own), DEFAULT_NETWORKS)
    values = [tiny.line(i) for i in range(60)]
    one, two = (
        process(tiny.records(values), {}, replace(tiny.context(), tables=tables), None).outputs
        for tables in (ALL, again)
    )
    assert one == two
    assert any(b'"blocklist"' in record.value for records in one for record in records)


def test_tables_that_are_replaced_are_gone_at_once() -> None:
    """The collector never looks at what was there when a worker started."""
    tables = Tables((), None)
    gone = weakref.ref(tables)
    gc.disable()
    try:
        del tables
        assert gone() is None
    finally:
        gc.enable()
