"""A message's shape: its words without what changes from one message to the next.

Rules of a log have no id, so the shape is the key of their history: it holds no address, number, path or
name, and it is bounded, since whoever is watched writes some of the words.
"""

import re
from functools import lru_cache
from typing import Final

WORDS: Final = 16
LONGEST: Final = 120
_READ: Final = 400
ANY: Final = "*"

# In quotes, angle brackets and the like stands what changes. Each bounded by its own closing mark.
_QUOTED: Final = re.compile(
    r"\"[^\"]{0,200}\"|(?<![\w])'[^']{0,200}'(?!\w)|`[^`']{0,200}['`]|<[^<>]{0,200}>|\{[^{}]{0,200}\}"
)
# Parts of a date.
CALENDAR: Final = frozenset(
    (
        *(
            "Mon",
            "Tue",
            "Wed",
            "Thu",
            "Fri",
            "Sat",
            "Sun",
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
        ),
        *("Sep", "Oct", "Nov", "Dec", "UTC", "GMT"),
    )
)
_WORD: Final = re.compile(r"[^\s]+")
_PLAIN: Final = re.compile(r"[\[(]*([A-Za-z][A-Za-z'-]*(?:[/._][A-Za-z]+){0,3})[\])]*([,;:.!?]*)")
_PATHS: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.ASCII)


def shape(text: str, *variable: str | None) -> str:
    """Return the text with everything that changes as ``*``, at most LONGEST characters.

    variable: names found in the text (user, host), which look like words.

    >>> shape("Failed password for root from 192.0.2.7 port 4022 ssh2", "root")
    'Failed password for * from * port *'
    """
    text = text[:_READ]
    for name in variable:
        if name and len(name) > 1:
            text = _without(text, name)
    return _shape(text)


def _without(text: str, name: str) -> str:
    """Return the text with the name as ``*`` wherever it stands as a word of its own."""
    at = 0
    while (at := text.find(name, at)) >= 0:
        end = at + len(name)
        before, after = text[at - 1 : at], text[end : end + 1]
        if (not before or not _joined(before)) and (not after or not _joined(after)):
            text = text[:at] + ANY + text[end:]
            at += 1
        else:
            at = end
    return text


def _joined(mark: str) -> bool:
    return mark.isalnum() or mark in "_-"


@lru_cache(4096)
def _shape(text: str) -> str:
    text = _QUOTED.sub(" * ", text)
    words: list[str] = []
    for word in _WORD.findall(text):
        match = _PLAIN.fullmatch(word)
        if (
            match is None
            or len(match[1]) > 32
            or match[1] in CALENDAR
            or (_PATHS.fullmatch(match[1]) is not None and "." in match[1])
        ):
            word = ANY
        else:
            word = match[1] + (match[2][:1] if match[2][:1] == ":" else "")
        if word != ANY or words[-1:] != [ANY]:
            words.append(word)
        if len(words) == WORDS:
            break
    return " ".join(words).rstrip(":")[:LONGEST].rstrip() if any(word != ANY for word in words) else ""
