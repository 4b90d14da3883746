"""What becomes of an output record that its topic will never take: first smaller, then a dead letter."""

from hashlib import sha256
from typing import Any, Final

import orjson

from enrich.errors import DeadCode
from enrich.record import Header, Record

# Characters of the original that stay in an event whose topic refuses it whole.
RAW_LEFT: Final = 1_024


def cut_raw(record: Record) -> Record | None:
    """Return the event with less of ``raw_data``, marked ``is_truncated``; None: there is nothing to cut.

    A dead letter loses its bytes; their size and hash are in its headers then.
    """
    if record.route == "dead":
        return _emptied(record) if record.value else None
    event = _event(record)
    raw = event.get("raw_data")
    if not isinstance(raw, str) or len(raw) <= RAW_LEFT:
        return None
    event["raw_data"] = raw[:RAW_LEFT]
    event["metadata"]["is_truncated"] = True
    event["metadata"]["untruncated_size"] = -(-event["raw_data_size"] // 1024)  # OCSF: in kilobytes
    return record._replace(value=orjson.dumps(event))


def undeliverable(record: Record, topic: str) -> Record:
    """Return the dead letter for an event that ``topic`` refuses: hash and coordinates of the raw record."""
    event = _event(record)
    place = event["unmapped"]["millrace"]["record"]
    headers: tuple[Header, ...] = (
        ("millrace-code", DeadCode.UNDELIVERABLE.encode()),
        ("millrace-message", f"{topic} refuses {len(record.value)} bytes".encode()),
        ("millrace-topic", event["metadata"]["log_name"].encode()),
        ("millrace-partition", str(place["partition"]).encode()),
        ("millrace-offset", str(place["offset"]).encode()),
        ("millrace-record-ms", str(place["time_ms"]).encode()),
        ("millrace-attempt", b"1"),
        *((name, value) for name, value in record.headers if name == "millrace-uid"),
        ("millrace-size", str(event["raw_data_size"]).encode()),
        ("millrace-sha256", event["raw_data_hash"]["value"].encode()),
    )
    return Record("dead", record.key, b"", headers)


def _emptied(letter: Record) -> Record:
    kept = tuple(header for header in letter.headers if header[0].startswith("millrace-"))
    told = () if any(name == "millrace-size" for name, _ in kept) else _told(letter.value)
    return Record("dead", None, b"", (*kept, *told))


def _told(value: bytes) -> tuple[Header, ...]:
    return (
        ("millrace-size", str(len(value)).encode()),
        ("millrace-sha256", sha256(value).hexdigest().encode()),
    )


def _event(record: Record) -> dict[str, Any]:
    event: dict[str, Any] = orjson.loads(record.value)  # our own document, made by encode
    return event
