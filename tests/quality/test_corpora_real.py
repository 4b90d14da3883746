"""The importers on public sets: all rows, read by the formats, split without a text on two sides."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from enrich.formats import Formats, alert_from, packaged_mappings
from training import corpora, split
from training.duplicates import normalised
from training.table import Table

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
IN_USE = Formats.of(packaged_mappings())
RULES = {"sigma": 3_721, "elastic": 1_359, "splunk": 1_711}

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not beside the checkout"),
]


@cache
def everything() -> Table:
    return corpora.read(DATA)


@cache
def rules() -> Table:
    table = everything()
    return table.where((table.frame["kind"] == "rule").to_numpy())


def test_all_sets_are_found() -> None:
    assert {share.label_source: share.rows for share in everything().shares} == {
        "ait-ads": 45_544 + 130_779,
        "attack": 16_017 + 691,
        "elastic": 1_240,
        "nsl-kdd": 25_192,
        "sigma": 3_556,
        "splunk": 1_613,
        "wazuh": 3_228 - 606,
    }


@pytest.mark.parametrize("source", RULES)
def test_with_the_deprecated_ones_all_rules_are_rows(source: str) -> None:
    path = DATA / "rules" / f"{source}_rules.jsonl.gz"
    assert len(corpora.read(path, deprecated=True, near=False)) == RULES[source]


@pytest.mark.parametrize(
    ("source", "format_"),
    [("sigma", "sigma"), ("elastic", "elastic"), ("splunk", "splunk"), ("wazuh", "wazuh")],
)
def test_every_rule_is_an_alert_of_its_vendor_that_states_no_severity(source: str, format_: str) -> None:
    part = rules().source(source).frame
    alerts = [alert_from(document, IN_USE) for document in part["document"]]
    assert {alert.format for alert in alerts} == {format_}
    assert len({alert.severity_id for alert in alerts}) == 1
    titles = [text.split("\n")[0] for text in part["text"]]
    equal = sum(" ".join(alert.title.split()) == title for alert, title in zip(alerts, titles, strict=True))
    assert equal >= len(titles) - 5  # the longest titles are cut


def test_sigma_rules_of_2024_test_what_was_learnt_before() -> None:
    cut = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
    sigma = rules().source("sigma")
    found = split.at_date(sigma, cut)
    assert len(found.test) == 283
    assert len(found.left_out) < 40
    text = dict(zip(sigma.ids, (normalised(each) for each in sigma.frame["text"]), strict=True))
    learnt = {text[row] for row in (*found.train, *found.calibrate)}
    assert [row for row in found.test if text[row] in learnt] == []


def test_no_group_of_rules_crosses_a_split_or_a_fold() -> None:
    found = split.by_time(rules())
    assert split.crossing(rules(), found) == {}
    part = rules().source("splunk")
    group_of = dict(zip(part.ids, part.frame["group"], strict=True))
    for train, test in split.folds(part):
        assert not {group_of[row] for row in train} & {group_of[row] for row in test}


def test_near_duplicates_hang_together_without_swallowing_a_corpus() -> None:
    for source in (*RULES, "wazuh"):
        groups = Counter(rules().source(source).frame["group"])
        assert groups.most_common(1)[0][1] <= 40
        assert len(groups) < len(rules().source(source))


def test_attack_alerts_of_ait_are_those_of_its_steps() -> None:
    part = everything().source("ait-ads").frame
    assert int(part["true_positive"].sum()) == 47_836
    assert {"wpscan", "dirb", "dnsteal", "privilege_escalation"} <= set(part["attack"])
