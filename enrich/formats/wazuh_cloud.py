"""Wazuh's modules for services that have no agent: AWS, Office 365, Google Cloud, GitHub, VirusTotal.
https://documentation.wazuh.com/current/cloud-security/index.html

The manager fetches their records itself, so its own name says nothing about what the alert is about.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.wazuh_host import Host

# data.integration, or the module's own object under data.
MODULES: Final = ("aws", "office365", "gcp", "github", "virustotal")


class Places(NamedTuple):
    """Paths within the module's object, keys with dots between; of several the first that has a value."""

    user: tuple[str, ...] = ()
    src: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    hashes: Mapping[str, str] = {}


_PLACES: Final = {
    "aws": Places(
        user=("userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName"),
        src=("sourceIPAddress", "source_ip_address", "srcaddr", "service.action.remoteIpDetails.ipAddressV4"),
        agent=("userAgent",),
    ),
    "office365": Places(user=("UserId",), src=("ClientIP", "ClientIPAddress", "ActorIpAddress")),
    "gcp": Places(
        user=("protoPayload.authenticationInfo.principalEmail",),
        src=("jsonPayload.sourceIP", "protoPayload.requestMetadata.callerIp"),
        query=("jsonPayload.queryName",),
    ),
    "github": Places(user=("actor",), src=("actor_ip",), agent=("user_agent",)),
    "virustotal": Places(file=("source.file",), hashes={"md5": "source.md5", "sha1": "source.sha1"}),
}


def module_of(data: Mapping[str, Any]) -> str | None:
    """Return the module whose record this is, None where an agent or a log has it."""
    named = data.get("integration")
    if type(named) is str and named in _PLACES and type(data.get(named)) is dict:
        return named
    return next((name for name in MODULES if name != "github" and type(data.get(name)) is dict), None)


def cloud(module: str, data: Mapping[str, Any], quality: list[Quality]) -> Host:
    """Return who, from where, and what, of a module's record."""
    record, places, path = data[module], _PLACES[module], f"data.{module}"
    src = _first(record, places.src)
    # AWS names the calling service there where no host called: "cloudtrail.amazonaws.com".
    named = type(src) is str and not src[:1].isdigit() and ":" not in src
    ip = None if named else fields.ip(_without_port(src), path, quality)
    found = tuple((name, _first(record, (place,))) for name, place in places.hashes.items())
    return Host(
        user=fields.word(_first(record, places.user), path, quality),
        src=fields.endpoint(ip, None),
        dns_query=fields.text(_first(record, places.query), path, quality),
        file_path=fields.text(_first(record, places.file), path, quality),
        hashes=fields.hashes(found, path, quality),
        user_agent=fields.text(_first(record, places.agent), path, quality),
    )


def _first(record: Mapping[str, Any], paths: tuple[str, ...]) -> object:
    for path in paths:
        value: object = record
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value not in (None, ""):
            return value
    return None


def _without_port(value: object) -> object:
    """Office 365 writes "203.0.113.5:51515" and "[2001:db8::1]:443"."""
    if type(value) is not str:
        return value
    if value[:1] == "[":
        return value[1:].partition("]")[0]
    return value.partition(":")[0] if value.count(":") == 1 else value
