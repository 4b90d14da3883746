"""Windows events written into a line, by Snare (tabs between) or by OSSEC and older Wazuh (colons between).

https://docs.snare-solutions.com (Snare Enterprise Agent, event format)
"""

import re
from typing import Final

from enrich.formats.lines.pairs import spaced

TAGS: Final = frozenset(("WinEvtLog", "MSWinEventLog"))
# "Security: AUDIT_FAILURE(4625): source: user: domain: computer: sentence"
_COLONS: Final = re.compile(
    r"([^:]{1,128}): ([A-Z_ ]{4,24})\(([0-9]{1,6})\): "
    r"([^:]{1,128}): ([^:]{1,128}): ([^:]{0,128}): ([^:]{1,255}): ?"
)
_COLON_NAMES: Final = (
    "channel",
    "event_type",
    "event_id",
    "source",
    "logged_user",
    "logged_domain",
    "computer",
)
_SNARE_NAMES: Final = (
    *(
        "",
        "channel",
        "counter",
        "time_created",
        "event_id",
        "source",
        "logged_user",
        "sid_type",
        "event_type",
        "computer",
    ),
    *("category", "data"),
)


def windows(body: str) -> tuple[dict[str, str], str]:
    """Return the event's parts by name, and its sentence.

    >>> found, text = windows("Security: AUDIT_FAILURE(4625): S: ann: EXAMPLE: DC-1: Failed.  Port:  4022")
    >>> found["event_id"], found["computer"], found["Port"], text
    ('4625', 'DC-1', '4022', 'Failed.')
    """
    found: dict[str, str] = {}
    match = _COLONS.match(body)
    if match is not None:
        found = {name: value for name, value in zip(_COLON_NAMES, match.groups(), strict=True) if value}
        body = body[match.end() :]
    elif body.count("\t") >= len(_SNARE_NAMES):
        columns = body.split("\t", len(_SNARE_NAMES))
        body = columns.pop()
        found = {name: value for name, value in zip(_SNARE_NAMES, columns, strict=True) if name and value}
    text = spaced(found, body).removesuffix("Subject:").rstrip()
    return found, text
