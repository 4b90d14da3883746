"""Floods: many alerts of one cause. Most of an alert stream is this, and most of it says nothing new."""

from collections.abc import Callable
from random import Random
from typing import Final

from training.generate.background import MIX, host_of, pick
from training.generate.network import Company, outside
from training.generate.occurrence import Occurrence, occurrence
from training.generate.rhythm import DAY_MS, HOUR_MS
from training.generate.signatures import SIGNATURES

_MISCONFIGURED: Final = (
    "auth.fail",
    "tls.odd",
    "dns.tld",
    "new.combination",
    "web.error",
    "service.state",
    "stream.odd",
)


def scan_burst(dice: Random, own: Company, day_ms: int, rows: int, format_name: str) -> list[Occurrence]:
    """One outside address goes over the DMZ, in minutes."""
    names = [name for name in ("scan.port", "scan.service", "scan.web") if name in SIGNATURES[format_name]]
    if not names:
        return misconfigured(dice, own, day_ms, rows, format_name)
    source, start = outside(dice), day_ms + int(dice.random() * DAY_MS)
    length_ms = rows * (200 + int(dice.random() * 2_000))
    found = []
    for i in range(rows):
        signature = pick(dice, SIGNATURES[format_name][names[int(dice.random() * len(names))]])
        host = host_of(dice, own, ("web", "gateway", "mail", "proxy"))
        at = start + length_ms * i // rows
        found.append(occurrence(dice, own, at, format_name, signature, host, peer=source, habit=i > 20))
    return found


def misconfigured(dice: Random, own: Company, day_ms: int, rows: int, format_name: str) -> list[Occurrence]:
    """One host says the same all through some hours; each alert arrives several times, byte for byte."""
    names = [name for name in _MISCONFIGURED if name in SIGNATURES[format_name]]
    signature = pick(dice, SIGNATURES[format_name][names[int(dice.random() * len(names))]])
    host = host_of(dice, own, MIX[signature.concept][1])
    user, peer = "svc-" + host.name, own.services[int(dice.random() * len(own.services))]
    start, length_ms = day_ms + int(dice.random() * DAY_MS), int((1 + 7 * dice.random()) * HOUR_MS)
    found: list[Occurrence] = []
    while len(found) < rows:
        at = start + length_ms * len(found) // rows
        one = occurrence(
            dice, own, at, format_name, signature, host, peer=peer, user=user, habit=len(found) > 20
        )
        found.extend([one] * (2 + int(dice.random() * 6)))
    return found[:rows]


def rollout(dice: Random, own: Company, day_ms: int, rows: int, format_name: str) -> list[Occurrence]:
    """An update goes over all hosts within an hour or two, by night."""
    names = [name for name in ("package", "av.update", "agent.update") if name in SIGNATURES[format_name]]
    if not names:
        return misconfigured(dice, own, day_ms, rows, format_name)
    signature = pick(dice, SIGNATURES[format_name][names[int(dice.random() * len(names))]])
    start, length_ms = day_ms + int(dice.random() * 5 * HOUR_MS), int((0.5 + dice.random()) * HOUR_MS)
    peer = own.services[0]
    found = []
    for i in range(rows):
        host = own.hosts[i % len(own.hosts)]
        at = start + length_ms * i // rows
        found.append(
            occurrence(
                dice, own, at, format_name, signature, host, peer=peer, user="svc-deploy", habit=i > 20
            )
        )
    return found


# Fewer alerts than this are no flood.
FEWEST: Final = 40
# Weighted by how often they stand here.
FLOODS: Final[tuple[Callable[[Random, Company, int, int, str], list[Occurrence]], ...]] = (
    misconfigured,
    scan_burst,
    misconfigured,
    rollout,
)


def flood(
    dice: Random, own: Company, day_ms: int, most: int, number: int, format_name: str
) -> list[Occurrence]:
    """Return one flood of FEWEST to ``most`` alerts that starts on this day; the kinds follow each other."""
    rows = FEWEST + int(dice.random() ** 2 * (most - FEWEST))
    return FLOODS[number % len(FLOODS)](dice, own, day_ms, rows, format_name)
