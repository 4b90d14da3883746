"""Stated ATT&CK ids: checked, repaired by their shape, made current, and what could not be is noted."""

import pytest

from enrich.attack import Hint, load_attack
from enrich.errors import Quality, QualityCode
from tests.unit.attack_alert import alert

ATTACK = load_attack()
BAD = QualityCode.BAD_TECHNIQUE


def hints(techniques: tuple[str, ...] = (), tactics: tuple[str, ...] = ()) -> tuple[Hint, ...]:
    return ATTACK.hints(alert(techniques=techniques, tactics=tactics))[0]


def test_a_stated_id_is_a_hint_with_its_name_and_where_it_stood() -> None:
    assert hints(techniques=("T1110.001",)) == (
        Hint(
            uid="T1110.001",
            name="Password Guessing",
            tactics=(("TA0006", "Credential Access"),),
            source="stated",
            evidence="techniques: T1110.001",
            confidence=0.9,
            as_received="T1110.001",
            was_revoked=False,
        ),
    )


def test_a_revoked_id_becomes_the_current_one_and_says_so() -> None:
    (hint,) = hints(techniques=("t1086",))
    assert (hint.uid, hint.as_received, hint.was_revoked) == ("T1059.001", "t1086", True)


def test_an_id_of_version_18_becomes_that_of_19_and_was_revoked() -> None:
    (hint,) = hints(techniques=("T1562.001",))
    assert (hint.uid, hint.as_received, hint.was_revoked) == ("T1685", "T1562.001", True)
    assert hint.tactics == (("TA0112", "Defense Impairment"),)


def test_an_id_that_came_with_version_19_stays() -> None:
    (hint,) = hints(techniques=("T1685",))
    assert (hint.uid, hint.as_received, hint.was_revoked) == ("T1685", "T1685", False)


def test_all_ids_of_one_technique_now_are_one_hint() -> None:
    (hint,) = hints(techniques=("T1562", "T1562.001", "T1562.006", "T1685"))
    assert (hint.uid, hint.as_received) == ("T1685", "T1562")


def test_several_ids_in_one_value_are_several_hints() -> None:
    assert [hint.uid for hint in hints(techniques=("T1110, T1078",))] == ["T1110", "T1078"]


def test_two_spellings_of_one_technique_are_one_hint() -> None:
    (hint,) = hints(techniques=("T1086", "T1059.001"))
    assert hint.as_received == "T1086"


@pytest.mark.parametrize("value", ["CST0001", "T9999", "T1043", "T0801", "🐱", "A" * 100_000])
def test_what_is_no_current_technique_gives_a_quality_entry_and_no_hint(value: str) -> None:
    assert ATTACK.hints(alert(techniques=(value,))) == ((), (Quality(BAD, "techniques[0]"),))


def test_a_technique_in_the_tactic_field_is_taken_as_one_and_noted() -> None:
    found, quality = ATTACK.hints(alert(techniques=("T1110",), tactics=("T1059.001",)))
    assert [(hint.uid, hint.evidence, hint.confidence) for hint in found] == [
        ("T1110", "techniques: T1110", 0.9),
        ("T1059.001", "tactics: T1059.001", 0.8),
    ]
    assert quality == (Quality(BAD, "tactics[0]"),)


def test_a_tactic_in_the_technique_field_is_paired_and_noted() -> None:
    found, quality = ATTACK.hints(alert(techniques=("T1053.005", "TA0003")))
    assert found[0].tactics == (("TA0003", "Persistence"),)
    assert quality == (Quality(BAD, "techniques[1]"),)


def test_a_name_in_the_technique_field_is_taken_as_its_id() -> None:
    (hint,) = hints(techniques=("Password Guessing",))
    assert (hint.uid, hint.confidence, hint.as_received) == ("T1110.001", 0.8, "Password Guessing")


@pytest.mark.parametrize(
    ("techniques", "tactics", "paired"),
    [
        (("T1053.005",), (), ()),
        (("T1053.005",), ("Execution",), ("TA0002",)),
        (("T1053.005",), ("persistence", "Privilege_Escalation"), ("TA0003", "TA0004")),
        (("T1053.005",), ("TA0010",), ()),
        (("T1053.005", "T1003"), ("execution", "credential-access"), ("TA0002",)),
        (("T1053.005", "T1078"), ("persistence", "privilege-escalation"), ()),
        (("T1003",), (), ("TA0006",)),
        (("T1003",), ("impact",), ("TA0006",)),
        (("T1055",), ("Defense Evasion",), ("TA0005",)),
        (("T1112",), ("TA0005", "persistence"), ("TA0003", "TA0112")),
        (("T1055",), ("defense-impairment",), ()),
    ],
    ids=[
        "none stated",
        "one that belongs",
        "two that belong",
        "one that does not",
        "of two techniques, the one that belongs",
        "of two techniques, no telling which",
        "its only one",
        "its only one, whatever is stated",
        "of a tactic that was split, its part",
        "likewise by the id, and another",
        "the other part of it",
    ],
)
def test_tactics_are_paired_only_without_doubt(
    techniques: tuple[str, ...], tactics: tuple[str, ...], paired: tuple[str, ...]
) -> None:
    first = hints(techniques=techniques, tactics=tactics)[0]
    assert tuple(uid for uid, _ in first.tactics) == paired


def test_stated_tactics_alone_are_no_hint() -> None:
    assert ATTACK.hints(alert(tactics=("Execution",))) == ((), ())
