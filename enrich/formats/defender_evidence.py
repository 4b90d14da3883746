"""The evidences of Defender alerts. Each field of the Alert is filled by the first evidence that has it.
https://learn.microsoft.com/en-us/graph/api/resources/security-alertevidence
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import first_word, objects
from enrich.formats.host_facts import account, hashes, path_of, process
from enrich.formats.microsoft import Saw, user_of

_PREFIX: Final = "#microsoft.graph.security."
_SOURCES: Final = frozenset(("source", "attacker"))
_DESTINATIONS: Final = frozenset(("destination", "commandAndControl"))
# In alerts of sign-ins and cloud apps an address without a role is that of the client.
_SIGN_INS: Final = (
    "azureAdIdentityProtection",
    "microsoftDefenderForCloudApps",
    "microsoftDefenderForIdentity",
)


def graph_evidence(doc: Mapping[str, Any], saw: Saw, quality: list[Quality]) -> None:
    """Read the list ``evidence`` of a Graph alert."""
    for each in objects(doc.get("evidence"), "evidence", quality):
        kind = each.get("@odata.type")
        read = _READERS.get(kind.removeprefix(_PREFIX)) if type(kind) is str else None
        if read is not None:
            read(each, saw, quality)
    if saw.src is fields.NOWHERE and saw.dst is fields.NOWHERE and doc.get("serviceSource") in _SIGN_INS:
        for each in objects(doc.get("evidence"), "evidence", []):
            if each.get("@odata.type") == _PREFIX + "ipEvidence":
                saw.src = fields.endpoint(
                    fields.ip(each.get("ipAddress"), "evidence.ipAddress", quality), None
                )
                break


def _device(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.device is not fields.NOWHERE:
        return
    interfaces = fields.texts(each.get("ipInterfaces"), "evidence.ipInterfaces", quality)
    address = each.get("lastIpAddress") or (interfaces[0] if interfaces else None)
    saw.device = fields.endpoint(
        fields.ip(address, "evidence.lastIpAddress", quality),
        None,
        first_word(each, ("deviceDnsName", "hostName"), "evidence.", quality),
    )
    saw.device_id = first_word(each, ("mdeDeviceId", "azureAdDeviceId"), "evidence.", quality)


def _process(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.process is not None:
        return
    image = fields.part(each, "imageFile", "evidence.imageFile", quality)
    parent = fields.part(each, "parentProcessImageFile", "evidence.parentProcessImageFile", quality)
    name = fields.word(image.get("fileName"), "evidence.imageFile.fileName", quality)
    saw.process = process(
        name,
        path_of(fields.word(image.get("filePath"), "evidence.imageFile.filePath", quality), name),
        fields.process_id(each.get("processId"), "evidence.processId", quality),
        fields.word(each.get("processCommandLine"), "evidence.processCommandLine", quality),
        fields.word(parent.get("fileName"), "evidence.parentProcessImageFile.fileName", quality),
    )
    saw.image_hashes = _hashes(image, "evidence.imageFile", quality)
    _user(each, saw, quality)


def _file(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.file_path is not None:
        return
    file = fields.part(each, "fileDetails", "evidence.fileDetails", quality)
    saw.file_path = path_of(
        fields.word(file.get("filePath"), "evidence.fileDetails.filePath", quality),
        fields.word(file.get("fileName"), "evidence.fileDetails.fileName", quality),
    )
    saw.hashes = _hashes(file, "evidence.fileDetails", quality)


def _hashes(file: Mapping[str, Any], path: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    return hashes((file.get("md5"), file.get("sha1"), file.get("sha256")), path, quality)


def _file_hash(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if not saw.hashes:
        saw.hashes = hashes((each.get("value"),), "evidence.value", quality)


def _user(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.user is None:
        who = fields.part(each, "userAccount", "evidence.userAccount", quality)
        saw.user = user_of(who, "evidence.userAccount", quality)


def _mailbox(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    _user(each, saw, quality)
    if saw.user is None:
        saw.user = first_word(each, ("upn", "primaryAddress"), "evidence.", quality)


def _message(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.user is None:
        saw.user = fields.word(each.get("recipientEmailAddress"), "evidence.recipientEmailAddress", quality)
    if saw.src is fields.NOWHERE:
        saw.src = fields.endpoint(fields.ip(each.get("senderIp"), "evidence.senderIp", quality), None)
    if saw.url is None:
        urls = fields.texts(each.get("urls"), "evidence.urls", quality)
        saw.url = urls[0] if urls else None


def _ip(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    roles = frozenset(fields.texts(each.get("roles"), "evidence.roles", quality))
    if roles.isdisjoint(_SOURCES) and roles.isdisjoint(_DESTINATIONS):
        return
    end = fields.endpoint(fields.ip(each.get("ipAddress"), "evidence.ipAddress", quality), None)
    if not roles.isdisjoint(_SOURCES):
        saw.src = end if saw.src is fields.NOWHERE else saw.src
    elif saw.dst is fields.NOWHERE:
        saw.dst = end


def _connection(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    src = fields.part(each, "sourceAddress", "evidence.sourceAddress", quality)
    dst = fields.part(each, "destinationAddress", "evidence.destinationAddress", quality)
    saw.src = fields.endpoint(
        fields.ip(src.get("ipAddress"), "evidence.sourceAddress.ipAddress", quality),
        fields.port(each.get("sourcePort"), "evidence.sourcePort", quality),
    )
    saw.dst = fields.endpoint(
        fields.ip(dst.get("ipAddress"), "evidence.destinationAddress.ipAddress", quality),
        fields.port(each.get("destinationPort"), "evidence.destinationPort", quality),
    )
    saw.proto = fields.proto(each.get("protocol"), "evidence.protocol", quality)


def _url(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.url is None:
        saw.url = fields.word(each.get("url"), "evidence.url", quality)


def _dns(each: dict[str, Any], saw: Saw, quality: list[Quality]) -> None:
    if saw.dns_query is None:
        saw.dns_query = fields.word(each.get("domainName"), "evidence.domainName", quality)


_READERS: Final[dict[str, Callable[[dict[str, Any], Saw, list[Quality]], None]]] = {
    "deviceEvidence": _device,
    "processEvidence": _process,
    "fileEvidence": _file,
    "fileHashEvidence": _file_hash,
    "userEvidence": _user,
    "mailboxEvidence": _mailbox,
    "analyzedMessageEvidence": _message,
    "ipEvidence": _ip,
    "networkConnectionEvidence": _connection,
    "urlEvidence": _url,
    "dnsEvidence": _dns,
}


def endpoint_evidence(doc: Mapping[str, Any], saw: Saw, quality: list[Quality]) -> None:
    """Read an alert of Defender for Endpoint's API: its machine, its user and its flat evidences."""
    saw.device_id = fields.word(doc.get("machineId"), "machineId", quality)
    saw.device = fields.endpoint(
        None, None, fields.word(doc.get("computerDnsName"), "computerDnsName", quality)
    )
    who = fields.part(doc, "relatedUser", "relatedUser", quality)
    saw.user = account(
        fields.word(who.get("userName"), "relatedUser.userName", quality),
        fields.word(who.get("domainName"), "relatedUser.domainName", quality),
    )
    for each in objects(doc.get("evidence"), "evidence", quality):
        kind = each.get("entityType")
        if kind == "Process" and saw.process is None:
            name = fields.word(each.get("fileName"), "evidence.fileName", quality)
            saw.process = process(
                name,
                path_of(fields.word(each.get("filePath"), "evidence.filePath", quality), name),
                fields.process_id(each.get("processId"), "evidence.processId", quality),
                fields.word(each.get("processCommandLine"), "evidence.processCommandLine", quality),
                fields.word(each.get("parentProcessFileName"), "evidence.parentProcessFileName", quality),
            )
            saw.image_hashes = _hashes(each, "evidence", quality)
        elif kind == "File" and saw.file_path is None:
            saw.file_path = path_of(
                fields.word(each.get("filePath"), "evidence.filePath", quality),
                fields.word(each.get("fileName"), "evidence.fileName", quality),
            )
            saw.hashes = _hashes(each, "evidence", quality)
        elif kind == "User" and saw.user is None:
            saw.user = user_of(each, "evidence", quality)
        elif kind == "Url":
            _url(each, saw, quality)
