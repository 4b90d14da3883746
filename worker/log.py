"""Logging: structlog for our own words, and one way to stderr for those of Faust, aiokafka and kafka-python.

JSON lines where stderr is no terminal. What may not appear in a log is kept out here, not by discipline: the
clients' loggers stay above level debug (there they print records and passwords), and of an exception only
the frames are told, never its text, which may quote an alert.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import Processor

from enrich.errors import MillraceError
from worker.settings import Settings

# Loggers of the libraries, and the least level that each may speak at.
LIBRARIES: Final = {
    "kafka": logging.ERROR,
    "aiohttp": logging.WARNING,
    "aiokafka": logging.WARNING,
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "asyncio": logging.WARNING,
    "worker": logging.WARNING,  # mode names its loggers after our modules; our own is "millrace"
}
FRAMES: Final = 20
REPEAT_S: Final = 5.0
REPEATS: Final = 200
OURS: Final = "millrace"
log = structlog.get_logger(OURS)


def configure(settings: Settings, json: bool | None = None) -> None:
    """Send every log line to stderr. json: None is as the settings say (``auto``: unless at a terminal)."""
    if json is None:
        as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    else:
        as_json = json
    level = getattr(logging, settings.log_level.upper())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        frames_only,
    ]
    render: Processor = (
        structlog.processors.JSONRenderer(default=str) if as_json else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, one_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, ordered, render],
        )
    )
    handler.addFilter(Repeats())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(level, least))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


class Repeats(logging.Filter):
    """Lets a library say a thing once in REPEAT_S: of a lost topic aiokafka tells 4,000 times a second."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log this one."""
        if record.name == OURS:
            return True
        key = record.name, str(record.msg)[:200]
        if record.created - self._said.get(key, 0.0) < REPEAT_S:
            return False
        if len(self._said) >= REPEATS:
            self._said.clear()
        self._said[key] = record.created
        return True


def frames_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its class and the frames that it came through.

    Of our own errors the text is told and the frames are not: they are no bugs, and their text is ours.
    """
    error = _exception(event.pop("exc_info", None))
    if isinstance(error, MillraceError):
        event["error"] = str(error)
    elif error is not None:
        event.update(where(error))
    return event


def one_line(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut a library's message to its first line: Faust draws tables and tracebacks of its own."""
    event["event"] = str(event.get("event", "")).strip().partition("\n")[0][:500]
    return event


def ordered(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put first what a person looks for first."""
    first = {name: event[name] for name in ("timestamp", "level", "event") if name in event}
    return {**first, **event}


def where(error: BaseException) -> dict[str, Any]:
    """Return the class of an exception and its innermost frames, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {
        "error": type(error).__name__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        found = exc_info[1]
        return found if isinstance(found, BaseException) else None
    return sys.exc_info()[1] if exc_info else None
