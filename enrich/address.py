"""Addresses: one canonical text, what IANA says of it, whether it is the user's own, and the direction.

    canonical  any object → canonical text, or None: strict, so that one address has one text
    number_of  canonical text → version and number; ``parsed``: the same of any text that is an address
    facts      canonical text → version, octets, scope, prefix
    Networks   the user's own networks (a setting)
    direction  source and destination → inbound | outbound | internal | external | unknown

Everything here is a pure function of its arguments; the caches only spare repeated work.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from ipaddress import (
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)
from typing import Final, NamedTuple

from enrich.errors import SettingsWrong
from enrich.iana import longest, prefixes_of, scope

# Addresses kept per cache, of which an attacker fills all. 100,000 generated alerts hold 9,300.
CACHE_SIZE: Final = 16_384
# Longest text that can be an address: 45 characters, and an interface name (zone id) after it.
_LONGEST: Final = 96
_ASCII_SPACE: Final = " \t\n\r\x0b\x0c"

# Scopes that cannot come from beyond the user's own routers, so that `direction` counts them as inside.
_LOCAL_SCOPES: Final = frozenset({"loopback", "link_local", "multicast", "broadcast", "unspecified"})


def canonical(text: object) -> str | None:
    """Return the one text of this address (dotted quad, RFC 5952), or None if it is not exactly an address.

    ASCII space around it is dropped, so is a zone id; an IPv4-mapped IPv6 address becomes IPv4. Refused:
    numbers, brackets, ports, prefixes, leading zeros (``010.1.1.1`` is 8.1.1.1 to some tools), digits that
    are not ASCII, and short forms such as ``10.1``.

    >>> canonical(" ::FFFF:192.0.2.7 "), canonical("fe80::1%eth0"), canonical("010.1.1.1")
    ('192.0.2.7', 'fe80::1', None)
    """
    if type(text) is not str or len(text) > _LONGEST:
        return None
    return _canonical(text)


@lru_cache(CACHE_SIZE)
def _canonical(text: str) -> str | None:
    text = text.strip(_ASCII_SPACE)
    if ":" not in text:
        return text if _octets(text) is not None else None
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped
    return _text6(int(address)) if mapped is None else str(mapped)


def parsed(text: str) -> tuple[int, int] | None:
    """Return (version, the address as an integer) of what ``canonical`` takes, else None.

    Nothing is remembered: this is for the lines of whole files.

    >>> parsed("::ffff:0.0.0.7"), parsed("010.1.1.1")
    ((4, 7), None)
    """
    ip = _canonical.__wrapped__(text) if len(text) <= _LONGEST else None
    return None if ip is None else number_of.__wrapped__(ip)


# The only texts of an octet: ASCII digits, no leading zero. Four look-ups take a fifth of ipaddress's time.
_OCTET: Final = {str(number): number for number in range(256)}


def _octets(text: str) -> tuple[int, int, int, int] | None:
    parts = text.split(".", 4)
    if len(parts) != 4:
        return None
    a, b, c, d = (_OCTET.get(part) for part in parts)
    return None if a is None or b is None or c is None or d is None else (a, b, c, d)


# Runs of zero groups, longest first.
_ZEROS: Final = tuple(":" + "0:" * length for length in range(8, 1, -1))


def _text6(number: int) -> str:
    """Return the RFC 5952 text: lower case, the first of the longest runs of zero groups written ``::``."""
    a, b, c, d = number >> 112, number >> 96 & 0xFFFF, number >> 80 & 0xFFFF, number >> 64 & 0xFFFF
    e, f, g, h = number >> 48 & 0xFFFF, number >> 32 & 0xFFFF, number >> 16 & 0xFFFF, number & 0xFFFF
    text = f":{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{g:x}:{h:x}:"
    if ":0:0:" in text:
        for zeros in _ZEROS:
            before, found, after = text.partition(zeros)
            if found:
                return f"{before[1:]}::{after[:-1]}"
    return text[1:-1]


class AddressFacts(NamedTuple):
    """What an address says by itself.

    version: 4 or 6. octets: of IPv4, each 0-255; None for IPv6. scope: one of SCOPES.
    net: the /24 (IPv4) or /48 (IPv6) around it in CIDR text. net24: upper 24 bits of an IPv4 address.
    """

    version: int
    octets: tuple[int, int, int, int] | None
    scope: str
    net: str
    net24: int | None


@lru_cache(CACHE_SIZE)
def facts(ip: str) -> AddressFacts:
    """Return the facts of an address in canonical text. Raises ValueError for any other text."""
    version, number = number_of(ip)
    if version == 4:
        octets = number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255
        return AddressFacts(4, octets, scope(4, number), ip[: ip.rindex(".")] + ".0/24", number >> 8)
    return AddressFacts(6, None, scope(6, number), _text6(number >> 80 << 80) + "/48", None)


@lru_cache(CACHE_SIZE)
def number_of(ip: str) -> tuple[int, int]:
    """Return (version, the address as an integer) of canonical text. Raises ValueError for any other."""
    if ":" in ip:
        return 6, int(IPv6Address(ip))
    octets = _octets(ip)
    if octets is None:
        raise ValueError(f"{ip!r} is not an address in canonical text")
    a, b, c, d = octets
    return 4, a << 24 | b << 16 | c << 8 | d


class Networks:
    """The user's own networks. Two with the same addresses are equal and have the same digest.

    cidrs: collapsed and sorted, IPv4 before IPv6. digest: their hash, 16 hex digits.
    own: whether an address is one of them. Takes canonical text, raises ValueError for other.
    inside: whether ``direction`` counts it as inside. Likewise.
    """

    __slots__ = ("_v4", "_v6", "cidrs", "digest", "inside", "own")

    def __init__(self, cidrs: tuple[str, ...]) -> None:
        """Use ``Networks.of``, which checks what it is given."""
        self.cidrs: Final = cidrs
        self.digest: Final = blake2b("\n".join(cidrs).encode(), digest_size=8).hexdigest()
        self._v4: Final = prefixes_of(((cidr, "own") for cidr in cidrs), 4)
        self._v6: Final = prefixes_of(((cidr, "own") for cidr in cidrs), 6)
        self.own: Final[Callable[[str], bool]] = lru_cache(CACHE_SIZE)(self._contains)
        self.inside: Final[Callable[[str], bool]] = lru_cache(CACHE_SIZE)(self._holds_inside)

    @classmethod
    def of(cls, cidrs: Sequence[str]) -> "Networks":
        """Return the networks; an address without a prefix length is one host. Raises SettingsWrong."""
        if isinstance(cidrs, str):
            raise SettingsWrong(f"networks: {cidrs!r} must be a list of CIDR blocks")
        parsed = [_network(cidr) for cidr in cidrs]
        v4 = collapse_addresses(n for n in parsed if n.version == 4)
        v6 = collapse_addresses(n for n in parsed if n.version == 6)
        return cls((*map(str, v4), *map(str, v6)))

    def _contains(self, ip: str) -> bool:
        version, number = number_of(ip)
        return longest(self._v4 if version == 4 else self._v6, number) is not None

    def _holds_inside(self, ip: str) -> bool:
        return self.own(ip) or facts(ip).scope in _LOCAL_SCOPES

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Networks) and self.cidrs == other.cidrs

    def __hash__(self) -> int:
        return hash(self.cidrs)

    def __repr__(self) -> str:
        return f"Networks({', '.join(self.cidrs)})"

    def __reduce__(self) -> tuple[type["Networks"], tuple[tuple[str, ...]]]:
        return Networks, (self.cidrs,)


def _network(cidr: object) -> IPv4Network | IPv6Network:
    if not isinstance(cidr, str):
        raise SettingsWrong(f"networks: {cidr!r} is not text; write a CIDR block such as 10.0.0.0/8")
    text = cidr.strip(_ASCII_SPACE)
    try:
        loose = ip_network("" if "%" in text else text, strict=False)
    except ValueError:
        raise SettingsWrong(f"networks: {text[:64]!r} is not a CIDR block such as 10.0.0.0/8") from None
    if loose.network_address != ip_address(text.partition("/")[0]):
        raise SettingsWrong(f"networks: {text!r} has bits set beyond its prefix; did you mean {loose}?")
    if loose.version == 6 and loose.network_address.ipv4_mapped is not None:
        raise SettingsWrong(f"networks: {text!r} holds IPv4 addresses; write it as an IPv4 block")
    return loose


# RFC 1918 and unique local addresses (RFC 4193).
DEFAULT_NETWORKS: Final = Networks.of(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


def direction(src: str | None, dst: str | None, networks: Networks) -> str:
    """Return which way a connection went, seen from the user's own networks.

    "outbound", "inbound", "internal" (both inside), "external" (neither) or "unknown" (an end is missing).
    Takes canonical texts. Inside is what the networks hold, and addresses that no router lets in from
    outside: loopback, link-local, multicast, broadcast and unspecified ones.
    """
    if src is None or dst is None:
        return "unknown"
    dst_inside = networks.inside(dst)
    if networks.inside(src):
        return "internal" if dst_inside else "outbound"
    return "inbound" if dst_inside else "external"
