"""Who wrote a line, by its own marks: vendor and product, and how their fields are to be read."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from enrich.formats.lines import levels


class Product(NamedTuple):
    """vendor, product: of the detector. firewall: its sentences begin with what it did. program: the line's
    tag is a process of the host. scale: how its "severity" is to be read, where it has a scale of its own.
    """

    vendor: str
    product: str
    firewall: bool = False
    program: bool = False
    scale: levels.Scale | None = None


ASA: Final = Product("Cisco", "ASA", firewall=True)
IOS: Final = Product("Cisco", "IOS", firewall=True)
NXOS: Final = Product("Cisco", "NX-OS", firewall=True)
FTD: Final = Product("Cisco", "FTD", firewall=True, scale=levels.FTD)
ISE: Final = Product("Cisco", "ISE")
MERAKI: Final = Product("Cisco", "Meraki")
WATCHGUARD: Final = Product("WatchGuard", "Firebox")
FAIL2BAN: Final = Product("Fail2Ban", "fail2ban")
FALCO: Final = Product("Falco", "Falco", scale=levels.FALCO)
FORTIGATE: Final = Product("Fortinet", "FortiGate", firewall=True)
SONICWALL: Final = Product("SonicWall", "SonicOS", firewall=True)
SOPHOS: Final = Product("Sophos", "Sophos Firewall", firewall=True)
CHECK_POINT: Final = Product("Check Point", "Security Gateway", firewall=True, scale=levels.CHECK_POINT)
PALO_ALTO: Final = Product("Palo Alto Networks", "PAN-OS", firewall=True)
PFSENSE: Final = Product("Netgate", "pfSense", firewall=True)
JUNOS: Final = Product("Juniper", "Junos", firewall=True)
NETSCREEN: Final = Product("Juniper", "ScreenOS", firewall=True)
NETFILTER: Final = Product("Linux", "netfilter", firewall=True)
AUDIT: Final = Product("Linux", "audit")
MODSECURITY: Final = Product("OWASP", "ModSecurity", firewall=True, scale=levels.MODSECURITY)
WINDOWS: Final = Product("Microsoft", "Windows")
SQUID: Final = Product("Squid", "Squid", program=True)
WEB_SERVER: Final = Product("web server", "web server", program=True)

SNORT: Final = Product("Cisco", "Snort")
SURICATA: Final = Product(
    "OISF", "suricata"
)  # named as the detector of its EVE alerts, to share their history
UNKNOWN: Final = Product("unknown", "unknown")

_COLUMNS: Final = {
    "paloalto": PALO_ALTO,
    "traffic": PALO_ALTO,
    "filterlog": PFSENSE,
    "squid": SQUID,
    "web": WEB_SERVER,
    "ftd": FTD,
    "ise": ISE,
    "meraki": MERAKI,
    "watchguard": WATCHGUARD,
    "fail2ban": FAIL2BAN,
    "falco": FALCO,
}
_ASA_FACILITIES: Final = frozenset(("ASA", "FTD", "PIX", "FWSM", "NGIPS"))
_WINDOWS_TAGS: Final = frozenset(("WinEvtLog", "MSWinEventLog", "EvntSLog"))
_KERNEL: Final = ("kernel", "audit", "auditd", "audispd")
# Keys that together no other product writes.
_MARKS: Final = (
    (frozenset(("logid", "devid")), FORTIGATE),
    (frozenset(("logid", "vd")), FORTIGATE),
    (frozenset(("id", "sn", "fw", "m")), SONICWALL),
    (frozenset(("log_id", "log_component")), SOPHOS),
    (frozenset(("device", "fw_rule_id")), SOPHOS),
    (frozenset(("loguid", "origin")), CHECK_POINT),
    (frozenset(("ifdir", "ifname")), CHECK_POINT),
    (frozenset(("IN", "OUT", "SRC", "DST")), NETFILTER),
    (frozenset(("id", "uri", "unique_id")), MODSECURITY),
    (frozenset(("hostname", "uri", "unique_id")), MODSECURITY),
)


def _year_first(time: object) -> bool:
    """Return whether the time is written as NX-OS does: "2024 Mar  5 10:11:12"."""
    return type(time) is str and time[:1] == "2" and time[4:5] == " "


def product(
    header: Mapping[str, Any],
    pairs: Mapping[str, object],
    structured: object,
    text: str,
    kind: str | None,
    leads: bool,
) -> Product:
    """Return who wrote the line; where nothing tells, its tag, else "unknown".

    leads: the text stands before the pairs. A program's sentence may hold any pairs, so that they tell
    nothing then.
    """
    facility, tag = header.get("facility"), header.get("tag")
    if kind is not None:
        if kind == "ids":
            return SNORT if tag == "snort" else SURICATA
        if kind in _COLUMNS:
            return _COLUMNS[kind]
    if type(facility) is str:
        if facility.partition("-")[0] in _ASA_FACILITIES:
            return ASA
        return NXOS if _year_first(header.get("time")) else IOS
    sure = not leads or tag in _KERNEL or text.startswith("ModSecurity")
    sure = sure or (tag is None and text.startswith("["))
    if pairs and sure:
        found = pairs.keys()
        for keys, known in _MARKS:
            if keys <= found:
                return known
        msg = pairs.get("msg")
        if type(msg) is str and msg.startswith("audit("):
            return AUDIT
    if sure and "audit(" in text:
        return AUDIT
    if type(structured) is dict and any(name.startswith("junos@") for name in structured):
        return JUNOS
    if tag == "CheckPoint" or text.startswith("CheckPoint "):
        return CHECK_POINT
    if text.startswith("NetScreen"):
        return NETSCREEN
    if type(tag) is not str or not tag:
        return WEB_SERVER if "client" in header or "module" in header else UNKNOWN
    if tag in _WINDOWS_TAGS:
        return WINDOWS
    name = tag.rpartition("/")[2] if tag.startswith("/") else tag
    name = name.strip("()") or tag
    return Product(name, name, program=True)
