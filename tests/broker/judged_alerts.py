"""A team's alerts as its analysts see them: generated ones, and two rules that they all judge alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import orjson

from training.generate import Parameters, samples

# Bootstrap models find the first grave and the second slight; this team's analysts say the opposite.
ALWAYS_FALSE: Final = "EXPLOIT possible VPN gateway arbitrary file read"
ALWAYS_TRUE: Final = "POLICY file upload to WeTransfer"
# Of so many generated alerts one of each of the two comes beside.
EVERY: Final = 12
INFORMATIONAL, HIGH = 1, 4
# This team knows three severities, and takes what happens at night, UTC, for graver: no text tells it.
SEVERITIES: Final = {1: INFORMATIONAL, 2: 2, 3: HIGH, 4: HIGH, 5: HIGH}
AT_NIGHT: Final = {INFORMATIONAL: 2, 2: HIGH, HIGH: HIGH}
NIGHT: Final = range(19, 24), range(7)
HOUR_MS: Final = 3_600_000


class Seen(NamedTuple):
    """line: as the sensor writes it. true, severity: what an analyst finds, class 1-5. title: of the rule."""

    line: bytes
    true: bool
    severity: int
    title: str


def alerts(seed: int, count: int, days: int, start_ms: int | None = None) -> Iterator[Seen]:
    """Yield about ``count`` alerts in time order. The same seed gives the same."""
    from_ms = {} if start_ms is None else {"start_ms": start_ms}
    generated = count * EVERY // (EVERY + 2)
    for number, sample in enumerate(samples(Parameters(seed=seed, count=generated, days=days, **from_ms))):
        severity, hour = SEVERITIES[sample.severity], sample.time_ms // HOUR_MS % 24
        if any(hour in hours for hours in NIGHT):
            severity = AT_NIGHT[severity]
        yield Seen(sample.line, sample.story is not None, severity, "")
        if number % EVERY == 0:
            yield Seen(known(number, sample.time_ms, ALWAYS_FALSE), False, INFORMATIONAL, ALWAYS_FALSE)
            yield Seen(known(number, sample.time_ms, ALWAYS_TRUE), True, HIGH, ALWAYS_TRUE)


def known(number: int, time_ms: int, title: str) -> bytes:
    """Return an alert of one of the two rules. Their sensor states a low severity for both."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    doc = {
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}000+0000",
        "flow_id": 7_000_000_000 + number * 2 + (title == ALWAYS_TRUE),
        "event_type": "alert",
        "src_ip": f"10.{number % 5}.{number % 7}.{number % 200 + 1}",
        "src_port": 40_000 + number % 20_000,
        "dest_ip": "198.51.100.7",
        "dest_port": 443,
        "proto": "TCP",
        "alert": {
            "action": "allowed",
            "gid": 1,
            "signature_id": 9_000_001 + (title == ALWAYS_TRUE),
            "rev": 1,
            "signature": title,
            "category": "Potential Corporate Privacy Violation",
            "severity": 3,
        },
    }
    return orjson.dumps(doc)
