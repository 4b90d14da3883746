"""Palo Alto Networks' firewalls: logs in columns, whose names stand in no line.

https://docs.paloaltonetworks.com/pan-os/11-1/pan-os-admin/monitoring/use-syslog-for-monitoring/syslog-field-descriptions

Threats and correlated events are alerts; what happened to the firewall, to its accounts and to its VPN may be
one. Traffic is a flow, with the rule and without the severity of one. What only says who or what was seen
where (User-ID, HIP match, decryption, tunnels, tags) is no alert.
"""

import re
from typing import Any, Final

from enrich.formats import fields, flow
from enrich.formats.lines.told import REFUSED, Told

_START: Final = re.compile(
    r"[0-9]?,[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8},[^,]{1,40},"
    r"(TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT|AUTHENTICATION|CORRELATION"
    r"|USERID|HIP-?MATCH|DECRYPTION|IPTAG|GTP|SCTP|TUNNEL|START|END|AUDIT),"
)


def _columns(listed: str) -> tuple[str, ...]:
    """Return the columns' names; "-" is a column that we do not name."""
    return tuple("" if name == "-" else name for name in listed.split())


_COMMON: Final = _columns(
    """
    - receive_time serial type subtype - time_generated src dst natsrc natdst rule srcuser dstuser app
    vsys from_zone to_zone inbound_if outbound_if logset - sessionid repeatcnt sport dport natsport
    natdport flags proto action
    """
)
_COLUMNS: Final = {
    "TRAFFIC": (*_COMMON, *_columns("- bytes_sent bytes_received packets start elapsed category")),
    "THREAT": (*_COMMON, *_columns("misc threatid category severity direction seqno")),
    "SYSTEM": _columns(
        """
        - receive_time serial type subtype - time_generated vsys eventid object - - module severity msg
        """
    ),
    "CONFIG": _columns(
        """
        - receive_time serial type subtype - time_generated src vsys cmd user client result path
        """
    ),
    "GLOBALPROTECT": _columns(
        """
        - receive_time serial type subtype - time_generated vsys eventid stage auth_method tunnel_type srcuser
        srcregion src_hostname public_ip public_ipv6 private_ip private_ipv6 hostid endpoint_serial client_ver
        client_os client_os_ver repeatcnt reason error opaque outcome location login_duration connect_method
        error_code portal seqno
        """
    ),
    "AUTHENTICATION": _columns(
        """
        - receive_time serial type subtype - time_generated vsys src user normalized_user object rule
        repeatcnt authid auth_vendor logset serverprofile msg clienttype outcome factorno seqno
        """
    ),
    "CORRELATION": _columns(
        """
        - receive_time serial type subtype - time_generated src srcuser vsys category severity - - - -
        vsys_name device_name vsys_id object_name object_id evidence
        """
    ),
}
_MOST: Final = 128
_THREAT: Final = re.compile(r"(.{0,512})\(([0-9]{1,12})\)$")
_COLUMN: Final = re.compile(r"\"((?:[^\"]++|\"\")*+)\"?(?=,|$)|([^,]*+)(?=,|$)", re.DOTALL)
_NOBODY: Final = ("0.0.0.0", "::", "")  # noqa: S104 (no address is bound)


def paloalto(body: str) -> tuple[str, dict[str, str]] | Told | None:
    """Return the tokens by name, with the rule where its id is not among them; None: another log."""
    match = _START.match(body)
    if match is None:
        return None
    kind = match[1]
    names = _COLUMNS.get(kind)
    if names is None:
        return REFUSED
    found = {name: value for name, value in zip(names, _csv(body), strict=False) if name and value}
    if kind == "TRAFFIC":
        return _traffic(found)
    if kind == "THREAT":
        return "paloalto", _threat(found)
    if kind == "GLOBALPROTECT":
        return _global_protect(found)
    if kind == "AUTHENTICATION":
        outcome = found.get("msg") or found.get("outcome") or "event"
        return Told("paloalto", found, "PAN-OS: authentication", f"Authentication: {outcome}")
    if kind == "CORRELATION":
        name = found.get("object_name", "")
        number = found.get("object_id", "")
        return Told(
            "paloalto", found, f"PAN-OS: {number or name or 'correlation'}", name or "Correlated events"
        )
    return "paloalto", found


def _traffic(found: dict[str, str]) -> Told:
    """Return the flow. Its rule is the service, as of all flows."""
    quality: list[Any] = []
    proto = fields.proto(found.get("proto"), "", quality)
    src = fields.port(found.get("sport"), "", quality)
    dst = fields.port(found.get("dport"), "", quality)
    if not flow.ported(proto):
        src = dst = None
    rule_id, title = flow.rule(proto, src, dst, found.get("app"))
    return Told("traffic", found, rule_id, title)


def _threat(found: dict[str, str]) -> dict[str, str]:
    """Return the columns with the threat's name and its number apart: "Name(30844)"."""
    match = _THREAT.match(found.get("threatid", ""))
    if match is not None:
        found["threatid"] = match[2]
        if match[1]:
            found["threat"] = match[1]
    return found


def _global_protect(found: dict[str, str]) -> Told:
    """Return what the VPN says of a client, whose address is the public one."""
    for name in ("public_ip", "public_ipv6"):
        if "src" not in found and found.get(name, "") not in _NOBODY:
            found["src"] = found.pop(name)
    event = " ".join(each for each in (found.get("eventid"), found.get("outcome")) if each)
    return Told(
        "paloalto", found, f"PAN-OS: globalprotect {event}".rstrip(), f"GlobalProtect {event}".rstrip()
    )


def _csv(body: str) -> list[str]:
    """Return the columns; a column in quotes may hold commas, and a quote doubled."""
    if '"' not in body:
        return body.split(",", _MOST)
    found: list[str] = []
    at = 0
    while len(found) < _MOST and at <= len(body):
        match = _COLUMN.match(body, at)
        if match is None:
            break
        found.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        at = match.end() + 1
    return found
