"""For each finding of lint a feed that has it and one that has it not."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from enrich.lint import Level
from tests.unit.feeds import (
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    START_MS,
    eve,
    stamp,
    wazuh,
)

Rows = list[bytes | None]
SOUND: Rows = [eve(i) for i in range(200)]


def mixed(broken: Callable[[int], bytes | None], every: int = 10, count: int = 200) -> Rows:
    """Sound rows, of which each so-manieth is another."""
    return [broken(i) if i % every == every - 1 else eve(i) for i in range(count)]


def mitre(*ids: str, tactics: tuple[str, ...] = ()) -> Callable[[int], bytes]:
    return lambda i: wazuh(i, mitre={"id": list(ids), "tactic": list(tactics)})


def in_file(rows: Rows) -> dict[str, Any]:
    return {"rows": rows}


def late_by(ms: int, jitter: int = 3_000) -> Callable[[int], int]:
    """Record times so much after the event's."""
    return lambda i: START_MS + i * MINUTE_MS + ms + i % 7 * jitter // 7


def records(rows: Rows, delay_ms: int, jitter: int = 3_000) -> dict[str, Any]:
    return {"rows": rows, "record_ms": late_by(delay_ms, jitter), "partitions": 1}


class Case(NamedTuple):
    code: str
    level: Level
    feed: dict[str, Any]
    other: dict[str, Any] | None = None  # None: a sound file


def doubled(row: bytes) -> bytes:
    return row[:-1] + b',"flow_id":7}'


def severity(values: Callable[[int], object]) -> Rows:
    return [eve(i, alert={"severity": values(i)}) for i in range(200)]


def stopped(after: int, count: int = 3_000) -> Rows:
    """Two agents, one of which ends."""
    return [wazuh(i, agent="web-1" if i % 2 or i >= after else "web-2") for i in range(count)]


CASES = [
    Case("empty", Level.ERROR, in_file([])),
    Case("unparseable", Level.ERROR, in_file(mixed(lambda _: b"{no"))),
    Case("not_an_object", Level.ERROR, in_file(mixed(lambda _: b"[1]"))),
    Case("unknown_format", Level.ERROR, in_file(mixed(lambda i: b'{"a":%d}' % i))),
    Case(
        "not_an_alert",
        Level.NOTE,
        in_file(mixed(lambda i: b'{"event_type":"flow","timestamp":"2026","n":%d}' % i)),
    ),
    Case("oversize", Level.ERROR, in_file(mixed(lambda i: eve(i, more="x" * 1_048_576), every=100))),
    Case("tombstones", Level.NOTE, in_file(mixed(lambda _: None))),
    Case("bad_ip", Level.WARNING, in_file(mixed(lambda i: eve(i, src_ip="10.0.0.256")))),
    Case("bad_port", Level.WARNING, in_file(mixed(lambda i: eve(i, src_port=70_000)))),
    Case("bad_type", Level.WARNING, in_file(mixed(lambda i: eve(i, http=["x"])))),
    Case("duplicate_keys", Level.WARNING, in_file(mixed(lambda i: doubled(eve(i))))),
    Case("twice_encoded", Level.NOTE, in_file(mixed(lambda i: orjson.dumps(eve(i).decode())))),
    Case("bytes_repaired", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"\xff")))),
    Case("bom_stripped", Level.NOTE, in_file(mixed(lambda i: b"\xef\xbb\xbf" + eve(i)))),
    Case("control_character", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"a\tb")))),
    Case("lone_surrogate", Level.WARNING, in_file(mixed(lambda i: eve(i).replace(b"LOCAL", b"\\ud800")))),
    Case(
        "number_out_of_range",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, x=1).replace(b'"x":1', b'"x":NaN'))),
    ),
    Case(
        "nesting_pruned",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, x=1).replace(b'"x":1', b'"x":' + b"[" * 200 + b"]" * 200))),
    ),
    Case("field_truncated", Level.NOTE, in_file(mixed(lambda i: eve(i, alert={"signature": "x" * 2_000})))),
    Case("bad_severity", Level.ERROR, in_file(severity(lambda i: 9 if i % 4 else 1))),
    Case("severity_missing", Level.WARNING, in_file(severity(lambda i: i % 4 or None))),
    Case("severity_constant", Level.WARNING, in_file(severity(lambda _: 3))),
    Case("rule_missing", Level.NOTE, in_file(mixed(lambda i: eve(i, alert={"signature_id": None})))),
    Case(
        "about_missing",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, src_ip="left out", dest_ip="left out"))),
    ),
    Case("time_missing", Level.ERROR, in_file(mixed(lambda i: eve(i, timestamp="left out")))),
    Case("bad_time", Level.ERROR, in_file(mixed(lambda i: eve(i, timestamp="yesterday")))),
    Case(
        "seconds_for_milliseconds",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS // 1000 + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(5_000 + i)))),
    ),
    Case(
        "time_before_1990",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(5_000 + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS // 1000 + i)))),
    ),
    Case(
        "time_units_mixed",
        Level.WARNING,
        in_file([eve(i, timestamp=(START_MS // 1000 + i) * (1000 if i % 9 == 0 else 1)) for i in range(99)]),
        in_file([eve(i, timestamp=START_MS + i) for i in range(99)]),
    ),
    Case(
        "time_zoneless",
        Level.WARNING,
        in_file([eve(i, timestamp=stamp(START_MS + i, zone="")) for i in range(50)]),
        in_file([eve(i, timestamp=stamp(START_MS + i, zone="-0600")) for i in range(50)]),
    ),
    Case(
        "time_in_future",
        Level.ERROR,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(NOW_MS + HOUR_MS + i)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(NOW_MS + MINUTE_MS + i)), every=200)),
    ),
    Case(
        "time_too_old",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS - 2 * HOUR_MS)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + (i - 50) * MINUTE_MS)))),
    ),
    Case(
        "zone_offset",
        Level.ERROR,
        records(SOUND, -2 * HOUR_MS),
        records(SOUND, 2 * HOUR_MS, jitter=HOUR_MS),
    ),
    Case("clock_ahead", Level.WARNING, records(SOUND, -30_000), records(SOUND, 30_000)),
    Case(
        "delayed", Level.WARNING, records(SOUND, 20 * MINUTE_MS, jitter=15 * MINUTE_MS), records(SOUND, 2_000)
    ),
    Case(
        "time_constant",
        Level.ERROR,
        in_file([eve(i, timestamp=stamp(START_MS + 7)) for i in range(150)]),
        in_file([eve(i, timestamp=stamp(START_MS + 7 + i // 149)) for i in range(150)]),
    ),
    Case(
        "out_of_order",
        Level.WARNING,
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + (i - 30) * MINUTE_MS)))),
        in_file(mixed(lambda i: eve(i, timestamp=stamp(START_MS + i * MINUTE_MS - 61_000)))),
    ),
    Case("attack_unknown", Level.WARNING, in_file([mitre("T9999")(i) for i in range(9)])),
    Case("attack_malformed", Level.WARNING, in_file([mitre("T105")(i) for i in range(9)])),
    Case("attack_not_attack", Level.WARNING, in_file([mitre("CST0001")(i) for i in range(9)])),
    Case("attack_deprecated", Level.WARNING, in_file([mitre("T1175")(i) for i in range(9)])),
    Case("attack_revoked", Level.NOTE, in_file([mitre("T1086")(i) for i in range(9)])),
    Case("attack_renamed", Level.NOTE, in_file([mitre("T1059", tactics=("Defense Evasion",))(1)])),
    Case("attack_wrong_field", Level.NOTE, in_file([mitre("TA0002")(i) for i in range(9)])),
    Case("attack_wrong_case", Level.NOTE, in_file([mitre("t1059")(i) for i in range(9)])),
    Case("attack_spelling", Level.NOTE, in_file([mitre("T1059/001")(i) for i in range(9)])),
    Case("attack_name", Level.NOTE, in_file([mitre("PowerShell")(i) for i in range(9)])),
    Case(
        "repeats",
        Level.NOTE,
        in_file([eve(i - i % 5 // 4) for i in range(200)]),
        in_file([eve(i - (i == 4)) for i in range(200)]),
    ),
    Case(
        "sent_twice",
        Level.WARNING,
        in_file([eve(i // 2) for i in range(400)]),
        in_file([eve(i - i % 5 // 4) for i in range(400)]),
    ),
    Case("silent", Level.WARNING, in_file(stopped(1_600)), in_file(stopped(2_950))),
    Case(
        "sources_beyond",
        Level.NOTE,
        in_file([wazuh(i, agent=f"web-{i}") for i in range(2_100)]),
        in_file([wazuh(i, agent=f"web-{i}") for i in range(1_900)]),
    ),
]
