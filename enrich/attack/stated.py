"""The first rung: what the source itself states. Checked, repaired by the shape of the id, made current."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from enrich.attack.hint import EVIDENCE_MAX, Hint
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


class _Stated(NamedTuple):
    field: str
    value: str
    technique: Technique
    asked: str  # the id that was stated, in ATT&CK's spelling
    plain: bool  # an id in its own field


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
        path = f"{field}[{index}]"
        tactic = table.tactic_id(value)
        asked = table.technique_id(value) if tactic is None else None
        if tactic is not None:
            named.add(tactic)
            if field != "tactics":
                wrong.append(Quality(QualityCode.BAD_TECHNIQUE, path))
            continue
        technique = table.current(asked) if asked is not None else None
        if asked is None or technique is None:
            wrong.append(Quality(QualityCode.BAD_TECHNIQUE, path))
            continue
        if field != "techniques":
            wrong.append(Quality(QualityCode.BAD_TECHNIQUE, path))
        plain = field == "techniques" and asked[1:5] in value  # else it was told by its name
        found.setdefault(technique.uid, _Stated(field, value, technique, asked, plain))
    hints = tuple(_hint(one, named, len(found) == 1, table) for one in found.values())
    return hints, tuple(dict.fromkeys(wrong))


def _values(techniques: tuple[str, ...], tactics: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    for field, values in (("techniques", techniques), ("tactics", tactics)):
        for index, value in enumerate(values[:VALUES_MAX]):
            for part in _SEPARATORS.split(value)[:VALUES_MAX]:
                if part.strip():
                    yield field, index, part.strip()


def _hint(one: _Stated, named: set[str], alone: bool, table: Table) -> Hint:
    technique = one.technique
    tactics = technique.tactics
    if len(tactics) > 1:
        paired = tuple(uid for uid in tactics if uid in named)
        tactics = paired if alone or len(paired) == 1 else ()
    shown = one.value[:EVIDENCE_MAX]
    return Hint(
        uid=technique.uid,
        name=technique.name,
        tactics=tuple((uid, table.tactics[uid]) for uid in tactics),
        source="stated",
        evidence=f"{one.field}: {shown}",
        confidence=STATED_CONFIDENCE if one.plain else REPAIRED_CONFIDENCE,
        as_received=shown,
        was_revoked=table.is_revoked(one.asked),
    )
