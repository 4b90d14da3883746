"""Rows of the advanced hunting tables AlertInfo and AlertEvidence, alone or as Defender streams them.
https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-alertinfo-table
https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-alertevidence-table
https://learn.microsoft.com/en-us/defender-xdr/streaming-api

Rows of the other tables are no alerts, nor is a batch of several records.
"""

from collections.abc import Mapping
from typing import Any, Final

from enrich.alert import FIELD_LIMIT, Alert
from enrich.errors import DeadCode, Quality, Rejected
from enrich.formats import fields, microsoft
from enrich.formats.given import listed
from enrich.formats.host_facts import account, hashes, path_of, process

STREAM_PREFIX: Final = "AdvancedHunting-"
TABLES: Final = ("AdvancedHunting-AlertInfo", "AdvancedHunting-AlertEvidence")
# Detection sources whose titles a customer may have written.
_CUSTOM: Final = ("Custom detection", "Custom TI", "Scheduled alerts", "Microsoft Sentinel")
KNOWN: Final[dict[str, frozenset[str] | None]] = dict.fromkeys(
    (
        *("Timestamp", "AlertId", "Title", "Category", "Severity", "ServiceSource", "DetectionSource"),
        *(
            "AttackTechniques",
            "EntityType",
            "FileName",
            "FolderPath",
            "SHA1",
            "SHA256",
            "RemoteIP",
            "RemoteUrl",
        ),
        *("AccountName", "AccountDomain", "AccountUpn", "DeviceId", "DeviceName", "LocalIP"),
        *("ProcessCommandLine",),
    )
)


def recognise(doc: Mapping[str, Any]) -> bool:
    """Return whether this is such a row, or a record of Defender's stream, whatever its table."""
    if "AlertId" in doc:
        return _is_row(doc)
    if "records" in doc:
        records = doc["records"]
        return (
            type(records) is list and bool(records) and type(records[0]) is dict and _is_streamed(records[0])
        )
    return _is_streamed(doc)


def _is_row(doc: Mapping[str, Any]) -> bool:
    return type(doc["AlertId"]) is str and "ServiceSource" in doc and ("Title" in doc or "EntityType" in doc)


def _is_streamed(doc: Mapping[str, Any]) -> bool:
    table = doc.get("category")
    return type(table) is str and table.startswith(STREAM_PREFIX) and type(doc.get("properties")) is dict


def parse(doc: Mapping[str, Any], before: tuple[Quality, ...]) -> Alert:
    """Return the Alert. Raises Rejected (``not_an_alert``) for rows of other tables and for batches."""
    quality: list[Quality] = []
    row, unmapped = _row(doc)
    time_ms, time_text = fields.time(row.get("Timestamp"), "Timestamp", quality)
    product = fields.word(row.get("ServiceSource"), "ServiceSource", quality) or "Microsoft Defender XDR"
    source = fields.word(row.get("DetectionSource"), "DetectionSource", quality)
    title = fields.word(row.get("Title"), "Title", quality)
    entity = fields.word(row.get("EntityType"), "EntityType", quality)
    categories = listed(row.get("Category") or row.get("Categories"), "Category", quality)
    category = ", ".join(categories)[:FIELD_LIMIT] or None
    saw = microsoft.Saw()
    _read(row, entity, saw, quality)
    return microsoft.new_alert(
        "Microsoft",
        product,
        source or product,
        time_ms,
        time_text,
        fields.word(row.get("AlertId"), "AlertId", quality),
        # A row of evidence may stand without its alert's title: then no more of the rule is known.
        title or f"{product} {entity or 'alert'}"[:FIELD_LIMIT],
        title or f"{product} evidence: {entity or 'unknown'}"[:FIELD_LIMIT],
        category if category is None or not category.isspace() else None,
        None,
        *microsoft.severity(row.get("Severity"), "Severity", quality),
        listed(row.get("AttackTechniques"), "AttackTechniques", quality),
        tuple(tactic for each in categories for tactic in microsoft.tactics(each)),
        microsoft.is_sample(title, source not in _CUSTOM and product not in _CUSTOM),
        unmapped,
        fields.closed(quality, before),
        *saw.values(),
    )


def _row(doc: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any] | None]:
    """Return the row and what is left of the document."""
    if "AlertId" in doc:
        return doc, fields.rest(doc, KNOWN)
    record = doc
    if "records" in doc:
        records = doc["records"]
        if len(records) != 1:
            raise Rejected(
                DeadCode.NOT_AN_ALERT, f"a batch of {len(records)} records; send each as a record of its own"
            )
        record = records[0]
    if record["category"] not in TABLES:
        raise Rejected(
            DeadCode.NOT_AN_ALERT, "a row of a table that holds no alerts; send AlertInfo and AlertEvidence"
        )
    row = record["properties"]
    left = {key: value for key, value in record.items() if key not in ("category", "properties")}
    inner = fields.rest(row, KNOWN)
    if inner is not None:
        left["properties"] = inner
    return row, left or None


def _read(row: Mapping[str, Any], entity: str | None, saw: microsoft.Saw, quality: list[Quality]) -> None:
    saw.device = fields.endpoint(
        fields.ip(row.get("LocalIP"), "LocalIP", quality),
        None,
        fields.word(row.get("DeviceName"), "DeviceName", quality),
    )
    saw.device_id = fields.word(row.get("DeviceId"), "DeviceId", quality)
    name = fields.word(row.get("AccountName"), "AccountName", quality)
    domain = fields.word(row.get("AccountDomain"), "AccountDomain", quality)
    upn = fields.word(row.get("AccountUpn"), "AccountUpn", quality)
    saw.user = account(name, domain) if name is not None and (domain or upn is None) else upn
    file_name = fields.word(row.get("FileName"), "FileName", quality)
    path = path_of(fields.word(row.get("FolderPath"), "FolderPath", quality), file_name)
    command_line = fields.word(row.get("ProcessCommandLine"), "ProcessCommandLine", quality)
    if entity == "Process" or command_line is not None:
        saw.process = process(file_name, path, None, command_line)
    else:
        saw.file_path = path
    saw.hashes = hashes((row.get("SHA1"), row.get("SHA256")), "SHA256", quality)
    # RemoteIP is the other end; which of the two began is said by no column.
    remote = fields.endpoint(fields.ip(row.get("RemoteIP"), "RemoteIP", quality), None)
    if row.get("EvidenceDirection") == "Source":
        saw.src = remote
    else:
        saw.dst = remote
    saw.url = fields.word(row.get("RemoteUrl"), "RemoteUrl", quality)
