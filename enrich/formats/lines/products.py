"""Who wrote a line, by its own marks: vendor and product, and how their fields are to be read."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Product(NamedTuple):
    """vendor, product: of the detector. firewall: its sentences begin with what it did. levels: its
    "severity" is a log level. program: the line's tag is a process of the host.
    """

    vendor: str
    product: str
    firewall: bool = False
    levels: bool = False
    program: bool = False


ASA: Final = Product("Cisco", "ASA", firewall=True)
IOS: Final = Product("Cisco", "IOS", firewall=True)
FORTIGATE: Final = Product("Fortinet", "FortiGate", firewall=True)
SONICWALL: Final = Product("SonicWall", "SonicOS", firewall=True)
SOPHOS: Final = Product("Sophos", "Sophos Firewall", firewall=True)
CHECK_POINT: Final = Product("Check Point", "Security Gateway", firewall=True)
PALO_ALTO: Final = Product("Palo Alto Networks", "PAN-OS", firewall=True)
PFSENSE: Final = Product("Netgate", "pfSense", firewall=True)
JUNOS: Final = Product("Juniper", "Junos", firewall=True)
NETSCREEN: Final = Product("Juniper", "ScreenOS", firewall=True)
NETFILTER: Final = Product("Linux", "netfilter", firewall=True)
AUDIT: Final = Product("Linux", "audit")
MODSECURITY: Final = Product("OWASP", "ModSecurity", firewall=True, levels=True)
WINDOWS: Final = Product("Microsoft", "Windows")
SQUID: Final = Product("Squid", "Squid", program=True)
WEB_SERVER: Final = Product("web server", "web server", program=True)

SNORT: Final = Product("Cisco", "Snort")
SURICATA: Final = Product(
    "OISF", "suricata"
)  # named as the detector of its EVE alerts, to share their history
UNKNOWN: Final = Product("unknown", "unknown")

_COLUMNS: Final = {"paloalto": PALO_ALTO, "filterlog": PFSENSE, "squid": SQUID, "web": WEB_SERVER}
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
        return ASA if facility.partition("-")[0] in _ASA_FACILITIES else IOS
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
