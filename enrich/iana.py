"""IANA's special-purpose addresses, and the look-up by longest prefix that finds them."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

SCOPES: Final = (
    "global",
    "private",
    "shared",
    "loopback",
    "link_local",
    "multicast",
    "broadcast",
    "documentation",
    "benchmarking",
    "translation",
    "reserved",
    "unspecified",
)

# Rows of the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, as amended up to RFC 9780 of
# 2025), with the multicast blocks, and the rule that IPv6 global unicast is 2000::/3 only (IANA IPv6 Address
# Space). Rows that are globally reachable stand here only inside blocks that are not. The longest prefix
# wins. Written out because the answers of Python's `ipaddress` differ between its patch releases.
SPECIAL: Final[tuple[tuple[str, str], ...]] = (
    ("0.0.0.0/0", "global"),
    ("0.0.0.0/8", "reserved"),  # "this network", RFC 791
    ("0.0.0.0/32", "unspecified"),  # "this host", RFC 1122
    ("10.0.0.0/8", "private"),  # RFC 1918
    ("100.64.0.0/10", "shared"),  # carrier-grade NAT, RFC 6598
    ("127.0.0.0/8", "loopback"),  # RFC 1122
    ("169.254.0.0/16", "link_local"),  # RFC 3927
    ("172.16.0.0/12", "private"),  # RFC 1918
    ("192.0.0.0/24", "reserved"),  # IETF protocol assignments, RFC 6890
    ("192.0.0.0/29", "translation"),  # IPv4 service continuity, RFC 7335
    ("192.0.0.9/32", "global"),  # Port Control Protocol anycast, RFC 7723
    ("192.0.0.10/32", "global"),  # TURN anycast, RFC 8155
    ("192.0.0.170/31", "translation"),  # NAT64/DNS64 discovery, RFC 8880
    ("192.0.2.0/24", "documentation"),  # TEST-NET-1, RFC 5737
    ("192.88.99.0/24", "translation"),  # 6to4 relay anycast, deprecated, RFC 7526
    ("192.168.0.0/16", "private"),  # RFC 1918
    ("198.18.0.0/15", "benchmarking"),  # RFC 2544
    ("198.51.100.0/24", "documentation"),  # TEST-NET-2, RFC 5737
    ("203.0.113.0/24", "documentation"),  # TEST-NET-3, RFC 5737
    ("224.0.0.0/4", "multicast"),  # RFC 5771
    ("240.0.0.0/4", "reserved"),  # RFC 1112
    ("255.255.255.255/32", "broadcast"),  # limited broadcast, RFC 8190
    ("::/0", "reserved"),  # outside 2000::/3
    ("::/128", "unspecified"),  # RFC 4291
    ("::1/128", "loopback"),  # RFC 4291
    ("64:ff9b::/96", "translation"),  # NAT64, RFC 6052
    ("64:ff9b:1::/48", "translation"),  # NAT64 of local use, RFC 8215
    ("100::/64", "reserved"),  # discard-only, RFC 6666
    ("100:0:0:1::/64", "reserved"),  # dummy prefix, RFC 9780
    ("2000::/3", "global"),  # IANA IPv6 Address Space
    ("2001::/23", "reserved"),  # IETF protocol assignments, RFC 2928
    ("2001::/32", "translation"),  # Teredo, RFC 4380
    ("2001:1::1/128", "global"),  # Port Control Protocol anycast, RFC 7723
    ("2001:1::2/128", "global"),  # TURN anycast, RFC 8155
    ("2001:1::3/128", "global"),  # DNS-SD service registration anycast, RFC 9665
    ("2001:2::/48", "benchmarking"),  # RFC 5180
    ("2001:3::/32", "global"),  # AMT, RFC 7450
    ("2001:4:112::/48", "global"),  # AS112, RFC 7535
    ("2001:10::/28", "reserved"),  # ORCHID, returned, RFC 4843
    ("2001:20::/28", "global"),  # ORCHIDv2, RFC 7343
    ("2001:30::/28", "global"),  # drone remote id, RFC 9374
    ("2001:db8::/32", "documentation"),  # RFC 3849
    ("2002::/16", "translation"),  # 6to4, RFC 3056
    ("3fff::/20", "documentation"),  # RFC 9637
    ("5f00::/16", "reserved"),  # segment routing ids, RFC 9602
    ("fc00::/7", "private"),  # unique local, RFC 4193
    ("fe80::/10", "link_local"),  # RFC 4291
    ("ff00::/8", "multicast"),  # RFC 4291
)


# Prefixes as (bits to drop, {upper bits: value}), longest prefix first: a look-up is a few dict probes.
Prefixes = tuple[tuple[int, dict[int, str]], ...]


def prefixes_of(entries: Iterable[tuple[str, str]], version: int) -> Prefixes:
    """Return the look-up made of the (CIDR, value) pairs of this IP version."""
    levels: dict[int, dict[int, str]] = {}
    for cidr, value in entries:
        network = ip_network(cidr)
        if network.version == version:
            drop = network.max_prefixlen - network.prefixlen
            levels.setdefault(drop, {})[int(network.network_address) >> drop] = value
    return tuple(sorted(levels.items()))


def longest(prefixes: Prefixes, number: int) -> str | None:
    """Return the value of the longest prefix that holds the address with this number, None if none does."""
    for drop, values in prefixes:
        value = values.get(number >> drop)
        if value is not None:
            return value
    return None


_V4: Final = prefixes_of(SPECIAL, 4)
_V6: Final = prefixes_of(SPECIAL, 6)


def scope(version: int, number: int) -> str:
    """Return the scope, one of SCOPES, of the IPv4 or IPv6 address with this number."""
    return longest(_V4 if version == 4 else _V6, number) or "reserved"
