"""What stands before the message of a line: priority, time, host, tag, process id, level.

RFC 5424, RFC 3164 and what devices and programs make of them: no priority, a year, an ISO time, no host, a
sequence number before the time, Cisco's ``%FACILITY-n-MNEMONIC:``, web servers' ``[time] [level] [pid n]``.
Each part is one token by name. Nothing here fails: what is no header is message.
"""

import re
from typing import Any, Final

from enrich.formats.lines.levels import NAMES
from enrich.formats.lines.structured import Split, protocol

_PRIORITY: Final = re.compile(r"<([0-9]{1,3})>\s?")

_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?"
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
_OFFSET: Final = r"(?: ?(?:Z|UTC|GMT|CES?T|EES?T|[ECMP][SD]T)(?![\w])| ?[+-][0-9]{2}:?[0-9]{2})?"
# Every time begins a line, or follows a sequence number. Case counts: "may 1" is no time.
_TIME: Final = re.compile(
    r"[*.]?("
    rf"{_WEEKDAY}{_MONTH} +[0-9]{{1,2}},?(?: +[0-9]{{4}},?)? +{_CLOCK}"
    r"(?: (?:UTC|GMT|[A-Z]{1,2}[DS]T|CES?T|[+-][0-9]{4})(?= |:|\]|$))?"
    r"(?: +[12][09][0-9]{2}(?= |:|\]|$))?"
    rf"|[0-9]{{1,2}}[/ -]{_MONTH}[/ -][0-9]{{4}}[: ]{_CLOCK}{_OFFSET}"
    rf"|[0-9]{{4}} {_MONTH} +[0-9]{{1,2}} {_CLOCK}(?: [A-Z]{{2,5}}(?=:))?"
    rf"|[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}[T ,]{{1,2}}{_CLOCK}{_OFFSET}"
    r"|1[0-9]{9}(?:\.[0-9]{1,9})?(?= )"
    r")(?=[\s:,;\]|]|$)"
)
_CLASSIC: Final = re.compile(rf"{_WEEKDAY}{_MONTH}")
# Before a time: a sequence number, a host and a colon, a file name, a mark.
_BEFORE_TIME: Final = re.compile(
    rf"(?:([0-9]{{1,10}}): )?(?:(?!{_MONTH} )([A-Za-z0-9][\w.:-]{{0,99}})(?:: | ))?(?=[*.]?[A-Z0-9])|- "
)
# Blue Gene writes the seconds, then the date, then the node.
_DATE_AGAIN: Final = re.compile(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2} ")
_SHORT_DATE: Final = re.compile(r"([0-9]{2})([01][0-9])([0-3][0-9]) ([0-2][0-9])([0-5][0-9])([0-5][0-9]) ")

_TAG: Final = re.compile(
    r"([A-Za-z_/(][\w./@+$%*-]{0,79}\)?)(?:\(([\w:. -]{1,48})\))?"
    r"(?: (?=\[[0-9]{1,10}\]:))?(?:\[([0-9]{1,10})(?:[.:][0-9]{1,10})?\])?(?: ?(:)(?=\s|$|[%\[])| (?=\S))?"
)
_CISCO: Final = re.compile(
    r"(?::\s?)?%([A-Z][A-Z0-9_]{1,31}(?:-[A-Z][A-Z0-9_]{1,31}){0,2})-([0-7])-([A-Z0-9_]{2,48}):?\s*"
)
_GROUP: Final = re.compile(r"\[([^\[\]]{1,80})\]:?\s?")
_GROUP_LEVEL: Final = re.compile(r"(?:([\w.-]{0,40}):)?([A-Za-z]{3,13}[123]?)$")
_GROUP_PID: Final = re.compile(r"(?:pid )?([0-9]{1,10})(?:[:, ]+tid [0-9]{1,20})?$")
_GROUP_CLIENT: Final = re.compile(r"(?:remote|client) (\S{1,80})$")
_NGINX_WORKER: Final = re.compile(r"([0-9]{1,10})#[0-9]{1,10}: (?:\*[0-9]{1,19} )?")
# What follows is no tag, whether a blank stands before the version or not.
_EVENT: Final = re.compile(r"(?:CEF|LEEF): ?[0-9]")
_SNARE: Final = re.compile(r"(MSWinEventLog)[\t ,]")
_UPTIME: Final = re.compile(r"\[ {0,8}[0-9]{1,10}\.[0-9]{1,9}\]\s?")
_LEVEL: Final = re.compile(r"(?:\[([A-Za-z]{3,13}[123]?)\]|([A-Za-z]{3,13}[123]?))(?::\s|\s-\s|\s(?=\S))")
_LEVEL_COLON: Final = re.compile(r"([A-Za-z]{3,13}[123]?):\s")
_WORD: Final = re.compile(r"(\S{1,255})\s+")
_PID: Final = re.compile(r"([0-9]{1,7})\s+(?=[A-Z])")
_LOGGER: Final = re.compile(r"([\w$.-]{2,80}[.$][\w$.-]{1,80}):?\s")


def split(line: str) -> Split:
    """Return header, structured data and message of a line.

    >>> split("<38>Jan 14 10:00:00 web-1 sshd[812]: Accepted").header
    {'priority': '38', 'time': 'Jan 14 10:00:00', 'host': 'web-1', 'tag': 'sshd', 'pid': '812'}
    """
    header: dict[str, Any] = {}
    match = _PRIORITY.match(line)
    at = 0
    if match is not None:
        header["priority"] = match[1]
        at = match.end()
    structured, after = protocol(header, line, at)
    if after > at:
        body = line[after:].lstrip(" ").removeprefix("\ufeff")
        return Split(header, structured, body[_cisco(header, body, 0) :])
    return Split(header, {}, line[_timed(header, line, at) :].lstrip(" "))


def _timed(header: dict[str, Any], line: str, at: int) -> int:
    """Read time, host, tag and the rest of a header that is not RFC 5424's; return where the message
    begins.
    """
    if line.startswith("[", at):
        after = _groups(header, line, at)
        if after == at:
            return at
        return _after_groups(header, line, after)
    time = _TIME.match(line, at)
    named = None
    if time is None:
        before = _BEFORE_TIME.match(line, at)
        if before is not None and before.end() > at:
            time = _TIME.match(line, before.end())
            if time is not None:
                if before[1]:
                    header["sequence"] = before[1]
                named = before[2]
    if time is None:
        short = _SHORT_DATE.match(line, at)
        if short is None:
            return _tagged(header, line, at, certain="priority" in header)
        header["time"] = "20{}-{}-{} {}:{}:{}".format(*short.groups())
        return _after_program_time(header, line, short.end())
    header["time"] = time[1]
    at = time.end()
    colon = line.startswith(":", at)
    while at < len(line) and line[at] in " :,;|":
        at += 1
    if named is not None:
        header["host" if colon or _CISCO.match(line, at) else "before"] = named.rstrip(":")
    if line.startswith("[", at):
        return _after_groups(header, line, _groups(header, line, at))
    again = _DATE_AGAIN.match(line, at)
    if again is not None:
        return _hosted(header, line, again.end(), certain=True)
    if _CLASSIC.match(time[1]) is not None or "priority" in header or "T" in time[1]:
        return _hosted(header, line, at, certain=not colon)
    return _after_program_time(header, line, at)


def _hosted(header: dict[str, Any], line: str, at: int, *, certain: bool) -> int:
    """Read host and tag after a syslog time."""
    if _EVENT.match(line, at) is not None:
        return at
    cisco = _cisco(header, line, at)
    if cisco > at:
        return cisco
    word = _WORD.match(line, at)
    if word is None or "host" in header:
        return _tagged(header, line, at, certain=True)
    tag = _TAG.match(line, at)
    first_is_tag = tag is not None and tag.end() > tag.end(1) and (tag[4] is not None or tag[3] is not None)
    if first_is_tag and line[at : word.end(1)].endswith(":"):
        if tag is not None and tag[1].lower() in NAMES:
            header["level"] = tag[1]
            return _tagged(header, line, word.end(), certain=False)
        after = word.end()
        # "host: %ASA-…" and "host: tag[1]: …" name the host first.
        if _CISCO.match(line, after) is not None:
            header["host"] = word[1].rstrip(":")
            return _cisco(header, line, after)
        return _tagged(header, line, at, certain=True)
    if first_is_tag and tag is not None and tag[3] is not None:
        return _tagged(header, line, at, certain=True)
    if not certain and not _looks_tagged(line, word.end()):
        return at
    header["tag" if word[1].startswith("/") else "host"] = word[1]
    return _tagged(header, line, word.end(), certain=True)


def _looks_tagged(line: str, at: int) -> bool:
    tag = _TAG.match(line, at)
    return tag is not None and (tag[4] is not None or tag[3] is not None)


def _after_program_time(header: dict[str, Any], line: str, at: int) -> int:
    """Read what programs write after a time of their own: process id, level, logger, or host and tag."""
    pid = _PID.match(line, at)
    if pid is not None:
        header["pid"] = pid[1]
        at = pid.end()
    found = _level(header, line, at)
    if found > at or pid is not None:
        logger = _LOGGER.match(line, found)
        if logger is not None:
            header["tag"] = logger[1].rstrip(":")
            return logger.end()
        return _tagged(header, line, found, certain=False)
    word = _WORD.match(line, at)
    if word is not None and not word[1].endswith(":") and _looks_tagged(line, word.end()):
        tag = _TAG.match(line, at)
        if tag is None or tag[3] is None:
            header["host"] = word[1]
            return _tagged(header, line, word.end(), certain=False)
    return _tagged(header, line, at, certain=False)


def _tagged(header: dict[str, Any], line: str, at: int, *, certain: bool) -> int:
    """Read the tag, if one is there; return where the message begins."""
    cisco = _cisco(header, line, at)
    if cisco > at:
        return cisco
    if _EVENT.match(line, at) is not None:
        return at
    snare = _SNARE.match(line, at)
    if snare is not None:
        header["tag"] = snare[1]
        return snare.end()
    tag = _TAG.match(line, at)
    if tag is None or (tag[4] is None and tag[3] is None):
        return at
    if tag[1].lower() in NAMES and tag[3] is None:
        return _level(header, line, at) if certain or "time" in header else at
    header["tag"] = tag[1]
    if tag[2]:
        header["pid" if tag[2].isdigit() else "module"] = tag[2]
    if tag[3]:
        header["pid"] = tag[3]
    at = tag.end()
    while line.startswith(" ", at):
        at += 1
    uptime = _UPTIME.match(line, at)
    if uptime is not None:
        at = uptime.end()
    at = _cisco(header, line, at)
    level = _LEVEL_COLON.match(line, at)
    return _level(header, line, at) if level is not None else at


def _cisco(header: dict[str, Any], line: str, at: int) -> int:
    match = _CISCO.match(line, at)
    if match is None:
        return at
    header["facility"], header["level"], header["mnemonic"] = match.groups()
    return match.end()


def _level(header: dict[str, Any], line: str, at: int) -> int:
    match = _LEVEL.match(line, at)
    if match is None:
        return at
    word = match[1] or match[2]
    if word.lower() not in NAMES:
        return at
    header.setdefault("level", word)
    return match.end()


def _groups(header: dict[str, Any], line: str, at: int) -> int:
    """Read ``[time] [module:level] [pid n] [client address]``; return where they end."""
    while (group := _GROUP.match(line, at)) is not None:
        inside = group[1]
        if "time" not in header and (time := _TIME.match(inside)) is not None and time.end() == len(inside):
            header["time"] = inside
        elif (pid := _GROUP_PID.match(inside)) is not None:
            header["pid"] = pid[1]
        elif (client := _GROUP_CLIENT.match(inside)) is not None:
            header["client"] = client[1]
        elif (level := _GROUP_LEVEL.match(inside)) is not None and level[2].lower() in NAMES:
            header["level"] = level[2]
            if level[1]:
                header["module"] = level[1]
        else:
            break
        at = group.end()
    return at


def _after_groups(header: dict[str, Any], line: str, at: int) -> int:
    while line.startswith(" ", at):
        at += 1
    worker = _NGINX_WORKER.match(line, at)
    if worker is None:
        level = _LEVEL_COLON.match(line, at)
        return at if level is None or "level" in header else _level(header, line, at)
    header["pid"] = worker[1]
    return worker.end()
