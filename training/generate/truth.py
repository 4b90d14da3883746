"""How grave an alert truly is: from the whole of what happened, never from what its rule says of itself.

The model has to find this again from the text, the addresses, the hour and the history; none of it is written
into an alert in words.
"""

from typing import Final

from training.generate.concepts import Concept

# What a host is worth to the company, in points. A laboratory, where tools are tried, takes from it.
ROLE_POINTS: Final[dict[str, float]] = {
    "dc": 1.6,
    "database": 1.2,
    "backup": 1.2,
    "files": 0.8,
    "mail": 0.5,
    "app": 0.5,
    "web": 0.3,
    "gateway": 0.6,
    "proxy": 0.0,
    "workstation": 0.0,
    "admin": -0.8,
    "printer": -0.2,
    "guest": -1.4,
    "lab": -2.6,
}
# Points from which class 2, 3, 4, 5 begin.
_STEPS: Final = (2.0, 4.0, 6.0, 8.2)


def severity(
    concept: Concept,
    *,
    role: str,
    inside: bool,
    office: bool,
    blocked: bool,
    after: float,
    habit: bool,
) -> int:
    """Return the true class, 1 informational to 5 critical.

    role: of the host it happened to. inside: the source is one of the company's own although the rule looks
    for outsiders (a scan from within). office: at office hours. blocked: the detector stopped it.
    after: 0-5 points for the steps of the same story before it. habit: this host repeats this alert all day.
    """
    points = concept.gravity + after
    if concept.gravity >= 1.0:
        points += ROLE_POINTS[role]
    if inside and concept.flow == "in":
        points += 2.4
    if concept.person and concept.gravity >= 0.7:
        points += -0.4 if office else 1.4
    if blocked:
        points -= 1.6
    if habit:
        points -= 1.5
    return 1 + sum(points >= step for step in _STEPS)
