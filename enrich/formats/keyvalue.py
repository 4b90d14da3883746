"""A line that is made of ``key=value`` pairs, behind a syslog header or not. ``line`` takes it apart,
``lines`` reads it.

The document: ``syslog`` (header: priority, time, host, tag, pid, level …), ``message`` (as it stands),
``text`` (what of it is no pair), ``pairs``, ``structured`` (RFC 5424), ``columns`` (which log in columns
the pairs are of).
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import Alert
from enrich.errors import Quality
from enrich.formats.lines.record import alert, makes


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert of a document that ``line.document`` made."""
    return alert(doc, before, _new_alert)


_new_alert: Final = makes("keyvalue")
