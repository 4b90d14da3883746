"""What the alert saw, in OCSF's objects: the device, one evidence, the observables that point into both."""

import re
from functools import lru_cache
from typing import Any, Final

import orjson

from enrich.address import Networks
from enrich.alert import Alert, Endpoint, Process
from enrich.encode.captions import DIRECTION, HASH, HTTP_METHODS, NETWORK_SCOPE, OBSERVABLE, PROTOCOL
from enrich.encode.known import put
from enrich.row import Row

Doc = dict[str, Any]

# What may stand in `hostname`; a label for people ("Web server 2") goes into `name`.
HOSTNAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,126}\.?")
# Most hashes of one alert in the event; a file has three that we know, the raw data keep the rest.
HASHES_MAX: Final = 8
# An evidence without any of these is not valid: `http_request` alone does not make one.
ANCHORS: Final = (
    "src_endpoint",
    "dst_endpoint",
    "connection_info",
    "process",
    "user",
    "url",
    "file",
    "query",
)
SIDES: Final = (
    ("src_endpoint", "evidences.src_endpoint.ip", "evidences.src_endpoint.hostname"),
    ("dst_endpoint", "evidences.dst_endpoint.ip", "evidences.dst_endpoint.hostname"),
)


@lru_cache(4096)
def is_hostname(text: str) -> bool:
    """Return whether a text has a host name's form.

    >>> [is_hostname(text) for text in ("web-1.example.org", "Web server 2", "")]
    [True, False, False]
    """
    return len(text) <= 253 and HOSTNAME.fullmatch(text) is not None


def device(alert: Alert) -> Doc | None:
    """Return the host that the alert is about, None where it names none."""
    end = alert.device
    if not (end.ip or end.name or alert.device_id):
        return None
    doc: Doc = {"type_id": 0, "type": "Unknown"}
    if end.name:
        doc["hostname" if is_hostname(end.name) else "name"] = end.name
    if end.ip:
        doc["ip"] = end.ip
    if alert.device_id:
        doc["uid"] = alert.device_id
    return doc


def evidence(row: Row, networks: Networks) -> Doc | None:
    """Return all that the alert saw as one evidence, None where OCSF has a place for nothing of it."""
    alert = row.alert
    doc: Doc = {}
    data: Doc = {}
    if alert.src.ip or alert.src.name:
        doc["src_endpoint"] = _endpoint(alert.src, networks)
    if alert.dst.ip or alert.dst.name:
        doc["dst_endpoint"] = _endpoint(alert.dst, networks)
    if alert.proto or row.direction != "unknown":
        end = row.src or row.dst
        doc["connection_info"] = _connection(alert.proto, row.direction, end and end.version)
    if alert.user:
        doc["user"] = {"name": alert.user}
    if alert.process is not None:
        process = _process(alert.process)
        if alert.process.pid is not None:
            doc["process"] = process
        elif process:  # OCSF's process needs a pid or an id of its own
            data["process"] = process
    if alert.hashes or alert.file_path:
        _put_file(alert, doc, data)
    if alert.url:
        doc["url"] = _url(alert.url)
    if alert.dns_query:
        doc["query"] = {"hostname": alert.dns_query}
    if alert.http_method or alert.user_agent:
        _put_request(alert, doc, data)
    if data:
        doc["data"] = data
    if row.found:
        put(doc, row.found)
    return doc or None


def _endpoint(end: Endpoint, networks: Networks) -> Doc:
    doc: Doc = {}
    if end.ip:
        scope_id, scope = NETWORK_SCOPE[networks.own(end.ip)]
        doc = {"ip": end.ip, "network_scope_id": scope_id, "network_scope": scope}
    if end.port is not None:
        doc["port"] = end.port
    if end.name:
        doc["hostname" if is_hostname(end.name) else "name"] = end.name
    return doc


@lru_cache(1024)
def _connection(proto: str | None, direction: str, version: int | None) -> orjson.Fragment:
    direction_id, text = DIRECTION[direction]
    doc: Doc = {"direction_id": direction_id, "direction": text}
    if proto:
        doc["protocol_name"] = proto
        number = PROTOCOL.get(proto)
        if number is not None:
            doc["protocol_num"] = number
    if version is not None:
        doc["protocol_ver_id"] = version
    return orjson.Fragment(orjson.dumps(doc))


def _process(process: Process) -> Doc:
    doc: Doc = {}
    if process.pid is not None:
        doc["pid"] = process.pid
    if process.name:
        doc["name"] = process.name
    if process.path:
        doc["path"] = process.path
    if process.command_line:
        doc["cmd_line"] = process.command_line
    if process.parent_name:
        doc["ancestry"] = [{"name": process.parent_name}]
    return doc


def _put_file(alert: Alert, doc: Doc, data: Doc) -> None:
    hashes = [
        {"algorithm_id": HASH[name][0], "algorithm": HASH[name][1], "value": value}
        for name, value in alert.hashes[:HASHES_MAX]
        if name in HASH
    ]
    if alert.file_path:
        path = alert.file_path
        file: Doc = {"name": _last_step(path), "path": path, "type_id": 0, "type": "Unknown"}
        if hashes:
            file["hashes"] = hashes
        doc["file"] = file
    elif hashes:  # OCSF's file needs a name
        data["hashes"] = hashes


def _last_step(path: str) -> str:
    r"""Return the file's name of a Unix or Windows path.

    >>> [_last_step(path) for path in ("/etc/passwd", r"C:\\Windows\\cmd.exe", "/var/log/", "/")]
    ['passwd', 'cmd.exe', 'log', '/']
    """
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def _url(url: str) -> Doc:
    """Return OCSF's url: sensors often see a path only, which has no place in ``url_string``."""
    if not url.startswith("/"):
        return {"url_string": url}
    path, mark, query = url.partition("?")
    return {"path": path, "query_string": query} if mark else {"path": path}


def _put_request(alert: Alert, doc: Doc, data: Doc) -> None:
    request: Doc = {}
    if alert.http_method:
        if alert.http_method in HTTP_METHODS:
            request["http_method"] = alert.http_method
        else:
            data["http_method"] = alert.http_method
    if alert.user_agent:
        request["user_agent"] = alert.user_agent
    if not request:
        return
    if not data and doc.keys().isdisjoint(ANCHORS):
        data["http_request"] = request
        return
    doc["http_request"] = request


def observables(alert: Alert, host: Doc | None, seen: Doc | None) -> list[Doc]:
    """Return the pivots: what an analyst searches for, each value once, with the path where it stands."""
    found: list[tuple[int, str, str]] = []
    ips: list[str] = []
    names: list[str] = []
    if host is not None:
        if "ip" in host:
            ips.append(host["ip"])
            found.append((2, host["ip"], "device.ip"))
        if "hostname" in host:
            names.append(host["hostname"])
            found.append((1, host["hostname"], "device.hostname"))
    if seen is not None:
        for side, ip_path, name_path in SIDES:
            end = seen.get(side)
            if end is not None:
                if "ip" in end and (ip := end["ip"]) not in ips:
                    ips.append(ip)
                    found.append((2, ip, ip_path))
                if "hostname" in end and (name := end["hostname"]) not in names:
                    names.append(name)
                    found.append((1, name, name_path))
        if alert.dns_query and alert.dns_query not in names:
            found.append((1, alert.dns_query, "evidences.query.hostname"))
        if alert.user:
            found.append((4, alert.user, "evidences.user.name"))
        if "process" in seen and "name" in seen["process"]:
            found.append((9, seen["process"]["name"], "evidences.process.name"))
        if "url" in seen and "url_string" in seen["url"]:
            found.append((6, seen["url"]["url_string"], "evidences.url.url_string"))
        if "http_request" in seen and alert.user_agent:
            found.append((16, alert.user_agent, "evidences.http_request.user_agent"))
        file = seen.get("file")
        if file is not None:
            found.append((7, file["name"], "evidences.file.name"))
            found.append((45, file["path"], "evidences.file.path"))
            if "hashes" in file:
                values = dict.fromkeys([fingerprint["value"] for fingerprint in file["hashes"]])
                found += [(8, value, "evidences.file.hashes.value") for value in values]
    return [
        {"name": path, "type_id": type_id, "type": OBSERVABLE[type_id], "value": value}
        for type_id, value, path in found
    ]
