"""Numbered alerts of our own making: Suricata-like and Wazuh-like lines, a few of them large or broken."""

import random
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

# A core or model of the harness that meets this word does harm. Lower-case letters: it must survive every
# step that makes an alert a text.
MARK: Final = "faultmark"
ENTITIES: Final = 240
RULES: Final = 40
LARGE_EVERY: Final = 400
LARGE_BYTES: Final = (20_000, 60_000)
BROKEN_EVERY: Final = 500
LATE_EVERY: Final = 25
LATE_MS: Final = 40_000
TITLES: Final = (
    "ET MALWARE beacon to known host",
    "ET SCAN port sweep",
    "ET POLICY cleartext password",
    "ET EXPLOIT attempt against web server",
)


class Line(NamedTuple):
    """key: the entity, so that an entity's alerts are in one partition. entity: its number."""

    number: int
    key: bytes
    value: bytes
    entity: int


class Lines:
    """The same seed gives the same alerts, but for their times, which are those of sending.

    marked: numbers of the alerts that carry the mark.
    """

    def __init__(self, seed: int, marked: Collection[int] = ()) -> None:
        self._random: Final = random.Random(seed)
        self._marked: Final = frozenset(marked)

    def line(self, number: int, now_ms: int) -> Line:
        """Return the next alert. Numbers come in order."""
        chance = self._random
        entity, rule = chance.randrange(ENTITIES), chance.randrange(RULES)
        address = f"10.{entity // 100}.{entity % 7}.{entity % 100 + 1}"
        late = chance.randrange(LATE_MS) if number % LATE_EVERY == 0 else 0
        title = f"{TITLES[rule % len(TITLES)]} {rule}"
        if number in self._marked:
            title = f"{title} {MARK}"
        elif number % BROKEN_EVERY == BROKEN_EVERY - 1:
            return Line(number, f"ip:{address}".encode(), b"<13>not json %d {" % number, entity)
        make = _wazuh if chance.random() < 0.3 else _eve
        doc = make(number, address, rule, title, now_ms - late)
        if number % LARGE_EVERY == LARGE_EVERY - 1:
            doc["payload_printable"] = "x" * chance.randint(*LARGE_BYTES)
        return Line(number, f"ip:{address}".encode(), orjson.dumps(doc), entity)


def _moment(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03}000+0000"


def _eve(number: int, address: str, rule: int, title: str, time_ms: int) -> dict[str, Any]:
    return {
        "timestamp": _moment(time_ms),
        "flow_id": number,
        "event_type": "alert",
        "src_ip": address,
        "src_port": 40_000 + number % 20_000,
        "dest_ip": f"198.51.100.{rule + 1}",
        "dest_port": (443, 80, 22, 445)[rule % 4],
        "proto": "TCP",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": 2_000_000 + rule,
            "rev": 1,
            "signature": title,
            "category": "A Network Trojan was detected",
            "severity": rule % 3 + 1,
        },
    }


def _wazuh(number: int, address: str, rule: int, title: str, time_ms: int) -> dict[str, Any]:
    return {
        "timestamp": _moment(time_ms),
        "rule": {
            "level": 15 if rule % 8 == 0 else 3 + rule % 9,
            "description": title,
            "id": str(100_000 + rule),
            "groups": ["syslog", "authentication_failed"],
        },
        "agent": {"id": f"{number % 1000:03}", "name": f"host-{address}", "ip": address},
        "manager": {"name": "manager"},
        "id": f"{time_ms}.{number}",
        "decoder": {"name": "sshd"},
        "location": "/var/log/auth.log",
        "full_log": f"sshd: {title} from 203.0.113.{rule + 1} port {number % 60_000}",
    }
