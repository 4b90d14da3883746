"""The words table: sound as shipped, refused when not, found as whole words, in linear time."""

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.attack.patterns import Patterns, spellings
from enrich.attack.table import Table
from enrich.errors import SettingsWrong

HERE = files("enrich.attack")
TABLE = Table((HERE / "techniques.json").read_bytes())
PATTERNS = Patterns((HERE / "patterns.toml").read_bytes(), TABLE)
HEAD = "[confidence]\nstrong = 0.7\nusual = 0.5\nloose = 0.35\nweak = 0.25\nelsewhere = 0.6\n"


def patterns(text: str) -> Patterns:
    return Patterns((HEAD + text).encode(), TABLE)


def evidence(found: Patterns, text: str) -> dict[str, str]:
    return {match.pattern.technique: match.evidence for match in found.matches(text)}


def test_every_shipped_pattern_names_live_techniques() -> None:
    for pattern in PATTERNS.all:
        for uid in filter(None, (pattern.technique, pattern.outside, *pattern.also)):
            assert TABLE.techniques[uid].live, uid


def test_curated_patterns_cover_at_least_150_techniques() -> None:
    document = tomllib.loads((HERE / "patterns.toml").read_text(encoding="utf-8"))
    assert len(document.keys() - {"confidence", "names"}) >= 150


def test_every_shipped_phrase_is_found_in_all_its_spellings() -> None:
    for pattern in PATTERNS.all:
        for spelling in (way for phrase in pattern.phrases for way in spellings(phrase)):
            text = " ".join(("x", spelling, *pattern.needs[:1]))
            if not any(word in text for word in pattern.not_):
                found = [match for match in PATTERNS.matches(text) if match.pattern == pattern]
                assert found, spelling


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
    assert bool(patterns("[T1059]\nusual = ['at job']").matches(text)) is found


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


@given(st.text(alphabet=st.sampled_from("abet jo-_net usr.\n"), max_size=60))
def test_evidence_stands_in_the_text(text: str) -> None:
    for match in PATTERNS.matches(text):
        assert match.evidence in text.lower()


@pytest.mark.parametrize(
    "phrase", ["net user ", "powershell -enc ", "a", "scan ", "run key", "\u0130", "dns_"]
)
def test_the_work_grows_no_faster_than_the_text(phrase: str) -> None:
    def hits(count: int) -> int:
        return sum(1 for _ in PATTERNS._automaton.iter((phrase * count).lower()))

    assert hits(20_000) <= 10 * hits(2_000) + 100
