"""The header and the structured data of RFC 5424. https://www.rfc-editor.org/rfc/rfc5424#section-6"""

import re
from typing import Any, Final, NamedTuple

_HEADER: Final = re.compile(
    r"([1-9][0-9]?) (-|[0-9]{4}-\S{6,40}) (\S{1,255}) (\S{1,64}) (\S{1,128}) (\S{1,64})(?: |$)"
)
# Junos behind a relay leaves the version out; the structured data tell it from any other line.
_VERSIONLESS: Final = re.compile(
    r"()([0-9]{4}-\S{6,40}) (\S{1,255}) (\S{1,64}) (\S{1,128}) (\S{1,64}) "
    r"(?=\[[^\s=\]\"]{1,64} [^\s=\]\"]{1,64}=\")"
)
_NAMES: Final = ("version", "time", "host", "tag", "pid", "message_id")
_ELEMENT: Final = re.compile(r"\[([^\s=\]\"]{1,64})(?=[ \]])")
_PARAM: Final = re.compile(r" ?([^\s=\]\"]{1,64})=\"((?:[^\"\\]++|\\.)*+)\" ?", re.DOTALL)
# Structured data about the message itself, not about what it reports.
# https://www.iana.org/assignments/syslog-parameters
REGISTERED: Final = frozenset(
    ("timeQuality", "tzKnown", "origin", "meta", "snmp", "alarm", "ssign", "ssign-cert", "PCNNode", "PCNTerm")
)


class Split(NamedTuple):
    """A line in parts. header: tokens by name; {} where it has none. structured: by id, then by name."""

    header: dict[str, Any]
    structured: dict[str, dict[str, str]]
    body: str


def protocol(header: dict[str, Any], line: str, at: int) -> tuple[dict[str, dict[str, str]], int]:
    """Read an RFC 5424 header, priority excepted; return structured data and where the message begins.

    It begins at ``at`` where this is no such header. Check Point leaves the priority out, and writes its own
    pairs where the structured data belong: they are message then.
    """
    match = _HEADER.match(line, at) or _VERSIONLESS.match(line, at)
    if match is None or (match[2] == "-" and "priority" not in header):
        return {}, at
    said = zip(_NAMES, match.groups(), strict=True)
    header.update({name: value for name, value in said if value and value != "-"})
    structured: dict[str, dict[str, str]] = {}
    at = match.end()
    if line.startswith("-", at):
        return structured, at + 1
    while (element := _ELEMENT.match(line, at)) is not None:
        params: dict[str, str] = {}
        inner = element.end()
        while (param := _PARAM.match(line, inner)) is not None:
            params.setdefault(param[1], _unescaped(param[2]))
            inner = param.end()
        if not line.startswith("]", inner):
            break
        structured.setdefault(element[1], params)
        at = inner + 1
    return structured, at


def private(structured: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return what the originator's own structured data say; of two of one name the first."""
    found: dict[str, str] = {}
    for name, params in structured.items():
        if name not in REGISTERED:
            found = params | found
    return found


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    return value.replace('\\"', '"').replace("\\]", "]").replace("\\\\", "\\")
