"""``docs/event.md`` names every field that an event can have, and no other, and its example is a true one.

``python -m tests.unit.rows`` prints the example.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert, Endpoint, Process
from enrich.decide import REASONS
from enrich.encode.ocsf import encode
from enrich.encode.schema import validate
from enrich.errors import DeadCode, Quality, QualityCode
from tests.unit import rows

TEXT = (Path(__file__).parents[2] / "docs/event.md").read_text("utf-8")
TABLES, EXAMPLE = TEXT.split("## An example")
FIRST_CELLS = re.findall(r"^\| `([^`]+)` \|", TABLES, re.MULTILINE)

# Together these alerts have every attribute that the encoder can write.
ALERTS: tuple[Alert, ...] = (
    rows.FULL,
    rows.SURICATA,
    replace(
        rows.FULL,
        src=Endpoint(ip="10.20.0.17", name="Büro 2"),
        dst=Endpoint(name="Web server 2"),
        device=Endpoint(name="Web server 2"),
        process=Process(name="sh"),
        file_path=None,
        http_method="PROPFIND",
    ),
    replace(rows.BARE, user_agent="Loader/1.2"),
)


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Return the path of every leaf; what lies under ``data`` is of the kinds that stand elsewhere."""
    if path.startswith("evidences[].data.") or path == "unmapped.source":
        yield path
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from paths(inner, path + "[]")
    elif value != []:
        yield path


def written() -> set[str]:
    """Return the paths of all attributes of some events that together have every one."""
    found: set[str] = set()
    quality = (Quality(QualityCode.BAD_IP, "src_ip"),)
    for alert in ALERTS:
        for keep in (100, 10_000):
            for score in (rows.SCORE, rows.UNSCORED):
                row = rows.row(alert, quality=quality, found=rows.FOUND if alert.user else ())
                row = replace(row, hints=(*row.hints, rows.MATCHED))
                for value in encode(row, score, rows.ESCALATED, rows.context(raw_keep=keep)):
                    assert value is not None
                    found.update(paths(orjson.loads(value)))
    return found


def test_every_field_of_an_event_is_documented() -> None:
    assert written() - set(FIRST_CELLS) == set()


def test_every_documented_field_is_in_some_event() -> None:
    codes = {*REASONS, *QualityCode, *DeadCode}
    assert set(FIRST_CELLS) - codes - written() == set()


def test_no_field_is_documented_twice() -> None:
    assert len(FIRST_CELLS) == len(set(FIRST_CELLS))


@pytest.mark.parametrize("code", [*REASONS, *QualityCode, *DeadCode])
def test_every_code_is_documented(code: str) -> None:
    assert code in FIRST_CELLS


def test_the_example_is_valid() -> None:
    assert validate(orjson.loads(EXAMPLE.split("```")[1].removeprefix("json"))) == []


def test_the_example_is_what_the_code_writes() -> None:
    shown = orjson.loads(EXAMPLE.split("```")[1].removeprefix("json"))
    value = encode(rows.row(), rows.SCORE, rows.ESCALATED, rows.context())[1]
    assert value is not None
    doc = orjson.loads(value)
    doc["unmapped"]["millrace"]["context_id"] = shown["unmapped"]["millrace"]["context_id"]
    assert shown == doc
