"""Attack stories: ordered steps over minutes to hours, seen by one, two or all three detectors."""

from random import Random
from typing import Final, NamedTuple

from training.generate.background import host_of
from training.generate.network import Company, Host, outside
from training.generate.occurrence import Occurrence, occurrence
from training.generate.rhythm import DAY_MS, HOUR_MS
from training.generate.signatures import SIGNATURES

_MINUTE_MS: Final = 60_000


class Step(NamedTuple):
    """concept: what happens. on: a name for the host it happens to, the same within one story.

    times: fewest and most alerts of it. minutes: shortest and longest pause before it.
    after: points that the steps before it add to its severity.
    """

    concept: str
    on: str
    times: tuple[int, int]
    minutes: tuple[float, float]
    after: float


class Story(NamedTuple):
    """hours: of the day at which it may begin. roles: host name in the steps → roles it is drawn from."""

    hours: tuple[int, int]
    roles: dict[str, tuple[str, ...]]
    steps: tuple[Step, ...]


_SERVER: Final = ("dc", "database", "files", "app")

STORIES: Final[dict[str, Story]] = {
    "intrusion": Story(
        (0, 24),
        {"edge": ("web", "gateway"), "pivot": ("app", "files", "workstation"), "goal": ("dc", "database")},
        (
            Step("scan.port", "edge", (2, 6), (0, 1), 0),
            Step("scan.web", "edge", (2, 5), (1, 20), 0),
            Step("exploit", "edge", (1, 3), (5, 60), 0.4),
            Step("exploit.answer", "edge", (1, 2), (0.05, 1), 0.8),
            Step("script", "edge", (1, 3), (1, 10), 1.6),
            Step("discovery", "edge", (1, 3), (1, 15), 2.2),
            Step("cred.dump", "pivot", (1, 2), (5, 50), 0.6),
            Step("lateral.exec", "pivot", (1, 3), (2, 30), 1.4),
            Step("lateral.smb", "goal", (1, 2), (2, 30), 1.6),
            Step("collect", "goal", (1, 2), (5, 60), 2.4),
            Step("exfil", "goal", (1, 3), (5, 60), 2.2),
        ),
    ),
    "ransomware": Story(
        (17, 28),
        {"first": ("workstation",), "goal": ("dc",), "store": ("files", "backup")},
        (
            Step("beacon", "first", (1, 4), (0, 1), 0.6),
            Step("discovery", "first", (1, 3), (5, 40), 1.8),
            Step("cred.dump", "first", (1, 2), (5, 40), 0.8),
            Step("cred.kerberos", "goal", (1, 2), (2, 20), 0.8),
            Step("lateral.smb", "store", (1, 3), (5, 60), 1.8),
            Step("av.off", "store", (1, 2), (1, 10), 2.0),
            Step("log.cleared", "store", (1, 1), (1, 10), 1.6),
            Step("backup.gone", "store", (1, 2), (1, 10), 1.0),
            Step("encrypt", "store", (2, 6), (0.5, 5), 1.0),
        ),
    ),
    "phishing": Story(
        (8, 16),
        {"mail": ("mail",), "first": ("workstation",), "goal": ("files", "app")},
        (
            Step("phish.mail", "mail", (1, 5), (0, 1), 0),
            Step("phish.visit", "first", (1, 2), (2, 60), 0.8),
            Step("malware.download", "first", (1, 2), (0.2, 5), 1.0),
            Step("macro", "first", (1, 1), (0.1, 2), 1.0),
            Step("script", "first", (1, 3), (0.1, 2), 1.8),
            Step("persist", "first", (1, 2), (0.5, 10), 1.6),
            Step("beacon", "first", (2, 8), (1, 20), 0.8),
            Step("lateral.rdp", "goal", (1, 2), (20, 120), 2.4),
            Step("mass.read", "goal", (1, 2), (5, 60), 2.2),
        ),
    ),
    "web attack": Story(
        (0, 24),
        {"edge": ("web",), "goal": ("database",)},
        (
            Step("scan.web", "edge", (2, 6), (0, 1), 0),
            Step("web.errors_many", "edge", (1, 4), (0.5, 5), 0.5),
            Step("text.odd", "edge", (1, 4), (0.1, 5), 0.6),
            Step("web.attack", "edge", (2, 8), (0.5, 15), 0.8),
            Step("web.shell", "edge", (1, 3), (2, 30), 0.9),
            Step("script", "edge", (1, 2), (1, 10), 1.8),
            Step("mass.read", "goal", (1, 2), (5, 60), 2.4),
            Step("exfil", "goal", (1, 2), (2, 40), 2.0),
        ),
    ),
    "brute force": Story(
        (18, 30),
        {"edge": ("gateway", "web", "mail"), "goal": _SERVER},
        (
            Step("scan.service", "edge", (1, 4), (0, 1), 0),
            Step("auth.unknown_user", "edge", (3, 10), (0.1, 2), 0.2),
            Step("auth.fail", "edge", (6, 25), (0.1, 2), 0.4),
            Step("auth.brute", "edge", (1, 4), (0.1, 1), 0.5),
            Step("auth.success", "edge", (1, 1), (0.2, 10), 5.0),
            Step("sudo", "edge", (1, 2), (0.5, 15), 4.0),
            Step("account.create", "edge", (1, 1), (1, 10), 2.6),
            Step("lateral.rdp", "goal", (1, 3), (5, 60), 2.8),
        ),
    ),
    "insider": Story(
        (18, 23),
        {"first": ("workstation",), "store": ("files", "database")},
        (
            Step("auth.success", "first", (1, 1), (0, 1), 1.0),
            Step("mass.read", "store", (2, 6), (2, 30), 1.2),
            Step("collect", "first", (1, 3), (5, 40), 1.4),
            Step("usb", "first", (1, 2), (1, 20), 2.2),
            Step("policy.share", "first", (1, 3), (1, 20), 2.6),
            Step("exfil", "first", (1, 3), (1, 30), 1.2),
        ),
    ),
    "miner": Story(
        (0, 24),
        {"edge": ("app", "web")},
        (
            Step("exploit", "edge", (1, 2), (0, 1), 0.4),
            Step("malware.download", "edge", (1, 2), (0.1, 3), 0.6),
            Step("task", "edge", (1, 2), (0.1, 5), 1.6),
            Step("miner.process", "edge", (1, 3), (0.2, 5), 0.8),
            Step("miner.pool", "edge", (2, 8), (0.5, 20), 0.8),
            Step("load.odd", "edge", (1, 3), (5, 40), 1.6),
        ),
    ),
    "domain takeover": Story(
        (0, 24),
        {"first": ("workstation",), "goal": ("dc",)},
        (
            Step("dns.tunnel", "first", (2, 6), (0, 1), 0.6),
            Step("discovery", "first", (1, 4), (2, 30), 1.8),
            Step("auth.spray", "goal", (1, 3), (5, 30), 0.6),
            Step("cred.kerberos", "goal", (1, 3), (2, 30), 0.8),
            Step("lateral.exec", "goal", (1, 3), (5, 60), 1.2),
            Step("account.admin", "goal", (1, 2), (1, 15), 2.4),
            Step("cred.dump", "goal", (1, 2), (1, 15), 1.0),
            Step("log.cleared", "goal", (1, 1), (1, 20), 1.8),
        ),
    ),
}
NAMES: Final = tuple(STORIES)


def told(
    dice: Random, own: Company, day_ms: int, number: int, turn: int, formats: tuple[tuple[str, float], ...]
) -> list[Occurrence]:
    """Return the alerts of one story that begins on this day; none where no wanted format has its rules.

    number: from 0; the kinds of story follow each other. turn: which of a step's signatures see it, so that
    over many stories each of them has its turn.
    formats: (name, running share up to 1); one detector sees an alert, in a third of cases others too.
    """
    name = NAMES[number % len(NAMES)]
    story, turn = STORIES[name], turn + number % len(NAMES) + number // len(NAMES)
    first, last = story.hours
    at = day_ms + int((first + dice.random() * (last - first)) * HOUR_MS) % DAY_MS
    attacker, user = outside(dice), own.users[int(dice.random() * len(own.users))]
    hosts: dict[str, Host] = {on: host_of(dice, own, roles) for on, roles in story.roles.items()}
    origin = next(iter(hosts.values())).ip  # the foothold: where lateral steps come from
    label = f"{name} {number + 1}"
    found = []
    for step in story.steps:
        able = [entry[0] for entry in formats if step.concept in SIGNATURES[entry[0]]]
        at += int((step.minutes[0] + dice.random() * (step.minutes[1] - step.minutes[0])) * _MINUTE_MS)
        if not able:
            continue
        seen_by = able[int(dice.random() * len(able))]
        rules = {format_name: SIGNATURES[format_name][step.concept] for format_name in able}
        host = hosts[step.on]
        for _ in range(step.times[0] + int(dice.random() * (step.times[1] - step.times[0] + 1))):
            at += int(dice.random() * 0.6 * _MINUTE_MS)
            for format_name in able:
                if format_name != seen_by and dice.random() > 0.33:
                    continue
                delay = 0 if format_name == seen_by else int(dice.random() * 4_000)
                found.append(
                    occurrence(
                        dice,
                        own,
                        at + delay,
                        format_name,
                        rules[format_name][turn % len(rules[format_name])],
                        host,
                        peer=origin if step.concept.startswith(("lateral", "cred.kerberos")) else attacker,
                        user=user,
                        after=step.after,
                        story=label,
                    )
                )
    return found
