"""The first rung: what the source itself states. Checked, repaired by the shape of the id, made current."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from enrich.attack.hint import EVIDENCE_MAX, Hint
from enrich.attack.resolve import Repair, Resolution, resolution
from enrich.attack.table import Table, Technique
from enrich.errors import Quality, QualityCode

# A stated id comes from the people who wrote the detection, and above every pattern. Not 1: published
# mappings disagree with each other, and with the event at hand, about one time in ten.
STATED_CONFIDENCE: Final = 0.9
# The value was repaired by more than its spelling: a technique's name, or its id in the tactic field.
REPAIRED_CONFIDENCE: Final = 0.8
# Values read of one field; a list beyond it is no statement but noise.
VALUES_MAX: Final = 64
_SEPARATORS: Final = re.compile(r"[,;|]")
_MUCH: Final = frozenset((Repair.WRONG_FIELD, Repair.NAME))


class _Stated(NamedTuple):
    read: Resolution
    technique: Technique


def stated_hints(
    techniques: tuple[str, ...], tactics: tuple[str, ...], table: Table
) -> tuple[tuple[Hint, ...], tuple[Quality, ...]]:
    """Return the hints that the source states, in its order, and a quality entry per value it got wrong.

    A technique id in the tactic field counts as a technique, a tactic in the technique field as a tactic
    (both with an entry). What is not in the table, is of another scheme ("CST0001") or has no live successor
    gives an entry and no hint. Tactics are paired where that leaves no doubt: the stated ones that belong to
    the only technique stated, or the single stated one that belongs to this one.
    """
    found: dict[str, _Stated] = {}
    named: set[str] = set()
    wrong: list[Quality] = []
    for field, index, value in _values(techniques, tactics):
        read = resolution(value, field, table)
        named.update(read.tactics)
        technique = table.techniques[read.uid] if read.uid is not None else None
        if Repair.WRONG_FIELD in read.repairs or (technique is None and not read.tactics):
            wrong.append(Quality(QualityCode.BAD_TECHNIQUE, f"{field}[{index}]"))
        if technique is not None:
            found.setdefault(technique.uid, _Stated(read, technique))
    hints = tuple(_hint(one, named, len(found) == 1, table) for one in found.values())
    return hints, tuple(dict.fromkeys(wrong))


def _values(techniques: tuple[str, ...], tactics: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    for field, values in (("techniques", techniques), ("tactics", tactics)):
        for index, value in enumerate(values[:VALUES_MAX]):
            for part in _SEPARATORS.split(value)[:VALUES_MAX]:
                if part.strip():
                    yield field, index, part.strip()


def _hint(one: _Stated, named: set[str], alone: bool, table: Table) -> Hint:
    read, technique = one
    tactics = technique.tactics
    if len(tactics) > 1:
        paired = tuple(uid for uid in tactics if uid in named)
        tactics = paired if alone or len(paired) == 1 else ()
    shown = read.value[:EVIDENCE_MAX]
    return Hint(
        uid=technique.uid,
        name=technique.name,
        tactics=tuple((uid, table.tactics[uid]) for uid in tactics),
        source="stated",
        evidence=f"{read.field}: {shown}",
        confidence=REPAIRED_CONFIDENCE if _MUCH.intersection(read.repairs) else STATED_CONFIDENCE,
        as_received=shown,
        was_revoked=read.asked is not None and table.is_revoked(read.asked),
    )
