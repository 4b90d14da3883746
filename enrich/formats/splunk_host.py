"""What happened, in the names of Splunk's Common Information Model (CIM).
https://docs.splunk.com/Documentation/CIM/latest/User/Endpoint

``dest`` is the other end of a connection, and the host itself where there is none: of a process, a file.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from enrich.address import canonical
from enrich.alert import FIELD_LIMIT, Endpoint, Process
from enrich.errors import Quality, QualityCode
from enrich.formats import fields
from enrich.formats.actions import action
from enrich.formats.eicar import all_eicar
from enrich.formats.host_facts import hashes, path_of, process, said
from enrich.formats.nested import one

KNOWN: Final = frozenset(
    (
        *("src", "src_ip", "src_host", "src_port", "dest", "dest_ip", "dest_host", "dest_port"),
        *("dvc", "dvc_ip", "dvc_host", "user", "process", "process_name", "process_path", "process_id"),
        *("parent_process_name", "action", "transport", "url", "http_method", "http_user_agent"),
        *("user_agent", "file_path", "file_name", "file_hash", "process_hash"),
    )
)
_RISK_USER: Final = "user"
_RISK_SYSTEM: Final = "system"
_HASHES_LIMIT: Final = 8


class Happened(NamedTuple):
    """As the fields of Alert."""

    src: Endpoint
    dst: Endpoint
    device: Endpoint
    user: str | None
    process: Process | None
    action: str | None
    proto: str | None
    url: str | None
    http_method: str | None
    user_agent: str | None
    dns_query: str | None
    file_path: str | None
    hashes: tuple[tuple[str, str], ...]
    is_sample: bool


def happened(event: Mapping[str, Any], prefix: str, quality: list[Quality]) -> Happened:
    """Return what the event says of hosts, users, processes and files. Of several values the first."""

    def word(*keys: str) -> str | None:
        for key in keys:
            value = event.get(key)
            if value is not None:
                found = first(value, prefix + key, quality)
                if found is not None:
                    return found
        return None

    src = _end(event, "src", word("src_port"), word, prefix, quality)
    dst = _end(event, "dest", word("dest_port"), word, prefix, quality)
    device = _end(event, "dvc", None, word, prefix, quality)
    ran = process(
        word("process_name"),
        word("process_path"),
        fields.process_id(word("process_id"), prefix + "process_id", quality),
        fields.word(one(event.get("process"), prefix + "process", quality), prefix + "process", quality),
        word("parent_process_name"),
    )
    file_path = path_of(word("file_path"), word("file_name"))
    if dst is not fields.NOWHERE and dst.port is None and (src is fields.NOWHERE or ran is not None):
        device, dst = dst, fields.NOWHERE
    user = word("user", "src_user")
    risk, kind = word("risk_object"), word("risk_object_type")
    if risk is not None and kind == _RISK_USER:
        user = user or risk
    elif risk is not None and kind == _RISK_SYSTEM and device is fields.NOWHERE:
        device = _named(risk, None)
    query = word("query")
    return Happened(
        src,
        dst,
        device,
        user,
        ran,
        action(word("action")),
        fields.proto(word("transport"), prefix + "transport", quality),
        word("url"),
        word("http_method"),
        word("http_user_agent", "user_agent"),
        query if query is not None and "." in query and not any(mark in query for mark in "=/ |") else None,
        file_path,
        _hashes(event, prefix, quality),
        all_eicar(fields.texts(event.get("signature"), prefix + "signature", [])),
    )


def first(value: object, path: str, quality: list[Quality]) -> str | None:
    """Return the first value: of a list, or of lines, as several values are written into one text."""
    value = one(value, path, quality)
    if type(value) is str and "\n" in value:
        value = value.partition("\n")[0]
        quality.append(Quality(QualityCode.FIELD_TRUNCATED, path))
    return said(fields.word(value, path, quality))


def _end(
    event: Mapping[str, Any],
    side: str,
    port: str | None,
    word: Callable[..., str | None],
    prefix: str,
    quality: list[Quality],
) -> Endpoint:
    """Return an end: ``src`` holds an address or a name, ``src_ip`` and ``src_host`` what they are called."""
    both = word(side)
    address = canonical(both) if both is not None else None
    name = both if address is None else None
    stated = word(side + "_ip")
    if address is None and stated is not None:
        address = fields.ip(stated, f"{prefix}{side}_ip", quality)
    return fields.endpoint(
        address,
        fields.port(port, f"{prefix}{side}_port", quality),
        name or word(side + "_host"),
    )


def _named(value: str, port: int | None) -> Endpoint:
    address = canonical(value)
    return fields.endpoint(address, port, None if address is not None else value)


def _hashes(event: Mapping[str, Any], prefix: str, quality: list[Quality]) -> tuple[tuple[str, str], ...]:
    """Return hashes of the file, and of the process (``MD5=…,SHA256=…``)."""
    found: list[str] = []
    for key in ("file_hash", "process_hash"):
        if key in event:
            for text in fields.texts(event[key], prefix + key, quality):
                parts = text[:FIELD_LIMIT].replace("\n", ",").split(",")
                found += [part.rpartition("=")[2].strip() for part in parts if "IMPHASH" not in part.upper()]
    return hashes(tuple(found[:_HASHES_LIMIT]), prefix + "file_hash", quality) if found else ()
