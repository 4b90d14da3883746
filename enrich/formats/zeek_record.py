"""What the records of all Zeek logs have in common: the log's name, the time and the connection's ends.
https://docs.zeek.org/en/master/log-formats.html, https://github.com/SeisoLLC/zeek-kafka (``tag_json``)

Zeek writes a record within a record flat, with dots in the keys (``id.orig_h``). Some shippers nest it
(``id: {orig_h}``), others write underscores (``id_orig_h``). Values that come from Zeek's own tables of text
are ``-`` where unset and ``(empty)`` where empty.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from enrich.alert import Endpoint
from enrich.errors import Quality
from enrich.formats import fields

# Connections, in Conn::Info's columns: Zeek's own log, then those of connections that go on for long
# (github.com/corelight/zeek-long-connections) and of Corelight's data reduction.
CONNECTION_LOGS: Final = frozenset(("conn", "conn_long", "conn_red"))

# Tags of the Kafka writer, and a column that is in every record under them.
_TAGS: Final = (("notice", "note"), ("weird", "name"), ("conn", "proto"), ("intel", "seen.indicator"))
_LOG_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PROCESSES: Final = ("zeek", "bro")
_TIMES: Final = ("ts", "_write_ts", "@timestamp")
_WITHIN: Final = ("orig_h", "orig_p", "resp_h", "resp_p")
_FLAT: Final = {mark: tuple("id" + mark + name for name in _WITHIN) for mark in (".", "_")}
_ALL_READ: Final = frozenset(_WITHIN)
_HOSTS_READ: Final = frozenset(("orig_h", "resp_h"))
# Of ICMP, Zeek writes the message's type and code where others have ports.
_NO_PORTS: Final = ("icmp", "ipv6-icmp")

Known = Mapping[str, frozenset[str] | None]


def opened(doc: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """Return the name of the log that the record says it is of ("notice"; None: not said), and the record.

    ``_path`` is of the json-streaming-logs package and of Corelight sensors, ``@stream`` of ROCK sensors.
    The Kafka writer can put the record under its log's name, with values of the site's own beside it:
    ``{"notice": {…}, "site": "east"}``.
    """
    if "ts" not in doc:
        for tag, column in _TAGS:
            within = doc.get(tag)
            if type(within) is dict and column in within and "ts" in within:
                beside = {key: value for key, value in doc.items() if key != tag}
                return tag, {**beside, **within} if beside else within
    return _named(doc), doc


def _named(doc: Mapping[str, Any]) -> str | None:
    name = doc.get("_path")
    if name is None:
        name = doc.get("@stream") if doc.get("@proc") in _PROCESSES else None
    if type(name) is str and timed(doc) and _LOG_NAME.fullmatch(name):
        return name
    return None


def timed(doc: Mapping[str, Any]) -> bool:
    """Return whether the record has a time, be it a wrong one."""
    return "ts" in doc or "_write_ts" in doc or "@timestamp" in doc


def given(doc: Mapping[str, Any], key: str) -> object:
    """Return the value under the key, None where it is unset."""
    value = doc.get(key)
    return None if value == "-" or value == "(empty)" else value


def time(doc: Mapping[str, Any], quality: list[Quality]) -> tuple[int | None, str | None]:
    """Return the record's time in milliseconds and as received; the time of writing where it has none."""
    for key in _TIMES:
        value = given(doc, key)
        if value is not None:
            return fields.time(value, key, quality)
    return None, None


def proto(doc: Mapping[str, Any], quality: list[Quality]) -> str | None:
    """Return the transport protocol; where Zeek cannot name it, the number of the IP header (Zeek 7.1)."""
    value = given(doc, "proto")
    if value == "unknown_transport":
        value = given(doc, "ip_proto")
    return fields.proto(value, "proto", quality)


def spelling(doc: Mapping[str, Any]) -> str | None:
    """Return how the ends are spelled: "." or "_" after ``id``, "{" nested; None: they are not there."""
    if "id.orig_h" in doc or "id.resp_h" in doc:
        return "."
    if type(doc.get("id")) is dict:
        return "{"
    if "id_orig_h" in doc or "id_resp_h" in doc:
        return "_"
    return None


def ends(
    doc: Mapping[str, Any], spelled: str | None, proto: str | None, quality: list[Quality]
) -> tuple[Endpoint, Endpoint]:
    """Return originator and responder; without ports where the protocol has none."""
    if spelled is None:
        return fields.NOWHERE, fields.NOWHERE
    names = _WITHIN if spelled == "{" else _FLAT[spelled]
    source = doc["id"] if spelled == "{" else doc
    orig_h, orig_p, resp_h, resp_p = names
    src_ip = fields.ip(given(source, orig_h), "id.orig_h", quality)
    dst_ip = fields.ip(given(source, resp_h), "id.resp_h", quality)
    if proto in _NO_PORTS:
        return fields.endpoint(src_ip, None), fields.endpoint(dst_ip, None)
    return (
        fields.endpoint(src_ip, fields.port(given(source, orig_p), "id.orig_p", quality)),
        fields.endpoint(dst_ip, fields.port(given(source, resp_p), "id.resp_p", quality)),
    )


# All arguments are of the formats, never of a record: few are ever asked for.
@lru_cache(128)
def known(read: frozenset[str], spelled: str | None, ported: bool) -> Known:
    """Return what ``fields.rest`` leaves out: these keys, and those of the ends; ported: ports are read."""
    found: dict[str, frozenset[str] | None] = dict.fromkeys(read)
    if spelled == "{":
        found["id"] = _ALL_READ if ported else _HOSTS_READ
    elif spelled is not None:
        names = _FLAT[spelled]
        found |= dict.fromkeys(names if ported else (names[0], names[2]))
    return found


def rest(
    doc: Mapping[str, Any], read: frozenset[str], spelled: str | None, proto: str | None
) -> dict[str, Any] | None:
    """Return what is not read of the record."""
    return fields.rest(doc, known(read, spelled, proto not in _NO_PORTS))
