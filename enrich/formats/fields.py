"""One value of a source's JSON → one field of the Alert. A wrong value is None with a Quality, no error.

Every function takes the value, the source's path of it (for the Quality) and the list to report to. Missing
and empty values are None without a report. Paths are constants of the formats, so that nothing an attacker
writes gets into a Quality.
"""

import re
from collections.abc import Mapping as MappingABC
from typing import Any, Final

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Endpoint
from enrich.errors import Quality, QualityCode
from enrich.swift import new_endpoint
from enrich.times import time_ms

# Most technique or tactic ids kept of one alert; the largest published rule states eleven.
LIST_LIMIT: Final = 32
NOTHING: Final[dict[str, Any]] = {}
NOWHERE: Final = Endpoint()

_COUNT_LIMIT: Final = 2**63
_FLOAT_EXACT: Final = 2**53
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64}
_PROTO_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.+/_-]{0,31}")
_IANA_PROTOS: Final = ("tcp", "udp", "icmp", "igmp", "gre", "esp", "ah", "sctp", "ipv6-icmp", "ospfigp")
# Protocol numbers, and other spellings, of what detectors report.
# https://www.iana.org/assignments/protocol-numbers
_PROTOS: Final = {
    **{
        name: name
        for name in ("tcp", "udp", "icmp", "igmp", "gre", "esp", "ah", "sctp", "ipv6-icmp", "ospfigp")
    },
    **{name.upper(): name for name in ("tcp", "udp", "icmp", "igmp", "gre", "esp", "ah", "sctp")},
    "IPv6-ICMP": "ipv6-icmp",
    "icmpv6": "ipv6-icmp",
    "icmp6": "ipv6-icmp",
    "ipv6_icmp": "ipv6-icmp",
    "ospf": "ospfigp",
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
    "89": "ospfigp",
    "132": "sctp",
}


def text(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the text, cut at FIELD_LIMIT characters; a number as its digits."""
    if type(value) is str:
        if len(value) <= FIELD_LIMIT:
            return value or None
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
        return value[:FIELD_LIMIT]
    if value is None:
        return None
    return _number_text(value, path, quality)


def _number_text(value: object, path: str, quality: list[Quality]) -> str | None:
    if type(value) is int:
        return str(value)
    if type(value) is float:
        if abs(value) < _FLOAT_EXACT:
            return str(int(value)) if value.is_integer() else repr(value)
        # The parser made a float of an integer too long: its digits are no longer the source's.
        quality.append(Quality(QualityCode.NUMBER_OUT_OF_RANGE, path))
        return repr(value)
    if value != [] and value != {}:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return None


def word(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the text where there is more in it than space: for what must not be empty."""
    if type(value) is str and len(value) <= FIELD_LIMIT:
        return None if not value or value.isspace() else value
    if value is None:
        return None
    found = text(value, path, quality)
    return found if found is None or not found.isspace() else None


def texts(value: object, path: str, quality: list[Quality]) -> tuple[str, ...]:
    """Return the texts of a list, or of one text; no more than LIST_LIMIT of them."""
    if value is None:
        return ()
    if type(value) is not list:
        one = text(value, path, quality)
        return () if one is None else (one,)
    if len(value) > LIST_LIMIT:
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
        value = value[:LIST_LIMIT]
    return tuple([found for item in value if (found := text(item, path, quality)) is not None])


def part(doc: MappingABC[str, Any], key: str, path: str, quality: list[Quality]) -> dict[str, Any]:
    """Return the object under this key; an empty one where there is none."""
    value = doc.get(key)
    if type(value) is dict:
        return value
    if value:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return NOTHING


def first_part(value: object, path: str, quality: list[Quality]) -> dict[str, Any]:
    """Return the object, or the first of a list of objects; an empty one where there is none."""
    if type(value) is list and value:
        value = value[0]
    if type(value) is dict:
        return value
    if value:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return NOTHING


def ip(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the canonical text of the address."""
    if value is None:
        return None
    found = canonical(value)
    if found is None and value != "":
        quality.append(Quality(QualityCode.BAD_IP, path))
    return found


def port(value: object, path: str, quality: list[Quality]) -> int | None:
    """Return the port, 0-65535."""
    if type(value) is int and 0 <= value <= 65_535:
        return value
    if value is None or value == "":
        return None
    number = whole(value)
    if number is None or number > 65_535:
        quality.append(Quality(QualityCode.BAD_PORT, path))
        return None
    return number


def endpoint(ip: str | None, port: int | None, name: str | None = None) -> Endpoint:
    """Return the end of a connection; always the same object where nothing is known."""
    if ip is None and port is None and name is None:
        return NOWHERE
    return new_endpoint(ip, port, name)


def count(value: object, path: str, quality: list[Quality]) -> int | None:
    """Return a whole number >= 0, below 2**63."""
    if type(value) is int and 0 <= value < _COUNT_LIMIT:
        return value
    if value is None or value == "":
        return None
    number = whole(value)
    if number is None:
        quality.append(Quality(QualityCode.BAD_TYPE, path))
    return number


def whole(value: object) -> int | None:
    """Return the whole number >= 0 that this is or spells, else None."""
    if type(value) is str:
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None
    if type(value) is float:
        return int(value) if value.is_integer() and 0 <= value < _FLOAT_EXACT else None
    return value if type(value) is int and 0 <= value < _COUNT_LIMIT else None


def total(first: int, second: int) -> int:
    """Return the sum of two counts, which is a count too: at most 2**63 - 1."""
    return min(first + second, _COUNT_LIMIT - 1)


def process_id(value: object, path: str, quality: list[Quality]) -> int | None:
    """Return a process id, also in hexadecimal (``0x1a4``), as Windows security events write it."""
    if type(value) is str and value[:2] in ("0x", "0X"):
        if len(value) <= 18 and _HEX.fullmatch(value, 2):
            number = int(value, 16)
            if number < _COUNT_LIMIT:
                return number
        quality.append(Quality(QualityCode.BAD_TYPE, path))
        return None
    return count(value, path, quality)


def proto(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the lower-case IANA name of the transport protocol; numbers are looked up."""
    if type(value) is str:
        known = _PROTOS.get(value)
        if known is not None:
            return known
    name = text(value, path, quality)
    if name is None:
        return None
    name = name.strip().lower()
    name = _PROTOS.get(name.lstrip("0") if name.isdigit() else name, name)
    if _PROTO_NAME.fullmatch(name):
        return name
    quality.append(Quality(QualityCode.BAD_TYPE, path))
    return None


def hashes(
    found: tuple[tuple[str, object], ...], path: str, quality: list[Quality]
) -> tuple[tuple[str, str], ...]:
    """Return the (algorithm, lower-case hex) pairs whose digits are as many as the algorithm has."""
    pairs = []
    for algorithm, value in found:
        if value is None or value == "":
            continue
        if type(value) is str and len(value) == _DIGITS[algorithm] and _HEX.fullmatch(value):
            pairs.append((algorithm, value.lower()))
        else:
            quality.append(Quality(QualityCode.BAD_TYPE, path))
    return tuple(pairs)


def time(value: object, path: str, quality: list[Quality]) -> tuple[int | None, str | None]:
    """Return the time in milliseconds and its text as received."""
    if value is None or value == "":
        return None, None
    moment = time_ms(value)
    if moment is None:
        quality.append(Quality(QualityCode.BAD_TIME, path))
    return moment, text(value, path, quality)


def rest(doc: MappingABC[str, Any], known: MappingABC[str, frozenset[str] | None]) -> dict[str, Any] | None:
    """Return what a format does not read of a document, in the document's order; None: nothing is left.

    known: top-level key -> None where all under it is read, else the keys of the object under it that are.

    >>> rest({"a": 1, "b": {"x": 1, "y": 2}, "c": 3}, {"a": None, "b": frozenset({"x"})})
    {'b': {'y': 2}, 'c': 3}
    """
    left = {}
    for key, value in doc.items():
        inner = known.get(key, _UNREAD)
        if inner is None:
            continue
        if inner and type(value) is dict:
            value = {name: item for name, item in value.items() if name not in inner}
            if not value:
                continue
        left[key] = value
    return left or None


_UNREAD: Final[frozenset[str]] = frozenset()


def closed(found: list[Quality], before: tuple[Quality, ...]) -> tuple[Quality, ...]:
    """Return what was found, each once, after what the parser found."""
    return before + tuple(dict.fromkeys(found)) if found else before
