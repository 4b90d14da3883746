"""Splunk alerts: the webhook action's payload, and Enterprise Security's notable and risk events (findings).
https://dev.splunk.com/enterprise/docs/devtools/enterprisesecurity/notableeventsplunkes/usingnotableeventsinsearch

A notable names its search, which is the rule; its ``rule_id`` is its own id, and its ``rule_title`` may quote
what the search found: the title is the rule's name, which no attacker writes. Lines of a summary index become
such a document in ``lines.stash``.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import Quality
from enrich.formats import fields, splunk_annotations, splunk_host
from enrich.formats.given import first_word
from enrich.formats.nested import one
from enrich.formats.severities import by_word
from enrich.formats.splunk_annotations import annotations
from enrich.formats.splunk_host import Happened, happened
from enrich.formats.splunk_shapes import in_envelope, in_export, is_notable, is_webhook, opened
from enrich.swift import maker

# Of the search, and with the asset's or identity's priority.
# https://help.splunk.com/splunk-enterprise-security-7/user-guide/7.3/incident-review/how-urgency-is-assigned-to-notable-events-in-splunk-enterprise-security
SCALE: Final = "splunk:severity"
URGENCY_SCALE: Final = "splunk:urgency"
SEVERITIES: Final = {
    **dict.fromkeys(("informational", "info"), 1),
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
    "unknown": None,
}

# "ESCU - Name - Rule", "Access - Name - Rule": what is before is an app or a domain.
_SEARCH: Final = re.compile(r"[^-]{1,40} - (?:Deprecated - )?(.+) - Rule")
_DESCRIPTIONS: Final = ("savedsearch_description", "rule_description", "orig_rule_description")
_MESSAGES: Final = ("rule_description", "risk_message", "message", "description")
_IDS: Final = ("event_id", "finding_id", "event_hash")
# Of the payload. Whoever has the session's key may act as the search's owner.
_OUTER: Final = ("search_name", "session_key")
_TIMES: Final = ("orig_time", "_time", "info_search_time")
# Read with all their values; with the first of them; and where no other key of their kind was read.
_WHOLE: Final = frozenset(("security_domain", "_raw", splunk_annotations.STORIES, *splunk_annotations.DOTTED))
_FIRST: Final = splunk_host.KNOWN | {"search_name"}
_ONE_OF: Final = frozenset(
    ("rule_title", "rule_name", *_DESCRIPTIONS, *_MESSAGES, *_IDS, "rule_id", "severity", "urgency")
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a payload of an alert action, a notable or risk event, or an envelope of one."""
    if is_webhook(doc) or is_notable(doc) or in_export(doc):
        return True
    return "event" in doc and in_envelope(doc)


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert of a document that ``recognise`` knows."""
    quality: list[Quality] = []
    found = opened(doc, quality)
    event, place = found.event, found.place
    prefix = f"{place}." if place else ""
    search = first_word(event, ("search_name",) if found.notable else (), prefix, quality)
    search = search or fields.word(doc.get("search_name"), "search_name", quality)
    title, description, uid = _bare(search), None, None
    if found.notable:
        search = search or first_word(event, ("source",), prefix, quality)
        title = _bare(first_word(event, ("rule_name",), prefix, quality)) or title
        title = title or first_word(event, ("rule_title",), prefix, quality)
        description = first_word(event, _DESCRIPTIONS, prefix, quality)
        uid = first_word(event, _IDS, prefix, quality)
    time_ms, time_text = _time(event, doc, prefix, quality)
    severity = _severity(event, prefix, quality)
    domains = fields.texts(event.get("security_domain"), prefix + "security_domain", quality)
    message = first_word(event, _MESSAGES if found.notable else ("_raw", *_MESSAGES), prefix, quality)
    said = annotations(event, prefix, quality)
    return _new_alert(
        "Splunk Enterprise Security" if found.notable else "Splunk Enterprise",
        time_ms,
        time_text,
        uid,
        search or title or "unknown",
        title or search or "Splunk alert",
        ", ".join(domains)[:FIELD_LIMIT] or None,
        message or description,
        description,
        said.stories,
        *severity,
        said.techniques,
        said.tactics,
        _unmapped(doc, event, place, (title, description, message, uid, severity[1])),
        *happened(event, prefix, quality),
        fields.closed(quality, before),
    )


_new_alert: Final = maker(
    Alert,
    *("product", "time_ms", "time_text", "source_uid", "rule_id", "title", "category", "message"),
    *("description", "tags", "severity_id", "severity_text", "severity_scale", "techniques", "tactics"),
    "unmapped",
    *Happened._fields,
    "quality",
    format="splunk",
    vendor="Splunk",
    detector="splunk",
)


def _bare(search: str | None) -> str | None:
    """Return the rule's name of a search's.

    >>> _bare("Access - Brute Force Access - Rule"), _bare("Too many 500s")
    ('Brute Force Access', 'Too many 500s')
    """
    match = None if search is None else _SEARCH.fullmatch(search)
    return search if match is None else match[1]


def _time(
    event: Mapping[str, Any], doc: Mapping[str, Any], prefix: str, quality: list[Quality]
) -> tuple[int | None, str | None]:
    """Return the time: of the event that was found, else of the notable, else HEC's."""
    wrong: list[Quality] = []
    text = None
    for holder, keys, before in ((event, _TIMES, prefix), (doc, ("time",) if "event" in doc else (), "")):
        for key in keys:
            moment, read = fields.time(one(holder.get(key), before + key, quality), before + key, wrong)
            if moment is not None:
                return moment, read
            text = text or read
    quality += wrong
    return None, text


def _severity(
    event: Mapping[str, Any], prefix: str, quality: list[Quality]
) -> tuple[int | None, str | None, str | None]:
    """Return class, text and scale: of the search's severity; of the urgency where that is none of its words.

    An event that has a ``severity`` of its own, a number of an IDS, brings it into the notable.
    """
    wrong: list[Quality] = []
    stated: tuple[int | None, str | None, str | None] = (None, None, None)
    for key, scale in (("severity", SCALE), ("urgency", URGENCY_SCALE)):
        path = prefix + key
        severity_id, text = by_word(one(event.get(key), path, quality), SEVERITIES, path, wrong)
        if severity_id is not None:
            return severity_id, text, scale
        if text is not None and stated[1] is None:
            stated = (None, text, scale)
    quality += wrong
    return stated


def _unmapped(
    doc: Mapping[str, Any], event: Mapping[str, Any], place: str, said: tuple[str | None, ...]
) -> dict[str, Any] | None:
    """Return what no field took; of fields with several values all, for one was taken.

    said: texts of the alert's fields that are read from one of several keys.
    """
    rest = {
        key: value
        for key, value in event.items()
        if key not in _WHOLE
        and not (key in _FIRST and not _several(value))
        and not (key in _ONE_OF and type(value) is str and _bare(value) in said)
    }
    if not place:
        return rest or None
    left = {key: value for key, value in doc.items() if key not in (place, *_OUTER)}
    if rest:
        left[place] = rest
    return left or None


def _several(value: object) -> bool:
    return type(value) is list or (type(value) is str and "\n" in value)
