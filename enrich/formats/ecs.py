"""What ECS says of ends, host, user, process and file: shared by ``elastic``, ``ecs_alert`` and ``wazuh5``.
https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html (names as of ECS 9.4)

Takes a nested view of the document (``nested``). Paths in the Quality are ECS's names.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.address import canonical, facts
from enrich.alert import FIELD_LIMIT, Endpoint, Process
from enrich.errors import Quality
from enrich.formats import actions, fields
from enrich.formats.host_facts import base_name
from enrich.formats.nested import one, section, text
from enrich.swift import maker

# What ``unmapped`` leaves out: top-level key -> the keys under it that end in the Alert.
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(
        ("source", "destination", "client", "server"),
        frozenset(("ip", "address", "port", "domain", "bytes", "packets")),
    ),
    "host": frozenset(("name", "id")),
    "user": frozenset(("name", "domain")),
    "process": frozenset(("name", "executable", "pid", "command_line")),
    "file": frozenset(("path", "name")),
    "network": frozenset(("transport", "protocol", "packets")),
    "url": frozenset(("full", "original")),
    "user_agent": frozenset(("original",)),
    "threat": frozenset(("framework", "tactic", "technique")),
}
# Modules of sensors: their ``host`` is where the sensor or the shipper runs, no end of the connection.
SENSORS: Final = frozenset(
    ("suricata", "zeek", "snort", "panw", "fortinet", "cisco", "checkpoint", "juniper", "corelight", "cef")
)

_HASHES: Final = ("md5", "sha1", "sha256")
_HASHED: Final = ("file", "process", "dll")
_NOWHERE_SCOPES: Final = frozenset(("loopback", "link_local", "unspecified"))
# https://www.elastic.co/guide/en/ecs/current/ecs-allowed-values-event-type.html
_TYPES: Final = {"allowed": "allowed", "denied": "blocked"}


class Ecs(NamedTuple):
    """Fields of Alert."""

    proto: str | None
    app_proto: str | None
    src: Endpoint
    dst: Endpoint
    device: Endpoint
    device_id: str | None
    user: str | None
    process: Process | None
    action: str | None
    url: str | None
    http_method: str | None
    user_agent: str | None
    dns_query: str | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]
    bytes_out: int | None
    bytes_in: int | None
    packets: int | None


class Side(NamedTuple):
    """One end, and its paths."""

    key: str
    ip: str
    port: str
    address: str
    domain: str
    bytes: str
    packets: str
    user: str


def _side(key: str) -> Side:
    return Side(key, *(f"{key}.{name}" for name in Side._fields[1:]))


_SOURCE: Final = (_side("source"), _side("client"))
_DESTINATION: Final = (_side("destination"), _side("server"))


def ecs(
    doc: Mapping[str, Any], event: Mapping[str, Any], quality: list[Quality], sensor: bool = False
) -> Ecs:
    """Return what ECS says. event: the document's own. sensor: its host is not what the alert is about."""
    src_side, src_part = _end(doc, _SOURCE, quality)
    dst_side, dst_part = _end(doc, _DESTINATION, quality)
    network = section(doc, "network", "network", quality)
    url_part = section(doc, "url", "url", quality)
    url = None
    if url_part:
        url = text(url_part, "full", "url.full", quality) or text(
            url_part, "original", "url.original", quality
        )
        url = url or text(url_part, "path", "url.path", quality)
    method = agent = dns_query = None
    if "http" in doc:
        request = section(section(doc, "http", "http", quality), "request", "http.request", quality)
        method = text(request, "method", "http.request.method", quality)
    if "user_agent" in doc:
        browser = section(doc, "user_agent", "user_agent", quality)
        agent = text(browser, "original", "user_agent.original", quality)
    if "dns" in doc:
        question = section(section(doc, "dns", "dns", quality), "question", "dns.question", quality)
        dns_query = text(question, "name", "dns.question.name", quality)
    file = section(doc, "file", "file", quality)
    sent = _count(src_part, "packets", src_side.packets, quality)
    received = _count(dst_part, "packets", dst_side.packets, quality)
    packets = _count(network, "packets", "network.packets", quality)
    if packets is None and sent is not None and received is not None:
        packets = fields.total(sent, received)
    device, device_id = (fields.NOWHERE, None) if sensor else _device(doc, quality)
    return Ecs(
        _proto(network, quality),
        text(network, "protocol", "network.protocol", quality),
        _endpoint(src_part, src_side, quality),
        _endpoint(dst_part, dst_side, quality),
        device,
        device_id,
        _user(section(doc, "user", "user", quality), "user", quality)
        or _user(section(src_part, "user", src_side.user, quality), src_side.user, quality)
        or _user(section(dst_part, "user", dst_side.user, quality), dst_side.user, quality),
        _process(section(doc, "process", "process", quality), quality),
        _action(event, quality),
        url,
        method,
        agent,
        dns_query,
        text(file, "path", "file.path", quality) or text(file, "name", "file.name", quality),
        _hashes(doc, quality),
        _count(src_part, "bytes", src_side.bytes, quality),
        _count(dst_part, "bytes", dst_side.bytes, quality),
        packets,
    )


def _end(
    doc: Mapping[str, Any], sides: tuple[Side, Side], quality: list[Quality]
) -> tuple[Side, Mapping[str, Any]]:
    """Return the end that is filled: source before client, destination before server."""
    for side in sides:
        if side.key in doc:
            part = section(doc, side.key, side.key, quality)
            if part:
                return side, part
    return sides[0], fields.NOTHING


def _endpoint(part: Mapping[str, Any], side: Side, quality: list[Quality]) -> Endpoint:
    if not part:
        return fields.NOWHERE
    ip = fields.ip(one(part.get("ip"), side.ip, quality), side.ip, quality)
    name = text(part, "domain", side.domain, quality)
    if ip is None or name is None:
        # What the source wrote before anybody told an address from a name.
        address = text(part, "address", side.address, quality)
        if address is not None:
            told = canonical(address)
            ip = ip or told
            name = name or (address if told is None else None)
    return fields.endpoint(
        ip, fields.port(one(part.get("port"), side.port, quality), side.port, quality), name
    )


def _device(doc: Mapping[str, Any], quality: list[Quality]) -> tuple[Endpoint, str | None]:
    host = section(doc, "host", "host", quality)
    if not host:
        return fields.NOWHERE, None
    name = text(host, "name", "host.name", quality) or text(host, "hostname", "host.hostname", quality)
    ip = first_ip(host.get("ip"), "host.ip", quality)
    return fields.endpoint(ip, None, name), text(host, "id", "host.id", quality)


def first_ip(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the address, or of a host's the first that others could reach it by, else the first."""
    if type(value) is not list:
        return fields.ip(value, path, quality)
    found = [ip for each in value[: fields.LIST_LIMIT] if (ip := fields.ip(each, path, quality)) is not None]
    return next((ip for ip in found if facts(ip).scope not in _NOWHERE_SCOPES), found[0] if found else None)


def _user(part: Mapping[str, Any], path: str, quality: list[Quality]) -> str | None:
    """Return the name with its domain before it, else the mail address."""
    if not part:
        return None
    name = text(part, "name", path, quality)
    if name is None:
        return text(part, "email", path, quality)
    domain = text(part, "domain", path, quality)
    if domain is None or domain == "." or "\\" in name or "@" in name:
        return name
    return f"{domain}\\{name}"[:FIELD_LIMIT]


def _process(part: Mapping[str, Any], quality: list[Quality]) -> Process | None:
    if not part:
        return None
    path = text(part, "executable", "process.executable", quality)
    command = text(part, "command_line", "process.command_line", quality)
    if command is None:
        args = fields.texts(part.get("args"), "process.args", quality)
        command = fields.word(" ".join(args), "process.args", quality)
    name = text(part, "name", "process.name", quality) or base_name(path)
    pid = fields.process_id(one(part.get("pid"), "process.pid", quality), "process.pid", quality)
    parent = section(part, "parent", "process.parent", quality)
    parent_name = text(parent, "name", "process.parent.name", quality)
    if parent_name is None:
        parent_name = base_name(text(parent, "executable", "process.parent.executable", quality))
    if name is None and path is None and command is None and pid is None and parent_name is None:
        return None
    return _new_process(name, path, pid, command, parent_name)


_new_process: Final = maker(Process, "name", "path", "pid", "command_line", "parent_name")


def _hashes(doc: Mapping[str, Any], quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    """Return the hashes of the file, else of the process, else of the library it loaded."""
    for key in _HASHED:
        if key in doc:
            part = section(section(doc, key, key, quality), "hash", key, quality)
            if part and (found := _hashed(part, key, quality)):
                return found
    return _hashed(section(doc, "hash", "hash", quality), "hash", quality) if "hash" in doc else ()


def _hashed(part: Mapping[str, Any], path: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    return fields.hashes(tuple((name, one(part.get(name), path, quality)) for name in _HASHES), path, quality)


def _proto(network: Mapping[str, Any], quality: list[Quality]) -> str | None:
    stated = one(network.get("transport"), "network.transport", quality)
    if stated is None:
        stated = one(network.get("iana_number"), "network.iana_number", quality)
    return None if stated is None else fields.proto(stated, "network.transport", quality)


def _action(event: Mapping[str, Any], quality: list[Quality]) -> str | None:
    """Return what was done, where the event's action or one of its types says so."""
    found = actions.action(one(event.get("action"), "event.action", quality))
    if found is not None:
        return found
    types = event.get("type")
    listed = types if type(types) is list else [types]
    return next((_TYPES[each] for each in listed if type(each) is str and each in _TYPES), None)


def _count(part: Mapping[str, Any], key: str, path: str, quality: list[Quality]) -> int | None:
    value = part.get(key)
    return None if value is None else fields.count(one(value, path, quality), path, quality)
