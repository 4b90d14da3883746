"""The words table: sound as shipped, refused when not, found as whole words, in linear time."""

import tomllib
from importlib.resources import files
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.attack.near import BETWEEN
from enrich.attack.patterns import Patterns
from enrich.attack.table import Table
from enrich.attack.words import spellings
from enrich.errors import SettingsWrong

HERE = files("enrich.attack")
TABLE = Table((HERE / "techniques.json").read_bytes())
PATTERNS = Patterns((HERE / "patterns.toml").read_bytes(), TABLE)
HEAD = (
    "[confidence]\nstrong = 0.7\nusual = 0.5\nloose = 0.35\nweak = 0.25\n"
    "near = 0.2\nmore = 0.1\nelsewhere = 0.6\n"
)


def patterns(text: str) -> Patterns:
    return Patterns((HEAD + text).encode(), TABLE)


def evidence(found: Patterns, text: str) -> dict[str, str]:
    return {match.pattern.technique: match.evidence for match in found.in_head(text)}


def test_every_shipped_pattern_names_live_techniques() -> None:
    for pattern in PATTERNS.all:
        for uid in filter(None, (pattern.technique, pattern.outside, *pattern.also)):
            assert TABLE.techniques[uid].live, uid


def test_curated_patterns_cover_at_least_150_techniques() -> None:
    document = tomllib.loads((HERE / "patterns.toml").read_text(encoding="utf-8"))
    assert len(document.keys() - {"confidence", "names", "words"}) >= 150
    assert len({pattern.technique for pattern in PATTERNS.all if pattern.phrases}) >= 300


def test_every_shipped_phrase_is_found_in_all_its_spellings() -> None:
    for pattern in PATTERNS.all:
        for spelling in (way for phrase in pattern.phrases for way in spellings(phrase)):
            text = " ".join(("x", spelling, *pattern.needs[:1]))
            if not any(word in text for word in pattern.not_):
                found = [match for match in PATTERNS.in_command(text) if match.pattern is pattern]
                assert found, spelling


def test_every_shipped_combination_is_found_in_its_first_and_last_words() -> None:
    for pattern in PATTERNS.all:
        for at in (0, -1) if pattern.near else ():
            words = [group[at] for group in pattern.near]
            text = ", ".join((*words, *pattern.needs[:1]))
            # Words that are in two groups may stand for either.
            if not any(word in text for word in pattern.not_) and len(set(words)) == len(words):
                assert [match for match in PATTERNS.in_head(text) if match.pattern is pattern], text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[T9999]\nusual = ['x y']", "'T9999' is not a live technique"),
        ("[T1086]\nusual = ['x y']", "'T1086' is not a live technique"),
        ("[T1059]\nusual = ['x y']\noutside = 'T0000'", "'T0000' is not a live technique"),
        ("[T1059]\nusual = ['x y']\nalso = ['T0000']", "'T0000' is not a live technique"),
        ("[T1059]\nusual = []", "usual is empty"),
        ("[T1059]\nnot = ['x y']", "has no phrases"),
        ("[T1059]\nusual = ['']", "must have 2 to 60 characters"),
        ("[T1059]\nusual = ['x']", "must have 2 to 60 characters"),
        ("[T1059]\nusual = ['Cmd']", "must be lower case"),
        ("[T1059]\nusual = ['a  b']", "must be lower case, with single blanks"),
        ("[T1059]\nusual = [1]", "must be a list of texts"),
        ("[T1059]\nusual = 'cmd'", "must be a list of texts"),
        ("[T1059]\nnear = []", "near is empty"),
        ("[T1059]\nnear = ['cmd']", "must have 2 to 3 parts"),
        ("[T1059]\nnear = ['aa + bb + cc + dd']", "must have 2 to 3 parts"),
        ("[T1059]\nnear = ['cmd + {made}']", "no words are called 'made'"),
        ("[T1059]\nnear = ['cmd + x|run']", "must have 2 to 60 characters"),
        ("[words]\nmade = ['New']", "words: 'New' must be lower case"),
        ("[T1059]\nmaybe = ['x y']", "unknown key 'maybe'|has no phrases"),
        ("[T1059]\nusual = ['x y']\nmaybe = 1", "unknown key 'maybe'"),
        ("[T1059]\nusual = ['x y', 'x y']", "'x y' is a phrase of another entry too"),
        ("[T1059]\nusual = ['x y']\n[T1047]\nusual = ['x-y']", "'x-y' is a phrase of another entry too"),
        ("[names]\nconfidence = 0.5\nskip = ['no such technique']", "no technique is called"),
        ("[names]\nconfidence = 0.9", "names: confidence must be a number above 0, at most 0.85"),
        ("[T1059", "not TOML"),
    ],
)
def test_a_wrong_entry_is_named_when_the_file_is_read(text: str, says: str) -> None:
    with pytest.raises(SettingsWrong, match=says):
        patterns(text)


def test_a_file_without_confidences_is_refused() -> None:
    with pytest.raises(SettingsWrong, match="elsewhere must be a number"):
        Patterns(b"[T1059]\nusual = ['x y']", TABLE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("An At Job ran", True),
        ("AT JOB", True),
        ("at-job", True),
        ("at_job", True),
        ("at  job", True),
        ("(at job)", True),
        ("flat job", False),
        ("at jobs", False),
        ("at job_id", False),
        ("set_at_job_id", True),
        ("at, job", False),
        ("at\njob", False),
    ],
)
def test_phrases_are_found_as_whole_words(text: str, found: bool) -> None:
    assert bool(patterns("[T1059]\nusual = ['at job']").in_command(text)) is found


def test_a_phrase_that_starts_with_a_sign_needs_no_blank_before_it() -> None:
    assert evidence(patterns("[T1059]\nusual = ['.onion']"), "abc.onion/x") == {"T1059": ".onion"}


def test_the_longest_phrase_there_is_the_evidence() -> None:
    found = patterns("[T1059]\nusual = ['dns', 'dns tunnel', 'tunnel']")
    assert evidence(found, "a dns and a DNS tunnel") == {"T1059": "dns tunnel"}


def test_needs_and_not_are_kept() -> None:
    found = patterns("[T1059]\nusual = ['scan']\nneeds = ['port', 'net work']\nnot = ['virus scan']")
    assert evidence(found, "scan of a port") == {"T1059": "scan"}
    assert evidence(found, "scan of the net-work") == {"T1059": "scan"}
    assert evidence(found, "scan of ports") == {}
    assert evidence(found, "port, virus-scan") == {}


def test_names_of_techniques_are_phrases_unless_skipped_or_curated() -> None:
    found = patterns(
        "[names]\nconfidence = 0.5\nskip = ['valid accounts']\n[T1047]\nusual = ['pass the hash']"
    )
    assert evidence(found, "Process Hollowing with Valid Accounts") == {"T1055.012": "process hollowing"}
    assert evidence(found, "Pass the Hash") == {"T1047": "pass the hash"}


NEAR = patterns(
    "[words]\nmade = ['created', 'new user']\n"
    "[T1543]\nnear = ['service|driver + {made}', 'one + two + three', 'up|down + down|left']"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Service was created", "service … created"),
        ("created: a driver", "created … driver"),
        ("new-user service", "new-user … service"),
        ("three of two of one", "three … two … one"),
        ("up and down", "up … down"),
        ("left, down", "left … down"),
        ("down", None),
        ("service", None),
        ("services created", None),
        ("service\ncreated", None),
        ("service " + 60 * "x" + " created", None),
        ("one and two", None),
    ],
)
def test_words_near_each_other_are_a_pattern(text: str, found: str | None) -> None:
    assert evidence(NEAR, text).get("T1543") == found


def test_one_word_is_not_near_itself() -> None:
    assert evidence(patterns("[T1543]\nnear = ['user|account + user|created']"), "user") == {}


def test_words_near_each_other_count_in_the_title_only() -> None:
    assert NEAR.in_command("service created") == NEAR.elsewhere_in("service created") == ()


def test_loose_phrases_do_not_count_elsewhere() -> None:
    found = patterns("[T1059]\nusual = ['cmd']\nweak = ['run it']")
    assert [match.evidence for match in found.elsewhere_in("cmd, run it")] == ["cmd"]


@given(st.text(alphabet=st.sampled_from("abet jo-_net usr.\nİ"), max_size=60))
def test_evidence_stands_where_it_is_said_to(text: str) -> None:
    for match in PATTERNS.in_head(text):
        parts = match.evidence.split(BETWEEN)
        said = text[match.start : match.end].lower()
        assert said.startswith(parts[0])
        assert said.endswith(parts[-1])


@pytest.mark.parametrize(
    "phrase",
    ["net user ", "powershell -enc ", "a", "scan ", "run key", "\u0130", "dns_", "new service created "],
)
def test_the_work_grows_no_faster_than_the_text(phrase: str) -> None:
    def hits(count: int) -> int:
        return sum(1 for _ in PATTERNS._in_head._automaton.iter((phrase * count).lower()))

    assert hits(20_000) <= 10 * hits(2_000) + 100


def test_a_title_of_all_our_words_is_looked_at_as_long_as_any_other() -> None:
    words = [word for pattern in PATTERNS.all for group in pattern.near for word in group[:3]]
    took = []
    for count in (200, 4_000):
        text = " ".join(words[:count])
        start = process_time()
        PATTERNS.in_head(text)
        took.append(process_time() - start)
    # 20 times the text may take 20 times as long, and some; it took 3 times when this was written.
    assert took[1] < 60 * max(took[0], 0.001)


@pytest.mark.parametrize(
    "title",
    [
        "Windows security: Logoff initiated by the user",
        "Windows User Logoff",
        "User account logged off: service session terminated",
        "Built outbound TCP connection * for * to *",
        "Teardown TCP connection",
        "Deny tcp src outside dst inside by access-group",
        "Multiple Firewall drop events from same source",
        "pam_unix(sshd:session): session closed for user *",
    ],
)
def test_a_log_off_or_a_firewalls_daily_work_is_no_combination(title: str) -> None:
    assert PATTERNS.in_head(title) == ()


def test_a_phrase_counts_in_the_title_of_a_firewall_too() -> None:
    assert [match.evidence for match in PATTERNS.in_head("Teardown TCP connection, mimikatz")] == ["mimikatz"]
