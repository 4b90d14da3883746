"""Alerts of Microsoft Graph's first security API (``/security/alerts``), of any of Microsoft's products.
https://learn.microsoft.com/en-us/graph/api/resources/alert

It was replaced by ``alerts_v2``, which ``defender`` reads; exports and connectors still write it.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats import fields, microsoft
from enrich.formats.given import first_time, first_word, objects
from enrich.formats.host_facts import account, hashes, path_of, process

# Who passes on alerts of a customer's own rules, whose titles may hold names out of events.
_CUSTOM: Final = ("Azure Sentinel", "Microsoft Sentinel")
KNOWN: Final[dict[str, frozenset[str] | None]] = {
    **dict.fromkeys(("id", "title", "description", "severity", "category", "eventDateTime")),
    "vendorInformation": frozenset(("vendor", "provider", "subProvider")),
}


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is such an alert."""
    vendor = doc.get("vendorInformation")
    return (
        type(vendor) is dict
        and "provider" in vendor
        and ("eventDateTime" in doc or "createdDateTime" in doc)
        and ("azureTenantId" in doc or "hostStates" in doc or "userStates" in doc)
    )


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert."""
    quality: list[Quality] = []
    maker: dict[str, Any] = doc["vendorInformation"]
    provider = first_word(maker, ("provider",), "vendorInformation.", quality) or "Microsoft Graph"
    time_ms, time_text = first_time(doc, ("eventDateTime", "createdDateTime"), "", quality)
    title = first_word(doc, ("title",), "", quality)
    category = first_word(doc, ("category",), "", quality)
    saw = microsoft.Saw()
    _hosts(doc, saw, quality)
    _users(doc, saw, quality)
    _processes(doc, saw, quality)
    _files(doc, saw, quality)
    _connections(doc, saw, quality)
    return microsoft.new_alert(
        first_word(maker, ("vendor",), "vendorInformation.", quality) or "Microsoft",
        provider,
        first_word(maker, ("subProvider",), "vendorInformation.", quality) or provider,
        time_ms,
        time_text,
        first_word(doc, ("id",), "", quality),
        title or category or "unknown",
        title or category or "Microsoft Graph alert",
        category,
        first_word(doc, ("description",), "", quality),
        *microsoft.severity(doc.get("severity"), "severity", quality),
        (),
        microsoft.tactics(category),
        microsoft.is_sample(title, provider not in _CUSTOM),
        fields.rest(doc, KNOWN),
        fields.closed(quality, before),
        *saw.values(),
    )


def _hosts(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    for each in objects(doc.get("hostStates"), "hostStates", quality)[:1]:
        ip = fields.ip(each.get("privateIpAddress"), "hostStates.privateIpAddress", quality)
        name = first_word(each, ("fqdn", "netBiosName"), "hostStates.", quality)
        saw.device = fields.endpoint(ip, None, name)


def _users(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    for each in objects(doc.get("userStates"), "userStates", quality):
        name = first_word(each, ("accountName",), "userStates.", quality)
        domain = first_word(each, ("domainName",), "userStates.", quality)
        upn = first_word(each, ("userPrincipalName", "aadUserId"), "userStates.", quality)
        saw.user = (
            saw.user or (account(name, domain) if name is not None and domain is not None else upn) or name
        )
        if saw.src is fields.NOWHERE:
            saw.src = fields.endpoint(fields.ip(each.get("logonIp"), "userStates.logonIp", quality), None)


def _processes(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    for each in objects(doc.get("processes"), "processes", quality)[:1]:
        name = first_word(each, ("name",), "processes.", quality)
        saw.process = process(
            name,
            path_of(first_word(each, ("path",), "processes.", quality), name),
            fields.process_id(each.get("processId"), "processes.processId", quality),
            first_word(each, ("commandLine",), "processes.", quality),
            first_word(each, ("parentProcessName",), "processes.", quality),
        )
        saw.image_hashes = _hashes(each, "processes.fileHash", quality)
        saw.user = saw.user or first_word(each, ("accountName",), "processes.", quality)


def _files(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    for each in objects(doc.get("fileStates"), "fileStates", quality)[:1]:
        name = first_word(each, ("name",), "fileStates.", quality)
        saw.file_path = path_of(first_word(each, ("path",), "fileStates.", quality), name)
        saw.hashes = _hashes(each, "fileStates.fileHash", quality)


def _hashes(each: Mapping[str, Any], path: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    found = fields.part(each, "fileHash", path, quality)
    return hashes((found.get("hashValue"),), path, quality)


def _connections(doc: Mapping[str, Any], saw: microsoft.Saw, quality: list[Quality]) -> None:
    for each in objects(doc.get("networkConnections"), "networkConnections", quality)[:1]:
        path = "networkConnections."
        saw.proto = fields.proto(each.get("protocol"), path + "protocol", quality)
        saw.url = first_word(each, ("destinationUrl",), path, quality)
        src = fields.endpoint(
            fields.ip(each.get("sourceAddress"), path + "sourceAddress", quality),
            fields.port(each.get("sourcePort"), path + "sourcePort", quality),
        )
        saw.dst = fields.endpoint(
            fields.ip(each.get("destinationAddress"), path + "destinationAddress", quality),
            fields.port(each.get("destinationPort"), path + "destinationPort", quality),
            first_word(each, ("destinationDomain",), path, quality),
        )
        if src is not fields.NOWHERE:
            saw.src = src
