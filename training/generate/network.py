"""The invented company: hosts with roles, users, and the addresses outside. A function of the seed alone."""

from random import Random
from typing import Final, NamedTuple


class Host(NamedTuple):
    """role: key of ``truth.ROLE_POINTS``. number: the agent's number, as text."""

    ip: str
    name: str
    role: str
    number: str


class Company(NamedTuple):
    """by_role: the hosts by role, at least one each. scanners, services: outside addresses seen often."""

    hosts: tuple[Host, ...]
    by_role: dict[str, tuple[Host, ...]]
    users: tuple[str, ...]
    admins: tuple[str, ...]
    scanners: tuple[str, ...]
    services: tuple[str, ...]


# role, name, how many, net, first last-octet. Low addresses for what is fixed, a pool above for the rest, as
# address plans usually are: the octets may say something of a host's role in a company never seen before.
_PLAN: Final = (
    ("dc", "dc{:02d}", 2, "servers", 5),
    ("database", "db{:02d}", 3, "servers", 11),
    ("files", "files{:02d}", 2, "servers", 16),
    ("backup", "backup{:02d}", 1, "servers", 20),
    ("mail", "mail{:02d}", 2, "servers", 24),
    ("app", "app{:02d}", 6, "servers", 30),
    ("web", "web{:02d}", 4, "dmz", 5),
    ("gateway", "vpn{:02d}", 2, "dmz", 12),
    ("proxy", "proxy{:02d}", 1, "dmz", 16),
    ("workstation", "ws-{:03d}", 90, "office", 40),
    ("admin", "adm-{:02d}", 4, "office", 24),
    ("printer", "prn-{:02d}", 6, "devices", 30),
    ("guest", "guest-{:03d}", 12, "guests", 100),
    ("lab", "lab-{:02d}", 8, "lab", 60),
)
_FIRST_NAMES: Final = (
    *("amara", "bruno", "chidi", "dalia", "egon", "farah", "goran", "hana", "imre", "jonas", "kaia", "leila"),
    *(
        "marek",
        "nadia",
        "okan",
        "petra",
        "quentin",
        "rosa",
        "sven",
        "tomas",
        "ulla",
        "viktor",
        "wanda",
        "zora",
    ),
)
# First octets of ordinary unicast space; the rest of an outside address is drawn.
_ORDINARY: Final = (5, 23, 31, 45, 52, 62, 77, 81, 91, 103, 109, 141, 151, 176, 185, 193, 203, 212, 217)
_DOCUMENTATION: Final = ("192.0.2.", "198.51.100.", "203.0.113.")


def outside(dice: Random) -> str:
    """Return an address that is not the company's: one in eight from the documentation ranges (RFC 5737)."""
    roll = dice.random()
    if roll < 0.125:
        return _DOCUMENTATION[int(roll * 24)] + str(1 + int(dice.random() * 254))
    first = _ORDINARY[int(dice.random() * len(_ORDINARY))]
    rest = int(dice.random() * 0xFFFFFF)
    second = rest >> 16
    if (first == 203 and second == 0) or (first == 198 and second == 51):  # keep clear of special ranges
        second = 17
    return f"{first}.{second}.{rest >> 8 & 255}.{1 + rest % 254}"


def company(seed: int) -> Company:
    """Return the company of this seed."""
    dice = Random(f"company:{seed}")
    core = dice.randrange(10, 240)
    nets = {
        "servers": f"10.{core}.{dice.randrange(0, 8)}.",
        "office": f"10.{core}.{dice.randrange(16, 96)}.",
        "devices": f"10.{core}.{dice.randrange(100, 140)}.",
        "lab": f"10.{core}.{dice.randrange(200, 250)}.",
        "dmz": f"172.{dice.randrange(16, 32)}.{dice.randrange(0, 250)}.",
        "guests": f"192.168.{dice.randrange(2, 250)}.",
    }
    hosts: list[Host] = []
    for role, name, many, net, first in _PLAN:
        for i in range(many):
            number = f"{len(hosts) + 1:03d}"
            hosts.append(Host(f"{nets[net]}{first + i}", name.format(i + 1), role, number))
    by_role: dict[str, tuple[Host, ...]] = {}
    for host in hosts:
        by_role[host.role] = (*by_role.get(host.role, ()), host)
    letters = "bcdfghklmnprst"
    users = tuple(f"{name}.{dice.choice(letters)}" for name in _FIRST_NAMES)
    return Company(
        hosts=tuple(hosts),
        by_role=by_role,
        users=users,
        admins=("root", "administrator", f"adm-{users[0]}", f"adm-{users[1]}", "svc-backup"),
        scanners=tuple(outside(dice) for _ in range(40)),
        services=tuple(outside(dice) for _ in range(60)),
    )
