"""The features: one literal table, read by training and by serving, so that both see the same bits.

A value is a 32-bit float; NaN means missing. The stated severity is not among them: the model must not learn
to repeat it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from math import cos, log1p, nan, pi, sin
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from enrich.address import AddressFacts
from enrich.alert import Alert
from enrich.row import History, Row

TEXT_LIMIT: Final = 1024
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000


class Clock(NamedTuple):
    """A moment in the setting's time zone. hour: 0 <= h < 24, with the minutes. weekday: Monday is 0."""

    hour: float
    weekday: int


class Feature(NamedTuple):
    """One column.

    kind: "flag" (0 or 1), "number", "log" (natural log of 1 + the unit), "code" (a number without order).
    anomaly: whether the anomaly model reads it; codes and octets only blur an isolation forest.
    of: the value for (row, clock).
    """

    name: str
    kind: str
    unit: str
    anomaly: bool
    of: Callable[[Row, Clock], float]


def _octet(facts: AddressFacts | None, index: int) -> float:
    return nan if facts is None or facts.octets is None else facts.octets[index]


def _scope(facts: AddressFacts | None, *scopes: str) -> float:
    return nan if facts is None else float(facts.scope in scopes)


def _special(facts: AddressFacts | None) -> float:
    return nan if facts is None else float(facts.scope not in ("global", "private", "shared"))


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _log(value: float | None) -> float:
    return nan if value is None else log1p(value)


def _count(history: History, count: int) -> float:
    return log1p(count) if history.warm else nan


# A key never seen counts as last seen a day ago: the longest the fold remembers.
_UNSEEN: Final = log1p(86_400.0)


def _since(history: History, seconds: float | None) -> float:
    if not history.warm:
        return nan
    return _UNSEEN if seconds is None else log1p(seconds)


def _first(history: History, seconds: float | None) -> float:
    return float(seconds is None) if history.warm else nan


def _hint(row: Row) -> float:
    return max((hint.confidence for hint in row.hints), default=0.0)


FEATURES: Final[tuple[Feature, ...]] = (
    # time of day, in the zone of the setting
    Feature("hour", "number", "h, 0-24", False, lambda r, c: c.hour),
    Feature("hour_sin", "number", "-1-1", True, lambda r, c: sin(c.hour * pi / 12)),
    Feature("hour_cos", "number", "-1-1", True, lambda r, c: cos(c.hour * pi / 12)),
    Feature("weekday", "number", "0 Monday - 6", False, lambda r, c: c.weekday),
    Feature("weekend", "flag", "", True, lambda r, c: float(c.weekday >= 5)),
    Feature(
        "office_hours", "flag", "Mon-Fri 8-18", True, lambda r, c: float(c.weekday < 5 and 8 <= c.hour < 18)
    ),
    # addresses
    Feature("src_octet_1", "code", "0-255, IPv4", False, lambda r, c: _octet(r.src, 0)),
    Feature("src_octet_2", "code", "0-255, IPv4", False, lambda r, c: _octet(r.src, 1)),
    Feature("src_octet_3", "code", "0-255, IPv4", False, lambda r, c: _octet(r.src, 2)),
    Feature("src_octet_4", "code", "0-255, IPv4", False, lambda r, c: _octet(r.src, 3)),
    Feature("dst_octet_1", "code", "0-255, IPv4", False, lambda r, c: _octet(r.dst, 0)),
    Feature("dst_octet_2", "code", "0-255, IPv4", False, lambda r, c: _octet(r.dst, 1)),
    Feature("dst_octet_3", "code", "0-255, IPv4", False, lambda r, c: _octet(r.dst, 2)),
    Feature("dst_octet_4", "code", "0-255, IPv4", False, lambda r, c: _octet(r.dst, 3)),
    Feature("src_net24", "code", "/24 as number", False, lambda r, c: _or_nan(r.src and r.src.net24)),
    Feature("dst_net24", "code", "/24 as number", False, lambda r, c: _or_nan(r.dst and r.dst.net24)),
    Feature("src_global", "flag", "IANA scope", True, lambda r, c: _scope(r.src, "global")),
    Feature("src_private", "flag", "IANA scope", True, lambda r, c: _scope(r.src, "private", "shared")),
    Feature("src_special", "flag", "IANA scope", True, lambda r, c: _special(r.src)),
    Feature("dst_global", "flag", "IANA scope", True, lambda r, c: _scope(r.dst, "global")),
    Feature("dst_private", "flag", "IANA scope", True, lambda r, c: _scope(r.dst, "private", "shared")),
    Feature("dst_special", "flag", "IANA scope", True, lambda r, c: _special(r.dst)),
    Feature("ipv6", "flag", "", True, lambda r, c: float(r.src is not None and r.src.version == 6)),
    Feature("inbound", "flag", "", True, lambda r, c: float(r.direction == "inbound")),
    Feature("outbound", "flag", "", True, lambda r, c: float(r.direction == "outbound")),
    Feature("internal", "flag", "", True, lambda r, c: float(r.direction == "internal")),
    # ports, protocol, flow
    Feature("src_port", "number", "0-65535", False, lambda r, c: _or_nan(r.alert.src.port)),
    Feature("dst_port", "number", "0-65535", True, lambda r, c: _or_nan(r.alert.dst.port)),
    Feature(
        "dst_port_system", "flag", "< 1024", True, lambda r, c: float((r.alert.dst.port or 65536) < 1024)
    ),
    Feature(
        "dst_port_dynamic", "flag", ">= 49152", True, lambda r, c: float((r.alert.dst.port or 0) >= 49152)
    ),
    Feature("tcp", "flag", "", True, lambda r, c: float(r.alert.proto == "tcp")),
    Feature("udp", "flag", "", True, lambda r, c: float(r.alert.proto == "udp")),
    Feature("icmp", "flag", "", True, lambda r, c: float(r.alert.proto in ("icmp", "ipv6-icmp"))),
    Feature("blocked", "flag", "by the detector", True, lambda r, c: float(r.alert.action == "blocked")),
    Feature("bytes_out", "log", "bytes", True, lambda r, c: _log(r.alert.bytes_out)),
    Feature("bytes_in", "log", "bytes", True, lambda r, c: _log(r.alert.bytes_in)),
    Feature("packets", "log", "packets", True, lambda r, c: _log(r.alert.packets)),
    # what the alert speaks of
    Feature(
        "has_device", "flag", "", False, lambda r, c: float(bool(r.alert.device.name or r.alert.device.ip))
    ),
    Feature("has_user", "flag", "", True, lambda r, c: float(r.alert.user is not None)),
    Feature("has_process", "flag", "", True, lambda r, c: float(r.alert.process is not None)),
    Feature("has_url", "flag", "", True, lambda r, c: float(r.alert.url is not None)),
    Feature("has_file", "flag", "", True, lambda r, c: float(r.alert.file_path is not None)),
    Feature("title_chars", "log", "characters", False, lambda r, c: log1p(len(r.alert.title))),
    Feature("hints", "number", "techniques", True, lambda r, c: float(len(r.hints))),
    Feature("hint_confidence", "number", "0-1", True, lambda r, c: _hint(r)),
    # the partition's history before this alert
    Feature("history_missing", "flag", "", False, lambda r, c: float(not r.history.warm)),
    Feature("entity_1m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.entity_1m)),
    Feature("entity_10m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.entity_10m)),
    Feature("entity_60m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.entity_60m)),
    Feature("rule_1m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.rule_1m)),
    Feature("rule_10m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.rule_10m)),
    Feature("rule_60m", "log", "alerts", True, lambda r, c: _count(r.history, r.history.rule_60m)),
    Feature("entity_since", "log", "s", True, lambda r, c: _since(r.history, r.history.entity_since_s)),
    Feature("rule_since", "log", "s", True, lambda r, c: _since(r.history, r.history.rule_since_s)),
    Feature("pair_since", "log", "s", True, lambda r, c: _since(r.history, r.history.pair_since_s)),
    Feature(
        "entity_first", "flag", "first sight", True, lambda r, c: _first(r.history, r.history.entity_since_s)
    ),
    Feature(
        "rule_first", "flag", "first sight", True, lambda r, c: _first(r.history, r.history.rule_since_s)
    ),
    Feature(
        "pair_first", "flag", "first sight", True, lambda r, c: _first(r.history, r.history.pair_since_s)
    ),
)

NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
# Columns of the matrix that the anomaly model reads.
ANOMALY_COLUMNS: Final = np.array([i for i, feature in enumerate(FEATURES) if feature.anomaly], dtype=np.intp)
# Columns that reasons are told from: those, with the hour in place of its sine and cosine.
TOLD_COLUMNS: Final = np.array(
    [NAMES.index("hour"), *(i for i in ANOMALY_COLUMNS if NAMES[i] not in ("hour_sin", "hour_cos"))],
    dtype=np.intp,
)
# Raised when a value is computed otherwise under the same name, or the text is put together otherwise.
FEATURES_VERSION: Final = 1
FEATURES_HASH: Final = blake2b(
    repr((FEATURES_VERSION, [feature[:4] for feature in FEATURES])).encode(), digest_size=8
).hexdigest()

_HOW: Final = tuple(feature.of for feature in FEATURES)


def matrix(rows: Sequence[Row], zone: str) -> npt.NDArray[np.float32]:
    """Return the numeric features, shape (n, len(FEATURES)), float32, NaN where missing."""
    values = []
    for row in rows:
        clock = clock_at(row.time_ms, zone)
        values.append([of(row, clock) for of in _HOW])
    return np.array(values, dtype=np.float32).reshape(len(rows), len(FEATURES))


def text_of(alert: Alert) -> str:
    """Return what the text model reads: title, category, message, process and request, cut at TEXT_LIMIT."""
    parts = [alert.title]
    if alert.category:
        parts.append(alert.category)
    if alert.message and alert.message != alert.title:
        parts.append(alert.message)
    if (process := alert.process) is not None:
        parts.extend(part for part in (process.name, process.parent_name, process.command_line) if part)
    parts.extend(part for part in (alert.url, alert.dns_query, alert.file_path, alert.user_agent) if part)
    return "\n".join(parts)[:TEXT_LIMIT]


def clock_at(time_ms: int, zone: str) -> Clock:
    """Return hour and weekday of a moment in a zone, by its offset at the start of that UTC hour.

    >>> clock_at(0, "UTC")
    Clock(hour=0.0, weekday=3)
    """
    local = time_ms + (0 if zone == "UTC" else _offset_ms(time_ms // HOUR_MS, zone))
    return Clock(local % DAY_MS / HOUR_MS, (local // DAY_MS + 3) % 7)


@lru_cache(maxsize=4096)
def _offset_ms(hour: int, zone: str) -> int:

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=min(hour, 70_000_000))
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1000)
