"""The texts of an alert that words are looked for in, and which of its fields a place in them belongs to."""

from typing import Final, NamedTuple

from enrich.alert import Alert
from enrich.attack.hint import Span

# Longest text searched in the title and class, in the command line, and in the rest, in characters.
TEXT_LIMITS: Final = (1024, 1024, 2048)

# The names of a text's fields, and where each of them begins.
Fields = tuple[tuple[str, int], ...]


class Searched(NamedTuple):
    """A text of one field a line."""

    text: str
    fields: Fields


def head(title: str, category: str | None, ours: bool) -> Searched:
    """Return title and class: what the alert is about, in the detector's own words.

    ours: the title is Millrace's, but for what follows a ": ".
    """
    skipped = 0
    if ours:
        _, mark, said = title.partition(": ")
        skipped, title = len(title) - len(said), said if mark else ""
    fields: Fields = (("title", -skipped),)
    if category is not None:
        fields = (*fields, ("category", len(title) + 1))
        title = f"{title}\n{category}"
    return Searched(title[: TEXT_LIMITS[0]], fields)


def command(alert: Alert) -> Searched:
    """Return the command line, else the path or name of the process: "" where none is known."""
    process = alert.process
    if process is not None:
        for text, fields in (
            (process.command_line, _COMMAND_LINE),
            (process.path, _PATH),
            (process.name, _NAME),
        ):
            if text:
                return Searched(text[: TEXT_LIMITS[1]], fields)
    return _NOTHING


def rest(alert: Alert) -> Searched:
    """Return message, URL and user agent, which say much else besides."""
    text, url, agent = alert.message or "", alert.url, alert.user_agent
    if not url and not agent:
        return Searched(text[: TEXT_LIMITS[2]], _MESSAGE)
    url = url or ""
    fields = (*_MESSAGE, ("url", len(text) + 1), ("user_agent", len(text) + len(url) + 2))
    return Searched(f"{text}\n{url}\n{agent or ''}"[: TEXT_LIMITS[2]], fields)


def span(fields: Fields, start: int, end: int) -> Span:
    """Return the field that a place in a text is of, and the place in it. No evidence spans two lines."""
    name, begins = fields[0]
    for other, at in fields[1:]:
        if at <= start:
            name, begins = other, at
    return Span(name, start - begins, end - begins)


_NOTHING: Final = Searched("", ())
_COMMAND_LINE: Final = (("process.command_line", 0),)
_PATH: Final = (("process.path", 0),)
_NAME: Final = (("process.name", 0),)
_MESSAGE: Final = (("message", 0),)
