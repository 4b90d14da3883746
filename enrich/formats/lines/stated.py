"""What a line states: severity, time, action, and the rule that its kind of message is."""

import re
from typing import Final

from enrich.alert import FIELD_LIMIT
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.actions import action
from enrich.formats.eve import SCALE, SEVERITIES
from enrich.formats.lines import keys, levels, products
from enrich.formats.lines.keys import first
from enrich.formats.lines.parts import Line
from enrich.formats.lines.rules import SCREENOS
from enrich.formats.lines.stamps import moment, says_no_year

WORD_SCALE: Final = "words"
_AUDIT: Final = re.compile(r"audit\(([0-9]{9,11}\.[0-9]{1,6}):([0-9]{1,20})\)")
# "Object drop rate" says nothing of a packet; a netfilter prefix ("[UFW BLOCK]") is in capitals.
_ACTION_WORD: Final = re.compile(
    r"(?<![\w-])(?:[Dd]eny|[Dd]enied|[Bb]locked|[Dd]ropped|[Rr]ejected|[Dd]iscard(?:ed)?|[Pp]ermitted|[Aa]llowed|[Aa]ccepted|[Bb]uilt"
    r"|(?<=to )drop|DENY|BLOCK|DROP|REJECT|ACCEPT|ALLOW)(?![\w-])"
)


def severity(
    found: Line, used: set[str], quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale of the severity stated: of what is reported, else the line's level."""
    header = found.header
    if found.kind is not None and found.kind != "ids":
        if found.kind == "traffic":
            return None, None, None
        if "snort_priority" in found.pairs:
            return _priority("snort_priority", found, used, quality)
    own = found.product.scale
    if own is not None:
        key, word = first(found.named, keys.SEVERITY)
        if key:
            used.add(key)
            known = own.classes.get(word.lower())
            if known is None:
                quality.append(Quality(QualityCode.BAD_SEVERITY, "pairs.severity"))
            return known, word[:FIELD_LIMIT], own.name
    if "facility" in header:
        digit = fields.text(header.get("level"), "syslog.level", quality)
        if digit is not None:
            return levels.numbered(digit, "syslog.level", quality), digit, levels.SYSLOG_SCALE
    if found.product is products.NETSCREEN and (stated := SCREENOS.search(found.text, 0, 200)) is not None:
        return levels.level(stated[1]), stated[1], levels.LEVEL_SCALE
    if found.kind == "ids":
        return _priority("priority", found, used, quality)
    key, word = first(found.named, keys.SEVERITY)
    if key:
        used.add(key)
        known = levels.WORDS.get(word.lower())
        if known is None:
            known = levels.level(word)
            if known is not None:
                return known, word[:FIELD_LIMIT], levels.LEVEL_SCALE
            quality.append(Quality(QualityCode.BAD_SEVERITY, "pairs.severity"))
        return known, word[:FIELD_LIMIT], WORD_SCALE
    key, word = first(found.named, keys.LEVEL)
    if key and (known := levels.level(word)) is not None:
        used.add(key)
        return known, word[:FIELD_LIMIT], levels.LEVEL_SCALE
    if key and found.product is products.SONICWALL:
        used.add(key)
        return levels.numbered(word, "pairs.pri", quality), word[:FIELD_LIMIT], levels.SYSLOG_SCALE
    priority = fields.count(header.get("priority"), "syslog.priority", quality)
    if priority is not None:
        if priority <= _HIGHEST_PRIORITY:
            return levels.NUMBERED[priority & 7], str(priority & 7), levels.SYSLOG_SCALE
        quality.append(Quality(QualityCode.BAD_SEVERITY, "syslog.priority"))
    text = fields.text(header.get("level"), "syslog.level", quality)
    known = None if text is None else levels.level(text)
    return (None, None, None) if known is None else (known, text, levels.LEVEL_SCALE)


def _priority(
    key: str, found: Line, used: set[str], quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return the severity of a Snort or Suricata rule's class: Snort's has the same bands."""
    used.add(key)
    text = fields.word(found.pairs.get(key), "pairs.priority", quality)
    if text is None:
        return None, None, None
    known = SEVERITIES.get(fields.whole(text) or 0)
    if known is None:
        quality.append(Quality(QualityCode.BAD_SEVERITY, "pairs.priority"))
    return known, text, SCALE


# Facility 23, severity 7.
_HIGHEST_PRIORITY: Final = 191


def when(found: Line, used: set[str], quality: list[Quality]) -> tuple[int | None, str | None]:
    """Return the time and its text: the event's own, else that of the line."""
    pairs, named = found.pairs, found.named
    date, clock = pairs.get("date"), pairs.get("time")
    for name in keys.TIME:
        if name not in named or (name in ("time", "date") and type(date) is str and type(clock) is str):
            continue
        key, value = named[name]
        ms = moment(value)
        if ms is not None:
            used.update((key, "date", "time", "tz") if type(date) is str else (key,))
            return ms, value[:FIELD_LIMIT]
    if type(date) is str and type(clock) is str and not found.told:
        zone = pairs.get("tz", pairs.get("timezone"))
        text = f"{date} {clock}" + (f" {zone}" if type(zone) is str and zone else "")
        used.update(("date", "time", "tz", "timezone"))
        ms = moment(text)
        if ms is None:
            quality.append(Quality(QualityCode.BAD_TIME, "pairs.date"))
        return ms, text[:FIELD_LIMIT]
    if found.kind == "ids" and type(clock) is str:
        used.add("time")
        return None, clock[:FIELD_LIMIT]
    if (
        found.product is products.AUDIT
        and (stamp := _AUDIT.search(str(pairs.get("msg", "")) + found.text)) is not None
    ):
        return moment(stamp[1]), stamp[1]
    stated = fields.text(found.header.get("time"), "syslog.time", quality)
    if stated is None:
        return None, None
    ms = moment(stated)
    if ms is None and not says_no_year(stated):
        quality.append(Quality(QualityCode.BAD_TIME, "syslog.time"))
    return ms, stated


def did(found: Line, used: set[str]) -> str | None:
    """Return "allowed" or "blocked", where a pair says so, or a firewall's sentence."""
    for name in keys.ACTION:
        pair = found.named.get(name)
        if pair is not None and (said := action(pair[1])) is not None:
            used.add(pair[0])
            return said
    if found.product is products.JUNOS and type(event := found.header.get("message_id")) is str:
        return "blocked" if event.endswith("_DENY") else "allowed" if event.endswith("_CREATE") else None
    if found.kind == "ids" and found.pairs.get("verdict") in ("Drop", "Block"):
        used.add("verdict")
        return "blocked"
    if found.product.firewall and (word := _ACTION_WORD.search(found.text, 0, 400)) is not None:
        return action(word[0])
    return None
