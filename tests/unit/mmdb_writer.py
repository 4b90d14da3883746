"""Writes MaxMind databases of a few networks, whole or with something wrong in them."""

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

MARKER: Final = b"\xab\xcd\xefMaxMind.com"
EPOCH: Final = 1_760_000_000
AUSTRIA: Final = {
    "country": {"iso_code": "AT", "names": {"de": "Österreich", "en": "Austria"}},
    "continent": {"code": "EU", "names": {"en": "Europe"}},
    "subdivisions": [{"iso_code": "9", "names": {"en": "Vienna"}}],
    "city": {"names": {"de": "Wien", "en": "Vienna"}},
    "location": {"latitude": 48.2, "longitude": 16.37, "accuracy_radius": 20, "time_zone": "Europe/Vienna"},
}


class Raw(bytes):
    """Bytes that stand for a value as they are."""


def control(kind: int, size: int) -> bytes:
    first, more = size, b""
    for code, base, length in ((31, 65_821, 3), (30, 285, 2), (29, 29, 1)):
        if size >= base:
            first, more = code, (size - base).to_bytes(length, "big")
            break
    if kind > 7:
        return bytes((first, kind - 7)) + more
    return bytes((kind << 5 | first,)) + more


def pointer(target: int) -> bytes:
    return b"\x38" + target.to_bytes(4, "big")


def value(item: Any) -> bytes:
    if isinstance(item, Raw):
        return bytes(item)
    if isinstance(item, bool):
        return control(14, int(item))
    if isinstance(item, str):
        return control(2, len(item.encode())) + item.encode()
    if isinstance(item, float):
        return control(3, 8) + struct.pack(">d", item)
    if isinstance(item, bytes):
        return control(4, len(item)) + item
    if isinstance(item, int):
        length = (item.bit_length() + 7) // 8
        kind = 5 if length <= 2 else 6 if length <= 4 else 9 if length <= 8 else 10
        return control(kind, length) + item.to_bytes(length, "big")
    if isinstance(item, list):
        return control(11, len(item)) + b"".join(map(value, item))
    return control(7, len(item)) + b"".join(value(key) + value(each) for key, each in item.items())


def metadata(nodes: int, bits: int = 24, version: int = 6, **changes: Any) -> bytes:
    facts = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": EPOCH,
        "database_type": "Test-City",
        "description": {"en": "made for a test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": nodes,
        "record_size": bits,
    }
    return MARKER + value({name: each for name, each in (facts | changes).items() if each is not None})


def tree(records: list[list[int]], bits: int) -> bytes:
    out = bytearray()
    for left, right in records:
        if bits == 28:
            out += (left & 0xFFFFFF).to_bytes(3, "big")
            out.append(left >> 24 << 4 | right >> 24)
            out += (right & 0xFFFFFF).to_bytes(3, "big")
        else:
            out += left.to_bytes(bits // 8, "big") + right.to_bytes(bits // 8, "big")
    return bytes(out)


def database(
    networks: Mapping[str, Any], bits: int = 24, version: int = 6, aliases: bool = True, **changes: Any
) -> bytes:
    """Return a database of these networks; of two that overlap the narrower one holds."""
    data, offsets = bytearray(), {}
    nodes: list[list[Any]] = [[None, None]]

    def put(bits_of: str, leaf: Any) -> None:
        at = 0
        for bit in bits_of[:-1]:
            below = nodes[at][int(bit)]
            if not isinstance(below, int):
                nodes.append([below, below])
                nodes[at][int(bit)] = below = len(nodes) - 1
            at = below
        nodes[at][int(bits_of[-1])] = leaf

    def length(cidr: str) -> int:
        return ip_network(cidr).prefixlen + (96 if "." in cidr else 0)

    for cidr, record in sorted(networks.items(), key=lambda one: length(one[0])):
        network = ip_network(cidr)
        written = value(record)
        if written not in offsets:
            offsets[written] = len(data)
            data += written
        address = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        put("0" * 96 + address if version == 6 and network.version == 4 else address, (offsets[written],))
    if version == 6 and aliases:
        root: Any = 0
        for _ in range(96):
            root = nodes[root][0] if isinstance(root, int) else None
        if isinstance(root, int):
            for prefix in ("::ffff:0:0/96", "2002::/16"):
                alias = ip_network(prefix)
                put(f"{int(alias.network_address):0128b}"[: alias.prefixlen], root)
    count = len(nodes)

    def number(below: Any) -> int:
        return count if below is None else below if isinstance(below, int) else count + 16 + int(below[0])

    records = [[number(left), number(right)] for left, right in nodes]
    return tree(records, bits) + bytes(16) + bytes(data) + metadata(count, bits, version, **changes)


def system(number: int, name: str | None = None) -> dict[str, Any]:
    """Return a record of an ASN database."""
    named = {} if name is None else {"autonomous_system_organization": name}
    return {"autonomous_system_number": number, **named}
