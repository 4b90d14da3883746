"""Golden samples, written after the vendors' documentation: input beside the whole Alert it must become.

A field that a sample does not name must have its default, so a field filled by mistake fails too.
"""

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert, Endpoint, Process
from enrich.formats import NAMES, Formats, alert_from, packaged_mappings
from millrace import samples

SAMPLES = sorted(samples.SAMPLES.glob("*.json"))
JSON = [path for path in SAMPLES if "input" in json.loads(path.read_text("utf-8"))]
IN_USE = Formats.of(packaged_mappings())


def sample(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def plain(alert: Alert) -> dict[str, Any]:
    """Return what is not default, in JSON's types."""
    default = {field.name: None if field.default is MISSING else field.default for field in fields(Alert)}
    said = {name: value for name, value in asdict(alert).items() if getattr(alert, name) != default[name]}
    for name in ("src", "dst", "device", "process"):
        if name in said:
            said[name] = {key: value for key, value in said[name].items() if value is not None}
    found: dict[str, Any] = json.loads(json.dumps(said))
    return found


def record(path: Path) -> bytes:
    """Return the bytes of a sample: a JSON object, or a line of text."""
    doc = sample(path)
    return doc["line"].encode() if "line" in doc else orjson.dumps(doc["input"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_becomes_exactly_the_alert_beside_it(path: Path) -> None:
    assert plain(alert_from(record(path), IN_USE)) == sample(path)["alert"]


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.stem)
def test_a_sample_written_with_spaces_and_escapes_becomes_the_same_alert(path: Path) -> None:
    source = sample(path)["input"]
    pretty = json.dumps(source, indent=4, ensure_ascii=True, sort_keys=True).encode()
    assert alert_from(pretty, IN_USE) == alert_from(orjson.dumps(source), IN_USE)


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.stem)
def test_a_sample_in_utf16_becomes_the_same_alert_but_for_the_quality(path: Path) -> None:
    value = orjson.dumps(sample(path)["input"])
    wide = alert_from(value.decode().encode("utf-16"), IN_USE)
    assert plain(wide) | {"quality": []} == plain(alert_from(value, IN_USE)) | {"quality": []}


@pytest.mark.parametrize("name", [*NAMES, "mapped:ait-ads"])
def test_every_format_has_at_least_three_samples(name: str) -> None:
    assert sum(sample(path)["alert"]["format"] == name for path in SAMPLES) >= 3


def test_an_alert_made_the_fast_way_is_an_ordinary_frozen_alert() -> None:
    alert = alert_from(record(SAMPLES[-1]), IN_USE)
    assert (type(alert), type(alert.src), hash(alert)) == (Alert, Endpoint, hash(Alert(**shallow(alert))))


def test_an_alert_made_the_fast_way_cannot_be_changed() -> None:
    alert = alert_from(record(SAMPLES[-1]), IN_USE)
    with pytest.raises(AttributeError):
        alert.title = "other"  # type: ignore[misc]


def test_the_process_is_none_when_nothing_is_known_of_it() -> None:
    assert Process() not in {alert_from(record(path), IN_USE).process for path in SAMPLES}


def shallow(alert: Alert) -> dict[str, Any]:
    return {field.name: getattr(alert, field.name) for field in fields(Alert)}
