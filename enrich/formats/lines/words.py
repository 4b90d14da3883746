"""What a sentence of a log says: addresses and their sides, user, URL, request, file.

No expression per message: a side is told by the last telling word before an address, as people read it.
What is told by nothing is the source if it comes first, else the destination. Linear: each expression has
bounded parts and the text is cut at SCANNED.
"""

import re
from typing import Final, NamedTuple

from enrich.address import canonical
from enrich.formats.lines.users import user


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Longest text looked through, in characters; the whole stays in raw_data.
SCANNED: Final = 8_192
ADDRESSES: Final = 8

_V4: Final = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
_V6: Final = (
    r"[0-9A-Fa-f]{0,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})"
    r"(?:%[\w.-]{1,16})?"
)
_ADDRESS: Final = re.compile(rf"(?<![\w.])(?:({_V4})(?![\w]|\.[0-9])|({_V6})(?![\w:]))", re.ASCII)
# ":4507", "/53306", "#1036", "(3067)", "]:47407", ", 63130", " port 54197", ":port 22"
_PORT: Final = re.compile(
    r"[\]\"')>]{0,2}(?:(?:[:/#]|\(|,? port:? |,? (?:source|destination) port:? )([0-9]{1,5})(?![\w./]|-(?!>))"
    r"|, ([0-9]{2,5})(?=,))"
)
_NAME_BEFORE: Final = re.compile(
    r"(?:^|[\s=(,<\"'])([A-Za-z0-9](?:[\w-]{0,62}\.){1,10}[A-Za-z][\w-]{0,62}|localhost)\.? ?[\[(]$", re.ASCII
)
_CUES: Final = re.compile(r"->|=>|(?<![\w.-])[A-Za-z][A-Za-z_-]{0,23}(?![\w.])")
_SOURCE: Final = _set(
    """
    from src source client by remote rhost peer saddr srcip rip attacker remoteaddress remote-address
    remote-host originator foreign sip sender via with
    """
)
_DESTINATION: Final = _set(
    """
    to dst dest destination -> => server local daddr dstip lip target towards upstream dip laddr into
    against
    """
)
# What follows is a version, a mask or a network, no end of a connection.
_OTHER: Final = _set(
    """
    version v release mask netmask subnet gateway dns nat
    """
)
_LOOK_BACK: Final = 48
_CUE_WORDS: Final = 4
_NAME_BACK: Final = 160

_HOST_FROM: Final = re.compile(
    r"\b(?:from|client|rhost|host|peer|by host)[ =:]{1,4}\(?"
    r"((?:[A-Za-z0-9_](?:[\w-]{0,62})\.){1,10}[A-Za-z][\w-]{1,62})\.?(?=[\s\[(),;:]|$)",
    re.ASCII | re.IGNORECASE,
)
_URL: Final = re.compile(r"\b(?:https?|ftp|hxxps?)://[^\s\"'<>|]{1,2000}", re.IGNORECASE)
_REQUEST: Final = re.compile(
    r"\"(GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND|MKCOL|COPY|MOVE|LOCK|UNLOCK|SEARCH) "
    r"([^\s\"]{1,2000})(?: HTTP/[0-9.]{1,4})?"
)
_PROTO: Final = re.compile(
    r"(?<![\w./-])(tcp|udp|icmp6?|icmpv6|gre|esp|igmp|sctp)(?![\w.-]|/IP)", re.IGNORECASE
)
_FILE: Final = re.compile(
    r"(?<![\w:/.])(?:/[\w.@+~%-]{1,128}){2,24}|(?<![\w])[A-Za-z]:\\[^\s\"'<>|;,]{1,400}"
)


class Said(NamedTuple):
    """What was found. Addresses are canonical; ports as digits; the rest as it stands."""

    src: str | None = None
    src_port: str | None = None
    src_name: str | None = None
    dst: str | None = None
    dst_port: str | None = None
    user: str | None = None
    url: str | None = None
    method: str | None = None
    proto: str | None = None
    file: str | None = None


def said(text: str) -> Said:
    """Return what the sentence says.

    >>> said("Failed password for invalid user ann from 192.0.2.7 port 4022 ssh2")[:6]
    ('192.0.2.7', '4022', None, None, None, 'ann')
    """
    text = text[:SCANNED]
    src, src_port, src_name, dst, dst_port = _ends(text)
    if text.startswith(_NAMED_FIRST):
        src, src_port = _last(text) or (src, src_port)
    if src is None and src_name is None and (host := _HOST_FROM.search(text)) is not None:
        src_name = host[1]
    url, method = _web(text)
    proto = _PROTO.search(text) if src is not None else None
    file = _FILE.search(text) if (url is None and "/" in text) or ":\\" in text else None
    return Said(
        src,
        src_port,
        src_name,
        dst,
        dst_port,
        user(text),
        url,
        method,
        None if proto is None else proto[1],
        None if file is None else file[0],
    )


def _web(text: str) -> tuple[str | None, str | None]:
    request = _REQUEST.search(text) if '"' in text else None
    if request is not None:
        return request[2], request[1]
    url = _URL.search(text) if "://" in text else None
    return (None, None) if url is None else (url[0].rstrip(".,;:)]}"), None)


def _ends(text: str) -> tuple[str | None, str | None, str | None, str | None, str | None]:
    """Return source, its port and name, destination and its port."""
    src = src_port = src_name = dst = dst_port = None
    loose: list[tuple[str, str | None, str | None, bool]] = []
    before_at, seen = 0, 0
    for match in _ADDRESS.finditer(text):
        address = canonical(match[0])
        if address is None:
            continue
        start = max(before_at, match.start() - _LOOK_BACK)
        lead = text[start : match.start()]
        before_at = match.end()
        side = _side(lead)
        if side == "other" or (address in (src, dst) and side is None):
            continue
        port = _PORT.match(text, match.end())
        digits = None if port is None else port[1] or port[2]
        name = None
        if lead[-1:] in ("[", "(") and not text.startswith("[", match.end()):
            named = _NAME_BEFORE.search(text, max(0, match.start() - _NAME_BACK), match.start())
            name = None if named is None else named[1]
        if side == "src" and src is None:
            src, src_port, src_name = address, digits, name
        elif side == "dst" and dst is None:
            dst, dst_port = address, digits
        elif side is None:
            loose.append((address, digits, name, dst is None))
        seen += 1
        if seen >= ADDRESSES:
            break
    # Where one address stands at both ends, the first of them is the source's.
    first = loose[0][0] if loose and loose[0][3] else None
    for address, digits, name, _ in loose:
        if src is None and (address != dst or first == address):
            src, src_port, src_name = address, digits, name
        elif dst is None and address != src:
            dst, dst_port = address, digits
    return src, src_port, src_name, dst, dst_port


# sshd writes the name that the peer gave before the peer's address, and a name may be "ann from 10.0.0.1".
_NAMED_FIRST: Final = (
    *("Failed ", "Invalid user ", "Illegal user ", "Accepted ", "Postponed ", "maximum authentication "),
    *("Connection closed by ", "Connection reset by ", "Disconnected from "),
)


def _last(text: str) -> tuple[str, str | None] | None:
    """Return the last address that a port follows, and the port."""
    at = text.rfind(" port ")
    address = canonical(text[max(0, at - _LOOK_BACK) : at].rpartition(" ")[2]) if at > 0 else None
    if address is None:
        return None
    port = _PORT.match(text, at)
    return address, None if port is None else port[1]


def _side(lead: str) -> str | None:
    """Return "src", "dst" or "other" by the last telling word before an address."""
    for word in _CUES.findall(lead)[: -_CUE_WORDS - 1 : -1]:
        lower = word.lower()
        if lower in _SOURCE:
            return "src"
        if lower in _DESTINATION:
            return "dst"
        if lower in _OTHER:
            return "other"
    return None
