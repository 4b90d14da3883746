"""The entities of a Sentinel alert: JSON within a text, where one entity refers to another by number.
https://learn.microsoft.com/en-us/azure/sentinel/entities-reference

    [{"$id": "1", "Type": "file", "Name": "a.exe"}, {"Type": "process", "ImageFile": {"$ref": "1"}}]
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Endpoint
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.given import embedded, first_word, objects
from enrich.formats.host_facts import account, hashes, path_of, process
from enrich.formats.microsoft import Saw

Entities = Mapping[str, dict[str, Any]]


def read_entities(value: object, saw: Saw, quality: list[Quality]) -> None:
    """Read the entities. Each field is filled by the first entity that has it."""
    entities = objects(embedded(value, "Entities", quality), "Entities", quality)
    by_id = {each["$id"]: each for each in entities if type(each.get("$id")) is str}
    lone: list[Endpoint] = []
    for each in entities:
        kind = each.get("Type")
        if type(kind) is not str:
            continue
        if kind.lower() == "ip":
            lone.append(fields.endpoint(fields.ip(each.get("Address"), "Entities.Address", quality), None))
            continue
        read = _READERS.get(kind.lower())
        if read is not None:
            read(each, by_id, saw, quality)
    lone = [
        end for end in lone if end.ip is not None and end.ip not in (saw.device.ip, saw.src.ip, saw.dst.ip)
    ]
    # An address alone is most often that of a client; a connection says which end is which.
    if lone and saw.src is fields.NOWHERE and saw.dst is fields.NOWHERE:
        saw.src = lone[0]


def _linked(each: Mapping[str, Any], key: str, by_id: Entities, quality: list[Quality]) -> dict[str, Any]:
    """Return the entity under this key: there itself, or by its number."""
    found = fields.part(each, key, "Entities." + key, quality)
    number = found.get("$ref")
    return by_id.get(number, fields.NOTHING) if type(number) is str else found


def _host(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.device is not fields.NOWHERE:
        return
    name = first_word(each, ("HostName", "NetBiosName"), "Entities.", quality)
    domain = first_word(each, ("DnsDomain",), "Entities.", quality)
    if name is not None and domain is not None and not name.lower().endswith(domain.lower()):
        name = f"{name}.{domain}"[:FIELD_LIMIT]
    interfaces = objects(each.get("IpInterfaces"), "Entities.IpInterfaces", quality)
    ip = None
    if interfaces:
        number = interfaces[0].get("$ref")
        first = by_id.get(number, fields.NOTHING) if type(number) is str else interfaces[0]
        ip = fields.ip(first.get("Address"), "Entities.Address", quality)
    saw.device = fields.endpoint(ip, None, name)
    saw.device_id = first_word(each, ("MdatpDeviceId", "AzureID", "OMSAgentID"), "Entities.", quality)


def _account(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.user is not None:
        return
    name = fields.word(each.get("Name"), "Entities.Name", quality)
    suffix = fields.word(each.get("UPNSuffix"), "Entities.UPNSuffix", quality)
    domain = fields.word(each.get("NTDomain"), "Entities.NTDomain", quality)
    if name is not None and domain is None and suffix is not None and "@" not in name:
        saw.user = f"{name}@{suffix}"[:FIELD_LIMIT]
    else:
        saw.user = account(name, domain) or first_word(
            each, ("DisplayName", "AadUserId", "Sid"), "Entities.", quality
        )


def _process(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.process is not None:
        return
    image = _linked(each, "ImageFile", by_id, quality)
    parent = _linked(each, "ParentProcess", by_id, quality)
    parent_image = _linked(parent, "ImageFile", by_id, quality)
    saw.process = process(
        fields.word(image.get("Name"), "Entities.ImageFile.Name", quality),
        _path(image, quality),
        fields.process_id(each.get("ProcessId"), "Entities.ProcessId", quality),
        fields.word(each.get("CommandLine"), "Entities.CommandLine", quality),
        fields.word(parent_image.get("Name"), "Entities.ParentProcess", quality),
    )
    saw.image_hashes = _file_hashes(image, by_id, quality)
    owner = _linked(each, "Account", by_id, quality)
    if owner:
        _account(owner, by_id, saw, quality)


def _path(file: Mapping[str, Any], quality: list[Quality]) -> str | None:
    return path_of(
        fields.word(file.get("Directory"), "Entities.Directory", quality),
        fields.word(file.get("Name"), "Entities.Name", quality),
    )


def _file(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.file_path is None:
        saw.file_path = _path(each, quality)
        saw.hashes = saw.hashes or _file_hashes(each, by_id, quality)


def _file_hashes(
    file: Mapping[str, Any], by_id: Entities, quality: list[Quality]
) -> tuple[tuple[str, str], ...]:
    values = []
    for each in objects(file.get("FileHashes"), "Entities.FileHashes", quality):
        number = each.get("$ref")
        said = by_id.get(number, fields.NOTHING) if type(number) is str else each
        if said.get("Algorithm") != "SHA256AC":
            values.append(said.get("Value"))
    return hashes(tuple(values), "Entities.FileHashes", quality)


def _file_hash(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if not saw.hashes and each.get("Algorithm") != "SHA256AC":
        saw.hashes = hashes((each.get("Value"),), "Entities.Value", quality)


def _url(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.url is None:
        saw.url = fields.word(each.get("Url"), "Entities.Url", quality)


def _dns(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.dns_query is None:
        saw.dns_query = fields.word(each.get("DomainName"), "Entities.DomainName", quality)


def _connection(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.src is not fields.NOWHERE or saw.dst is not fields.NOWHERE:
        return
    src = _linked(each, "SourceAddress", by_id, quality)
    dst = _linked(each, "DestinationAddress", by_id, quality)
    saw.src = fields.endpoint(
        fields.ip(src.get("Address"), "Entities.SourceAddress", quality),
        fields.port(each.get("SourcePort"), "Entities.SourcePort", quality),
    )
    saw.dst = fields.endpoint(
        fields.ip(dst.get("Address"), "Entities.DestinationAddress", quality),
        fields.port(each.get("DestinationPort"), "Entities.DestinationPort", quality),
    )
    saw.proto = fields.proto(each.get("Protocol"), "Entities.Protocol", quality)


def _mailbox(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.user is None:
        saw.user = first_word(each, ("Upn", "MailboxPrimaryAddress"), "Entities.", quality)


def _message(each: dict[str, Any], by_id: Entities, saw: Saw, quality: list[Quality]) -> None:
    if saw.user is None:
        saw.user = fields.word(each.get("Recipient"), "Entities.Recipient", quality)
    if saw.src is fields.NOWHERE:
        saw.src = fields.endpoint(fields.ip(each.get("SenderIP"), "Entities.SenderIP", quality), None)


_READERS: Final[dict[str, Callable[[dict[str, Any], Entities, Saw, list[Quality]], None]]] = {
    "host": _host,
    "account": _account,
    "process": _process,
    "file": _file,
    "filehash": _file_hash,
    "url": _url,
    "dns": _dns,
    "network-connection": _connection,
    "mailbox": _mailbox,
    "mailmessage": _message,
}
