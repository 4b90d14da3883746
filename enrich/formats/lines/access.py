"""Lines in columns, whose names stand in no line: web and proxy logs, Palo Alto's and pfSense's firewalls.

Each becomes named tokens; the names are those of ``keys``, so that they are read like pairs.
"""

import re
from typing import Final

from enrich.formats.lines.paloalto import paloalto
from enrich.formats.lines.told import Told


def _columns(listed: str) -> tuple[str, ...]:
    """Return the columns' names; "-" is a column that we do not name."""
    return tuple("" if name == "-" else name for name in listed.split())


# "Combined" and "common" log format of Apache, nginx and many others; a virtual host may stand first. What
# is cut off, or lacks its last quote, is read as far as it goes.
# https://httpd.apache.org/docs/2.4/logs.html
_WEB: Final = re.compile(
    r"(?:(?P<vhost>[^\s\"\[]{1,255}) (?=\S{1,255} \S{1,128} \S{1,128} \[))?"
    r"(?P<client>[^\s\"\[]{1,255}) (?P<ident>\S{1,128}) (?P<user>\S{1,128}|\"[^\"]{0,128}\") "
    r"\[(?P<time>[0-9]{1,2}/[A-Za-z]{3}/[0-9]{4}:[0-9:]{5,8}(?: [+-][0-9]{4})?)\] "
    r"\"(?P<request>(?:[^\"\\]++|\\.)*+)(?:\" (?P<status>[0-9]{3}|-)(?: (?P<size>[0-9]{1,18}|-))?"
    r"(?: \"(?P<referer>(?:[^\"\\]++|\\.)*+)(?:\"(?: \"(?P<agent>(?:[^\"\\]++|\\.)*+)\"?)?)?)?)?",
    re.DOTALL,
)
# https://wiki.squid-cache.org/Features/LogFormat ("squid")
_SQUID: Final = re.compile(
    r"(?P<time>[0-9]{9,10}\.[0-9]{1,6}) +(?P<elapsed>-?[0-9]{1,12}) (?P<client>\S{1,255}) "
    r"(?P<result>[A-Z_]{1,40})/(?P<status>[0-9]{1,3}) (?P<size>[0-9]{1,18}) (?P<method>[A-Z_]{1,20}) "
    r"(?P<url>\S{1,8192}) (?P<user>\S{1,255}) (?P<hierarchy>[A-Z_]{1,40})/(?P<peer>\S{1,255})"
    r"(?: (?P<content_type>\S{1,255}))?"
)
_REQUEST: Final = re.compile(r"([A-Z_-]{3,20}) (\S++)(?: HTTP/[0-9.]{1,4})?")
# IIS: date time [site] [computer] s-ip method stem query port user c-ip …; which columns follow is set by the
# server, so that only the first ones are named.
# https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging
_IIS: Final = re.compile(
    r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r"(?:(?P<site>W3SVC[0-9]{1,10}) )?(?:(?P<device>[A-Za-z][\w-]{0,62}) )?"
    r"(?:(?P<server>[0-9A-Fa-f.:]{2,45}) )?(?P<method>[A-Z]{3,20}) (?P<url>/\S{0,8192}|\*) "
    r"(?P<query>\S{1,8192}) (?P<serverport>[0-9]{1,5}) (?P<user>\S{1,255}) "
    r"(?P<client>[0-9A-Fa-f.:]{2,45})(?: (?P<version>HTTP/[0-9.]{1,3}))?(?: (?P<agent>\S{1,8192}))?"
)
_IIS_STATUS: Final = re.compile(r" ([1-5][0-9]{2}) [0-9]{1,5} [0-9]{1,10}(?: |$)")
_STATUS_SEARCHED: Final = 32_768

# https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html (OPNsense writes the same)
_FILTERLOG: Final = _columns("rulenr subrulenr anchor tracker interface reason action direction ipversion")
_FILTERLOG_4: Final = _columns("tos ecn ttl id offset flags protonumber proto length src dst")
_FILTERLOG_6: Final = _columns("class flowlabel hoplimit proto protonumber length src dst")
_COLUMNS: Final = 128
# Snort's and Suricata's one-line alerts.
# https://docs.suricata.io/en/latest/configuration/suricata-yaml.html (fast.log)
_IDS: Final = re.compile(
    r"(?:(?P<time>[0-9]{2}/[0-9]{2}(?:/[0-9]{2,4})?-[0-9:]{8}(?:\.[0-9]{1,6})?) {1,4})?"
    r"(?:\[(?P<verdict>Drop|wDrop|Block)\] )?"
    r"(?:\[\*\*\] )?\[(?P<gid>[0-9]{1,10}):(?P<sid>[0-9]{1,10}):(?P<rev>[0-9]{1,10})\] "
    r"(?P<signature>[^\[{]{1,512}?) ?(?:\[\*\*\] )?"
    r"(?:\[Classification: (?P<classification>[^\]]{0,128})\] ?)?"
    r"(?:\[Priority: (?P<priority>[0-9]{1,3})\]:? ?)?"
    r"(?:<[^>]{1,64}> )?\{(?P<proto>[\w.-]{1,32})\} (?P<src>\S{1,64}) -> (?P<dst>\S{1,64})"
)


def columns(body: str, tag: str | None) -> tuple[str, dict[str, str]] | Told | None:
    """Return the product's kind ("web", "squid", "paloalto", "filterlog") and the tokens by name, else None.

    A Told has the rule too.

    >>> columns('192.0.2.7 - ann [01/Apr/2024:00:00:01 -0500] "GET /a HTTP/1.1" 404 9', None)[1]["url"]
    '/a'
    """
    if tag == "filterlog":
        return _filterlog(body)
    start = body[:64]
    if "," in start and (log := paloalto(body)) is not None:
        return log
    if start[:1] in "[0" and (alert := _IDS.match(body)) is not None:
        return "ids", _said(alert.groupdict())
    if start[:1].isdigit() and (squid := _SQUID.match(body)) is not None:
        return "squid", _said(squid.groupdict())
    if start[:2] == "20" and (iis := _IIS.match(body)) is not None:
        return _iis(iis, body)
    if '] "' in body[:1024] and (web := _WEB.match(body)) is not None:
        return _web(web)
    return None


def _web(match: re.Match[str]) -> tuple[str, dict[str, str]]:
    found = _said(match.groupdict())
    request = _REQUEST.match(found.get("request", ""))
    if request is not None:
        found["method"], found["url"] = request.groups()
        del found["request"]
    # Apache's "vhost_combined" begins with %v:%p.
    host, mark, port = found.get("vhost", "").rpartition(":")
    if mark and port.isdecimal() and not host.endswith(":"):
        found["vhost"], found["serverport"] = host.strip("[]"), port
    return "web", found


def _iis(match: re.Match[str], body: str) -> tuple[str, dict[str, str]]:
    found = _said(match.groupdict())
    found["time"] += "Z"
    found["agent"] = found["agent"].replace("+", " ") if "agent" in found else ""
    status = _IIS_STATUS.search(body, match.end(), match.end() + _STATUS_SEARCHED)
    if status is not None:
        found["status"] = status[1]
    return "web", {key: value for key, value in found.items() if value}


def _said(found: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in found.items() if value and value != "-"}


def _filterlog(body: str) -> tuple[str, dict[str, str]] | None:
    values = body.split(",", _COLUMNS)
    if len(values) < 12 or values[8] not in ("4", "6"):
        return None
    names = (*_FILTERLOG, *(_FILTERLOG_4 if values[8] == "4" else _FILTERLOG_6))
    found = _named(names, values)
    ports = values[len(names) : len(names) + 2]
    if found.get("proto", "").lower() in ("tcp", "udp") and len(ports) == 2:
        found["sport"], found["dport"] = ports
    return "filterlog", found


def _named(names: tuple[str, ...], values: list[str]) -> dict[str, str]:
    return {name: value for name, value in zip(names, values, strict=False) if name and value}
