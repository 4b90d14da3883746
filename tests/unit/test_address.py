"""Addresses: one text each, what IANA says of them, the user's own, the direction."""

import pickle
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.address import DEFAULT_NETWORKS, Networks, canonical, direction, facts, number_of, parsed
from enrich.errors import SettingsWrong
from enrich.iana import SCOPES, SPECIAL

addresses = st.ip_addresses()
canonical_texts = addresses.map(str).map(canonical).map(lambda text: text or "")


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1\r\n", "10.0.0.1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:0207", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7%eth0", "192.0.2.7"),
        ("::1.2.3.4", "::102:304"),
    ],
)
def test_an_address_has_one_text(given_text: str, text: str) -> None:
    assert canonical(given_text) == text


@pytest.mark.parametrize(
    "value",
    [
        "010.1.1.1",
        "1.2.3.04",
        "10.1",
        "10.0.0.256",
        "10.0.0.1/32",
        "10.0.0.1:80",
        "[::1]",
        "0x7f000001",
        "2130706433",
        "1.2.3.4%eth0",
        "fe80::1%",
        "fe80::1%a%b",
        "１０.0.0.1",
        "２001:db8::1",
        "2001:db8::１",
        "::ffff:010.1.1.1",
        "::ffff:１.1.1.1",
        "::ffff:10.1.1",
        "00001::",
        "1::2::3",
        "10.0.0.١",
        "10。0.0.1",
        "\u00a010.0.0.1",
        "10.0.0.1\x00",
        "10 .0.0.1",
        "1:2:3:4:5:6:7",
        ":::",
        "localhost",
        "",
        "-",
        "1" * 1_000_000,
        None,
        0,
        True,
        3232235777,
        1.5,
        b"10.0.0.1",
        ["10.0.0.1"],
        {"ip": "10.0.0.1"},
    ],
)
def test_what_is_not_exactly_an_address_is_none(value: object) -> None:
    assert canonical(value) is None


@given(st.text() | addresses.map(str))
def test_parsed_is_the_number_of_what_canonical_takes(text: str) -> None:
    ip = canonical(text)
    assert parsed(text) == (None if ip is None else number_of(ip))


def test_parsed_refuses_what_is_too_long_and_reads_mapped_addresses_as_ipv4() -> None:
    assert (parsed("1" * 10**6), parsed("::ffff:192.0.2.7%eth0")) == (None, (4, int(ip_address("192.0.2.7"))))


@given(st.text())
def test_canonical_takes_any_text_and_is_idempotent(text: str) -> None:
    once = canonical(text)
    assert once is None or canonical(once) == once


@given(addresses)
def test_an_address_keeps_its_number(address: IPv4Address | IPv6Address) -> None:
    text = canonical(str(address))
    assert text is not None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert ip_address(text) == (mapped or address)


@given(canonical_texts)
def test_every_address_has_facts(ip: str) -> None:
    found = facts(ip)
    assert found.scope in SCOPES
    assert ip_address(ip) in ip_network(found.net)
    assert found.version == (6 if ":" in ip else 4)


@given(st.ip_addresses(v=4))
def test_octets_and_net24_are_those_of_the_address(address: IPv4Address) -> None:
    found = facts(str(address))
    assert found.octets == tuple(address.packed)
    assert found.net24 == int(address) >> 8


@given(st.ip_addresses(v=6))
def test_ipv6_has_a_48_and_no_octets(address: IPv6Address) -> None:
    ip = canonical(str(address))
    if ip is not None and ":" in ip:
        found = facts(ip)
        assert (found.octets, found.net24) == (None, None)
        assert found.net == str(IPv6Network((int(address) >> 80 << 80, 48)))


@given(st.lists(st.sampled_from([0, 0, 1, 0xFFFF]), min_size=8, max_size=8))
def test_ipv6_text_is_that_of_the_standard_library(groups: list[int]) -> None:
    address = IPv6Address(int("".join(f"{group:04x}" for group in groups), 16))
    if address.ipv4_mapped is None:
        assert canonical(":".join(f"{group:04X}" for group in groups)) == str(address)


def test_facts_refuse_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        facts("nonsense")


@pytest.mark.parametrize(
    ("ip", "scope"),
    [
        ("8.8.8.8", "global"),
        ("10.255.255.255", "private"),
        ("11.0.0.0", "global"),
        ("172.15.255.255", "global"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.0", "global"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared"),
        ("100.128.0.0", "global"),
        ("127.8.9.10", "loopback"),
        ("169.254.169.254", "link_local"),
        ("0.0.0.0", "unspecified"),  # noqa: S104
        ("0.1.2.3", "reserved"),
        ("192.0.0.8", "reserved"),
        ("192.0.0.9", "global"),
        ("192.0.0.171", "translation"),
        ("192.0.2.1", "documentation"),
        ("198.18.5.5", "benchmarking"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.251", "multicast"),
        ("239.255.255.250", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "reserved"),
        ("64:ff9b::808:808", "translation"),
        ("2606:4700::1111", "global"),
        ("2001::1", "translation"),
        ("2001:1::1", "global"),
        ("2001:1::4", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2001:200::1", "global"),
        ("2002::1", "translation"),
        ("3fff::1", "documentation"),
        ("4000::1", "reserved"),
        ("fd00::1", "private"),
        ("fe80::1", "link_local"),
        ("fec0::1", "reserved"),
        ("ff02::fb", "multicast"),
    ],
)
def test_scope_is_what_iana_registered(ip: str, scope: str) -> None:
    assert facts(ip).scope == scope


def test_the_scope_table_is_sound() -> None:
    cidrs = [ip_network(cidr) for cidr, _ in SPECIAL]
    assert len(set(cidrs)) == len(cidrs)
    assert {scope for _, scope in SPECIAL} == set(SCOPES)


@given(st.lists(st.tuples(addresses, st.integers(0, 32))), addresses)
def test_own_agrees_with_containment(
    blocks: list[tuple[IPv4Address | IPv6Address, int]], address: IPv4Address | IPv6Address
) -> None:
    ip = canonical(str(address)) or ""
    nets = [ip_network(f"{base}/{length}", strict=False) for base, length in blocks]
    nets = [n for n in nets if n.version == 4 or n.network_address.ipv4_mapped is None]
    networks = Networks.of([str(n) for n in nets])
    assert networks.own(ip) == any(ip_address(ip) in n for n in nets)


def test_the_order_and_overlap_of_networks_do_not_matter() -> None:
    one = Networks.of(["10.0.0.0/8", "fc00::/7", "192.168.0.0/16"])
    two = Networks.of([" 192.168.0.0/16", "10.0.0.0/9", "10.128.0.0/9", "10.1.2.3", "FC00::/7"])
    assert (one, one.digest) == (two, two.digest)
    assert one != Networks.of(["10.0.0.0/8"])


def test_networks_survive_pickling() -> None:
    copy = pickle.loads(pickle.dumps(DEFAULT_NETWORKS))  # noqa: S301  our own bytes
    assert (copy, copy.own("10.1.1.1"), copy.own("8.8.8.8")) == (DEFAULT_NETWORKS, True, False)


@pytest.mark.parametrize(
    ("cidrs", "says"),
    [
        (["10.0.0.0/33"], "10.0.0.0/33"),
        (["ten"], "'ten' is not a CIDR block"),
        ([""], "is not a CIDR block"),
        (["10.0.0.1/8"], "did you mean 10.0.0.0/8"),
        (["::ffff:10.0.0.0/104"], "write it as an IPv4 block"),
        (["fe80::%eth0/10"], "is not a CIDR block"),
        ([None], "None is not text"),
        ("10.0.0.0/8", "must be a list"),
    ],
)
def test_a_wrong_network_is_named_in_one_line(cidrs: list[str], says: str) -> None:
    with pytest.raises(SettingsWrong) as raised:
        Networks.of(cidrs)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("src", "dst", "way"),
    [
        ("10.0.0.1", "8.8.8.8", "outbound"),
        ("8.8.8.8", "10.0.0.1", "inbound"),
        ("10.0.0.1", "fd00::1", "internal"),
        ("8.8.8.8", "1.1.1.1", "external"),
        ("10.0.0.1", "239.255.255.250", "internal"),
        ("0.0.0.0", "255.255.255.255", "internal"),  # noqa: S104
        ("fe80::1", "ff02::fb", "internal"),
        ("127.0.0.1", "127.0.0.1", "internal"),
        ("203.0.113.1", "169.254.169.254", "inbound"),
        (None, "10.0.0.1", "unknown"),
        ("10.0.0.1", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_direction_is_seen_from_the_own_networks(src: str | None, dst: str | None, way: str) -> None:
    assert direction(src, dst, DEFAULT_NETWORKS) == way


def test_without_networks_private_addresses_are_not_own() -> None:
    assert direction("10.0.0.1", "8.8.8.8", Networks.of([])) == "external"
