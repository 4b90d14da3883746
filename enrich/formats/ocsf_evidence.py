"""What an OCSF finding saw: ends, device, user, process, file, query. https://schema.ocsf.io/1.8.0/objects/evidences

Each is read from the first evidence that has it, else from the event itself, where class 2001, data security
findings and the host profile put it; and what neither has, from the observables.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from enrich.alert import Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import first_word, objects
from enrich.formats.host_facts import account, hashes, process

# Types of observables. https://schema.ocsf.io/1.8.0/objects/observable
_IP, _USER, _URL, _HASH = 2, 4, 6, 8
# Algorithms of fingerprints that Alert knows: MD5, SHA-1, SHA-256.
_ALGORITHMS: Final = (1, 2, 3)


class Evidence(NamedTuple):
    """Fields of Alert."""

    proto: str | None
    src: Endpoint
    dst: Endpoint
    device: Endpoint
    device_id: str | None
    user: str | None
    process: Process | None
    url: str | None
    http_method: str | None
    user_agent: str | None
    dns_query: str | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]


def evidence(event: Mapping[str, Any], quality: list[Quality]) -> Evidence:
    """Return what the finding saw. Paths in the Quality name the object, whichever evidence it is of."""
    held = (*objects(event.get("evidences"), "evidences", quality), event)
    src = _endpoint(_first(held, "src_endpoint", quality), "src_endpoint", quality)
    dst = _endpoint(_first(held, "dst_endpoint", quality), "dst_endpoint", quality)
    device, device_id = _device(event, held, quality)
    connection = _first(held, "connection_info", quality)
    user, running = _actor(held, quality)
    web = _first(held, "http_request", quality)
    asked = _first(held, "query", quality)
    address = _first(held, "url", quality) or fields.part(web, "url", "http_request.url", quality)
    file = _first(held, "file", quality)
    image = fields.part(running, "file", "process.file", quality)
    url = first_word(address, ("url_string", "text", "path"), "url.", quality)
    found = _fingerprints(file, quality) or _fingerprints(image, quality)
    if "observables" in event:
        seen = objects(event["observables"], "observables", quality)
        src = src if src.ip else _observed_ip(seen, "src_endpoint.ip", src, quality)
        dst = dst if dst.ip else _observed_ip(seen, "dst_endpoint.ip", dst, quality)
        device = device if device.ip else _observed_ip(seen, "device.ip", device, quality)
        user = user or _observed(seen, _USER, quality)
        url = url or _observed(seen, _URL, quality)
        if not found:
            values = tuple(each.get("value") for each in seen if each.get("type_id") == _HASH)
            found = hashes(values, "observables", [])  # of algorithms that we do not know, too
    return Evidence(
        fields.proto(connection.get("protocol_name"), "connection_info.protocol_name", quality)
        or fields.proto(connection.get("protocol_num"), "connection_info.protocol_num", quality),
        src,
        dst,
        device,
        device_id,
        user,
        _process(running, image, quality),
        url,
        first_word(web, ("http_method",), "http_request.", quality),
        first_word(web, ("user_agent",), "http_request.", quality),
        first_word(asked, ("hostname",), "query.", quality),
        first_word(file, ("path", "name"), "file.", quality),
        found,
    )


def _first(held: Sequence[Mapping[str, Any]], key: str, quality: list[Quality]) -> dict[str, Any]:
    for each in held:
        if each.get(key):
            found = fields.part(each, key, key, quality)
            if found:
                return found
    return fields.NOTHING


def _endpoint(end: Mapping[str, Any], path: str, quality: list[Quality]) -> Endpoint:
    if not end:
        return fields.NOWHERE
    return fields.endpoint(
        fields.ip(end.get("ip"), path + ".ip", quality),
        fields.port(end.get("port"), path + ".port", quality),
        first_word(end, ("hostname", "name"), path + ".", quality),
    )


def _device(
    event: Mapping[str, Any], held: Sequence[Mapping[str, Any]], quality: list[Quality]
) -> tuple[Endpoint, str | None]:
    """Return the device and its id; else the first resource that has an address or a host name."""
    device = fields.part(event, "device", "device", quality) or _first(held, "device", quality)
    path = "device"
    if not device:
        path = "resources"
        listed = event.get("resources") or event.get("resource")
        for each in objects(listed, path, quality):
            if each.get("ip") or each.get("hostname"):
                device = each
                break
    if not device:
        return fields.NOWHERE, None
    names = ("hostname", "name") if path == "device" else ("hostname",)
    return (
        fields.endpoint(
            fields.ip(device.get("ip"), path + ".ip", quality),
            None,
            first_word(device, names, path + ".", quality),
        ),
        first_word(device, ("uid", "instance_uid"), path + ".", quality),
    )


def _actor(held: Sequence[Mapping[str, Any]], quality: list[Quality]) -> tuple[str | None, dict[str, Any]]:
    """Return the user and the process object: the evidence's own, else those of its actor."""
    actor = _first(held, "actor", quality)
    running = _first(held, "process", quality) or fields.part(actor, "process", "actor.process", quality)
    for who in (
        fields.part(actor, "user", "actor.user", quality),
        _first(held, "user", quality),
        fields.part(running, "user", "process.user", quality),
    ):
        name = first_word(who, ("name", "email_addr", "uid"), "user.", quality)
        if name is not None:
            return account(name, first_word(who, ("domain",), "user.", quality)), running
    return None, running


def _process(running: Mapping[str, Any], image: Mapping[str, Any], quality: list[Quality]) -> Process | None:
    if not running:
        return None
    parent = fields.part(running, "parent_process", "process.parent_process", quality)
    if not parent:
        parent = fields.first_part(running.get("ancestry"), "process.ancestry", quality)
    parent_image = fields.part(parent, "file", "process.parent_process.file", quality)
    return process(
        first_word(running, ("name",), "process.", quality)
        or first_word(image, ("name",), "process.file.", quality),
        first_word(running, ("path",), "process.", quality)
        or first_word(image, ("path",), "process.file.", quality),
        fields.process_id(running.get("pid"), "process.pid", quality),
        first_word(running, ("cmd_line",), "process.", quality),
        first_word(parent, ("name", "path"), "process.parent_process.", quality)
        or first_word(parent_image, ("name", "path"), "process.parent_process.file.", quality),
    )


def _fingerprints(file: Mapping[str, Any], quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    """Return the hashes; before version 1.1 they were called fingerprints."""
    listed = objects(file.get("hashes") or file.get("fingerprints"), "file.hashes", quality)
    known = tuple(each.get("value") for each in listed if each.get("algorithm_id", 1) in _ALGORITHMS)
    return hashes(known, "file.hashes", quality)


def _observed(seen: Sequence[Mapping[str, Any]], type_id: int, quality: list[Quality]) -> str | None:
    for each in seen:
        if each.get("type_id") == type_id:
            return fields.word(each.get("value"), "observables.value", quality)
    return None


def _observed_ip(
    seen: Sequence[Mapping[str, Any]], name: str, end: Endpoint, quality: list[Quality]
) -> Endpoint:
    """Return the end with the address of the observable that is named so (``src_endpoint.ip``)."""
    for each in seen:
        said = each.get("name")
        if type(said) is str and each.get("type_id") == _IP and said[-80:].endswith(name):
            ip = fields.ip(each.get("value"), "observables.value", quality)
            return fields.endpoint(ip, end.port, end.name)
    return end
