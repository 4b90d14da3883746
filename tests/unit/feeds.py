"""Feeds to lint: rows of our own making, sound unless a change is asked for."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

from enrich.attack import AttackKnowledge, load_attack
from enrich.formats import Formats, packaged_mappings
from enrich.lint import Finding, Lint, Place, Report, findings

START_MS = 1_760_000_000_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# After all that the feeds here tell.
NOW_MS = START_MS + 30 * DAY_MS


@cache
def formats() -> Formats:
    return Formats.of(packaged_mappings())


@cache
def attack() -> AttackKnowledge:
    return load_attack()


def stamp(time_ms: int, zone: str = "+0000") -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}{zone}"


def eve(i: int = 0, *, timestamp: object = None, alert: dict[str, Any] | None = None, **more: Any) -> bytes:
    """A Suricata alert a minute; every i another one of seven rules and three severities."""
    rule = {
        "action": "allowed",
        "gid": 1,
        "signature_id": 9_000_000 + i % 7,
        "rev": 1,
        "signature": f"LOCAL POLICY thing {i % 7}",
        "category": "Potential Corporate Privacy Violation",
        "severity": i % 3 + 1,
    }
    doc = {
        "timestamp": stamp(START_MS + i * MINUTE_MS) if timestamp is None else timestamp,
        "flow_id": i,
        "event_type": "alert",
        "src_ip": "10.0.0.5",
        "src_port": 40_000 + i % 20_000,
        "dest_ip": "198.51.100.7",
        "dest_port": 443,
        "proto": "TCP",
        "host": "sensor-1",
        "alert": {**rule, **(alert or {})},
        **more,
    }
    return orjson.dumps({key: value for key, value in doc.items() if value != "left out"})


def wazuh(i: int = 0, *, timestamp: object = None, agent: str = "web-1", **rule: Any) -> bytes:
    """A Wazuh alert a minute, of an agent."""
    doc = {
        "timestamp": stamp(START_MS + i * MINUTE_MS) if timestamp is None else timestamp,
        "id": f"1760000000.{i}",
        "rule": {"id": str(5_000 + i % 7), "level": 3 + i % 9, "description": f"thing {i % 7}", **rule},
        "agent": {"id": "001", "name": agent},
        "manager": {"name": "manager"},
        "decoder": {"name": "sshd"},
        "data": {"srcip": "198.51.100.9"},
    }
    return orjson.dumps(doc)


def report(
    rows: Iterable[bytes | None],
    record_ms: Callable[[int], int] | None = None,
    partitions: int | None = None,
    now_ms: int | None = NOW_MS,
) -> Report:
    """Lint rows as lines of a file; with partitions as records, one partition after the other."""
    made = Lint(formats(), attack(), 1_048_576, now_ms)
    each: Sequence[bytes | None] = list(rows)
    for i, row in enumerate(each):
        place = Place(i + 1) if partitions is None else Place(i, i * partitions // len(each))
        made.see(row, None if record_ms is None else record_ms(i), place)
    return made.report()


def found(rows: Iterable[bytes | None], **how: Any) -> dict[str, Finding]:
    """Return the findings of a feed by code; where several have one code, the first."""
    by_code: dict[str, Finding] = {}
    for finding in findings(report(rows, **how)):
        by_code.setdefault(finding.code, finding)
    return by_code
