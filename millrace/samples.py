"""The golden samples: alerts written after each vendor's documentation, beside what they must become."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from enrich.alert import Alert
from enrich.errors import Rejected, SettingsWrong
from enrich.explain import parts
from enrich.formats import Formats, alert_from

# Not under enrich: what lies there is part of the context.
SAMPLES: Final = Path(__file__).parent / "golden"


class Sample(NamedTuple):
    """value: the bytes of the record. about: why it is there. format: of the alert it must become."""

    name: str
    format: str
    about: str
    value: bytes


@cache
def samples() -> tuple[Sample, ...]:
    """Return all of them, by name. Raises SettingsWrong where they are not installed."""
    found = tuple(_sample(path) for path in sorted(SAMPLES.glob("*.json")))
    if not found:
        raise SettingsWrong("the samples are not installed: reinstall Millrace")
    return found


def _sample(path: Path) -> Sample:
    doc: dict[str, Any] = json.loads(path.read_text("utf-8"))
    line = doc.get("line")
    value = orjson.dumps(doc["input"]) if line is None else str(line).encode()
    return Sample(path.stem, doc["alert"]["format"], doc.get("about", ""), value)


def sample(name: str) -> Sample:
    """Return the sample of that name, or the first of the format of that name. Raises SettingsWrong."""
    every = samples()
    found = next((each for each in every if each.name == name), None)
    found = found or next((each for each in every if each.format == name), None)
    if found is None:
        formats = ", ".join(dict.fromkeys(each.format for each in every))
        raise SettingsWrong(f"no sample {name!r}; a sample's name, or one of the formats {formats}")
    return found


# Fields of Alert, ends and process by their parts, in its order: the rows of the coverage table. What every
# alert has is left out.
FIELDS: Final = (
    *("time_ms", "source_uid", "category", "message", "description"),
    *("false_positives", "tags", "severity_id", "proto", "app_proto"),
    *("src.ip", "src.port", "src.name", "dst.ip", "dst.port", "dst.name", "device.ip", "device.name"),
    *("device_id", "user", "process.name", "process.path", "process.pid", "process.command_line"),
    *("process.parent_name", "action", "url", "http_method", "user_agent", "dns_query", "file_path"),
    *("hashes", "techniques", "tactics", "bytes_out", "bytes_in", "packets", "is_sample", "unmapped"),
)


def coverage(formats: Formats) -> dict[str, dict[str, int]]:
    """Return format -> field -> in how many of the format's samples it has a value."""
    table: dict[str, dict[str, int]] = {}
    for each in samples():
        try:
            alert = alert_from(each.value, formats)
        except Rejected:
            continue
        row = table.setdefault(alert.format, dict.fromkeys(FIELDS, 0))
        for name in filled(alert):
            row[name] += 1
    return table


def filled(alert: Alert) -> set[str]:
    """Return the names of FIELDS that have a value here."""
    said = {name for name in parts(alert) if name in _NAMES}
    return said | {"unmapped"} if alert.unmapped else said


_NAMES: Final = frozenset(FIELDS)
