"""Rules as rows: their labels by the formats' own tables, and documents that the formats read."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from enrich.alert import Alert
from enrich.formats import Formats, alert_from, packaged_mappings
from tests.unit import corpus_rows as made
from training import corpora
from training.corpora.rule_yaml import document
from training.place import Place
from training.table import Table

IN_USE = Formats.of(packaged_mappings())

TOML = '''
[metadata]
creation_date = "2024/03/04"
maturity = "production"
[rule]
name = "Oven Door Open"
rule_id = "e-1"
description = """An oven
that is open."""
severity = "SEVERITY"
risk_score = 47
tags = ["OS: Oven"]
[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1552"
[[rule.threat.technique.subtechnique]]
id = "T1552.004"
[[rule.threat.technique]]
id = "T1528"
[rule.threat.tactic]
id = "TA0006"
name = "Credential Access"
'''

XML = """<!-- Kitchen -- rules & more -->
<var name="WET">water|steam</var>
<group name="kitchen,water,">
  <rule id="100001" level="0"><description>Grouped.</description></rule>
  <rule id="100002" level="10">
    <match>\\<leak\\> & more</match>
    <description>Dishwasher leaks.</description>
    <description>Call somebody &amp; mop.</description>
    <mitre><id>T1499</id></mitre>
    <group>flood,pci_dss_10.6.1,gdpr_IV_35.7.d,</group>
  </rule>
</group>
<group name="cups,">
  <rule id="100003" level="3"><description>Cup broken.</description></rule>
</group>
"""


def read(path: Path, **options: Any) -> Table:
    return corpora.read(path, **options)


def alerts(table: Table) -> list[Alert]:
    return [alert_from(document, IN_USE) for document in table.frame["document"]]


MAKERS = {
    "sigma": (made.sigma, "sigma", [4, 2], 1_706_918_400_000, ("T1059.001",)),
    "elastic": (made.elastic, "elastic", [4, 3], 1_683_331_200_000, ("T1499",)),
    "splunk": (made.splunk, "splunk", [5, 2], 1_727_740_800_000, ("T1200",)),
    "wazuh": (made.wazuh, "wazuh", [3, 1], None, ()),
}


@pytest.mark.parametrize("source", MAKERS)
def test_rules_of_a_normalised_set_become_rows(source: str, tmp_path: Path) -> None:
    maker, _, labels, time_ms, techniques = MAKERS[source]
    table = read(made.jsonl(tmp_path / f"{source}.jsonl", maker(1), maker(2)))
    assert table.label.tolist() == labels
    assert set(table.frame["label_source"]) == {source}
    first = table.frame.iloc[0]
    assert (first["path"], first["row"], first["techniques"]) == (f"{source}.jsonl", 1, techniques)
    assert table.time_ms[0] == (-1 if time_ms is None else time_ms)
    assert first["text"].startswith(maker(1)["title"])


@pytest.mark.parametrize("source", MAKERS)
def test_the_document_is_read_by_the_vendors_format_with_title_and_description(
    source: str, tmp_path: Path
) -> None:
    maker, format_, *_ = MAKERS[source]
    rules = [maker(1), maker(2)]
    for rule, alert in zip(rules, alerts(read(made.jsonl(tmp_path / "r.jsonl", *rules))), strict=True):
        assert (alert.format, alert.title) == (format_, rule["title"])
        assert rule.get("description") in (alert.description, alert.message)
        assert alert.quality == ()


@pytest.mark.parametrize("source", MAKERS)
def test_the_document_says_nothing_of_the_severity(source: str, tmp_path: Path) -> None:
    maker = MAKERS[source][0]
    one, other = maker(2), {**maker(2), "id": "9"}
    change = {"sigma": {"level": "critical"}, "wazuh": {"level": 12}}.get(source, {"severity": "critical"})
    table = read(made.jsonl(tmp_path / "r.jsonl", one, {**other, **change}))
    assert table.label[0] != table.label[1]
    documents = [document.replace(b"100002", b"9") for document in table.frame["document"]]
    assert documents[0].replace(str(one["id"]).encode(), b"9") == documents[1]


def test_techniques_of_a_rule_are_stated_by_its_alert(tmp_path: Path) -> None:
    for name, maker in (("a", made.sigma), ("b", made.elastic), ("c", made.splunk)):
        table = read(made.jsonl(tmp_path / f"{name}.jsonl", maker(1), maker(2)))
        assert [alert.techniques for alert in alerts(table)] == table.frame["techniques"].tolist()


@pytest.mark.parametrize("maker", [made.sigma, made.elastic, made.splunk])
def test_deprecated_rules_are_left_out_and_counted_unless_asked_for(maker: Any, tmp_path: Path) -> None:
    path = made.jsonl(tmp_path / "r.jsonl", maker(1), maker(2), maker(3, status="deprecated"))
    table = read(path)
    assert (len(table), table.notes) == (2, ("r.jsonl: 1 deprecated rules left out",))
    assert len(read(path, deprecated=True)) == 3


def test_wazuh_rules_of_level_0_are_left_out_and_translations_are_one_group(tmp_path: Path) -> None:
    rules = [
        made.wazuh(1),
        made.wazuh(1, file="da.xml", title="Opvaskeren"),
        made.wazuh(2),
        made.wazuh(3, level=0),
    ]
    table = read(made.jsonl(tmp_path / "w.jsonl", *rules))
    assert table.notes == ("w.jsonl: 1 rules of level 0 left out",)
    groups = table.frame["group"].tolist()
    assert (groups[0] == groups[1], groups[0] == groups[2]) == (True, False)


def test_a_sigma_rule_without_an_id_is_named_for_its_file(tmp_path: Path) -> None:
    table = read(made.jsonl(tmp_path / "r.jsonl", made.sigma(1), made.sigma(2, id=None)))
    assert table.ids[1] == "sigma:rules/kitchen/2.yml"


def test_a_clone_of_elastic_rules_is_read(tmp_path: Path) -> None:
    for number, severity in enumerate(("low", "high")):
        file = tmp_path / "rules" / "linux" / f"oven_{number}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TOML.replace("SEVERITY", severity).replace("e-1", f"e-{number}"))
    table = read(tmp_path)
    assert (table.ids, table.label.tolist()) == (("elastic:e-0", "elastic:e-1"), [2, 4])
    assert table.frame["techniques"].iloc[0] == ("T1552.004", "T1528")
    assert alerts(table)[0].tactics == ("credential-access",)
    assert table.frame["path"].iloc[0] == "rules/linux/oven_0.toml"


def test_broken_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rules" / "linux" / "bad.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[rule\n")
    with pytest.raises(corpora.CorpusRefused, match=r"^rules/linux/bad.toml:1: no TOML: "):
        read(tmp_path)


def test_a_wazuh_ruleset_is_read_as_wazuh_reads_it(tmp_path: Path) -> None:
    (tmp_path / "ruleset" / "rules").mkdir(parents=True)
    (tmp_path / "ruleset" / "rules" / "kitchen_rules.xml").write_text(XML)
    table = read(tmp_path)
    assert table.ids == ("wazuh:kitchen_rules:100002", "wazuh:kitchen_rules:100003")
    assert (table.label.tolist(), table.frame["row"].tolist()) == ([3, 1], [5, 14])
    first = alerts(table)[0]
    assert first.title == "Dishwasher leaks. Call somebody & mop."
    assert (first.category, first.techniques) == ("kitchen, water, flood", ("T1499",))


BOMB = """<!DOCTYPE lol [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<group name="x,"><rule id="1" level="5"><description>&b;</description></rule></group>"""
OUTSIDE = """<!doctype x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<group name="x,"><rule id="1" level="5"><description>&f;</description></rule></group>"""
UNKNOWN = '<group name="x,"><rule id="1" level="5"><description>&f;</description></rule></group>'
DEEP = '<group name="x,"><rule id="1" level="5">' + "<a>" * 100_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "1: a document type or entity is declared"),
        (OUTSIDE, "1: a document type or entity is declared"),
        (XML.replace("</group>", "", 1), "11: no XML: mismatched tag"),
        (XML.replace('level="10"', 'level="17"'), "5: level is '17', not a whole number of 0-16"),
        (XML.replace('level="10"', 'level="high"'), "5: level is 'high'"),
        (DEEP, "1: elements nested more than 16 deep"),
    ],
    ids=["entities", "outside", "tag", "level", "word", "deep"],
)
def test_hostile_and_broken_rule_files_are_refused_by_file_and_line(
    text: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "k.xml").write_text(text)
    with pytest.raises(corpora.CorpusRefused) as refused:
        read(tmp_path / "k.xml")
    assert str(refused.value).startswith(f"k.xml:{why}")


def test_an_unknown_entity_stays_the_text_that_it_is(tmp_path: Path) -> None:
    (tmp_path / "k.xml").write_text(UNKNOWN + XML)
    assert read(tmp_path / "k.xml").frame["text"].iloc[0] == "&f;"


@pytest.mark.parametrize(
    ("maker", "changed", "why"),
    [
        (made.sigma, {"level": "5"}, "level is '5', not one of "),
        (made.sigma, {"level": 5}, "level is '5', not one of "),
        (made.sigma, {"title": ""}, "title is no text"),
        (made.sigma, {"tags": [1]}, "tags is no list of texts"),
        (made.sigma, {"logsource": []}, "logsource is no object"),
        (made.sigma, {"date": "yesterday"}, "date is 'yesterday', not a date"),
        (made.sigma, {"date": "2024-13-01"}, "date is '2024-13-01', not a date"),
        (
            made.elastic,
            {"severity": "severe"},
            "severity is 'severe', not one of low, medium, high, critical",
        ),
        (made.elastic, {"risk_score": 470}, "risk_score is '470', not a whole number of 0-100"),
        (made.splunk, {"risk_score": 0.64}, "risk_score is '0.64', not a whole number of 0-100"),
        (made.splunk, {"severity": None}, "severity is 'None', not one of "),
        (made.wazuh, {"level": 17}, "level is '17', not a whole number of 0-16"),
        (made.wazuh, {"id": None}, "id is missing"),
    ],
)
def test_a_broken_rule_is_named_by_file_and_row_and_nothing_is_read(
    maker: Any, changed: dict[str, Any], why: str, tmp_path: Path
) -> None:
    path = made.jsonl(tmp_path / "r.jsonl", maker(1), maker(2), maker(3, **changed))
    with pytest.raises(corpora.CorpusRefused) as refused:
        read(path)
    assert str(refused.value).startswith(f"r.jsonl:3: {why}")


def test_rules_in_yaml_are_read_as_texts() -> None:
    place, doc = document(
        "title: Oven\ndate: 2024-01-02\nlevel: high\ntags:\n    - attack.t1059\n", "a.yml"
    ) or (None, {})
    assert (place, doc) == (
        Place("a.yml", 1),
        {"title": "Oven", "date": "2024-01-02", "level": "high", "tags": ["attack.t1059"]},
    )


def test_broken_yaml_is_named_by_line() -> None:
    with pytest.raises(corpora.CorpusRefused, match=r"^a.yml:2: no YAML: "):
        document("title: Oven\n\tlevel: high\n", "a.yml")


@pytest.mark.parametrize("key", ["level", "title", "tags", "date", "logsource", "status"])
@pytest.mark.timeout(20)
def test_yaml_whose_aliases_stand_for_billions_is_refused_at_once(key: str, tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    doc = {"title": "T", "id": "1", "level": "high", "date": "2024-01-01", key: "*a59"}
    lines += [f"{name}: {value}" for name, value in doc.items()]
    file = tmp_path / "rules" / "windows" / "x" / "bomb.yml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines))
    with pytest.raises(corpora.CorpusRefused, match=r"^rules/windows/x/bomb.yml:1: "):
        read(tmp_path)


def test_yaml_cannot_make_objects(tmp_path: Path) -> None:
    _, doc = document("title: !!python/object/apply:os.system ['true']\n", "a.yml") or (None, {})
    assert doc == {"title": ["true"]}


def clone(tmp_path: Path, files: dict[str, dict[str, Any]]) -> Path:
    """A clone whose rule files are JSON, which is YAML."""
    for name, doc in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(orjson.dumps(doc))
    return tmp_path


SIGMA = {
    "rules/windows/process_creation/a.yml": made.sigma(1),
    "rules-threat-hunting/windows/b.yml": made.sigma(2),
    "deprecated/c.yml": made.sigma(3, status="deprecated"),
    "rules/windows/process_creation/d.yml": {"title": "Many", "correlation": {"type": "event_count"}},
    "tests/e.yml": {"no": "rule"},
}
SPLUNK = {
    "detections/endpoint/a.yml": {
        "name": "Old",
        "id": "s1",
        "description": "D",
        "date": "2024-01-02",
        "status": "production",
        "tags": {
            "risk_score": "64",
            "mitre_attack_id": ["T1190"],
            "analytic_story": ["Oven Fire", "Smoke"],
            "security_domain": "endpoint",
        },
    },
    "detections/endpoint/b.yml": {
        "name": "Newer",
        "id": "s2",
        "description": "D",
        "date": "2025-01-02",
        "tags": {"mitre_attack_id": ["T1059"]},
        "rba": {
            "message": "m",
            "risk_objects": [{"field": "dest", "score": "20"}, {"field": "user", "score": "90"}],
        },
    },
    "detections/endpoint/c.yml": {
        "name": "Newest",
        "id": "s3",
        "description": "D",
        "creation_date": "2025-10-24",
        "mitre_attack_id": ["T1046"],
        "analytic_story": ["Draught"],
        "security_domain": "network",
        "intermediate_findings": {"entities": [{"field": "user", "score": "40"}]},
    },
    "detections/endpoint/d.yml": {
        "name": "Hunting",
        "id": "s4",
        "description": "D",
        "date": "2025-01-02",
        "tags": {},
    },
}


def test_a_clone_of_sigma_rules_is_read_without_what_is_no_rule(tmp_path: Path) -> None:
    table = read(clone(tmp_path, SIGMA))
    assert table.label.tolist() == [4, 2]
    assert {"correlation", "deprecated"} <= set(" ".join(table.notes).split())


def test_a_clone_of_splunk_detections_is_read_in_each_of_its_layouts(tmp_path: Path) -> None:
    table = read(clone(tmp_path, SPLUNK))
    assert table.label.tolist() == [4, 5, 3, 0]
    assert table.frame["techniques"].tolist() == [("T1190",), ("T1059",), ("T1046",), ()]
    said = [(alert.category, alert.tags) for alert in alerts(table)]
    assert said == [("endpoint", ("Oven Fire", "Smoke")), (None, ()), ("network", ("Draught",)), (None, ())]
