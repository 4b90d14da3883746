"""What a stated value means in the current version of ATT&CK, and what is wrong with it."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from enrich.attack.table import Table

# Begins as an id does, and is none: "T1059.1", "T105", "TA11", "T1059001".
_ALMOST: Final = re.compile(r"(?:attack\.)?ta?[0-9]", re.ASCII)


class Reason(StrEnum):
    """What a stated value is."""

    CURRENT = "current"  # an id or a name of this version
    RENAMED = "renamed"  # a technique or tactic of this version, told by a name that it had before
    REVOKED = "revoked"  # something else took its place: uid is that
    DEPRECATED = "deprecated"  # no more, and nothing took its place
    UNKNOWN = "unknown"  # of an id's shape, but not in Enterprise: of another matrix, newer, or invented
    MALFORMED = "malformed"  # begins like an id and is none
    NOT_ATTACK = "not_attack"  # another scheme's id, or plain words


class Repair(StrEnum):
    """What had to be put right before a value could be read."""

    WRONG_FIELD = "wrong_field"  # a technique where a tactic belongs, or the other way round
    WRONG_CASE = "wrong_case"  # "t1059", "ta0002"
    SPELLING = "spelling"  # "T1059/001", "attack.t1059", "T1059.001 - PowerShell", blanks around it
    NAME = "name"  # told by its name, in a technique's field


class Resolution(NamedTuple):
    """One stated value, read.

    value: as received. field: "techniques" or "tactics", where it stood.
    uid: of the live technique that it means, None if it means none.
    tactics: uids of the tactics that it means instead; two where one was split since.
    asked: the technique's id that the value gives in ATT&CK's spelling, of whatever version; None: none.
    """

    value: str
    field: str
    uid: str | None
    reason: Reason
    repairs: tuple[Repair, ...] = ()
    tactics: tuple[str, ...] = ()
    asked: str | None = None

    @property
    def sound(self) -> bool:
        """Return whether nothing is wrong with the value."""
        return self.reason is Reason.CURRENT and not self.repairs


def resolution(value: str, field: str, table: Table) -> Resolution:
    """Return what a single stated value of the field "techniques" or "tactics" means. Never raises.

    Tactics are looked for first, in either field: their names and ids are no technique's.
    """
    tactics = table.tactic_ids(value)
    if tactics:
        return _tactic(value, field, tactics, table)
    asked = table.technique_id(value)
    if asked is None:
        almost = _ALMOST.match(value.strip().lower()) is not None
        return Resolution(value, field, None, Reason.MALFORMED if almost else Reason.NOT_ATTACK)
    found, current = table.techniques.get(asked), table.current(asked)
    named = asked[1:5] not in value
    if found is None:
        reason = Reason.UNKNOWN
    elif found.live:
        reason = Reason.RENAMED if named and found.name.lower() != value.strip().lower() else Reason.CURRENT
    else:
        reason = Reason.DEPRECATED if current is None else Reason.REVOKED
    repairs = [Repair.WRONG_FIELD] if field != "techniques" else []
    if named:
        repairs.append(Repair.NAME)
    elif value != asked:
        repairs.append(Repair.WRONG_CASE if value.upper() == asked else Repair.SPELLING)
    return Resolution(value, field, current and current.uid, reason, tuple(repairs), asked=asked)


def _tactic(value: str, field: str, tactics: tuple[str, ...], table: Table) -> Resolution:
    """Sources write a tactic by its id, its name or its short name: only an id's case can be wrong."""
    repairs = [Repair.WRONG_FIELD] if field != "tactics" else []
    if value.upper() in table.tactics and value not in table.tactics:
        repairs.append(Repair.WRONG_CASE)
    by_id = value.strip()[:2].upper() == "TA" and value.strip()[2:6].isdigit()
    # The id of a tactic that was split still is one of the two: as such it is current.
    former = len(tactics) > 1 and not by_id
    return Resolution(
        value, field, None, Reason.RENAMED if former else Reason.CURRENT, tuple(repairs), tactics
    )
