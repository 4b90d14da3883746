"""MaxMind's format: what a database says is found, and what is no database is refused, in bounded time."""

from ipaddress import ip_address
from time import process_time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.address import parsed
from enrich.errors import TableRefused
from enrich.tables import asn, built, geo
from enrich.tables.index import Index
from enrich.tables.mmdb import Section, Value, read
from tests.unit import mmdb_writer as mmdb

NETWORKS = {
    "0.0.0.0/8": {"a": 0},
    "192.0.2.0/24": {"a": 1},
    "192.0.2.128/25": {"a": 2},
    "192.0.2.255/32": {"a": 3},
    "198.51.100.0/23": {"a": 1},
    "255.255.255.255/32": {"a": 4},
    "2001:db8::/32": {"a": 5},
    "2001:db8:0:1::/64": {"a": 6},
    "2001:db8:0:1::8/125": {"a": 7},
    "ffff::/16": {"a": 8},
}


def whole(record: Value) -> bytes:
    return orjson.dumps(record)


def at(data: bytes, ip: str) -> Any:
    version, number = parsed(ip) or (0, 0)
    record = Index(read(data, whole).packed).at(version, number)
    return None if record is None else orjson.loads(record)


@pytest.mark.parametrize("bits", [24, 28, 32])
@pytest.mark.parametrize(
    ("ip", "record"),
    [
        ("0.0.0.0", 0),  # noqa: S104
        ("0.255.255.255", 0),
        ("1.0.0.0", None),
        ("192.0.2.0", 1),
        ("192.0.2.127", 1),
        ("192.0.2.128", 2),
        ("192.0.2.254", 2),
        ("192.0.2.255", 3),
        ("192.0.3.0", None),
        ("198.51.101.255", 1),
        ("255.255.255.254", None),
        ("255.255.255.255", 4),
        ("::192.0.2.200", 2),
        ("2002:c000:2ff::1", 3),
        ("2002:c000:300::1", None),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("2001:db8::", 5),
        ("2001:db8:0:1::", 6),
        ("2001:db8:0:1::7", 6),
        ("2001:db8:0:1::8", 7),
        ("2001:db8:0:1::f", 7),
        ("2001:db8:0:1::10", 6),
        ("2001:db8:0:2::", 5),
        ("2001:db9::", None),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 8),
    ],
)
def test_the_narrowest_network_answers(bits: int, ip: str, record: int | None) -> None:
    assert at(mmdb.database(NETWORKS, bits), ip) == (None if record is None else {"a": record})


def test_a_database_of_ipv4_alone_says_nothing_of_ipv6() -> None:
    data = mmdb.database({"192.0.2.0/24": {"a": 1}}, version=4)
    assert (at(data, "192.0.2.9"), at(data, "2001:db8::1"), at(data, "::192.0.2.9")) == ({"a": 1}, None, None)


def test_without_ipv4_in_it_nothing_is_said_of_ipv4() -> None:
    data = mmdb.database({"2001:db8::/32": {"a": 1}})
    assert (at(data, "2001:db8::1"), at(data, "192.0.2.1")) == ({"a": 1}, None)


def test_one_record_for_all_of_ipv4_is_found_above_the_root_of_ipv4() -> None:
    assert at(mmdb.database({"::/64": {"a": 1}}), "192.0.2.1") == {"a": 1}


def test_what_the_metadata_say_is_told() -> None:
    two = {"192.0.2.0/24": {"a": 1}, "2001:db8::/32": {"a": 1}}
    found = read(mmdb.database(two, database_type="Made-Up"), whole)
    assert (found.type, found.build_ms, found.networks) == ("Made-Up", mmdb.EPOCH * 1000, 2)


@pytest.mark.parametrize(
    "item",
    [
        *("", "é", "x" * 28, "x" * 29, "x" * 284, "x" * 285, "x" * 70_000),
        *(0, 1, 2**16, 2**32, 2**64 - 1, True, False, 0.5),
        {"a": {"b": [1, "two", {}]}},
        [],
    ],
)
def test_every_kind_of_value_is_read(item: Any) -> None:
    assert Section(mmdb.value(item)).value(0) == item


def test_a_negative_number_and_a_float_are_read() -> None:
    assert Section(mmdb.control(8, 4) + b"\xff\xff\xff\xfe").value(0) == -2
    assert Section(mmdb.control(15, 4) + b"\x3f\x00\x00\x00").value(0) == 0.5


@pytest.mark.parametrize(
    ("first", "target"),
    [(b"\x20\x02", 2), (b"\x28\x00\x00", 2048), (b"\x30\x00\x00\x00", 526_336), (b"\x38\x00\x00\x00\x05", 5)],
)
def test_pointers_of_every_size_are_followed(first: bytes, target: int) -> None:
    data = first + bytes(target - len(first)) + mmdb.value("here")
    assert Section(data).value(0) == "here"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "beyond the end"),
        (b"\x42a", "beyond the end"),
        (b"\x5f\xff\xff\xff", "beyond the end"),
        (b"\x42\xff\xfe", "not UTF-8"),
        (mmdb.control(3, 4) + bytes(4), "type 3 has 4 bytes"),
        (mmdb.control(15, 8) + bytes(8), "type 15 has 8 bytes"),
        (mmdb.control(5, 3) + bytes(3), "type 5 has 3 bytes"),
        (mmdb.control(14, 2), "neither 0 nor 1"),
        (mmdb.control(12, 0), "type 12"),
        (mmdb.control(13, 0), "type 13"),
        (b"\x00\xff", "type 262"),
        (mmdb.control(7, 1) + mmdb.value(1) + mmdb.value(1), "no text"),
        (b"\x20\x02\x20\x04\x40", "pointer leads to a pointer"),
        (mmdb.pointer(2**31), "beyond the end"),
        (mmdb.control(7, 1) + mmdb.value("a") + mmdb.pointer(0), "nested deeper"),
        (mmdb.control(11, 1) * 40, "nested deeper"),
    ],
)
def test_what_is_no_value_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(TableRefused, match=says):
        Section(data).value(0)


def test_values_that_pointers_share_cost_no_more_than_they_take() -> None:
    # Arrays of arrays of arrays: each of 7 levels has 200 pointers to the one below, 200 ** 7 values in all.
    data, starts = bytearray(mmdb.value("x")), [0]
    for _ in range(7):
        starts.append(len(data))
        data += mmdb.control(11, 200) + mmdb.pointer(starts[-2]) * 200
    began = process_time()
    every(Section(bytes(data)), starts)
    assert process_time() - began < 5


def every(section: Section, starts: list[int]) -> None:
    for start in starts:
        section.value(start)


def test_values_that_lie_one_in_the_other_are_refused_before_they_cost_anything() -> None:
    # Each offset begins an array that goes on to the end: quadratic, read one by one.
    data = (mmdb.control(11, 285 + 60_000)) * 10_000
    began = process_time()
    with pytest.raises(TableRefused):
        every(Section(data), list(range(0, len(data), 4)))
    assert process_time() - began < 5


def refused(data: bytes) -> str:
    with pytest.raises(TableRefused) as raised:
        read(data, whole)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"binary_format_major_version": 3}, "not of version 2"),
        ({"node_count": 10**6}, "does not end after its 1000000 nodes"),
        ({"node_count": 3}, "does not end after its 3 nodes"),
        ({"node_count": 0}, "does not end"),
        ({"node_count": None}, "node_count"),
        ({"record_size": 20}, "record_size"),
        ({"ip_version": 5}, "ip_version"),
        ({"build_epoch": "now"}, "build_epoch"),
        ({"build_epoch": 2**60}, "build_epoch"),
        ({"database_type": 7}, "database_type"),
        ({"database_type": "\x1b[31m"}, "database_type"),
    ],
)
def test_wrong_metadata_are_named(changes: dict[str, Any], says: str) -> None:
    assert says in refused(mmdb.database(NETWORKS, **changes))


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([[0, 0]], "deeper than|again and again"),
        ([[1, 1], [0, 0]], "deeper than|again and again"),
        ([[n + 1, n + 1] for n in range(40)], "again and again|outside"),
        ([[1 + 15, 1]], "outside"),
        ([[1 + 16 + 2, 1]], "outside"),
        ([[2**24 - 1, 1]], "outside"),
    ],
)
def test_what_is_no_tree_is_refused(records: list[list[int]], says: str) -> None:
    import re

    for version in (4, 6):
        data = mmdb.tree(records, 24) + bytes(16) + mmdb.value("x") + mmdb.metadata(len(records), 24, version)
        assert re.search(says, refused(data))


def test_a_database_that_is_cut_anywhere_is_refused() -> None:
    data = mmdb.database({"192.0.2.0/24": mmdb.AUSTRIA, "2001:db8::/32": {"a": 1}})
    for end in range(0, len(data) - 1, 7):
        refused(data[:end])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_a_database(data: bytes) -> None:
    for kind in ("geo", "asn"):
        with pytest.raises(TableRefused):
            built(kind, kind, data, 0)


GOOD = mmdb.database(
    {"192.0.2.0/24": mmdb.AUSTRIA, "198.51.100.0/25": {"a": 1}, "2001:db8::/40": mmdb.AUSTRIA}
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_database_is_a_table_or_one_refusal(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for place, octet in changes:
        data[place] = octet
    try:
        table = built("geo", "geo", bytes(data), 0)
    except TableRefused:
        return
    index = Index(table.packed)
    for ip in ("192.0.2.1", "198.51.100.1", "2001:db8::1", "::"):
        record = index.at(*(parsed(ip) or (4, 0)))
        assert record is None or geo.place(record)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 9), st.sampled_from([24, 28, 32]), st.sampled_from([4, 6]))
def test_any_tree_and_data_below_good_metadata_are_a_table_or_one_refusal(
    data: bytes, nodes: int, bits: int, version: int
) -> None:
    tree = data[: nodes * bits // 4].ljust(nodes * bits // 4, b"\x00")
    try:
        read(tree + bytes(16) + data + mmdb.metadata(nodes, bits, version), lambda record: b"1")
    except TableRefused:
        return


def test_of_a_city_record_the_place_is_kept() -> None:
    record = geo.picked(mmdb.AUSTRIA)
    assert record is not None
    assert geo.place(record) == ("AT", "AT-9", "Vienna", "Europe", 48.2, 16.37)


@pytest.mark.parametrize(
    "record",
    [
        "AT",
        [],
        {},
        {"country": "AT"},
        {"country": {"iso_code": 7}},
        {"registered_country": {"iso_code": "AT"}},
        {"location": {"latitude": 1.0, "longitude": 2.0}},
        {"subdivisions": [], "city": {"names": ["Wien"]}},
    ],
)
def test_a_record_without_a_place_gives_none(record: Any) -> None:
    assert geo.picked(record) is None


@pytest.mark.parametrize("latitude", [91.0, 2**100, float("nan"), float("inf"), "48", True, None])
def test_a_latitude_that_is_none_is_left_out(latitude: Any) -> None:
    record = geo.picked({"country": {"iso_code": "AT"}, "location": {"latitude": latitude}})
    assert record is not None
    assert geo.place(record).lat is None


@pytest.mark.parametrize(
    ("record", "system"),
    [
        (mmdb.system(64_496, "Example Net"), (64_496, "Example Net")),
        (mmdb.system(64_496), (64_496, None)),
        (mmdb.system(64_496, ""), (64_496, None)),
        (mmdb.system(2**32), None),
        ({"autonomous_system_organization": "x"}, None),
        ({"autonomous_system_number": "64496"}, None),
        ({"autonomous_system_number": True}, None),
        ([], None),
    ],
)
def test_of_an_asn_record_number_and_name_are_kept(record: Any, system: tuple[Any, ...] | None) -> None:
    kept = asn.picked(record)
    assert (None if kept is None else asn.system(kept)) == system


def test_a_city_database_is_no_asn_database_and_the_other_way_round() -> None:
    city = mmdb.database({"192.0.2.0/24": mmdb.AUSTRIA})
    systems = mmdb.database({"192.0.2.0/24": mmdb.system(64_496)}, database_type="Test-ASN")
    for kind, data, says in (("asn", city, "Test-City: none"), ("geo", systems, "Test-ASN: none")):
        with pytest.raises(TableRefused, match=says):
            built(kind, kind, data, 0)


def test_the_same_bytes_give_the_same_table() -> None:
    assert built("geo", "geo", GOOD, 1) == built("geo", "geo", GOOD, 2)
    assert built("geo", "geo", GOOD, 1).as_of_ms == mmdb.EPOCH * 1000


def test_addresses_are_those_of_the_standard_library() -> None:
    assert parsed("2001:db8::1") == (6, int(ip_address("2001:db8::1")))
    assert parsed("192.0.2.1") == (4, int(ip_address("192.0.2.1")))
