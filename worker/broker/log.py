"""The broker's log file: begun anew at each start, and asked what went wrong."""

import re
from pathlib import Path
from typing import Final

from enrich.errors import SettingsWrong

LONGEST: Final = 300
# Best first. The innermost cause is what Java writes last; lines of level INFO name exceptions, too.
TELLING: Final = (
    r"^Caused by: ",
    r"^(Exception in thread .*|[\w.$]+(Exception|Error)\b)",
    r" (ERROR|FATAL) ",
)


def begin(log: Path) -> Path:
    """Puts the last one aside as ``….log.1``. Raises SettingsWrong when there can be no log."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        log.touch()
    except OSError as error:
        raise SettingsWrong(f"{log}: cannot be written ({error.strerror})") from error
    return log


def trouble(text: str) -> str:
    """The line that tells most of why java ended, else the last one; "it said nothing" of an empty text.

    >>> trouble("… ERROR kafka.Kafka$ - Exit\\nCaused by: java.net.BindException: in use\\n\\tat java.base")
    'java.net.BindException: in use'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for telling in TELLING:
        if found := [line for line in lines if re.search(telling, line)]:
            return found[-1].removeprefix("Caused by: ")[:LONGEST]
    return lines[-1][:LONGEST] if lines else "it said nothing"
