"""Host, user, process, file and network of a Falcon detection; and the keys of its two spellings.

``ProcessId`` and ``process_id`` are the sensor's own numbers of processes, unique over its lifetime; only
``local_process_id`` is that of the operating system.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import first_word
from enrich.formats.host_facts import account, hashes, path_of, process, said


class Keys(NamedTuple):
    """Where a spelling has what; of several keys the first that says something."""

    title: tuple[str, ...]
    message: tuple[str, ...]
    rule_id: tuple[str, ...]
    source_uid: tuple[str, ...]
    category: tuple[str, ...]
    attack: str
    tactic: tuple[str, ...]
    tactic_id: tuple[str, ...]
    technique: tuple[str, ...]
    technique_id: tuple[str, ...]
    device: tuple[str, ...]
    device_ip: tuple[str, ...]
    device_id: tuple[str, ...]
    user: tuple[str, ...]
    domain: tuple[str, ...]
    src_name: tuple[str, ...]
    src_ip: tuple[str, ...]
    dst_name: tuple[str, ...]
    file_name: tuple[str, ...]
    file_path: tuple[str, ...]
    command_line: tuple[str, ...]
    pid: tuple[str, ...]
    parent: tuple[str, ...]
    file: tuple[str, ...]
    hashes: tuple[str, ...]
    outcome: tuple[str, ...]
    dns: str
    dns_name: str
    network: str
    local_ip: str
    local_port: str
    remote_ip: str
    remote_port: str
    protocol: str
    direction: str


STREAM: Final = Keys(
    title=("DetectName", "Name", "IncidentType"),
    message=("DetectDescription", "Description", "IncidentDescription"),
    rule_id=("PatternId",),
    source_uid=("CompositeId", "DetectId", "IdentityProtectionIncidentId"),
    category=("Objective",),
    attack="MitreAttack",
    tactic=("Tactic",),
    tactic_id=("TacticID", "TacticId"),
    technique=("Technique",),
    technique_id=("TechniqueID", "TechniqueId"),
    device=("ComputerName", "Hostname", "SourceEndpointHostName", "EndpointName"),
    device_ip=("LocalIP", "LocalIPv6", "EndpointIp", "SourceEndpointIpAddress"),
    device_id=("SensorId", "AgentId", "SourceEndpointSensorId"),
    user=("UserName", "SourceAccountName", "SourceAccountUpn"),
    domain=("MachineDomain", "LogonDomain", "SourceAccountDomain"),
    src_name=("SourceEndpointHostName",),
    src_ip=("SourceEndpointIpAddress",),
    dst_name=("TargetEndpointHostName",),
    file_name=("FileName",),
    file_path=("FilePath",),
    command_line=("CommandLine",),
    pid=(),
    parent=("ParentImageFileName",),
    file=("AssociatedFile",),
    hashes=("MD5String", "SHA1String", "SHA256String"),
    outcome=("PatternDispositionDescription",),
    dns="DnsRequests",
    dns_name="DomainName",
    network="NetworkAccesses",
    local_ip="LocalAddress",
    local_port="LocalPort",
    remote_ip="RemoteAddress",
    remote_port="RemotePort",
    protocol="Protocol",
    direction="ConnectionDirection",
)
API: Final = Keys(
    title=("display_name", "name"),
    message=("description",),
    rule_id=("pattern_id", "name"),
    source_uid=("composite_id",),
    category=("scenario", "objective"),
    attack="mitre_attack",
    tactic=("tactic",),
    tactic_id=("tactic_id",),
    technique=("technique",),
    technique_id=("technique_id",),
    device=("hostname", "source_endpoint_host_name"),
    device_ip=("local_ip", "source_endpoint_ip_address", "source_endpoint_address_ip4"),
    device_id=("agent_id", "source_endpoint_sensor_id"),
    user=("user_name", "source_account_name", "source_account_upn"),
    domain=("logon_domain", "source_account_domain"),
    src_name=("source_endpoint_host_name",),
    src_ip=("source_endpoint_ip_address", "source_endpoint_address_ip4"),
    dst_name=("target_endpoint_host_name",),
    file_name=("filename",),
    file_path=("filepath",),
    command_line=("cmdline",),
    pid=("local_process_id",),
    parent=(),
    file=(),
    hashes=("md5", "sha1", "sha256"),
    outcome=("pattern_disposition_description",),
    dns="dns_requests",
    dns_name="domain_name",
    network="network_accesses",
    local_ip="local_address",
    local_port="local_port",
    remote_ip="remote_address",
    remote_port="remote_port",
    protocol="protocol",
    direction="connection_direction",
)


class Host(NamedTuple):
    """Fields of Alert."""

    device: Endpoint
    device_id: str | None
    user: str | None
    process: Process | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]
    action: str | None
    src: Endpoint
    dst: Endpoint
    proto: str | None
    dns_query: str | None


def host(event: Mapping[str, Any], keys: Keys, quality: list[Quality]) -> Host:
    """Return what the detection says of the host."""
    device, device_id = _device(event, keys, quality)
    src = fields.endpoint(
        _ip(event, keys.src_ip, quality), None, first_word(event, keys.src_name, "", quality)
    )
    dst = fields.endpoint(None, None, first_word(event, keys.dst_name, "", quality))
    proto = None
    network = fields.first_part(event.get(keys.network), keys.network, quality)
    if network:
        src, dst, proto = _connection(network, keys, quality)
    asked = fields.first_part(event.get(keys.dns), keys.dns, quality)
    running, path = _process(event, keys, quality)
    file = first_word(event, keys.file, "", quality)
    return Host(
        device,
        device_id,
        account(first_word(event, keys.user, "", quality), first_word(event, keys.domain, "", quality)),
        running,
        said(file) or (path if running is None else None),
        hashes(tuple(event.get(key) for key in keys.hashes), keys.hashes[2], quality),
        _action(event, keys, quality),
        src,
        dst,
        proto,
        said(fields.word(asked.get(keys.dns_name), keys.dns, quality)),
    )


def _ip(event: Mapping[str, Any], keys: tuple[str, ...], quality: list[Quality]) -> str | None:
    for key in keys:
        value = event.get(key)
        if value is not None and value != "":
            return fields.ip(value, key, quality)
    return None


def _device(event: Mapping[str, Any], keys: Keys, quality: list[Quality]) -> tuple[Endpoint, str | None]:
    """Return the host: the object ``device`` of the alerts API, else the keys of the event."""
    device = fields.part(event, "device", "device", quality)
    name = first_word(device, ("hostname",), "device.", quality) or first_word(
        event, keys.device, "", quality
    )
    ip = _ip(device, ("local_ip",), quality) or _ip(event, keys.device_ip, quality)
    device_id = first_word(device, ("device_id",), "device.", quality) or first_word(
        event, keys.device_id, "", quality
    )
    return fields.endpoint(ip, None, said(name)), device_id


def _process(
    event: Mapping[str, Any], keys: Keys, quality: list[Quality]
) -> tuple[Process | None, str | None]:
    """Return the process and its file's path. A file that a scan found has no command line, so no process."""
    name = said(first_word(event, keys.file_name, "", quality))
    path = path_of(first_word(event, keys.file_path, "", quality), name)
    command_line = said(first_word(event, keys.command_line, "", quality))
    if command_line is None:
        return None, path
    parent = first_word(event, keys.parent, "", quality)
    if parent is None:
        details = fields.part(event, "parent_details", "parent_details", quality)
        parent = first_word(details, ("filename", "filepath"), "parent_details.", quality)
    pid = fields.process_id(event.get(keys.pid[0]), keys.pid[0], quality) if keys.pid else None
    return process(name, path, pid, command_line, said(parent)), path


def _action(event: Mapping[str, Any], keys: Keys, quality: list[Quality]) -> str | None:
    """Return what Falcon did: "Prevention, process was blocked …", or "Detection, …" where it only looked."""
    outcome = first_word(event, keys.outcome, "", quality)
    if outcome is None:
        return None
    if outcome.startswith("Prevention"):
        return "blocked"
    return "allowed" if outcome.startswith("Detection") else None


def _connection(
    network: Mapping[str, Any], keys: Keys, quality: list[Quality]
) -> tuple[Endpoint, Endpoint, str | None]:
    """Return source, destination and protocol; direction 1 is inbound."""
    path = keys.network + "."
    local, remote = (
        fields.endpoint(
            fields.ip(network.get(ip), path + ip, quality),
            fields.port(network.get(port), path + port, quality),
        )
        for ip, port in ((keys.local_ip, keys.local_port), (keys.remote_ip, keys.remote_port))
    )
    proto = fields.proto(network.get(keys.protocol), path + keys.protocol, quality)
    direction = fields.whole(network.get(keys.direction))
    return (remote, local, proto) if direction == 1 else (local, remote, proto)
