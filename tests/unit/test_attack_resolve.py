"""What a stated value means now and what is wrong with it: one row of a linter's report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.attack import Reason, Repair, load_attack

ATTACK = load_attack()


@pytest.mark.parametrize(
    ("value", "uid", "reason", "repairs"),
    [
        ("T1059.001", "T1059.001", Reason.CURRENT, ()),
        ("t1059.001", "T1059.001", Reason.CURRENT, (Repair.WRONG_CASE,)),
        ("attack.t1059.001", "T1059.001", Reason.CURRENT, (Repair.SPELLING,)),
        ("T1059/001", "T1059.001", Reason.CURRENT, (Repair.SPELLING,)),
        ("T1059: Command and Scripting Interpreter", "T1059", Reason.CURRENT, (Repair.SPELLING,)),
        ("PowerShell", "T1059.001", Reason.CURRENT, (Repair.NAME,)),
        ("Exploitation for Defense Evasion", "T1211", Reason.RENAMED, (Repair.NAME,)),
        ("Impair Defenses", "T1685", Reason.REVOKED, (Repair.NAME,)),
        ("T1086", "T1059.001", Reason.REVOKED, ()),
        ("T1562.001", "T1685", Reason.REVOKED, ()),
        ("T1089", "T1685", Reason.REVOKED, ()),
        ("T1043", None, Reason.DEPRECATED, ()),
        ("T9999", None, Reason.UNKNOWN, ()),
        ("T0801", None, Reason.UNKNOWN, ()),
        ("T1059.1", None, Reason.MALFORMED, ()),
        ("T1059.0001", None, Reason.MALFORMED, ()),
        ("T105", None, Reason.MALFORMED, ()),
        ("T10590", None, Reason.MALFORMED, ()),
        ("TA00", None, Reason.MALFORMED, ()),
        ("CST0001", None, Reason.NOT_ATTACK, ()),
        ("AML.T0051", None, Reason.NOT_ATTACK, ()),
        ("CAPEC-66", None, Reason.NOT_ATTACK, ()),
        ("malware", None, Reason.NOT_ATTACK, ()),
        ("", None, Reason.NOT_ATTACK, ()),
    ],
)
def test_a_value_in_the_technique_field(
    value: str, uid: str | None, reason: Reason, repairs: tuple[Repair, ...]
) -> None:
    found = ATTACK.resolve(value)
    assert (found.value, found.uid, found.reason, found.repairs) == (value, uid, reason, repairs)


def test_a_technique_in_the_tactic_field_is_in_the_wrong_field() -> None:
    found = ATTACK.resolve("T1059", "tactics")
    assert (found.uid, found.reason, found.repairs) == ("T1059", Reason.CURRENT, (Repair.WRONG_FIELD,))


def test_a_tactic_in_the_technique_field_is_in_the_wrong_field() -> None:
    found = ATTACK.resolve("TA0002")
    assert (found.uid, found.tactics, found.repairs) == (None, ("TA0002",), (Repair.WRONG_FIELD,))


@pytest.mark.parametrize(
    ("value", "tactics", "reason"),
    [
        ("TA0011", ("TA0011",), Reason.CURRENT),
        ("command-and-control", ("TA0011",), Reason.CURRENT),
        ("Stealth", ("TA0005",), Reason.CURRENT),
        ("TA0112", ("TA0112",), Reason.CURRENT),
        ("defense-evasion", ("TA0005", "TA0112"), Reason.RENAMED),
        ("Defense Evasion", ("TA0005", "TA0112"), Reason.RENAMED),
        ("TA0005", ("TA0005", "TA0112"), Reason.CURRENT),
        ("ta0005", ("TA0005", "TA0112"), Reason.CURRENT),
    ],
)
def test_a_value_in_the_tactic_field(value: str, tactics: tuple[str, ...], reason: Reason) -> None:
    found = ATTACK.resolve(value, "tactics")
    assert (found.uid, found.tactics, found.reason) == (None, tactics, reason)


def test_only_a_current_value_in_its_own_spelling_and_field_is_sound() -> None:
    sound = [value for value in ("T1059", "t1059", "T1086", "TA0002", "x") if ATTACK.resolve(value).sound]
    assert sound == ["T1059"]


@given(st.text(max_size=40) | st.from_regex(r"(attack\.)?[tT]{1,2}A?[0-9]{0,6}([./_][0-9]{1,4})?.?"))
def test_any_value_is_read_and_what_is_named_is_live(value: str) -> None:
    for field in ("techniques", "tactics"):
        found = ATTACK.resolve(value, field)
        assert found.uid is None or ATTACK._table.techniques[found.uid].live
        assert (found.uid is None) or found.reason in (Reason.CURRENT, Reason.RENAMED, Reason.REVOKED)
        assert not (found.uid and found.tactics)
