"""Messages of network devices whose layout is their own: Cisco Meraki, WatchGuard.

https://documentation.meraki.com/General_Administration/Monitoring_and_Reporting/Syslog_Event_Types_and_Log_Samples
https://www.watchguard.com/help/docs/help-center/en-US/Content/en-US/Fireware/logging/log_message_read_wsm.html
"""

import re
from typing import Final

from enrich.formats.lines.pairs import pairs
from enrich.formats.lines.told import Told

_MERAKI: Final = re.compile(
    r"(flows|firewall|vpn_firewall|cellular_firewall|bridge_anyconnect_client_vpn_firewall|l7_firewall|urls"
    r"|ids-alerts|security_event|events|airmarshal_events|anyconnect_vpn\w{0,40})"
    r"(?: (allow|deny|ids_alerted|security_filtering\w{1,40}))? (?=[a-z_]{2,40}=)"
)
_PATTERN: Final = re.compile(r"pattern: (allow|deny)\b")
_MESSAGE: Final = re.compile(r" message: (.{1,400})$")
_REQUEST: Final = re.compile(r" request: ([A-Z]{3,20}) (\S{1,4096})")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_SIGNATURE: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,10}):[0-9]{1,10}")

# Before the message of a device that tells its serial number: that, and its own time.
_WATCHGUARD: Final = re.compile(
    r"(?:([0-9A-Z]{8,20}) \(([0-9T:-]{19})\) [\w-]{1,40}(?:\[[0-9]{1,7}\])?: )?"
    r"msg_id=\"([0-9A-Fa-f]{4}-[0-9A-Fa-f]{4})\" (?:(Allow|Deny|ProxyAllow|ProxyDeny|ProxyDrop|ProxyBlock"
    r"|ProxyAvScan|ProxyStrip|ProxyInspect|ProxyReplace) (\S{1,80}) (\S{1,80}) (?:[0-9]{1,6} )?"
    r"([a-z][a-z0-9/-]{1,15}) (?:[0-9]{1,5} [0-9]{1,3} )?([0-9A-Fa-f.:]{2,45}) ([0-9A-Fa-f.:]{2,45}) "
    r"(?:([0-9]{1,5}) ([0-9]{1,5}) )?)?"
)
_POLICY: Final = re.compile(r"\(([^()]{1,120})\)\s*$")


def meraki(body: str) -> Told | None:
    """Return a message of Meraki's security appliances and access points."""
    match = _MERAKI.match(body)
    if match is None:
        return None
    kind, what = match.groups()
    text = body[match.end() :]
    found = pairs(text.replace("type= ", "type=", 1)).found
    for end in ("src", "dst"):
        if _MAC.fullmatch(found.get(end, "")):
            found[end + "_mac"] = found.pop(end)
    if "protocol" in found:
        found["protocol"] = found["protocol"].removesuffix("/ip")
    request = _REQUEST.search(text)
    if request is not None:
        found["method"], found["url"] = request.groups()
    pattern = _PATTERN.search(text)
    if what in ("allow", "deny") or pattern is not None:
        found.setdefault("action", what or (pattern[1] if pattern is not None else ""))
        what = None
    if found.get("decision"):
        found.setdefault("action", found.pop("decision"))
    signature = _SIGNATURE.fullmatch(found.get("signature", ""))
    if signature is not None:
        said = _MESSAGE.search(text)
        found["snort_priority"] = found.pop("priority", "")
        del found["signature"]
        rule_id = signature[2] if signature[1] == "1" else f"{signature[1]}:{signature[2]}"
        title = said[1].strip() if said is not None else f"Meraki IDS alert {signature[1]}:{signature[2]}"
        return Told("meraki", found, rule_id, title)
    kind = " ".join(each for each in (kind, what, found.get("type")) if each)
    threat = found.get("name") if what is not None else None
    return Told("meraki", found, f"Meraki: {kind}", f"{kind}: {threat}" if threat else f"Meraki {kind}")


def watchguard(body: str) -> Told | None:
    """Return a message of Fireware: what was done, from where to where, then pairs, then the policy."""
    match = _WATCHGUARD.match(body)
    if match is None:
        return None
    serial, stamp, event, action, _, _, proto, src, dst, sport, dport = match.groups()
    found = pairs(body[match.end() :]).found
    found.pop("msg_id", None)
    stated = {
        "serial": serial,
        "logtime": stamp,
        "proto": proto,
        "src": src,
        "dst": dst,
        "sport": sport,
        "dport": dport,
    }
    found = {key: value for key, value in stated.items() if value} | {
        key: value for key, value in found.items() if key not in stated
    }
    if action is not None:
        found["action"] = action.removeprefix("Proxy").lower()
    policy = _POLICY.search(body[-128:])
    if policy is not None:
        found["policy"] = policy[1]
    named = found.get("signature_name") or found.get("virus") or found.get("app_name")
    said = found.get("msg") or " ".join(each for each in (action, found.get("policy")) if each)
    rule_id = found.pop("signature_id", None) or event
    return Told("watchguard", found, f"WatchGuard: {rule_id}", named or said or f"WatchGuard {event}")
