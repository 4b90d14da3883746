"""The truth is not written into the alerts: it has to be found again from the whole of them."""

import re
from collections import Counter, defaultdict
from functools import cache

import orjson
import pytest

from enrich.formats import Formats, alert_from, packaged_mappings
from training.generate import Parameters, samples
from training.generate.background import MIX
from training.generate.concepts import CONCEPTS, TECHNIQUES
from training.generate.network import company
from training.generate.signatures import SIGNATURES
from training.generate.stories import STORIES
from training.generate.truth import ROLE_POINTS, severity

SPELLED_OUT = re.compile(
    r"\b(critical|high|medium|moderate|low|sever\w*|informational|info|emergenc\w+|urgen\w+|important|fatal"
    r"|serious|minor|major|dangerous|harmless|benign|priority|risk\w*|notice|warning)\b",
    re.IGNORECASE,
)
TITLES = [s.title for table in SIGNATURES.values() for rules in table.values() for s in rules]


@cache
def alerts() -> list[tuple[int, int | None, str, str]]:
    """(truth, stated class, format, title), each line once."""
    formats = Formats.of(packaged_mappings())
    once = {sample.line: sample.severity for sample in samples(Parameters(seed=5, count=8_000))}
    read = [(truth, alert_from(line, formats)) for line, truth in once.items()]
    return [(truth, alert.severity_id, alert.format, alert.title) for truth, alert in read]


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_no_text_of_an_alert_names_a_severity() -> None:
    lines = {sample.line for sample in samples(Parameters(seed=2, count=4_000))}
    found = {text for line in lines for text in texts(orjson.loads(line)) if SPELLED_OUT.search(text)}
    assert found == set()


def test_no_title_or_category_names_a_severity() -> None:
    rules = [rule for table in SIGNATURES.values() for rules in table.values() for rule in rules]
    assert [rule for rule in rules if SPELLED_OUT.search(f"{rule.title} {rule.category}")] == []


def test_there_are_some_hundred_titles() -> None:
    assert 300 <= len(set(TITLES)) <= 900


def test_rule_ids_are_unique_within_a_format() -> None:
    ids = [
        (name, rule.uid) for name, table in SIGNATURES.items() for rules in table.values() for rule in rules
    ]
    assert [uid for uid, n in Counter(ids).items() if n > 1] == []


def test_the_title_alone_does_not_give_the_truth() -> None:
    classes = defaultdict(Counter)  # type: dict[str, Counter[int]]
    for truth, _, _, title in alerts():
        classes[title][truth] += 1
    best = sum(counter.most_common(1)[0][1] for counter in classes.values())
    assert 0.6 < best / len(alerts()) < 0.9


@pytest.mark.parametrize("name", ["suricata", "wazuh"])
def test_the_stated_severity_is_a_coarse_version_of_the_truth(name: str) -> None:
    pairs = [(stated, truth) for truth, stated, format_name, _ in alerts() if format_name == name]
    truths = {stated: [t for s, t in pairs if s == stated] for stated in {s for s, _ in pairs}}
    means = [sum(truths[stated]) / len(truths[stated]) for stated in sorted(truths, key=lambda s: s or 0)]
    assert means[-1] > means[0] + 0.5


@pytest.mark.parametrize("name", ["suricata", "wazuh"])
def test_the_stated_severity_is_often_wrong(name: str) -> None:
    pairs = [(stated, truth) for truth, stated, format_name, _ in alerts() if format_name == name]
    assert sum(stated == truth for stated, truth in pairs) / len(pairs) < 0.7


def test_mapped_alerts_state_no_severity() -> None:
    assert {stated for _, stated, name, _ in alerts() if name.startswith("mapped")} == {None}


WHOLE = {"role": "app", "inside": False, "office": True, "blocked": False, "after": 0.0, "habit": False}


@pytest.mark.parametrize(
    ("concept", "change", "graver"),
    [
        ("auth.success", {"after": 5.0}, True),
        ("scan.port", {"inside": True}, True),
        ("cred.dump", {"role": "dc"}, True),
        ("mass.read", {"office": False}, True),
        ("cred.dump", {"role": "lab"}, False),
        ("web.attack", {"blocked": True}, False),
        ("auth.fail", {"habit": True}, False),
    ],
    ids=[
        "after other steps",
        "from inside",
        "domain controller",
        "by night",
        "laboratory",
        "blocked",
        "habit",
    ],
)
def test_the_circumstances_change_the_truth(concept: str, change: dict[str, object], graver: bool) -> None:
    plain = severity(CONCEPTS[concept], **WHOLE)  # type: ignore[arg-type]
    changed = severity(CONCEPTS[concept], **{**WHOLE, **change})  # type: ignore[arg-type]
    assert changed > plain if graver else changed < plain


def test_every_concept_has_a_text_in_some_format() -> None:
    having = {concept for table in SIGNATURES.values() for concept in table}
    assert having == set(CONCEPTS)


def test_every_concept_happens_in_the_background() -> None:
    assert set(MIX) == set(CONCEPTS)


def test_every_step_of_a_story_is_a_concept() -> None:
    steps = {step.concept for story in STORIES.values() for step in story.steps}
    assert steps - set(CONCEPTS) == set()


def test_every_technique_has_name_and_tactic() -> None:
    assert {uid for concept in CONCEPTS.values() for uid in concept.techniques} == set(TECHNIQUES)


def test_every_role_has_hosts_and_points() -> None:
    assert set(company(1).by_role) == set(ROLE_POINTS)
