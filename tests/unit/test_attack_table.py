"""The ATT&CK table: what an id or a name of any version stands for now."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.attack.table import Table
from enrich.errors import SettingsWrong

TABLE = Table((files("enrich.attack") / "techniques.json").read_bytes())


def small(**changes: Any) -> bytes:
    document = {
        "version": "1.0",
        "tactics": {"TA0001": ["Initial Access", "initial-access"]},
        "techniques": {"T1001": ["One", "TA0001"]},
        "revoked": {"T1002": ["Two", "T1001"]},
        "deprecated": {"T1003": "Three"},
        "later": {},
        "later_tactics": {},
    }
    return json.dumps(document | changes).encode()


def test_the_table_has_every_live_technique_of_its_version() -> None:
    assert TABLE.version == "18.1"
    assert sum(technique.live for technique in TABLE.techniques.values()) == 691


def test_the_table_carries_the_notice_of_mitre() -> None:
    document = json.loads((files("enrich.attack") / "techniques.json").read_bytes())
    assert "The MITRE Corporation" in document["notice"]


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("T1059", "T1059"),
        ("T1059.001", "T1059.001"),
        ("t1059.001", "T1059.001"),
        (" T1059/001 ", "T1059.001"),
        ("T1059_001", "T1059.001"),
        ("attack.t1059.001", "T1059.001"),
        ("T1059.001 - PowerShell", "T1059.001"),
        ("T1059: Command and Scripting Interpreter", "T1059"),
        ("powershell", "T1059.001"),
        ("T9999", "T9999"),
        ("CST0001", None),
        ("T10590", None),
        ("T1059001", None),
        ("AT1059", None),
        ("Ｔ1059", None),
        ("T١٠٥٩", None),
        ("", None),
    ],
)
def test_an_id_is_told_by_its_shape(text: str, uid: str | None) -> None:
    assert TABLE.technique_id(text) == uid


def test_a_name_that_two_techniques_share_names_neither() -> None:
    assert TABLE.technique_id("Domain Account") is None


@pytest.mark.parametrize(
    ("uid", "now"),
    [
        ("T1059.001", "T1059.001"),
        ("T1086", "T1059.001"),
        ("T1073", "T1574.001"),
        ("T1685", "T1562.001"),
        ("T1043", None),
        ("T9999", None),
    ],
    ids=["live", "revoked", "revoked twice", "of the next version", "deprecated", "unknown"],
)
def test_an_old_or_newer_id_becomes_the_live_one(uid: str, now: str | None) -> None:
    found = TABLE.current(uid)
    assert (found.uid if found else None) == now


def test_every_revoked_id_leads_to_a_live_technique() -> None:
    revoked = [uid for uid, technique in TABLE.techniques.items() if technique.revoked]
    assert len(revoked) == 132
    assert all(TABLE.current(uid) for uid in revoked)


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("TA0011", "TA0011"),
        ("ta0011", "TA0011"),
        ("TA0011: Command and Control", "TA0011"),
        ("Command_And_Control", "TA0011"),
        ("command-and-control", "TA0011"),
        ("Command & Control", "TA0011"),
        ("attack.credential-access", "TA0006"),
        ("stealth", "TA0005"),
        ("TA9999", None),
        ("CSTA0004", None),
        ("malware", None),
    ],
)
def test_a_tactic_is_told_by_its_id_or_name(text: str, uid: str | None) -> None:
    assert TABLE.tactic_id(text) == uid


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_none(text: str) -> None:
    for uid in (TABLE.technique_id(text), TABLE.tactic_id(text)):
        assert uid is None or uid[0] == "T"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not readable"),
        (b"[]", "not readable"),
        (b"{}", "not readable"),
        (small(techniques={"T1001": ["One", "TA0009"]}), "T1001 names a tactic"),
        (small(revoked={"T1002": ["Two", "T1004"]}), "successors of T1002"),
        (small(revoked={"T1002": ["Two", "T1003"]}), "successors of T1002"),
        (small(revoked={"T1002": ["Two", "T1004"], "T1004": ["Four", "T1002"]}), "successors of T1002"),
        (small(later={"T2001": "T1003"}), "T2001 of a later version"),
    ],
    ids=[
        "empty",
        "list",
        "no keys",
        "unknown tactic",
        "no successor",
        "deprecated successor",
        "circle",
        "later",
    ],
)
def test_a_table_that_is_not_sound_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(SettingsWrong, match=says):
        Table(data)
