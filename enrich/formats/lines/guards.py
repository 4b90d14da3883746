"""Messages of programs that guard a host: fail2ban, Falco.

https://github.com/fail2ban/fail2ban/blob/master/fail2ban/server/actions.py
https://falco.org/docs/concepts/outputs/formatting/, https://falco.org/docs/concepts/rules/basic-elements/#priority
"""

import re
from typing import Any, Final

from enrich.formats.lines.pairs import pairs
from enrich.formats.lines.shape import shape
from enrich.formats.lines.told import Told

_FAIL2BAN: Final = re.compile(
    r"(?:fail2ban[.\w-]{0,40} +(?:\[[0-9]{1,10}\]: )?)?([A-Z]{4,9}) +\[([\w.-]{1,80})\] "
    r"(Ban|Unban|Found|Restore Ban|Increase Ban|Ignore|Already banned:?) ?([0-9A-Fa-f.:]{2,45})"
)
_PRIORITIES: Final = "Emergency|Alert|Critical|Error|Warning|Notice|Informational|Debug"
_FALCO: Final = re.compile(
    rf"(?:[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}\.[0-9]{{9}}: )?({_PRIORITIES})(?:: | )(.{{1,800}})", re.DOTALL
)
# The fields of the output stand in brackets at its end.
_FIELDS: Final = re.compile(r" \((?=[a-z][\w.\[\]]{0,40}=)")
# Falco's times with a date have nine digits of a second and a zone.
_STAMP: Final = re.compile(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{9}[+-][0-9]{4}")
_NAMES: Final = {
    "proc_exepath": "exe",
    "parent": "parent_process",
    "container_name": "container",
    "image": "container_image",
}


def fail2ban(body: str) -> Told | None:
    """Return what a jail found or did. Jails are named by whoever runs the host."""
    match = _FAIL2BAN.match(body)
    if match is None:
        return None
    level, jail, did, ip = match.groups()
    did = did.rstrip(":")
    found = {"level": level, "jail": jail, "action": did, "src": ip}
    return Told("fail2ban", found, f"fail2ban: {jail} {did}".lower(), f"fail2ban jail {jail}: {did}")


def falco(header: dict[str, Any], body: str) -> Told | None:
    """Return an alert of Falco's text output, where nothing else writes it: by its tag, or its own time."""
    if header.get("tag") != "falco" and body[2:3] != ":" and not _stamped(header):
        return None
    level = header.get("level")
    if type(level) is str and _stamped(header):
        body = f"{level} {body}"
    match = _FALCO.match(body)
    if match is None:
        return None
    priority, sentence = match.groups()
    fields = _FIELDS.search(body)
    found = {"severity": priority}
    if fields is not None:
        sentence = body[match.start(2) : fields.start()]
        said = pairs(body[fields.end() :]).found
        found |= {_NAMES.get(key, key): value for key, value in said.items() if key != "severity"}
        src, arrow, dst = found.get("connection", "").partition("->")
        if arrow:
            del found["connection"]
            found |= {"src": src, "dst": dst}
    title = shape(sentence, found.get("user"))
    return Told("falco", found, f"falco: {title}".lower(), title or "Falco alert")


def _stamped(header: dict[str, Any]) -> bool:
    time = header.get("time")
    return type(time) is str and "tag" not in header and _STAMP.fullmatch(time) is not None
