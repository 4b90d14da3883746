"""Zeek's ``intel`` log: something that was seen is on a list of indicators.
https://docs.zeek.org/en/master/scripts/base/frameworks/intel/main.zeek.html#type-Intel::Info

The lists are the site's, so there is no severity. What was seen is a peer's: it is in the message, and in the
field that its type names, never in the rule.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats import zeek_record as record
from enrich.formats.host_facts import hashes
from enrich.swift import maker

LOG: Final = "intel"
_PREFIX: Final = "Intel::"
_NAMES: Final = ("indicator", "indicator_type", "where")
_SPELLED: Final = {mark: tuple(f"seen{mark}{name}" for name in _NAMES) for mark in (".", "_")}
_READ: Final = {
    mark: frozenset(("ts", "sources", *(names if mark in _SPELLED else ())))
    for mark, names in {**_SPELLED, "{": ()}.items()
}


def is_intel(doc: Mapping[str, Any]) -> bool:
    """Return whether this is a record of the log, by its columns."""
    spelled = _spelling(doc)
    return spelled is not None and ("sources" in doc or "matched" in doc) and record.timed(doc)


def _spelling(doc: Mapping[str, Any]) -> str | None:
    if "seen.indicator" in doc and "seen.indicator_type" in doc:
        return "."
    seen = doc.get("seen")
    if type(seen) is dict and "indicator" in seen and "indicator_type" in seen:
        return "{"
    return "_" if "seen_indicator" in doc and "seen_indicator_type" in doc else None


def intel(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert of a record of this log. Never raises."""
    quality: list[Quality] = []
    mark = _spelling(doc)
    source: Mapping[str, Any] = doc["seen"] if mark == "{" else doc
    keys = _SPELLED.get(mark or ".", _NAMES) if mark != "{" else _NAMES
    indicator, kind, where = (
        fields.word(record.given(source, key), f"seen.{name}", quality)
        for key, name in zip(keys, _NAMES, strict=True)
    )
    time_ms, time_text = record.time(doc, quality)
    spelled = record.spelling(doc)
    src, dst = record.ends(doc, spelled, None, quality)
    sources = ", ".join(fields.texts(record.given(doc, "sources"), "sources", quality))
    kind = kind or "Intel::UNKNOWN"
    rule = f"{kind} in {where}" if where else kind
    message = f"{indicator or 'an indicator'} is listed by {sources or 'a source of the site'}"
    bare = kind.removeprefix(_PREFIX)
    return _new_alert(
        time_ms,
        time_text,
        rule[:FIELD_LIMIT],
        f"Zeek intel: {rule}"[:FIELD_LIMIT],
        message[:FIELD_LIMIT],
        src,
        dst,
        indicator if bare == "USER_NAME" else None,
        indicator if bare == "URL" else None,
        indicator if bare == "DOMAIN" and (where or "").startswith("DNS::") else None,
        indicator if bare == "FILE_NAME" else None,
        hashes((indicator,), "seen.indicator", quality) if bare == "FILE_HASH" else (),
        _rest(doc, mark or ".", spelled),
        fields.closed(quality, before),
    )


def _rest(doc: Mapping[str, Any], mark: str, spelled: str | None) -> dict[str, Any] | None:
    left = record.rest(doc, _READ[mark], spelled, None)
    if mark == "{" and left is not None:
        seen = {key: value for key, value in doc["seen"].items() if key not in _NAMES}
        left.pop("seen", None)
        if seen:
            left["seen"] = seen
    return left or None


_new_alert: Final = maker(
    Alert,
    *("time_ms", "time_text", "rule_id", "title", "message", "src", "dst", "user", "url", "dns_query"),
    *("file_path", "hashes", "unmapped", "quality"),
    format="zeek",
    vendor="Zeek",
    product="Zeek",
    detector="zeek",
    category="intel",
)
