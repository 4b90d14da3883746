"""The features: one literal table, read by training and by serving, so that both see the same bits.

A value is a 32-bit float; NaN means missing. The stated severity is not among them: the model must not learn
to repeat it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import cos, log1p, nan, pi, sin
from struct import Struct
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from enrich.address import AddressFacts
from enrich.alert import Alert
from enrich.clock import clock_at
from enrich.row import Row

# Characters. What a rule says (each part at most 1,024) nearly always fits.
TEXT_LIMIT: Final = 4096

# Lines of a text that the rule's author wrote, and which is which.
HEAD_LINES: Final = 6
TITLE, CLASS, STATED, DESCRIPTION, FALSE_POSITIVES, TAGS = range(HEAD_LINES)


class Feature(NamedTuple):
    """One column.

    kind: "flag" (0 or 1), "number", "log" (natural log of 1 + the unit), "code" (a number without order).
    anomaly: whether the anomaly model reads it; codes and octets only blur an isolation forest.
    """

    name: str
    kind: str
    unit: str
    anomaly: bool


class Group(NamedTuple):
    """Columns that are computed together, because a call per column would cost more than the value.

    of: the group's values for (row, zone), in the order of its features.
    """

    of: Callable[[Row, str], tuple[float, ...]]
    features: tuple[Feature, ...]


def _clock(row: Row, zone: str) -> tuple[float, ...]:
    hour, weekday = clock_at(row.time_ms, zone)
    angle = hour * pi / 12
    return hour, sin(angle), cos(angle), weekday, weekday >= 5, weekday < 5 and 8 <= hour < 18


def _source(row: Row, zone: str) -> tuple[float, ...]:
    return _MISSING if row.src is None else _address(row.src)


def _destination(row: Row, zone: str) -> tuple[float, ...]:
    return _MISSING if row.dst is None else _address(row.dst)


@lru_cache(16_384)
def _address(facts: AddressFacts) -> tuple[float, ...]:
    one, two, three, four = facts.octets or (nan, nan, nan, nan)
    net24 = nan if facts.net24 is None else facts.net24
    scope = facts.scope
    private = scope in ("private", "shared")
    return one, two, three, four, net24, scope == "global", private, scope != "global" and not private


_MISSING: Final = (nan,) * 8


def _flow(row: Row, zone: str) -> tuple[float, ...]:
    alert, direction = row.alert, row.direction
    src_port, dst_port, proto = alert.src.port, alert.dst.port, alert.proto
    return (
        row.src is not None and row.src.version == 6,
        direction == "inbound",
        direction == "outbound",
        direction == "internal",
        nan if src_port is None else src_port,
        nan if dst_port is None else dst_port,
        dst_port is not None and dst_port < 1024,
        dst_port is not None and dst_port >= 49152,
        proto == "tcp",
        proto == "udp",
        proto in ("icmp", "ipv6-icmp"),
        alert.action == "blocked",
        nan if alert.bytes_out is None else log1p(alert.bytes_out),
        nan if alert.bytes_in is None else log1p(alert.bytes_in),
        nan if alert.packets is None else log1p(alert.packets),
    )


def _content(row: Row, zone: str) -> tuple[float, ...]:
    alert = row.alert
    return (
        alert.device.name is not None or alert.device.ip is not None,
        alert.user is not None,
        alert.process is not None,
        alert.url is not None,
        alert.file_path is not None,
        log1p(len(alert.title)),
        len(row.hints),
        max([hint.confidence for hint in row.hints]) if row.hints else 0.0,
    )


def _history(row: Row, zone: str) -> tuple[float, ...]:
    seen = row.history
    if not seen.warm:
        return _COLD
    entity_s, rule_s, pair_s = seen.entity_since_s, seen.rule_since_s, seen.pair_since_s
    return (
        0.0,
        log1p(seen.entity_1m),
        log1p(seen.entity_10m),
        log1p(seen.entity_60m),
        log1p(seen.rule_1m),
        log1p(seen.rule_10m),
        log1p(seen.rule_60m),
        _UNSEEN if entity_s is None else log1p(entity_s),
        _UNSEEN if rule_s is None else log1p(rule_s),
        _UNSEEN if pair_s is None else log1p(pair_s),
        entity_s is None,
        rule_s is None,
        pair_s is None,
    )


_COLD: Final = (1.0, *(nan,) * 12)
# A key never seen counts as last seen a day ago: the longest the fold remembers.
_UNSEEN: Final = log1p(86_400.0)


def _of_address(side: str) -> tuple[Feature, ...]:
    return (
        *(Feature(f"{side}_octet_{i}", "code", "0-255, IPv4", False) for i in (1, 2, 3, 4)),
        Feature(f"{side}_net24", "code", "/24 as a number, IPv4", False),
        Feature(f"{side}_global", "flag", "IANA scope", True),
        Feature(f"{side}_private", "flag", "IANA scope, private or shared", True),
        Feature(f"{side}_special", "flag", "IANA scope, any other", True),
    )


GROUPS: Final[tuple[Group, ...]] = (
    Group(
        _clock,
        (
            Feature("hour", "number", "h, 0-24, in the zone of the setting", False),
            Feature("hour_sin", "number", "-1 to 1", True),
            Feature("hour_cos", "number", "-1 to 1", True),
            Feature("weekday", "number", "0 Monday - 6", False),
            Feature("weekend", "flag", "Saturday, Sunday", True),
            Feature("office_hours", "flag", "Monday-Friday 8-18 h", True),
        ),
    ),
    Group(_source, _of_address("src")),
    Group(_destination, _of_address("dst")),
    Group(
        _flow,
        (
            Feature("ipv6", "flag", "source", True),
            Feature("inbound", "flag", "by the own networks", True),
            Feature("outbound", "flag", "by the own networks", True),
            Feature("internal", "flag", "by the own networks", True),
            Feature("src_port", "number", "0-65535", False),
            Feature("dst_port", "number", "0-65535", True),
            Feature("dst_port_system", "flag", "< 1024", True),
            Feature("dst_port_dynamic", "flag", ">= 49152", True),
            Feature("tcp", "flag", "", True),
            Feature("udp", "flag", "", True),
            Feature("icmp", "flag", "", True),
            Feature("blocked", "flag", "by the detector", True),
            Feature("bytes_out", "log", "bytes", True),
            Feature("bytes_in", "log", "bytes", True),
            Feature("packets", "log", "packets", True),
        ),
    ),
    Group(
        _content,
        (
            Feature("has_device", "flag", "", False),
            Feature("has_user", "flag", "", True),
            Feature("has_process", "flag", "", True),
            Feature("has_url", "flag", "", True),
            Feature("has_file", "flag", "", True),
            Feature("title_chars", "log", "characters", False),
            Feature("hints", "number", "techniques", True),
            Feature("hint_confidence", "number", "0-1, the best", True),
        ),
    ),
    Group(
        _history,
        (
            Feature("history_missing", "flag", "the fold is not warm", False),
            Feature("entity_1m", "log", "alerts", True),
            Feature("entity_10m", "log", "alerts", True),
            Feature("entity_60m", "log", "alerts", True),
            Feature("rule_1m", "log", "alerts", True),
            Feature("rule_10m", "log", "alerts", True),
            Feature("rule_60m", "log", "alerts", True),
            Feature("entity_since", "log", "s", True),
            Feature("rule_since", "log", "s", True),
            Feature("pair_since", "log", "s, this rule on this entity", True),
            Feature("entity_first", "flag", "first sight", True),
            Feature("rule_first", "flag", "first sight", True),
            Feature("pair_first", "flag", "first sight of this rule on this entity", True),
        ),
    ),
)
FEATURES: Final[tuple[Feature, ...]] = tuple(feature for group in GROUPS for feature in group.features)

NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
# Columns of the matrix that the anomaly model reads.
ANOMALY_COLUMNS: Final = np.array([i for i, feature in enumerate(FEATURES) if feature.anomaly], dtype=np.intp)
# Columns that reasons are told from: those, with the hour in place of its sine and cosine.
TOLD_COLUMNS: Final = np.array(
    [NAMES.index("hour"), *(i for i in ANOMALY_COLUMNS if NAMES[i] not in ("hour_sin", "hour_cos"))],
    dtype=np.intp,
)
# Raised when a value is computed otherwise under the same name, or the text is put together otherwise.
FEATURES_VERSION: Final = 2
FEATURES_HASH: Final = blake2b(repr((FEATURES_VERSION, FEATURES)).encode(), digest_size=8).hexdigest()


def matrix(rows: Sequence[Row], zone: str) -> npt.NDArray[np.float32]:
    """Return the numeric features, shape (n, len(FEATURES)), float32, NaN where missing."""
    clock, source, destination, flow, content, history = (group.of for group in GROUPS)
    packed = [
        _PACKED(
            *clock(row, zone),
            *source(row, zone),
            *destination(row, zone),
            *flow(row, zone),
            *content(row, zone),
            *history(row, zone),
        )
        for row in rows
    ]
    return np.frombuffer(bytearray().join(packed), dtype=np.float32).reshape(len(rows), len(FEATURES))


# Rounds to 32 bits as numpy does, at a third of the price of an array made of tuples.
_PACKED: Final = Struct(f"={len(FEATURES)}f").pack


def text_of(alert: Alert) -> str:
    """Return what the text models read, cut at TEXT_LIMIT.

    Six lines of the rule (``head_of``): title, class, the ATT&CK techniques and tactics that it states, what
    it looks for, what raises it without an attack, its other tags. Then process, URL and user agent. The
    message is read only where no class says what the title is about. Log lines behind a rule's title are new
    every time: left out, macro-F1 on generated alerts is the same (.753 for .744), a text repeats seven times
    more often, and is remembered.
    """
    title, category, description = alert.title, alert.category, alert.description
    parts = [_line(title), _line(category or "")]
    if alert.techniques or alert.tactics or description or alert.false_positives or alert.tags:
        parts += [
            _line(" ".join(alert.techniques + alert.tactics)),
            _line(description or ""),
            _line(" ".join(alert.false_positives)),
            _line(" ".join(alert.tags)),
        ]
    else:
        parts += _SILENT
    if category is None and alert.message and alert.message not in (title, description):
        parts.append(alert.message)
    if (process := alert.process) is not None:
        parts.extend(part for part in (process.name, process.parent_name, process.command_line) if part)
    if alert.url:
        parts.append(alert.url)
    if alert.user_agent:
        parts.append(alert.user_agent)
    return "\n".join(parts)[:TEXT_LIMIT]


# A rule that says nothing but its title and class.
_SILENT: Final = ("", "", "", "")


def _line(text: str) -> str:
    return text.replace("\n", " ") if "\n" in text else text


def head_of(text: str) -> str:
    """Return the lines of a text that are the detector's own words, which no attacker writes.

    >>> head_of("ET SCAN\\nRecon\\nT1595\\n\\n\\n\\n/etc/passwd")
    'ET SCAN\\nRecon\\nT1595\\n\\n\\n'
    """
    return "\n".join(text.split("\n", HEAD_LINES)[:HEAD_LINES])
