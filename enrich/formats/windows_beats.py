"""Windows events of Elastic's Beats and agents: ``{"winlog": {"event_id", "event_data", …}}``, nested or
dotted, raw or after Elastic's modules; and of Winlogbeat before version 7, ``{"event_id", "log_name", …}``.
https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog
https://www.elastic.co/guide/en/beats/winlogbeat/6.8/exported-fields-eventlog.html
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.errors import Quality
from enrich.formats import fields
from enrich.formats.nested import nested
from enrich.formats.windows_record import Record, data_of, event_number

_WINLOG_READ: Final = frozenset(
    ("provider_name", "channel", "event_id", "computer_name", "level", "event_data", "user_data")
)
_BEAT_READ: Final = frozenset(
    (
        *("source_name", "log_name", "event_id", "computer_name", "level", "message", "@timestamp"),
        *("event_data", "user_data"),
    )
)


def is_winlog(winlog: object, doc: Mapping[str, Any]) -> bool:
    """Return whether the value under ``winlog`` is one."""
    if type(winlog) is not dict or ("channel" not in winlog and "provider_name" not in winlog):
        return False
    return "event_id" in winlog or "event" in doc or "event.code" in doc


def winlog(doc: Mapping[str, Any], quality: list[Quality]) -> Record:
    """Return the record of a document with ``winlog``; its ECS fields are kept beside it."""
    view = nested(doc)
    log_entry = nested(fields.part(view, "winlog", "winlog", quality))
    event = fields.part(view, "event", "event", quality)
    log = fields.part(view, "log", "log", quality)
    account = fields.part(log_entry, "user", "winlog.user", quality)
    name = "user_data" if not log_entry.get("event_data") and log_entry.get("user_data") else "event_data"
    rest = dict(view)
    left = {key: value for key, value in log_entry.items() if key not in _WINLOG_READ}
    rest.pop("winlog", None)
    if left:
        rest["winlog"] = left
    level, level_path = log.get("level"), "log.level"
    if level is None:
        level, level_path = log_entry.get("level"), "winlog.level"
    elif len(log) == 1:
        rest.pop("log")
    provider = log_entry.get("provider_name")
    code = event_number(log_entry.get("event_id"))
    return Record(
        fields.word(event.get("provider") if provider is None else provider, "winlog.provider_name", quality),
        fields.word(log_entry.get("channel"), "winlog.channel", quality),
        event_number(event.get("code")) if code is None else code,
        level,
        level_path,
        rest.pop("@timestamp", None),
        "@timestamp",
        fields.word(log_entry.get("computer_name"), "winlog.computer_name", quality) or _host(view, quality),
        fields.word(account.get("name"), "winlog.user.name", quality),
        fields.word(account.get("domain"), "winlog.user.domain", quality),
        account.get("identifier"),
        fields.word(_first(rest.pop("message", None)), "message", quality),
        data_of(log_entry.get(name), "winlog." + name, quality),
        f"winlog.{name}.",
        rest,
        ("winlog", name),
        view,
    )


def _host(view: Mapping[str, Any], quality: list[Quality]) -> str | None:
    host = view.get("host")
    return fields.word(host.get("name") if type(host) is dict else host, "host.name", quality)


def _first(value: object) -> object:
    return value[0] if type(value) is list and value else value


def beat(doc: Mapping[str, Any], quality: list[Quality]) -> Record:
    """Return the record of what Winlogbeat wrote before version 7."""
    name = "user_data" if not doc.get("event_data") and doc.get("user_data") else "event_data"
    account = doc.get("user")
    if type(account) is not dict:
        account = fields.NOTHING
    return Record(
        fields.word(doc["source_name"], "source_name", quality),
        fields.word(doc["log_name"], "log_name", quality),
        event_number(doc["event_id"]),
        doc.get("level"),
        "level",
        doc.get("@timestamp"),
        "@timestamp",
        fields.word(doc.get("computer_name"), "computer_name", quality),
        fields.word(account.get("name"), "user.name", quality),
        fields.word(account.get("domain"), "user.domain", quality),
        account.get("identifier"),
        fields.word(doc.get("message"), "message", quality),
        data_of(doc.get(name), name, quality),
        name + ".",
        {key: value for key, value in doc.items() if key not in _BEAT_READ},
        (name,),
    )
