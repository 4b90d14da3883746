"""The resource of a GuardDuty finding: its host, user, process and file.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import Endpoint, Process
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.host_facts import hashes, path_of, process

# What takes a host's place where there is no instance: key, and the keys of its name and id.
_SERVERS: Final = (
    ("eksClusterDetails", "name", "arn"),
    ("ecsClusterDetails", "name", "arn"),
    ("rdsDbInstanceDetails", "dbInstanceIdentifier", "dbInstanceArn"),
    ("lambdaDetails", "functionName", "functionArn"),
)
_NO_HASHES: Final[tuple[tuple[str, str], ...]] = ()


class Resource(NamedTuple):
    """Fields of Alert."""

    device: Endpoint
    device_id: str | None
    user: str | None
    process: Process | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]


def resource(finding: Mapping[str, Any], service: Mapping[str, Any], quality: list[Quality]) -> Resource:
    """Return what the finding is about. Takes camelCase."""
    about = fields.part(finding, "resource", "resource", quality)
    device, device_id = _device(about, quality)
    user = _user(about, quality)
    running, file_path, found = None, None, _NO_HASHES
    if "runtimeDetails" in service:
        running, owner, found = _process(service, quality)
        user = user or owner
    if "ebsVolumeScanDetails" in service:
        file_path, found = _scanned(service, quality)
    return Resource(device, device_id, user, running, file_path, found)


def _device(about: Mapping[str, Any], quality: list[Quality]) -> tuple[Endpoint, str | None]:
    instance = fields.part(about, "instanceDetails", "resource.instanceDetails", quality)
    if instance:
        path = "resource.instanceDetails.networkInterfaces"
        interface = fields.first_part(instance.get("networkInterfaces"), path, quality)
        instance_id = fields.word(instance.get("instanceId"), "resource.instanceDetails.instanceId", quality)
        name = fields.word(interface.get("privateDnsName"), path + ".privateDnsName", quality)
        ip = fields.ip(interface.get("privateIpAddress"), path + ".privateIpAddress", quality)
        return fields.endpoint(ip, None, name or instance_id), instance_id
    for key, name_key, id_key in _SERVERS:
        value = about.get(key)
        if value:
            # RDS and Lambda give one, some exports a list.
            server = fields.first_part(value, "resource." + key, quality)
            name = fields.word(server.get(name_key), f"resource.{key}.{name_key}", quality)
            server_id = fields.word(server.get(id_key), f"resource.{key}.{id_key}", quality)
            return fields.endpoint(None, None, name), server_id
    return fields.NOWHERE, None


def _user(about: Mapping[str, Any], quality: list[Quality]) -> str | None:
    path = "resource.accessKeyDetails"
    keys = fields.part(about, "accessKeyDetails", path, quality)
    user = fields.word(keys.get("userName"), path + ".userName", quality)
    if user is None and "rdsDbUserDetails" in about:
        path = "resource.rdsDbUserDetails"
        user = fields.word(fields.part(about, "rdsDbUserDetails", path, quality).get("user"), path, quality)
    if user is None and "kubernetesDetails" in about:
        path = "resource.kubernetesDetails"
        kubernetes = fields.part(about, "kubernetesDetails", path, quality)
        path += ".kubernetesUserDetails"
        who = fields.part(kubernetes, "kubernetesUserDetails", path, quality)
        user = fields.word(who.get("username"), path + ".username", quality)
    return user


def _process(
    service: Mapping[str, Any], quality: list[Quality]
) -> tuple[Process | None, str | None, tuple[tuple[str, str], ...]]:
    """Return the process that Runtime Monitoring saw, its account and the hash of its file."""
    path = "service.runtimeDetails"
    runtime = fields.part(service, "runtimeDetails", path, quality)
    context = fields.part(runtime, "context", path + ".context", quality)
    path += ".process"
    running = fields.part(runtime, "process", path, quality)
    ancestor = fields.first_part(running.get("lineage"), path + ".lineage", quality)
    found = process(
        fields.word(running.get("name"), path + ".name", quality),
        fields.word(running.get("executablePath"), path + ".executablePath", quality),
        fields.process_id(running.get("pid"), path + ".pid", quality),
        # An example of the commands that the finding is about, not always this process's own.
        fields.word(context.get("commandLineExample"), "service.runtimeDetails.context", quality),
        fields.word(ancestor.get("name") or ancestor.get("executablePath"), path + ".lineage", quality),
    )
    return (
        found,
        fields.word(running.get("user"), path + ".user", quality),
        hashes((running.get("executableSha256"),), path + ".executableSha256", quality),
    )


def _scanned(
    service: Mapping[str, Any], quality: list[Quality]
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Return path and hash of the first file in which Malware Protection found something."""
    path = "service.ebsVolumeScanDetails"
    scan = fields.part(service, "ebsVolumeScanDetails", path, quality)
    detections = fields.part(scan, "scanDetections", path + ".scanDetections", quality)
    path += ".scanDetections.threatDetectedByName"
    by_name = fields.part(detections, "threatDetectedByName", path, quality)
    threat = fields.first_part(by_name.get("threatNames"), path + ".threatNames", quality)
    path += ".threatNames.filePaths"
    file = fields.first_part(threat.get("filePaths"), path, quality)
    return (
        path_of(
            fields.word(file.get("filePath"), path + ".filePath", quality),
            fields.word(file.get("fileName"), path + ".fileName", quality),
        ),
        hashes((file.get("hash"),), path + ".hash", quality),
    )
