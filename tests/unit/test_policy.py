"""The policy file: what it refuses, and in one line that names the place."""

import tomllib
from importlib.resources import files

import pytest

from enrich.errors import SettingsWrong
from enrich.policy import Policy, wildcard


def parse(text: str) -> Policy:
    return Policy.parse(tomllib.loads("version = 1\n" + text), "my.toml")


def test_the_packaged_policy_is_valid() -> None:
    text = files("enrich").joinpath("policy.toml").read_text()
    assert Policy.parse(tomllib.loads(text)).escalate.threshold == 70


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "my.toml: escalate: Field required"),
        ("[escalate]\nthreshold = 70\nthresold = 7", "escalate.thresold"),
        ("[escalate]\nthreshold = 101", "escalate.threshold"),
        ("[escalate]", "either threshold or capacity_per_day"),
        ("[escalate]\nthreshold = 1\ncapacity_per_day = 4", "either threshold or capacity_per_day"),
        ("[escalate]\nthreshold = 70\n[[always]]\nreason = 'x'", "always.0: says no detector"),
        ("[escalate]\nthreshold = 70\n[[always]]\nrule = 'x'", "always.0.reason"),
        (
            "[escalate]\nthreshold = 70\n[[never]]\nreason='x'\nrule='y'\nuntil = 2027-01-01T00:00:00",
            "time zone",
        ),
        ("[escalate]\nthreshold = 70\n[[suppress]]\nminutes = 0", "suppress.0.minutes"),
        (
            "[escalate]\nthreshold = 70\n[[always]]\nreason='x'\nstated_severity_at_least = 6",
            "stated_severity_at_least",
        ),
    ],
)
def test_a_wrong_policy_is_refused_in_one_line_that_names_the_place(text: str, said: str) -> None:
    with pytest.raises(SettingsWrong) as refused:
        parse(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [
        ("[LAB]*", "[LAB] test", True),
        ("[LAB]*", "Lateral movement", False),
        ("*scan?", "ET SCANS", True),
        ("a.c", "abc", False),
    ],
)
def test_only_star_and_question_mark_are_wildcards(pattern: str, text: str, same: bool) -> None:
    assert bool(wildcard(pattern).match(text)) is same


def test_the_digest_is_of_what_it_says_and_not_of_how_it_is_written() -> None:
    one = parse("[escalate]\nthreshold = 70")
    same = parse("# a remark\nescalate = {threshold = 70.0}")
    other = parse("[escalate]\nthreshold = 71")
    assert one.digest == same.digest != other.digest
