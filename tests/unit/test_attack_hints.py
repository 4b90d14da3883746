"""Hints for an alert: the ladder from stated to patterns, each with its evidence."""

import pickle
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Endpoint, Process
from enrich.attack import AttackKnowledge, Hint, load_attack
from enrich.attack.hint import HINTS_MAX
from enrich.errors import QualityCode
from tests.unit.attack_alert import alert

ATTACK = load_attack()


def hints(*args: Any, **fields: Any) -> tuple[Hint, ...]:
    return ATTACK.hints(alert(*args, **fields))[0]


def uids(*args: Any, **fields: Any) -> list[str]:
    return [hint.uid for hint in hints(*args, **fields)]


@pytest.mark.parametrize(
    ("title", "uid", "words"),
    [
        ("ET SCAN Potential SSH Scan", "T1046", "ssh scan"),
        ("Possible Kerberoasting Activity", "T1558.003", "kerberoasting"),
        ("Mimikatz detected on host", "T1003.001", "mimikatz"),
        ("PsExec service execution", "T1569.002", "psexec service"),
        ("ET WEB_SERVER sqlmap SQL Injection Scan", "T1190", "sql injection"),
        ("Webshell written by w3wp", "T1505.003", "webshell"),
        ("Cobalt Strike Beacon over HTTPS", "T1071.001", "cobalt strike beacon"),
        ("Possible DNS tunneling to rare domain", "T1071.004", "dns tunneling"),
        ("Certutil download of a file", "T1105", "certutil download"),
        ("Suspicious rundll32.exe invocation", "T1218.011", "rundll32.exe"),
        ("Scheduled task created", "T1053.005", "scheduled task created"),
        ("sshd: brute force trying to get access", "T1110", "brute force"),
        ("User added to the system", "T1136.001", "user added"),
        ("Windows event log cleared", "T1070.001", "event log cleared"),
        ("WPScan user agent", "T1595.002", "wpscan"),
        ("ET COINMINER pool connection", "T1496.001", "et coinminer"),
        ("LSASS memory read by unknown process", "T1003.001", "lsass memory"),
        ("DDoS against the front end", "T1498", "ddos"),
    ],
)
def test_common_titles_give_their_technique_with_the_words(title: str, uid: str, words: str) -> None:
    assert (uid, words) in [(hint.uid, hint.evidence) for hint in hints(title)]


@pytest.mark.parametrize(
    "title",
    [
        "Dovecot authentication success",
        "ClamAV database update",
        "Login session opened",
        "User logged in",
        "Package installed by the package manager",
        "TLS invalid record",
        "DNS query to a rare top level domain",
        "Web server returned an error",
        "New combination of user_name and user_id",
        "Service started",
        "Disk usage above 90 %",
        "Connection allowed by policy",
        "SNMP agent restarted",
        "Backup finished",
        "Software update available",
        "Certificate expires soon",
        "Time synchronised",
        "IDS event",
    ],
)
def test_ordinary_titles_give_no_hint(title: str) -> None:
    assert hints(title) == ()


def test_the_command_line_is_searched() -> None:
    process = Process(command_line='"powershell.exe" -nop -EncodedCommand SQBFAFgA')
    (hint,) = hints(process=process)
    assert (hint.uid, hint.evidence, hint.source) == ("T1059.001", "-encodedcommand", "pattern")


def test_words_in_the_message_count_for_less() -> None:
    in_title, in_message = hints("Kerberoasting")[0], hints(message="Kerberoasting")[0]
    assert (in_title.confidence, in_message.confidence) == (0.7, 0.42)


def test_loose_words_in_the_message_are_no_hint() -> None:
    assert hints(message="download") == ()


def test_a_scan_from_a_public_address_is_reconnaissance() -> None:
    assert uids("Port scan", src=Endpoint(ip="8.8.8.8")) == ["T1595"]
    assert uids("Port scan", src=Endpoint(ip="10.0.0.8")) == ["T1046"]
    assert uids("Port scan") == ["T1046"]


def test_a_failed_login_is_a_weak_hint_that_yields_to_any_stronger() -> None:
    assert [(hint.uid, hint.confidence) for hint in hints("Authentication failure")] == [("T1110", 0.25)]
    assert uids("Authentication failure", category="web shell") == ["T1505.003"]
    assert uids("Authentication failure", techniques=("T1078",)) == ["T1078"]


def test_a_sub_technique_stands_without_its_parent() -> None:
    assert uids("Brute force: password spraying") == ["T1110.003"]


def test_a_stated_parent_stays_beside_a_sub_technique() -> None:
    assert uids("Password spraying", techniques=("T1110",)) == ["T1110", "T1110.003"]


def test_a_pattern_adds_nothing_to_the_same_stated_technique() -> None:
    assert [hint.source for hint in hints("Mimikatz", techniques=("T1003.001",))] == ["stated"]


def test_a_technique_of_several_tactics_gets_none_from_a_pattern() -> None:
    assert hints("Scheduled task created")[0].tactics == ()


def test_hints_come_by_confidence_and_then_by_uid() -> None:
    found = hints("webshell, kerberoasting, powershell and phishing")
    assert [(hint.uid, hint.confidence) for hint in found] == [
        ("T1505.003", 0.7),
        ("T1558.003", 0.7),
        ("T1059.001", 0.5),
        ("T1566", 0.5),
    ]


def test_there_are_at_most_five_hints() -> None:
    title = "webshell kerberoasting dcsync mshta regsvr32 certutil ransomware xmrig rclone anydesk"
    assert len(hints(title)) == HINTS_MAX
    assert len(hints(techniques=tuple(f"T100{n}" for n in (1, 2, 3, 5, 6, 7, 8)))) == HINTS_MAX


def test_a_huge_text_is_cut_before_it_is_searched() -> None:
    assert hints("x " * 500_000 + "kerberoasting") == ()
    assert uids("kerberoasting " * 80_000) == ["T1558.003"]


def test_a_copy_gives_the_same_hints_and_digest() -> None:
    copy = pickle.loads(pickle.dumps(ATTACK))  # noqa: S301  our own bytes
    one = alert("Mimikatz", techniques=("T1086",))
    assert (copy.digest, copy.version, copy.hints(one)) == (ATTACK.digest, "18.1", ATTACK.hints(one))


def test_the_digest_changes_with_either_file() -> None:
    here = files("enrich.attack")
    table, patterns = ((here / name).read_bytes() for name in ("techniques.json", "patterns.toml"))
    digests = {AttackKnowledge(table, patterns).digest}
    digests |= {
        AttackKnowledge(table + b"\n", patterns).digest,
        AttackKnowledge(table, patterns + b"\n").digest,
    }
    assert len(digests) == 3


def test_technique_knows_revoked_ones_too() -> None:
    revoked = ATTACK.technique("T1086")
    assert revoked is not None
    assert (revoked.name, revoked.revoked, revoked.revoked_by) == ("PowerShell", True, "T1059.001")
    assert ATTACK.technique("T0") is None


phrases = st.sampled_from([phrase for pattern in ATTACK._patterns.all for phrase in pattern.phrases])
words = st.lists(st.one_of(phrases, st.text(max_size=12)), max_size=6).map(" ".join)
maybe = st.none() | words
stated = st.lists(
    st.sampled_from(["T1059", "t1086", "T1685", "T1043", "CST1", "TA0002", "Execution", "Phishing"])
    | st.from_regex(r"[tT]1[0-9]{3}([./_]00[0-9])?", fullmatch=True)
    | st.text(max_size=12),
    max_size=4,
).map(tuple)


@given(words.filter(bool), maybe, maybe, maybe, maybe, maybe, stated, stated, st.none() | st.just("8.8.8.8"))
def test_any_alert_gives_sound_hints(
    title: str,
    category: str | None,
    message: str | None,
    command: str | None,
    url: str | None,
    agent: str | None,
    techniques: tuple[str, ...],
    tactics: tuple[str, ...],
    src: str | None,
) -> None:
    texts = [text for text in (title, category, message, command, url, agent) if text]
    one = alert(
        title,
        category=category,
        message=message,
        process=Process(command_line=command),
        url=url,
        user_agent=agent,
        techniques=techniques,
        tactics=tactics,
        src=Endpoint(ip=src),
    )
    found, quality = ATTACK.hints(one)
    assert (found, quality) == ATTACK.hints(one)
    assert len(found) <= HINTS_MAX
    assert len({hint.uid for hint in found}) == len(found)
    for hint in found:
        technique = ATTACK.technique(hint.uid)
        assert technique is not None
        assert technique.live
        assert {uid for uid, _ in hint.tactics} <= set(technique.tactics)
        assert 0 < hint.confidence < 1
        if hint.source == "pattern":
            assert any(hint.evidence in text.lower() for text in texts)
        else:
            assert hint.as_received is not None
            assert hint.evidence.endswith(hint.as_received)
    assert all(entry.code is QualityCode.BAD_TECHNIQUE for entry in quality)
