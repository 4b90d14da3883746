"""What an EVE alert says besides its time: shared by ``suricata`` and ``wazuh``, which wraps such alerts.
https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

Wazuh writes the numbers as text, so both spellings are read.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Endpoint
from enrich.errors import Quality, QualityCode
from enrich.formats import actions, fields

SCALE: Final = "suricata:1-4"
# Priority of the rule's class in classification.config; 1 is worst, 4 is used for "not suspicious" traffic.
# There is no class above "high": Suricata does not tell a critical attack from a serious one.
SEVERITIES: Final = {1: 4, 2: 3, 3: 2, 4: 1}

# What Suricata writes where it could not tell the application protocol.
_NO_APP_PROTO: Final = frozenset({"failed", "unknown"})
_PRIVILEGED_PORTS: Final = 1024
_HASHES: Final = ("md5", "sha1", "sha256")

_FILE: Final = frozenset(("filename", *_HASHES))
# What is read here, as ``fields.rest`` takes it. Of lists (``files``, ``dns.query``) the first is.
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(("app_proto", "src_ip", "dest_ip", "src_port", "dest_port", "proto", "direction")),
    "alert": frozenset(("severity", "signature", "signature_id", "gid", "category", "action")),
    "flow": frozenset(("src_ip", "pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient")),
    "http": frozenset(("hostname", "url", "http_method", "http_user_agent")),
    "tls": frozenset(("sni",)),
    "fileinfo": _FILE,
}


class Eve(NamedTuple):
    """The alert in our words: from the third on, fields of Alert.

    signature_id: with the generator before it ("122:21") unless that is 1, the rules' own.
    severity_id: OCSF class.
    """

    signature_id: str | None = None
    signature: str | None = None
    category: str | None = None
    severity_id: int | None = None
    severity_text: str | None = None
    action: str | None = None
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    proto: str | None = None
    app_proto: str | None = None
    src: Endpoint = fields.NOWHERE
    dst: Endpoint = fields.NOWHERE
    url: str | None = None
    http_method: str | None = None
    user_agent: str | None = None
    dns_query: str | None = None
    file_path: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    bytes_out: int | None = None
    bytes_in: int | None = None
    packets: int | None = None


def eve(doc: Mapping[str, Any], quality: list[Quality]) -> Eve:
    """Return what the EVE alert says. Paths in the Quality are EVE's own."""
    alert = fields.part(doc, "alert", "alert", quality)
    severity_id, severity_text = _severity(alert.get("severity"), quality)
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    if "metadata" in alert:
        techniques, tactics = _attack(fields.part(alert, "metadata", "alert.metadata", quality), quality)
    app_proto = fields.text(doc.get("app_proto"), "app_proto", quality)
    if app_proto in _NO_APP_PROTO:
        app_proto = None

    src_ip = fields.ip(doc.get("src_ip"), "src_ip", quality)
    dst_ip = fields.ip(doc.get("dest_ip"), "dest_ip", quality)
    src_port = fields.port(doc.get("src_port"), "src_port", quality)
    dst_port = fields.port(doc.get("dest_port"), "dest_port", quality)

    flow = fields.part(doc, "flow", "flow", quality) if "flow" in doc else fields.NOTHING
    from_server = _from_server(doc.get("direction"), flow, src_ip, dst_ip, src_port, dst_port)
    bytes_out, bytes_in, packets = _traffic(flow, quality) if flow else (None, None, None)
    if from_server:
        bytes_out, bytes_in = bytes_in, bytes_out

    server = url = http_method = user_agent = dns_query = file_path = None
    hashes: tuple[tuple[str, str], ...] = ()
    if "http" in doc:
        http = fields.part(doc, "http", "http", quality)
        server = fields.text(http.get("hostname"), "http.hostname", quality)
        url = fields.text(http.get("url"), "http.url", quality)
        http_method = fields.text(http.get("http_method"), "http.http_method", quality)
        user_agent = fields.text(http.get("http_user_agent"), "http.http_user_agent", quality)
    if "tls" in doc:
        tls = fields.part(doc, "tls", "tls", quality)
        server = fields.text(tls.get("sni"), "tls.sni", quality) or server
    if "dns" in doc:
        dns_query = _dns_query(fields.part(doc, "dns", "dns", quality), quality)
    if "fileinfo" in doc or "files" in doc:
        file = fields.first_part(doc.get("fileinfo") or doc.get("files"), "fileinfo", quality)
        file_path = fields.text(file.get("filename"), "fileinfo.filename", quality)
        hashes = fields.hashes(tuple((name, file.get(name)) for name in _HASHES), "fileinfo", quality)
    if server is not None and (server[-1].isdigit() or ":" in server) and canonical(server) is not None:
        server = None  # the request named the server by its address: no name

    return Eve(
        _signature_id(alert, quality),
        fields.word(alert.get("signature"), "alert.signature", quality),
        fields.word(alert.get("category"), "alert.category", quality),
        severity_id,
        severity_text,
        _action(alert.get("action"), quality),
        techniques,
        tactics,
        fields.proto(doc.get("proto"), "proto", quality),
        app_proto,
        fields.endpoint(src_ip, src_port, server if from_server else None),
        fields.endpoint(dst_ip, dst_port, None if from_server else server),
        url,
        http_method,
        user_agent,
        dns_query,
        file_path,
        hashes,
        bytes_out,
        bytes_in,
        packets,
    )


def _severity(value: object, quality: list[Quality]) -> tuple[int | None, str | None]:
    if type(value) is int and value in SEVERITIES:
        return SEVERITIES[value], str(value)
    received = fields.text(value, "alert.severity", quality)
    if received is None:
        return None, None
    number = fields.whole(value)
    found = None if number is None else SEVERITIES.get(number)
    if found is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, "alert.severity"))
    return found, received


def _signature_id(alert: Mapping[str, Any], quality: list[Quality]) -> str | None:
    value = alert.get("signature_id")
    signature_id = str(value) if type(value) is int else fields.word(value, "alert.signature_id", quality)
    if signature_id is None:
        return None
    gid = alert.get("gid")
    if gid is None or gid == 1 or gid == "1":
        return signature_id
    generator = fields.word(gid, "alert.gid", quality)
    return signature_id if generator is None else f"{generator}:{signature_id}"[:FIELD_LIMIT]


def _action(value: object, quality: list[Quality]) -> str | None:
    if value == "allowed":
        return "allowed"
    if value is None:
        return None
    found = actions.action(value)
    if found is None:
        quality.append(Quality(QualityCode.BAD_TYPE, "alert.action"))
    return found


def _attack(metadata: Mapping[str, Any], quality: list[Quality]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return technique ids and tactic ids, else names, of the rule's metadata (Emerging Threats' keys)."""
    path = "alert.metadata."
    techniques = fields.texts(metadata.get("mitre_technique_id"), path + "mitre_technique_id", quality)
    tactics = fields.texts(metadata.get("mitre_tactic_id"), path + "mitre_tactic_id", quality)
    if not tactics:
        tactics = fields.texts(metadata.get("mitre_tactic_name"), path + "mitre_tactic_name", quality)
    return techniques, tactics


def _from_server(
    direction: object,
    flow: Mapping[str, Any],
    src_ip: str | None,
    dst_ip: str | None,
    src_port: int | None,
    dst_port: int | None,
) -> bool:
    """Return whether the packet that fired came from the server, so that ``src`` is the server.

    Stated from Suricata 7 on (``direction``, ``flow.src_ip``); before it, told by the privileged port.
    """
    if direction == "to_server" or direction == "to_client":
        return direction == "to_client"
    client = flow.get("src_ip")
    if client is not None and src_ip != dst_ip:
        client = canonical(client)
        if client is not None and client in (src_ip, dst_ip):
            return client == dst_ip
    return src_port is not None and dst_port is not None and src_port < _PRIVILEGED_PORTS <= dst_port


def _traffic(flow: Mapping[str, Any], quality: list[Quality]) -> tuple[int | None, int | None, int | None]:
    """Return bytes to the server, bytes to the client, and packets both ways."""
    to_server = fields.count(flow.get("pkts_toserver"), "flow.pkts_toserver", quality)
    to_client = fields.count(flow.get("pkts_toclient"), "flow.pkts_toclient", quality)
    return (
        fields.count(flow.get("bytes_toserver"), "flow.bytes_toserver", quality),
        fields.count(flow.get("bytes_toclient"), "flow.bytes_toclient", quality),
        None if to_server is None or to_client is None else fields.total(to_server, to_client),
    )


def _dns_query(dns: Mapping[str, Any], quality: list[Quality]) -> str | None:
    """Return the first name asked for: ``queries`` (version 3), ``query`` (version 2), or ``rrname`` (1)."""
    asked = dns.get("queries") or dns.get("query")
    if asked is None:
        return fields.text(dns.get("rrname"), "dns.rrname", quality)
    return fields.text(
        fields.first_part(asked, "dns.query", quality).get("rrname"), "dns.query.rrname", quality
    )
