"""Who and what a line is about: source and destination, user, process.

A pair says what it is, a sentence only seems to: pairs go first.
"""

import re
from typing import Final

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Endpoint, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.lines import keys, products, users
from enrich.formats.lines.keys import address, first
from enrich.formats.lines.parts import Line, one

_CRON_COMMAND: Final = re.compile(r"\) CMD \((.{1,1024})\)$")
_OUTBOUND: Final = re.compile(r"Built outbound|Teardown outbound")


def ends(found: Line, used: set[str], quality: list[Quality]) -> tuple[Endpoint, Endpoint]:
    """Return source and destination: of the pairs, then of the sentence, never one address as both by
    guess.
    """
    named, said = found.named, found.said
    src_ip, src_port, src_name = _end(found, keys.SRC, used, quality)
    dst_ip, dst_port, dst_name = _end(found, keys.DST, used, quality)
    client = found.header.get("client")
    if src_ip is None and type(client) is str:
        src_ip, src_port, src_name = address(client)
    src_port = _digits(one(found, keys.SRC_PORT, used)) or src_port
    key, port = first(named, keys.DST_PORT)
    if port.isdecimal():
        used.add(key)
        dst_port = port
    src_name = one(found, keys.SRC_NAME, used) or src_name
    dst_name = one(found, keys.DST_NAME, used) or dst_name
    hostname = found.pairs.get("hostname")
    if found.product is products.AUDIT:
        used.add("hostname")  # the peer's, which "addr" gives
    vhost = found.named.get("host")
    if vhost is not None and dst_name is None and ("host" in found.header or "request" in found.named):
        used.add(vhost[0])
        dst_name = None if canonical(vhost[1]) else vhost[1]
    if type(hostname) is str and dst_name is None and found.product in _NAME_SERVERS:
        used.add("hostname")
        host_ip = canonical(hostname)
        dst_ip, dst_name = (dst_ip or host_ip, None) if host_ip else (dst_ip, hostname)
    if found.told and said.src is not None:
        src_ip = src_port = src_name = None
    paired = (src_ip, dst_ip)
    if src_ip is None and said.src is not None and said.src not in paired:
        src_ip, src_port, src_name = said.src, src_port or said.src_port, src_name or said.src_name
    elif src_ip is None and src_name is None:
        src_name = said.src_name
    if dst_ip is None and said.dst is not None and said.dst not in paired:
        dst_ip, dst_port = said.dst, dst_port or said.dst_port
    if _OUTBOUND.match(found.text) is not None and found.product.firewall:
        # Cisco writes the outer end first, whoever opened the connection.
        src_ip, src_port, dst_ip, dst_port = dst_ip, dst_port, src_ip, src_port
    return (
        fields.endpoint(src_ip, fields.port(src_port, "src port", quality), _cut(src_name)),
        fields.endpoint(dst_ip, fields.port(dst_port, "dst port", quality), _cut(dst_name)),
    )


_NAME_SERVERS: Final = (products.FORTIGATE, products.MODSECURITY)


def _end(
    found: Line, names: tuple[str, ...], used: set[str], quality: list[Quality]
) -> tuple[str | None, str | None, str | None]:
    """Return the first of these pairs that holds an address, else the first that holds a name."""
    name = None
    if not found.named:
        return None, None, None
    for each in names:
        pair = found.named.get(each)
        if pair is None:
            continue
        ip, port, other = address(pair[1])
        if ip is not None:
            used.add(pair[0])
            return ip, port, other
        if each in _SURE and other is None:
            quality.append(Quality(QualityCode.BAD_IP, "pairs." + each))
        elif name is None and other is not None and each in _NAMES_TOO:
            name = other
            used.add(pair[0])
    return None, None, name


# Keys that hold an address or nothing sensible.
_SURE: Final = frozenset(
    ("srcip", "src", "sourceip", "sourceaddress", "dstip", "dst", "destinationip", "destinationaddress")
)
# Keys whose value may be a host's name; "from" and "client" may be anything.
_NAMES_TOO: Final = frozenset(
    ("rhost", "remotehost", "srchost", "sourcehost", "desthost", "dsthost", "src", "dst", "destination")
)


def _digits(value: str | None) -> str | None:
    return value if value is not None and value.isdecimal() else None


def _cut(value: str | None) -> str | None:
    return value[:FIELD_LIMIT] if value else None


def who(found: Line, used: set[str], quality: list[Quality]) -> str | None:
    """Return the user: of sudo and the like who ran it, else of the pairs, else of the sentence."""
    actor = users.actor(found.text)
    key, value = first(found.named, keys.USER)
    if actor is not None:
        return fields.word(actor, "text", quality)
    if not key and found.product.product in _ACCOUNT_TOOLS:
        key, value = found.named.get("name", ("", ""))
    if key.lower() == "auid" and type(name := found.pairs.get("AUID")) is str:
        key, value = "AUID", name
    if key:
        used.add(key)
        value = value.strip("<>\"'")
        # "root(uid=0)"
        return fields.word(value.partition("(")[0] or value, "pairs." + keys.plain(key), quality)
    return fields.word(found.said.user, "text", quality)


# shadow-utils call the account "name".
_ACCOUNT_TOOLS: Final = frozenset(("useradd", "usermod", "adduser", "newusers"))


def process(found: Line, used: set[str], quality: list[Quality]) -> Process | None:
    """Return the process: of the pairs, else that which wrote the line."""
    path, name, pid = one(found, keys.PATH, used), one(found, keys.PROCESS, used), None
    cron = _CRON_COMMAND.search(found.text) if found.product.program else None
    command, parent = one(found, keys.COMMAND, used) or (cron and cron[1]), one(found, keys.PARENT, used)
    if path is not None and "/" not in path and "\\" not in path:
        path, name = None, name or path
    tag = found.header.get("tag")
    writer = found.product.program and type(tag) is str
    if path is None and name is None:
        if writer:
            name = found.product.product
            pid = fields.process_id(found.header.get("pid"), "syslog.pid", quality)
        elif command is None:
            return None
    else:
        pid = _process_id(one(found, keys.PID, used))
    return Process(
        name=_cut(name) or _base_name(path),
        path=_cut(path),
        pid=pid,
        command_line=_cut(command),
        parent_name=_base_name(_cut(parent)),
    )


def _process_id(value: str | None) -> int | None:
    return None if value is None else fields.process_id(value, "", []) if value.isalnum() else None


def _base_name(path: str | None) -> str | None:
    return (
        None if path is None else path.replace("\\", "/").rstrip("/").rpartition("/")[2][:FIELD_LIMIT] or None
    )
