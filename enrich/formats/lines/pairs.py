"""The key=value pairs of a line, and the text beside them.

Four ways of writing them, told apart by their own signs: ``key=value`` with blanks, commas or semicolons
between and quotes where needed (most firewalls, audit, PAM, sudo); ``key = value`` (Cisco);
``key:"value";`` (Check Point, OpenSCAP); ``[key "value"]`` (ModSecurity). And ``Key: value`` with two
blanks or a tab after it, as Windows events are written into text. One pass, linear: no value is looked at
twice.
"""

import re
from typing import Final, NamedTuple

from enrich.formats.lines.shape import CALENDAR

# Most pairs kept of a line. FortiGate's longest logs have about 90.
PAIRS_LIMIT: Final = 512

_KEY: Final = r"[A-Za-z_@][\w.@/-]{0,63}+"
_QUOTED: Final = r"\"(?:[^\"\\]++|\\.)*+(?:\"|\\?\Z)"
# No pair stands inside single quotes that close before the next equals sign; audit's msg='…' holds pairs.
_SINGLE: Final = rf"'[^'=]*+'|'(?={_KEY}=)"
_ANGLE: Final = r"<[^<>=]{0,254}>"
# A comma or semicolon ends a value where blank, end or another pair follows.
_BARE: Final = rf"[^\s,;\"]*+(?:[,;](?!\s|\Z|{_KEY}=)[^\s,;\"]*+)*+"
_PAIR: Final = re.compile(
    rf"(?<![^\s,;|(\[{{'])({_KEY})"
    rf"(?:(?: = | =(?=[^\s=])|=(?!=))({_QUOTED}|{_SINGLE}|{_ANGLE}|{_BARE})|::?\s?({_QUOTED}))",
    re.DOTALL,
)
_BRACKETED: Final = re.compile(rf"\[({_KEY}) ({_QUOTED})\]", re.DOTALL)
_SPACED: Final = re.compile(r"([A-Za-z][A-Za-z0-9 _-]{0,40}): ?(.*)", re.DOTALL)
_GAP: Final = re.compile(r"\t+| {2,}")
# Keys whose value is a sentence or a command line: it goes on to the next pair where it is not quoted.
_LONG: Final = frozenset(
    (
        *(
            "command",
            "cmd",
            "commandline",
            "command_line",
            "cmdline",
            "proctitle",
            "msg",
            "message",
            "reason",
        ),
        *("description", "desc", "note", "name", "subject", "info", "useragent", "user_agent", "agent"),
    )
)
_MARKS: Final = 512
_QUOTES: Final = ('"', "'", "<")
_CLOSING: Final = ("'", ")", "]", "}")
_ESCAPED: Final = re.compile(r"\\([\"'\\])")


class Pairs(NamedTuple):
    """found: by key, as received; a key that comes again gets a number ("tag", "tag#2"). text: all else.

    begins: whether nothing but bracketed marks stands before the first pair. cut: more than PAIRS_LIMIT.
    """

    found: dict[str, str]
    text: str
    begins: bool
    cut: bool


def pairs(body: str) -> Pairs:
    """Return the pairs of a message.

    >>> pairs('action="deny" src=10.0.0.1, note=a b').found
    {'action': 'deny', 'src': '10.0.0.1', 'note': 'a b'}
    """
    found: dict[str, str] = {}
    left: list[str] = []
    at, first, last = 0, len(body), ""
    cut = False
    pattern = _PAIR if "=" in body or ':"' in body or ': "' in body else None
    if pattern is not None:
        for match in pattern.finditer(body):
            if len(found) >= PAIRS_LIMIT:
                cut = True
                break
            gap = body[at : match.start()]
            if at == 0:
                first = len(_without_marks(gap[:_MARKS]))
            _between(found, left, last, gap)
            value = match[2] if match[2] is not None else match[3]
            last = _add(found, match[1], value)
            if value[:1] in _QUOTES or value.startswith("audit("):
                last = ""
            at = match.end()
    tail = body[at:]
    if '"]' in tail:
        tail = _bracketed(found, tail)
    _between(found, left, last, tail)
    text = " ".join(left)
    return Pairs(found, text, bool(found) and first == 0, cut)


def _between(found: dict[str, str], left: list[str], last: str, gap: str) -> None:
    """Put the text between two pairs where it belongs: to a long value before it, else to the text."""
    said = gap.strip(" \t\r\n,;")
    if not said:
        return
    if last and found[last] and gap[:1] == " " and (last.lower() in _LONG or found[last] in CALENDAR):
        value, mark, rest = gap.partition(" ; ")
        found[last] += value.rstrip(" ,;")
        said = rest.strip(" \t\r\n,;") if mark else ""
        if not said:
            return
    if said.strip("[](){}'|"):
        left.append(said)


def _add(found: dict[str, str], key: str, value: str) -> str:
    """Add a pair and return the name it got."""
    if key in found:
        number = 2
        while (name := f"{key}#{number}") in found and number < 9:
            number += 1
        key = name
    if value[:1] == '"':
        value = value[1:].removesuffix('"') if len(value) > 1 else ""
        if "\\" in value:
            value = _ESCAPED.sub(r"\1", value)
    elif value[:1] == "'":
        value = value.strip("'")
    else:
        value = value.rstrip("')]}") if value[-1:] in _CLOSING and not _closes(value) else value
    found[key] = value
    return key


def _closes(value: str) -> bool:
    """Return whether the bracket at the value's end is one of its own: ``audit(1.2:3)``, ``[::1]``."""
    return value[-1] != "'" and value.count({")": "(", "]": "[", "}": "{"}[value[-1]]) > 0


def _bracketed(found: dict[str, str], text: str) -> str:
    """Take ``[key "value"]`` out of the text."""
    left, at = [], 0
    for match in _BRACKETED.finditer(text):
        if len(found) >= PAIRS_LIMIT:
            break
        left.append(text[at : match.start()])
        _add(found, match[1], match[2])
        at = match.end()
    return "".join([*left, text[at:]]).rstrip() if at else text


def _without_marks(text: str) -> str:
    """Return the text without what stands in brackets at its front."""
    text = text.strip().removeprefix("audit:").lstrip()
    while text.startswith("[") and (end := text.find("]")) > 0:
        text = text[end + 1 :].lstrip(" :")
    return text.strip("[]{}(),;|")


def spaced(found: dict[str, str], body: str) -> str:
    """Add the ``Key: value`` pairs that two blanks or a tab follow, and return the rest."""
    left = []
    last = ""
    for piece in _GAP.split(body[:65_536])[:PAIRS_LIMIT]:
        match = _SPACED.fullmatch(piece)
        if match is not None:
            last = _add(found, match[1], match[2].strip())
        elif last and not found[last]:
            found[last] = piece
        else:
            left.append(piece)
    return " ".join(left)
