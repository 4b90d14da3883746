"""How CEF and LEEF are written: header, escapes, delimiters → named tokens. What they mean is read in
``cef`` and ``leef``.
"""

import re
from typing import Any, Final

_CEF_NAMES: Final = ("version", "vendor", "product", "device_version", "signature_id", "name", "severity")

_PART: Final = r"((?:[^|\\]++|\\.)*+)"
_CEF: Final = re.compile(
    rf"CEF: ?([0-9]{{1,2}}(?:\.[0-9]{{1,2}})?)\|{_PART}\|{_PART}\|{_PART}\|{_PART}\|{_PART}\|{_PART}(?:\||$)",
    re.DOTALL,
)
# A key stands at the start or after a blank; an equals sign within a value is escaped.
_KEY: Final = re.compile(r"(?:\A|(?<=[\s|]))([A-Za-z0-9_][\w.\[\]-]{0,126}+)=")
_ESCAPED: Final = re.compile(r"\\([\\|=nrt])")
_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t"}
# The dictionary has about 160 keys.
KEYS_LIMIT: Final = 512
_LEEF: Final = re.compile(
    r"LEEF: ?([12](?:\.[0-9])?)\|([^|]{0,1024})\|([^|]{0,1024})\|([^|]{0,1024})\|([^|]{0,1024})(?:\||$)"
)
_LEEF_NAMES: Final = ("version", "vendor", "product", "device_version", "event_id")
_DELIMITER: Final = re.compile(r"(?:(0?[xX][0-9A-Fa-f]{2,4})|(\\t)|([^|=\sA-Za-z0-9])|)\|")
# What relays and documentation write for a tab.
_TABS: Final = ("\t", "#011", "<009>", "\\t", "\\0x09")
ATTRIBUTES_LIMIT: Final = 512


def cef(body: str) -> dict[str, Any] | None:
    """Return ``header`` and ``extension`` of a message, None where it is no CEF.

    >>> cef("CEF:0|Example|IPS|1.0|100|a \\\\| b|10|src=192.0.2.1 msg=x \\\\= y")["extension"]
    {'src': '192.0.2.1', 'msg': 'x = y'}
    """
    match = _CEF.match(body)
    if match is None:
        return None
    header = {
        name: _plain(value.strip())
        for name, value in zip(_CEF_NAMES, match.groups(), strict=True)
        if value.strip()
    }
    return {"header": header, "extension": extension(body[match.end() :])}


def extension(text: str) -> dict[str, str]:
    """Return the pairs of an extension. A value goes on to the next key; a key that comes again gets a
    number.
    """
    found: dict[str, str] = {}
    key, at = None, 0
    for match in _KEY.finditer(text):
        if key is not None:
            _put(found, key, text[at : match.start()])
        key, at = match[1], match.end()
        if len(found) >= KEYS_LIMIT:
            break
    if key is not None:
        _put(found, key, text[at:])
    return found


def _put(found: dict[str, str], key: str, value: str) -> None:
    if key in found:
        key += "#2"
    found[key] = _plain(value.strip())


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda match: _MEANT.get(match[1], match[1]), value) if "\\" in value else value


def leef(body: str) -> dict[str, Any] | None:
    """Return ``header`` and ``attributes`` of a message, None where it is no LEEF.

    >>> leef("LEEF:2.0|Example|IPS|1.0|41|^|src=192.0.2.1^sev=5")["attributes"]
    {'src': '192.0.2.1', 'sev': '5'}
    """
    match = _LEEF.match(body)
    if match is None:
        return None
    header = {
        name: value.strip() for name, value in zip(_LEEF_NAMES, match.groups(), strict=True) if value.strip()
    }
    rest, mark = body[match.end() :], "\t"
    if match[1].startswith("2") and (stated := _DELIMITER.match(rest)) is not None:
        mark = _mark(stated)
        header["delimiter"] = stated[0][:-1] or "\t"
        rest = rest[stated.end() :]
    if mark == "\t":
        mark = next((tab for tab in _TABS if tab in rest), "")
    return {"header": header, "attributes": _attributes(rest, mark)}


def _mark(stated: re.Match[str]) -> str:
    if stated[1]:
        return chr(int(stated[1].lower().partition("x")[2], 16))
    return stated[3] or "\t"


def _attributes(rest: str, mark: str) -> dict[str, str]:
    if not mark:
        # Blanks where tabs belong: values go on to the next key, as in CEF.
        return extension(rest)
    found: dict[str, str] = {}
    for piece in rest.split(mark, ATTRIBUTES_LIMIT):
        key, equals, value = piece.partition("=")
        key = key.strip()[:127]
        if equals and key:
            found[key if key not in found else key + "#2"] = value.strip()
    return found
