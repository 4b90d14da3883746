"""What happened, as GuardDuty and, in PascalCase, Security Hub describe it.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Action.html
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.alert import Endpoint
from enrich.errors import Quality
from enrich.formats import fields

_CALLS: Final = ("awsApiCallAction", "kubernetesApiCallAction", "rdsLoginAttemptAction")
_ACTIONS: Final = frozenset(("networkConnectionAction", "portProbeAction", "dnsRequestAction", *_CALLS))


class Happened(NamedTuple):
    """Fields of Alert."""

    proto: str | None = None
    src: Endpoint = fields.NOWHERE
    dst: Endpoint = fields.NOWHERE
    action: str | None = None
    url: str | None = None
    user_agent: str | None = None
    dns_query: str | None = None


NOTHING: Final = Happened()


def happened(
    action: Mapping[str, Any], own_ip: str | None, actor: bool, path: str, quality: list[Quality]
) -> Happened:
    """Return what an action object (camelCase) says.

    own_ip: the resource's address, for the end that is not stated. actor: whether the resource acted, where
    the direction of a connection is not stated. path: of the action, with a dot behind.
    """
    if _ACTIONS.isdisjoint(action):
        return NOTHING
    connection = fields.part(action, "networkConnectionAction", path + "networkConnectionAction", quality)
    if connection:
        direction = connection.get("connectionDirection")
        outbound = direction == "OUTBOUND" or (direction != "INBOUND" and actor)
        return _connection(
            connection, connection, own_ip, outbound, path + "networkConnectionAction", quality
        )
    probe = fields.part(action, "portProbeAction", path + "portProbeAction", quality)
    if probe:
        path += "portProbeAction"
        details = fields.first_part(probe.get("portProbeDetails"), path + ".portProbeDetails", quality)
        return _connection(probe, details, own_ip, False, path, quality)
    asked = fields.part(action, "dnsRequestAction", path + "dnsRequestAction", quality)
    if asked:
        path += "dnsRequestAction."
        return Happened(
            proto=fields.proto(asked.get("protocol"), path + "protocol", quality),
            action=_blocked(asked),
            dns_query=fields.word(asked.get("domain"), path + "domain", quality),
        )
    for key in _CALLS:
        call = fields.part(action, key, path + key, quality)
        if call:
            path += key
            return Happened(
                src=_end(call, "remote", None, path, quality),
                url=fields.word(call.get("requestUri"), path + ".requestUri", quality),
                user_agent=fields.word(call.get("userAgent"), path + ".userAgent", quality),
            )
    return NOTHING


def _connection(
    connection: Mapping[str, Any],
    details: Mapping[str, Any],
    own_ip: str | None,
    outbound: bool,
    path: str,
    quality: list[Quality],
) -> Happened:
    remote = _end(details, "remote", None, path, quality)
    local = _end(details, "local", own_ip, path, quality)
    return Happened(
        proto=fields.proto(connection.get("protocol"), path + ".protocol", quality),
        src=local if outbound else remote,
        dst=remote if outbound else local,
        action=_blocked(connection),
    )


def _end(
    details: Mapping[str, Any], side: str, own_ip: str | None, path: str, quality: list[Quality]
) -> Endpoint:
    path = f"{path}.{side}"
    ends = fields.part(details, side + "IpDetails", path + "IpDetails", quality)
    ports = fields.part(details, side + "PortDetails", path + "PortDetails", quality)
    ip = fields.ip(ends.get("ipAddressV4"), path + "IpDetails.ipAddressV4", quality) or fields.ip(
        ends.get("ipAddressV6"), path + "IpDetails.ipAddressV6", quality
    )
    return fields.endpoint(ip or own_ip, fields.port(ports.get("port"), path + "PortDetails.port", quality))


def _blocked(action: Mapping[str, Any]) -> str | None:
    blocked = action.get("blocked")
    if type(blocked) is not bool:
        return None
    return "blocked" if blocked else "allowed"
