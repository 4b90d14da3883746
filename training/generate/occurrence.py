"""One alert about to be written: what happened, where, when. Formats turn it into bytes."""

from random import Random
from typing import Final, NamedTuple

from training.generate.concepts import CONCEPTS, SERVICES
from training.generate.network import Company, Host, outside
from training.generate.rhythm import is_office
from training.generate.signatures import Signature
from training.generate.truth import severity

MINUTE_MS: Final = 60_000


class Occurrence(NamedTuple):
    """One alert. Copies of it are the same value again.

    time_ms: as the format can write it: mapped alerts tell whole seconds.
    src, dst: addresses or None. host: the device that reports or is affected. shade: 0-1, picks the detail.
    """

    time_ms: int
    format: str
    signature: Signature
    src: str | None
    src_port: int
    dst: str | None
    dst_port: int
    host: Host
    user: str
    blocked: bool
    shade: float
    severity: int
    story: str | None


def occurrence(
    dice: Random,
    own: Company,
    time_ms: int,
    format_name: str,
    signature: Signature,
    host: Host,
    *,
    peer: str | None = None,
    user: str | None = None,
    after: float = 0.0,
    habit: bool = False,
    inside: bool = False,
    story: str | None = None,
) -> Occurrence:
    """Return one alert on ``host``; what is not given is drawn.

    peer: the other side: who attacks (flow "in"), where it goes ("out"), from which own host ("lateral"), who
    logs in or asks (flow "host" with a service; other alerts of hosts have none).
    """
    concept = CONCEPTS[signature.concept]
    if format_name == "mapped":
        time_ms -= time_ms % 1000
    office = is_office(time_ms)
    port = SERVICES[signature.service].port or 1024 + int(dice.random() * 60_000)
    ephemeral = 49_152 + int(dice.random() * 16_000)
    if peer is None and (concept.flow != "host" or concept.service != "none"):
        within = concept.flow == "host" and concept.service != "http" and dice.random() < 0.6
        if concept.flow == "lateral" or within:
            pool = own.by_role["workstation"]
            peer = pool[int(dice.random() * len(pool))].ip
        elif dice.random() < 0.6:
            known = own.services if concept.flow == "out" else own.scanners
            peer = known[int(dice.random() * len(known))]
        else:
            peer = outside(dice)
    src, dst = (host.ip, peer) if concept.flow == "out" else (peer, host.ip)
    blocked = format_name == "suricata" and not inside and concept.flow == "in" and dice.random() < 0.12
    if user is None:
        names = own.admins if host.role in ("dc", "database", "backup", "admin") else own.users
        user = names[int(dice.random() * len(names))]
    true = severity(
        concept, role=host.role, inside=inside, office=office, blocked=blocked, after=after, habit=habit
    )
    return Occurrence(
        time_ms,
        format_name,
        signature,
        src,
        ephemeral,
        dst,
        port,
        host,
        user,
        blocked,
        dice.random(),
        true,
        story,
    )
