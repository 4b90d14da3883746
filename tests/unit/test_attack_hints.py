"""Hints for an alert: the ladder from stated to a model's guesses, each with its evidence."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.alert import Endpoint, Process
from enrich.attack import AttackKnowledge, Classifier, Guess, Hint, Span, load_attack
from enrich.attack.hint import HINTS_MAX
from enrich.attack.knowledge import GUESS, LIKELY
from enrich.attack.near import BETWEEN
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
        ("Windows event log cleared", "T1685.005", "event log cleared"),
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
def test_ordinary_titles_give_no_hint_that_is_likely(title: str) -> None:
    assert [hint for hint in hints(title) if hint.confidence >= LIKELY] == []


@pytest.mark.parametrize("title", ["New device joined the network", "Application crashed"])
def test_an_informational_alert_is_no_ground_for_guesses(title: str) -> None:
    assert all(hint.confidence < GUESS for hint in hints(title))
    assert hints(title, severity_id=1) == ()


def test_the_command_line_is_searched() -> None:
    process = Process(command_line='"powershell.exe" -nop -EncodedCommand SQBFAFgA')
    (hint,) = hints(process=process)
    assert (hint.uid, hint.evidence, hint.source) == ("T1059.001", "-encodedcommand", "pattern")
    assert hint.span == Span("process.command_line", 22, 37)


def test_words_in_the_message_count_for_less() -> None:
    in_title, in_message = hints("Mimikatz")[0], hints(message="Mimikatz")[0]
    assert (in_title.confidence, in_message.confidence) == (0.4, 0.24)


def test_further_words_for_a_technique_make_it_likelier() -> None:
    alone, beside = hints("Kerberoasting")[0], hints("Kerberoasting: RC4 service ticket requested")[0]
    assert (alone.uid, beside.uid) == ("T1558.003", "T1558.003")
    assert alone.confidence < beside.confidence <= 0.85


@pytest.mark.parametrize(
    ("fields", "span"),
    [
        ({"title": "A webshell"}, Span("title", 2, 10)),
        ({"title": "x", "category": "Web-Shell found"}, Span("category", 0, 9)),
        ({"title": "x", "message": "a webshell"}, Span("message", 2, 10)),
        ({"title": "x", "message": "m", "url": "/webshell?x"}, Span("url", 1, 9)),
        ({"title": "x", "url": "/", "user_agent": "webshell"}, Span("user_agent", 0, 8)),
        ({"title": "x", "process": Process(path="/a/webshell")}, Span("process.path", 3, 11)),
        ({"title": "x", "process": Process(name="webshell")}, Span("process.name", 0, 8)),
        ({"title": "İİ webshell"}, Span("title", 3, 11)),
    ],
)
def test_a_pattern_says_where_its_evidence_stands(fields: dict[str, Any], span: Span) -> None:
    (hint, *_) = hints(**fields)
    assert (hint.uid, hint.span) == ("T1505.003", span)


def test_what_is_stated_has_no_span() -> None:
    assert hints(techniques=("T1059",))[0].span is None


def test_words_in_a_title_of_ours_say_nothing_but_for_the_source_s_part() -> None:
    fields = {"format": "windows", "detector": "windows", "rule_id": "x/1"}
    assert ATTACK.hints(replace(alert("Remote desktop session: on"), **fields))[0] == ()
    (hint, *_) = ATTACK.hints(replace(alert("Malware found: HackTool:Win32/Mimikatz"), **fields))[0]
    assert (hint.uid, hint.span) == ("T1003.001", Span("title", 30, 38))


def test_loose_words_in_the_message_are_no_hint() -> None:
    assert hints(message="download") == ()


def test_a_scan_from_a_public_address_is_reconnaissance() -> None:
    assert uids("Port scan", src=Endpoint(ip="8.8.8.8")) == ["T1595"]
    assert uids("Port scan", src=Endpoint(ip="10.0.0.8")) == ["T1046"]
    assert uids("Port scan") == ["T1046"]


def test_a_failed_login_is_a_weak_hint_that_comes_after_any_stronger() -> None:
    assert [(hint.uid, hint.confidence) for hint in hints("Authentication failure")] == [("T1110", 0.3)]
    assert uids("Authentication failure", category="web shell")[0] == "T1505.003"
    assert uids("Authentication failure", techniques=("T1078",))[0] == "T1078"


def test_a_sub_technique_stands_without_its_parent() -> None:
    found = uids("Brute force: password spraying")
    assert found[0] == "T1110.003"
    assert "T1110" not in found


def test_a_stated_parent_stays_beside_a_sub_technique() -> None:
    assert uids("Password spraying", techniques=("T1110",))[:2] == ["T1110", "T1110.003"]


def test_a_pattern_adds_nothing_to_the_same_stated_technique() -> None:
    assert [hint.uid for hint in hints("Mimikatz", techniques=("T1003.001",))].count("T1003.001") == 1


def test_a_technique_of_several_tactics_gets_none_from_a_pattern() -> None:
    assert hints("Scheduled task created")[0].tactics == ()


def test_hints_come_by_confidence_and_then_by_uid() -> None:
    found = hints("webshell, kerberoasting, powershell and phishing")
    order = [(-hint.confidence, hint.uid) for hint in found]
    assert order == sorted(order)
    assert {"T1505.003", "T1558.003", "T1059.001", "T1566"} <= {uid for _, uid in order}


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
    assert (copy.digest, copy.version, copy.hints(one)) == (ATTACK.digest, "19.2", ATTACK.hints(one))


def test_the_digest_changes_with_each_file() -> None:
    here = files("enrich.attack")
    data = [(here / name).read_bytes() for name in ("techniques.json", "codes.toml", "patterns.toml")]
    digests = {AttackKnowledge(*data).digest}
    for place in range(3):
        changed = [each + b"\n" if at == place else each for at, each in enumerate(data)]
        digests.add(AttackKnowledge(*changed).digest)
    assert len(digests) == 4


class Fake:
    """A text classifier: it knows one word."""

    def __call__(self, texts: Sequence[str]) -> list[list[Guess]]:
        return [[Guess("T1086", 0.9), Guess("T9999", 0.9)] if "shell" in text else [] for text in texts]


def test_a_models_guesses_come_under_all_other_hints() -> None:
    classify: Classifier = Fake()
    rows = [alert("shell", techniques=("T1110",)), alert("nothing")]
    guesses = classify([row.title for row in rows])
    found = [ATTACK.with_guesses(ATTACK.hints(row)[0], of) for row, of in zip(rows, guesses, strict=True)]
    assert [(hint.uid, hint.source) for hint in found[0]][-1] == ("T1059.001", "model")
    assert found[0][0].source == "stated"
    assert found[0][-1].confidence <= 0.6
    assert found[1] == ()


def test_a_guess_adds_nothing_to_a_known_technique_nor_beyond_five() -> None:
    known = hints("x", techniques=("T1059.001",))
    assert ATTACK.with_guesses(known, [Guess("T1086", 0.9)]) == known
    many = [Guess(f"T100{n}", 0.5) for n in (1, 2, 3, 5, 6, 7, 8)]
    assert len(ATTACK.with_guesses(known, many)) == HINTS_MAX


def test_technique_knows_revoked_ones_too() -> None:
    revoked = ATTACK.technique("T1086")
    assert revoked is not None
    assert (revoked.name, revoked.revoked, revoked.revoked_by) == ("PowerShell", True, "T1059.001")
    assert ATTACK.technique("T0") is None


phrases = st.sampled_from(
    [phrase for pattern in ATTACK._patterns.all for phrase in (*pattern.phrases, *sum(pattern.near, ())[:4])]
)
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
            parts = hint.evidence.split(BETWEEN)
            assert any(all(part in text.lower() for part in parts) for text in texts)
        else:
            assert hint.as_received is not None
            assert hint.evidence.endswith(hint.as_received)
    assert all(entry.code is QualityCode.BAD_TECHNIQUE for entry in quality)
