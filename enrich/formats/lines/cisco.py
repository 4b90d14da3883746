"""Cisco's own: headers that no syslog standard knows, events of Firepower Threat Defense, and ISE.

https://www.cisco.com/c/en/us/td/docs/ios-xml/ios/esm/configuration/15-mt/esm-15-mt-book/esm-syslog.html
https://www.cisco.com/c/en/us/td/docs/security/firepower/Syslogs/b_fptd_syslog_guide/security-event-syslog-messages.html
https://www.cisco.com/c/en/us/td/docs/security/ise/syslog/Cisco_ISE_Syslogs/m_IntrotoSyslogs.html
"""

import re
from typing import Any, Final

from enrich.formats.lines.told import REFUSED, Told

# How far into a message the mnemonic may stand.
HEAD: Final = 160
_MNEMONIC: Final = r"%([A-Z][A-Z0-9_]{1,31}(?:-[A-Z][A-Z0-9_]{1,31}){0,2})-([0-7])-([A-Z0-9_]{2,48}) ?:\s*"
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?: [A-Z]{2,5})?"
# Sequence numbers (the relay's, the device's), the device, the card of IOS XR, then a time: a clock's, an
# uptime ("1w2d", "00:00:46"), or none; the process of IOS XR, the virtual device of NX-OS.
_HEADER: Final = re.compile(
    r"(?:: )?(?:([0-9]{1,10}): ){0,2}(?!"
    + _MONTH
    + r" )(?:([A-Za-z][\w.-]{0,99})(?::| (?=[0-9*.]|%))\s{0,2})?"
    r"(?:RP/[0-9A-Z/]{1,30}:)?"
    rf"(?:[*.]?({_MONTH} +[0-9]{{1,2}}(?: [0-9]{{4}})? {_CLOCK}|[0-9]{{4}} {_MONTH} +[0-9]{{1,2}} {_CLOCK}"
    r"|[0-9]{1,3}[ywdh][0-9]{1,3}[wdhm]|[0-9]{1,4}:[0-9]{2}:[0-9]{2})(?: ([A-Za-z][\w.-]{0,99}))?"
    r" ?(?::\s?|(?= ?%))\s{0,2})?"
    r"(?:[A-Za-z][\w-]{0,40}\[[0-9]{1,7}\]: )?(?:%\$ ?VDC-[0-9]{1,3} ?%\$ ?)?" + _MNEMONIC
)
# IOS XE wraps a message of its data plane: "R0/0: cpp_cp: QFP:0.0 Thread:… TS:… %FW-6-DROP_PKT: …".
_INNER: Final = re.compile(_MNEMONIC)
_UPTIME: Final = re.compile(r"[0-9ywdhm]{4,8}|[0-9]{1,4}:[0-9]{2}:[0-9]{2}")
# FTD's events: "Key: value, Key: value".
_PAIR: Final = re.compile(r"(?:^|, )([A-Z][A-Za-z0-9_]{1,39}(?: [A-Z][A-Za-z]{1,20})?): ")
_EVENTS: Final = {
    "430001": "intrusion",
    "430002": "connection",
    "430003": "connection",
    "430004": "file",
    "430005": "malware",
}
_NOBODY: Final = ("No Authentication Required", "Unknown", "N/A")
# Most pairs of one event; the documentation lists about 90.
_PAIRS_LIMIT: Final = 256
# Names that ``keys`` does not know, or knows for something else.
_NAMES: Final = {
    "AccessControlRuleAction": "action",
    "InlineResult": "action",
    "FileAction": "action",
    "FileSHA256": "sha256",
    "ApplicationProtocol": "app",
    "InitiatorBytes": "bytes_sent",
    "ResponderBytes": "bytes_received",
    "FirstPacketSecond": "eventtime",
    "UserAgent": "useragent",
    "Classification": "category",
    "URI": "url",
    "ReferencedHost": "dstname",
}
_ISE: Final = re.compile(
    r"(CISE_\w{1,60}) ([0-9]{10}) ([0-9]{1,3}) ([0-9]{1,3}) (?:"
    r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{8,15}) ([+-][0-9]{2}:[0-9]{2}) [0-9]{10} ([0-9]{5}|[0-9]{4}) "
    r"([A-Z]{4,6}) ([^,]{1,200}))?"
)
_ISE_PAIR: Final = re.compile(r", {0,2}([A-Za-z][A-Za-z0-9 _.-]{0,60})=")


def headed(header: dict[str, Any], body: str) -> str:
    """Read what Cisco puts before its mnemonic into the header; return the message, else the body as it is.

    Asked for messages with a ``%`` near their beginning whose header had no mnemonic.

    >>> header: dict[str, Any] = {}
    >>> headed(header, "000045: 1w2d: %SYS-5-CONFIG_I: Configured"), header["facility"]
    ('Configured', 'SYS')
    """
    match = _HEADER.match(body)
    if match is None:
        return body
    sequence, before, time, after = match.groups()[:4]
    if sequence:
        header["sequence"] = sequence
    # Without a colon it is an instance on the device, or the device where none is named.
    if before and (body[match.end(2)] == ":" or "host" not in header):
        header["host"] = before
    elif after:
        header["host"] = after
    # The mark of a clock that was never set: the relay knows better.
    unset = "time" in header and body[match.start(3) - 1] == "*"
    if time and not unset and not _UPTIME.fullmatch(time):
        header["time"] = time
    header["facility"], header["level"], header["mnemonic"] = match.groups()[4:]
    return body[match.end() :]


def inner(header: dict[str, Any], body: str) -> str:
    """Return the message that IOS XE's data plane wrapped, with its mnemonic in the header."""
    match = _INNER.search(body, 0, HEAD)
    if match is None:
        return body
    header["facility"], header["level"], header["mnemonic"] = match.groups()
    return body[match.end() :]


def event(mnemonic: str, body: str) -> Told | None:
    """Return an event of Firepower Threat Defense, 430001 to 430005; None: another message."""
    kind = _EVENTS.get(mnemonic)
    if kind is None:
        return None
    found: dict[str, str] = {}
    key, at = None, 0
    for match in _PAIR.finditer(body):
        if key is not None:
            _put(found, key, body[at : match.start()])
        key, at = match[1], match.end()
        if len(found) >= _PAIRS_LIMIT:
            break
    if key is None:
        return None
    _put(found, key, body[at:])
    named, rule_id = None, f"FTD-{mnemonic}"
    if kind == "intrusion":
        named = found.pop("Message", None)
        gid, sid = found.pop("GID", "1"), found.pop("SID", None)
        if sid is not None and sid.isdecimal():
            rule_id = sid if gid == "1" else f"{gid}:{sid}"
        found["snort_priority"] = found.pop("Priority", "")
    elif kind == "malware":
        named = found.pop("ThreatName", None)
        if named is not None:
            rule_id = f"FTD: {named}".lower()
    said = " ".join(dict.fromkeys((kind.capitalize(), "event:", found.get("action", ""))))
    if kind != "intrusion" and kind != "file":
        found["severity"] = found.pop("EventPriority", "")
    return Told("ftd", found, rule_id, named or said.rstrip(" :"))


def _put(found: dict[str, str], key: str, value: str) -> None:
    value = value.strip()
    if key == "User" and value in _NOBODY:
        return
    named = _NAMES.get(key, key)
    # What comes twice, or is what a peer wrote, does not replace what was said first.
    found.setdefault(named if named not in found else key + "#2", value)


def ise(body: str) -> Told | None:
    """Return a message of Identity Services Engine; its later parts, which have no code, are no alerts."""
    match = _ISE.match(body)
    if match is None:
        return None
    kind, _, _, _, stamp, zone, code, level, text = match.groups()
    if code is None:
        return REFUSED
    found = {"logtime": stamp + zone, "level": level, "category": kind.removeprefix("CISE_")}
    key, at = None, 0
    for pair in _ISE_PAIR.finditer(body, match.end()):
        if key is not None:
            found.setdefault(key, body[at : pair.start()].replace("\\,", ","))
        key, at = pair[1], pair.end()
        if len(found) >= _PAIRS_LIMIT:
            break
    if key is not None:
        found.setdefault(key, body[at:].rstrip(", ").replace("\\,", ","))
    return Told("ise", found, f"ISE-{code}", text.strip())
