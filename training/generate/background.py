"""Background noise: what detectors say all day of a company to which nothing happens."""

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from training.generate.concepts import CONCEPTS
from training.generate.network import Company, Host
from training.generate.occurrence import Occurrence, occurrence
from training.generate.rhythm import HOUR_MS, people
from training.generate.signatures import SIGNATURES, Signature

# Concept → (weight, roles that it happens to). A role named twice is twice as likely. Grave things happen
# here too, as they do: in the laboratory, by administrators at work, and as detectors' mistakes.
_OFFICE: Final = ("workstation", "workstation", "workstation", "workstation", "admin", "printer", "guest")
_SERVERS: Final = ("app", "app", "database", "files", "mail", "web", "dc", "backup")
_ANY: Final = (*_OFFICE, *_SERVERS)
_DMZ: Final = ("web", "web", "web", "mail", "gateway", "proxy")
_TRIED: Final = ("lab", "lab", "lab", "admin", "workstation")

MIX: Final[dict[str, tuple[float, tuple[str, ...]]]] = {
    "tls.odd": (9, _ANY),
    "http.odd": (7, _DMZ),
    "stream.odd": (9, _ANY),
    "dns.tld": (8, _OFFICE),
    "agent.update": (6, _ANY),
    "policy.chat": (3, _OFFICE),
    "policy.p2p": (2, ("workstation", "guest", "guest", "lab")),
    "policy.remote_tool": (2, ("workstation", "admin", "app")),
    "policy.share": (3, _OFFICE),
    "policy.cleartext": (3, _ANY),
    "reputation.in": (8, _DMZ),
    "tor.in": (3, _DMZ),
    "tor.out": (0.7, ("workstation", "guest", "lab")),
    "auth.success": (12, _ANY),
    "auth.fail": (6, _ANY),
    "auth.unknown_user": (4, ("web", "mail", "gateway", "app")),
    "session": (9, _ANY),
    "sudo": (4, ("admin", "app", "web", "database", "lab")),
    "service.state": (6, _ANY),
    "package": (3, _ANY),
    "av.update": (5, _ANY),
    "config.change": (2.5, _ANY),
    "integrity": (4, (*_SERVERS, "workstation")),
    "web.error": (9, ("web",)),
    "web.errors_many": (2, ("web",)),
    "account.create": (0.7, ("dc", "app", "workstation", "lab")),
    "account.admin": (0.5, ("dc", "lab", "app")),
    "new.value": (9, _SERVERS),
    "new.combination": (9, _SERVERS),
    "rate.odd": (3, _SERVERS),
    "text.odd": (2, ("web", "dc", "proxy")),
    "load.odd": (2, _SERVERS),
    "scan.port": (7, _DMZ),
    "scan.service": (6, _DMZ),
    "scan.web": (5, ("web",)),
    "auth.brute": (2, _DMZ),
    "auth.spray": (0.4, ("dc",)),
    "web.attack": (4, ("web",)),
    "web.shell": (0.15, ("lab", "web")),
    "exploit": (2.5, ("web", "web", "gateway", "mail", "lab")),
    "exploit.answer": (0.2, ("lab", "app", "web")),
    "phish.mail": (2, ("mail",)),
    "phish.visit": (0.6, _OFFICE),
    "malware.download": (0.7, ("workstation", "workstation", "guest", "lab", "admin")),
    "dos": (0.8, _DMZ),
    "macro": (0.3, ("workstation", "lab")),
    "script": (1.2, (*_TRIED, "app")),
    "lolbin": (1.2, _TRIED),
    "task": (1.5, _ANY),
    "persist": (1, (*_TRIED, "app")),
    "discovery": (1.5, ("admin", "admin", "lab", "app")),
    "av.found": (0.8, ("workstation", "workstation", "lab", "files")),
    "av.off": (0.4, _TRIED),
    "log.cleared": (0.2, _TRIED),
    "cred.dump": (0.3, ("lab", "lab", "admin")),
    "cred.kerberos": (0.25, ("dc", "lab")),
    "lateral.smb": (0.5, ("lab", "app", "files")),
    "lateral.rdp": (2, _SERVERS),
    "lateral.exec": (0.6, ("lab", "lab", "app")),
    "beacon": (0.5, ("workstation", "guest", "lab", "lab")),
    "dns.tunnel": (0.5, ("workstation", "proxy", "lab")),
    "dns.generated": (0.8, _OFFICE),
    "collect": (0.7, ("workstation", "admin", "backup")),
    "mass.read": (0.7, ("files",)),
    "usb": (1.2, ("workstation",)),
    "exfil": (0.6, ("workstation", "guest", "backup")),
    "miner.pool": (0.3, ("guest", "lab")),
    "miner.process": (0.15, ("lab",)),
    "backup.gone": (0.12, ("backup", "lab")),
    "encrypt": (0.06, ("lab",)),
}


class _Mixed(NamedTuple):
    concepts: tuple[str, ...]
    until: tuple[float, ...]  # running sum of weights


def _mixed(format_name: str, *, by_people: bool) -> _Mixed:
    concepts = tuple(
        name
        for name in MIX
        if name in SIGNATURES[format_name]
        and (CONCEPTS[name].person or CONCEPTS[name].flow == "out") is by_people
    )
    return _Mixed(concepts, tuple(accumulate(MIX[name][0] for name in concepts)))


_BY_PEOPLE: Final = {name: _mixed(name, by_people=True) for name in SIGNATURES}
_BY_MACHINES: Final = {name: _mixed(name, by_people=False) for name in SIGNATURES}


def pick(dice: Random, signatures: tuple[Signature, ...]) -> Signature:
    """Return one of the signatures; of chatty concepts the first ones fire more often, as rules do."""
    place = dice.random()
    if CONCEPTS[signatures[0].concept].chatty:
        place *= dice.random()
    return signatures[int(place * len(signatures))]


def host_of(dice: Random, own: Company, roles: tuple[str, ...]) -> Host:
    hosts = own.by_role[roles[int(dice.random() * len(roles))]]
    return hosts[int(dice.random() * len(hosts))]


def background(
    dice: Random, own: Company, hour_ms: int, rows: int, formats: tuple[tuple[str, float], ...]
) -> Iterator[Occurrence]:
    """Yield exactly ``rows`` alerts of the hour that begins at ``hour_ms``: in no order, copies together.

    formats: (name, running share up to 1).
    """
    human = people(hour_ms)
    human_share = human / (human + 30.0)
    while rows > 0:
        roll = dice.random()
        format_name = next(name for name, until in formats if roll <= until)
        mixed = (_BY_PEOPLE if dice.random() < human_share else _BY_MACHINES)[format_name]
        if not mixed.concepts:
            continue
        name = dice.choices(mixed.concepts, cum_weights=mixed.until)[0]
        concept = CONCEPTS[name]
        inside = concept.flow == "in" and dice.random() < 0.04
        peer = host_of(dice, own, ("workstation", "lab", "guest")).ip if inside else None
        one = occurrence(
            dice,
            own,
            hour_ms + int(dice.random() * HOUR_MS),
            format_name,
            pick(dice, SIGNATURES[format_name][name]),
            host_of(dice, own, MIX[name][1]),
            peer=peer,
            inside=inside,
        )
        yield one
        rows -= 1
        while rows > 0 and dice.random() < concept.chatty:
            yield one
            rows -= 1
