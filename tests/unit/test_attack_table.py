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
        "former_names": {},
        "former_tactics": {},
    }
    return json.dumps(document | changes).encode()


def test_the_table_has_every_live_technique_of_its_version() -> None:
    live = [technique for technique in TABLE.techniques.values() if technique.live]
    assert TABLE.version == "19.2"
    assert (len(live), sum(technique.parent is None for technique in live)) == (697, 222)


def test_a_sub_technique_has_a_live_parent_and_its_tactics() -> None:
    for technique in TABLE.techniques.values():
        if technique.live and technique.parent is not None:
            assert TABLE.techniques[technique.parent].live
            assert TABLE.techniques[technique.parent].tactics == technique.tactics


def test_a_tactic_that_was_split_is_two_of_which_no_technique_has_both() -> None:
    assert TABLE.tactic_ids("Defense Evasion") == ("TA0005", "TA0112")
    assert not [each for each in TABLE.techniques.values() if {"TA0005", "TA0112"} <= set(each.tactics)]


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
        ("T1059.1", None),
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


def test_a_technique_is_told_by_a_name_that_it_had_before() -> None:
    assert TABLE.technique_id("LLMNR/NBT-NS Poisoning and SMB Relay") == "T1557.001"


@pytest.mark.parametrize(
    ("uid", "now"),
    [
        ("T1059.001", "T1059.001"),
        ("T1086", "T1059.001"),
        ("T1073", "T1574.001"),
        ("T1562.001", "T1685"),
        ("T1685", "T1685"),
        ("T1043", None),
        ("T9999", None),
    ],
    ids=["live", "revoked", "revoked twice", "of version 18", "of version 19", "deprecated", "unknown"],
)
def test_an_old_id_becomes_the_live_one(uid: str, now: str | None) -> None:
    found = TABLE.current(uid)
    assert (found.uid if found else None) == now


def test_every_revoked_id_leads_to_a_live_technique() -> None:
    revoked = [uid for uid, technique in TABLE.techniques.items() if technique.revoked]
    assert len(revoked) == 149
    assert all(TABLE.current(uid) for uid in revoked)


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("TA0011", ("TA0011",)),
        ("ta0011", ("TA0011",)),
        ("TA0011: Command and Control", ("TA0011",)),
        ("Command_And_Control", ("TA0011",)),
        ("command-and-control", ("TA0011",)),
        ("Command & Control", ("TA0011",)),
        ("attack.credential-access", ("TA0006",)),
        ("stealth", ("TA0005",)),
        ("attack.defense-impairment", ("TA0112",)),
        ("TA9999", ()),
        ("CSTA0004", ()),
        ("malware", ()),
    ],
)
def test_a_tactic_is_told_by_its_id_or_name(text: str, uids: tuple[str, ...]) -> None:
    assert TABLE.tactic_ids(text) == uids


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_none(text: str) -> None:
    for uid in (TABLE.technique_id(text), *TABLE.tactic_ids(text)):
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
        (small(former_names={"Won": "T1005"}), "T1005 was called otherwise"),
        (small(former_tactics={"Access": ["TA0009"]}), "TA0009 took a tactic's place"),
    ],
    ids=[
        "empty",
        "list",
        "no keys",
        "unknown tactic",
        "no successor",
        "deprecated successor",
        "circle",
        "former name",
        "former tactic",
    ],
)
def test_a_table_that_is_not_sound_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(SettingsWrong, match=says):
        Table(data)
