"""Alerts, flows and ATT&CK's texts as rows; directories of many corpora; whatever is broken is refused."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from enrich.formats import Formats, alert_from, packaged_mappings
from tests.unit import corpus_rows as made
from training import corpora
from training.corpora.attack import anonymous
from training.table import COLUMNS

IN_USE = Formats.of(packaged_mappings())

KDD = (
    "duration,protocol_type,service,flag,src_bytes,dst_bytes,count,srv_count,label,difficulty\n"
    "0,tcp,http,SF,181,5450,8,8,normal,20\n"
    "3,udp,private,S0,28,0,80,80,teardrop,16\n"
)
NF = (
    "IPV4_SRC_ADDR,L4_SRC_PORT,IPV4_DST_ADDR,L4_DST_PORT,PROTOCOL,L7_PROTO,IN_BYTES,IN_PKTS,OUT_BYTES,OUT_PKTS,"
    "TCP_FLAGS,FLOW_DURATION_MILLISECONDS,Label,Attack\n"
    "10.0.0.1,51128,10.0.0.2,80,6,7.0,400,5,900,6,27,4294964,0,Benign\n"
    "10.0.0.3,51129,10.0.0.2,22,6,92.0,400,5,900,6,27,4294964,1,SSH-Bruteforce\n"
)
CIC = (
    "Dst Port, Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,TotLen Fwd Pkts,TotLen Bwd Pkts,"
    "Flow Byts/s,Label\n"
    "443,6,02/03/2018 08:47:38,141385,9,7,553,3773,30598.7,Benign\n"
    "22,6,02/03/2018 08:47:40,281,2,1,38,0,Infinity,Bot\n"
)
SAGE = (
    "event_id,timestamp,log_source,event_type,severity,mitre_technique,src_ip,description,is_true_positive\n"
    '7,2024-01-02 03:04:05,edr,malware,high,T1059.001,10.0.0.1,"A toaster, that beeps",True\n'
    "8,2024-01-02 03:04:06,proxy,benign_activity,info,,,Somebody made tea,False\n"
)
STIX: dict[str, Any] = {
    "type": "bundle",
    "objects": [
        {
            "type": "attack-pattern",
            "id": "attack-pattern--1",
            "name": "Kettle Abuse",
            "description": "Boils. (Citation: X)",
            "external_references": [{"source_name": "mitre-attack", "external_id": "T9001"}],
        },
        {
            "type": "attack-pattern",
            "id": "attack-pattern--2",
            "name": "Gone",
            "revoked": True,
            "external_references": [{"source_name": "mitre-attack", "external_id": "T9002"}],
        },
        {"type": "malware", "id": "malware--1", "name": "Foo", "x_mitre_aliases": ["Foo", "FooBar"]},
        *(
            {
                "type": "relationship",
                "id": f"relationship--{number}",
                "relationship_type": "uses",
                "source_ref": "malware--1",
                "target_ref": f"attack-pattern--{number}",
                "description": "[FooBar](https://attack.example/S1) boils water.(Citation: Y)",
                "created": "2021-04-27T00:00:00.000Z",
            }
            for number in (1, 2)
        ),
    ],
}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "source", "attack", "format_"),
    [(KDD, "nsl-kdd", "teardrop", "flow"), (NF, "nf", "SSH-Bruteforce", "flow"), (CIC, "cic", "Bot", "flow")],
    ids=["nsl-kdd", "nf", "cic"],
)
def test_flows_become_rows_whose_documents_are_flows_without_labels(
    text: str, source: str, attack: str, format_: str, tmp_path: Path
) -> None:
    table = corpora.read(write(tmp_path / "day.csv", text))
    assert set(table.frame["label_source"]) == {source}
    assert table.frame["true_positive"].tolist() == [False, True]
    assert (table.frame["attack"].tolist(), table.frame["row"].tolist()) == (["", attack], [2, 3])
    for document in table.frame["document"]:
        assert alert_from(document, IN_USE).format == format_
        assert not {"label", "attack", "difficulty"} & {key.lower() for key in orjson.loads(document)}
        assert attack.encode() not in document


def test_flows_of_cic_have_their_times(tmp_path: Path) -> None:
    assert corpora.read(write(tmp_path / "day.csv", CIC)).time_ms[0] == 1_519_980_458_000


def test_equal_flows_are_one_group(tmp_path: Path) -> None:
    text = KDD + "0,tcp,http,SF,181,5450,8,8,normal,21\n"
    groups = corpora.read(write(tmp_path / "kdd.csv", text)).frame["group"].tolist()
    assert (groups[0] == groups[2], groups[0] == groups[1]) == (True, False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (KDD.replace("28,0,80", "28,zero,80"), "3: dst_bytes is 'zero', not a number"),
        (KDD.replace("28,0,80", "28,inf,80"), "3: dst_bytes is 'inf', not a number"),
        (KDD + "0,tcp,http\n", "4: 3 cells under 10 columns"),
        (KDD.replace("teardrop", ""), "3: label is missing"),
        (KDD.replace("teardrop", "normal"), " no attack among 2 rows of nsl-kdd"),
        (KDD.replace("normal", "smurf"), " all 2 rows of nsl-kdd are attacks"),
        (KDD.replace("difficulty", "count"), "1: column 'count' is there twice"),
        (NF.replace(",1,SSH", ",0,SSH"), "3: Label is 0, but Attack is 'SSH-Bruteforce'"),
        (NF.replace(",1,SSH", ",2,SSH"), "3: Label is '2', not a whole number of 0-1"),
        (CIC + CIC, "4: the header comes again here: delete this line"),
        (CIC.replace("Benign", "0"), "2: Label is '0': give the set with names of attacks"),
        (SAGE.replace(",high,", ",4,"), "2: severity is '4', not one of "),
        (SAGE.replace("True", "maybe"), "2: is_true_positive is 'maybe', not one of "),
        (SAGE.replace("2024-01-02 03:04:05", "noon"), "2: timestamp is 'noon', not a time"),
        (SAGE.replace("severity", "gravity"), "1: no column severity"),
        (SAGE.split("\n")[0] + "\n", "1: no rows"),
        (SAGE + '9,"unclosed', "4: no CSV: "),
    ],
)
def test_a_broken_table_is_named_by_file_and_row(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(corpora.CorpusRefused) as refused:
        corpora.read(write(tmp_path / "t.csv", text))
    assert str(refused.value).startswith(f"t.csv:{why}")


def test_alertsage_reports_have_labels_that_their_documents_do_not_say(tmp_path: Path) -> None:
    table = corpora.read(write(tmp_path / "cyber_incidents.csv", SAGE))
    assert (table.label.tolist(), table.frame["true_positive"].tolist()) == ([4, 1], [True, False])
    assert table.frame["techniques"].tolist() == [("T1059.001",), ()]
    document = table.frame["document"].iloc[0]
    alert = alert_from(document, IN_USE)
    assert (alert.format, alert.message, alert.severity_id) == ("incident", "A toaster, that beeps", None)
    assert b"malware" not in document


def test_ait_alerts_are_true_of_a_step_and_unknown_in_the_rest_of_a_phase(tmp_path: Path) -> None:
    alerts = [made.ait(1), made.ait(2), made.ait(3, event="dnsteal")]
    table = corpora.read(made.jsonl(tmp_path / "harbour.jsonl", *alerts))
    assert table.frame["true_positive"].tolist() == [False, pd.NA, True]
    assert table.frame["attack"].tolist() == ["", "wpscan", "dnsteal"]
    assert set(table.frame["group"]) == {"ait-ads:harbour"}
    kept = set(orjson.loads(table.frame["document"].iloc[1]))
    assert kept == {"ts", "detector", "name", "ip", "host", "code"}


def test_a_stix_bundle_gives_procedures_without_names_and_live_techniques(tmp_path: Path) -> None:
    table = corpora.read(made.jsonl(tmp_path / "enterprise-attack.json", STIX))
    assert table.frame["text"].tolist() == ["Kettle Abuse\nBoils.", "The malware boils water."]
    assert table.frame["techniques"].tolist() == [("T9001",), ("T9001",)]
    assert table.time_ms.tolist() == [-1, 1_619_481_600_000]
    assert table.notes == (
        "enterprise-attack.json: 1 procedures of revoked objects left out",
        "enterprise-attack.json: 1 revoked and deprecated techniques left out",
    )


def test_a_clone_of_cti_is_read_by_its_enterprise_bundle(tmp_path: Path) -> None:
    made.jsonl(tmp_path / "cti" / "enterprise-attack" / "enterprise-attack.json", STIX)
    made.jsonl(tmp_path / "cti" / "enterprise-attack" / "malware" / "one.json", STIX)
    assert len(corpora.read(tmp_path)) == 2


def test_half_a_bundle_is_refused(tmp_path: Path) -> None:
    objects = [each for each in STIX["objects"] if each["type"] != "malware"]
    path = made.jsonl(tmp_path / "enterprise-attack.json", {"type": "bundle", "objects": objects})
    with pytest.raises(corpora.CorpusRefused, match=r"attack.json:3: source_ref names no object"):
        corpora.read(path)


def test_the_longest_name_is_replaced_first_and_words_that_hold_it_are_left() -> None:
    source = {"type": "intrusion-set", "name": "Bear", "aliases": ["Bear", "Fancy Bear"]}
    assert anonymous("Fancy Bear and Bear use Bearing.", source) == "The actor and The actor use Bearing."


def test_normalised_procedures_and_techniques_are_read(tmp_path: Path) -> None:
    sentence = {
        "id": "relationship--1",
        "text": "Foo boils.",
        "text_anon": "The malware boils.",
        "technique": "T1059",
        "source_kind": "malware",
        "date": "2021-04-27",
    }
    made.jsonl(tmp_path / "procedures.jsonl", sentence)
    live = {"id": "T1059", "name": "Shell", "description": "D"}
    techniques = [live, {"id": "T1", "name": "X", "revoked": True}]
    made.jsonl(tmp_path / "techniques.json", {"attack_version": "18.1", "techniques": techniques})
    table = corpora.read(tmp_path)
    assert table.frame["text"].tolist() == ["The malware boils.", "Shell\nD"]
    assert set(table.frame["document"]) == {b""}


def test_a_directory_of_everything_is_found_and_the_rest_is_counted(tmp_path: Path) -> None:
    made.jsonl(tmp_path / "rules" / "sigma_rules.jsonl", made.sigma(1), made.sigma(2))
    made.jsonl(tmp_path / "rules" / "elastic.jsonl", made.elastic(1), made.elastic(2))
    write(tmp_path / "flows" / "kdd.csv", KDD)
    made.jsonl(tmp_path / "ait" / "a.jsonl", made.ait(1), made.ait(2, event="wpscan"))
    write(tmp_path / "README.md", "words")
    write(tmp_path / ".git" / "sigma.jsonl", "not looked at")
    table = corpora.read(tmp_path)
    assert {share.label_source: share.rows for share in table.shares} == {
        "ait-ads": 2,
        "elastic": 2,
        "nsl-kdd": 2,
        "sigma": 2,
    }
    assert table.notes == ("1 files are no corpus that is known, and were left alone: README.md",)
    assert set(table.licences) == {"ait-ads", "elastic", "nsl-kdd", "sigma"}


def test_a_moved_corpus_has_the_same_hash(tmp_path: Path) -> None:
    docs = [made.sigma(number) for number in range(1, 6)]
    made.jsonl(tmp_path / "a" / "one.jsonl", *docs)
    made.jsonl(tmp_path / "b" / "x" / "y.jsonl", *docs[:2])
    made.jsonl(tmp_path / "b" / "z.jsonl", *reversed(docs[2:]))
    assert corpora.read(tmp_path / "a").content_hash == corpora.read(tmp_path / "b").content_hash


def test_one_rule_in_two_corpora_is_refused_with_both_places(tmp_path: Path) -> None:
    made.jsonl(tmp_path / "a.jsonl", made.sigma(1), made.sigma(2))
    made.jsonl(tmp_path / "b.jsonl", made.sigma(3), made.sigma(2))
    with pytest.raises(corpora.CorpusRefused, match=r"^b.jsonl:2: sigma:.* is in a.jsonl:2 too; give one"):
        corpora.read(tmp_path)


@pytest.mark.parametrize("content", [b'{"broken', b"[1]", b"\xff\xfe", b'"text"'])
def test_a_broken_line_is_refused_by_its_number_and_nothing_is_read(content: bytes, tmp_path: Path) -> None:
    path = made.jsonl(tmp_path / "s.jsonl", made.sigma(1), made.sigma(2))
    path.write_bytes(path.read_bytes() + content + b"\n")
    with pytest.raises(corpora.CorpusRefused, match=r"^s.jsonl:3: no JSON"):
        corpora.read(path)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_gzip_file_that_breaks_off_is_refused(cut: float, tmp_path: Path) -> None:
    lines = b"\n".join(orjson.dumps(made.sigma(number)) for number in range(1, 4_000))
    packed = gzip.compress(lines, mtime=0)
    (tmp_path / "s.jsonl.gz").write_bytes(packed[: int(len(packed) * cut)])
    with pytest.raises(corpora.CorpusRefused, match=r"^s.jsonl.gz:\d+: (the gzip file is broken|no JSON)"):
        corpora.read(tmp_path)


def test_rules_of_one_severity_are_refused(tmp_path: Path) -> None:
    path = made.jsonl(tmp_path / "s.jsonl", made.sigma(1), made.sigma(3))
    with pytest.raises(corpora.CorpusRefused, match="all 2 rows of sigma have severity 4"):
        corpora.read(path)


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"hello"), ("a.jsonl", b'{"x":1}'), ("a.jsonl", b"")]
)
def test_what_is_no_corpus_is_said(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(corpora.CorpusRefused, match="no corpus that is known is in it"):
        corpora.read(tmp_path)


@pytest.mark.parametrize(
    ("maker", "key", "why"),
    [
        (made.sigma, "level", "level is 'None', not one of"),
        (made.elastic, "severity", "severity is 'None', not one of"),
        (made.splunk, "title", "title is missing"),
        (made.wazuh, "level", "level is 'None', not a whole number"),
        (made.ait, "phase", "phase is missing"),
    ],
)
def test_a_set_without_one_of_its_columns_is_refused_and_not_passed_over(
    maker: Any, key: str, why: str, tmp_path: Path
) -> None:
    made.jsonl(tmp_path / "good.jsonl", made.sigma(90), made.sigma(91))
    made.jsonl(tmp_path / "lacking.jsonl", *({k: v for k, v in maker(n).items() if k != key} for n in (1, 2)))
    with pytest.raises(corpora.CorpusRefused) as refused:
        corpora.read(tmp_path)
    assert str(refused.value).startswith(f"lacking.jsonl:1: {why}")


@pytest.mark.parametrize(
    ("text", "column"), [(KDD, "label"), (NF, "Label"), (CIC, "Label"), (SAGE, "description")]
)
def test_a_table_without_one_of_its_columns_is_refused_and_not_passed_over(
    text: str, column: str, tmp_path: Path
) -> None:
    made.jsonl(tmp_path / "good.jsonl", made.sigma(90), made.sigma(91))
    write(tmp_path / "t.csv", text.replace(f",{column}", ",other", 1))
    with pytest.raises(corpora.CorpusRefused, match=f"t.csv:1: no column {column}"):
        corpora.read(tmp_path)


def sigma_lines(count: int = 40, **changed: Any) -> bytes:
    return b"\n".join(orjson.dumps(made.sigma(number, **changed)) for number in range(1, count)) + b"\n"


SPOILT = {
    "the first line": ("s.jsonl", sigma_lines()[7:], r"s.jsonl:1: no JSON: "),
    "a later line of few": ("s.jsonl", b'{"x":1}\n{"x"\n', r"s.jsonl:2: no JSON: "),
    "cut gzip": (
        "s.jsonl.gz",
        gzip.compress(sigma_lines(4_000))[:9_000],
        r"s.jsonl.gz:\d+: (the gzip|no JSON)",
    ),
    "a few bytes of gzip": ("s.jsonl.gz", gzip.compress(sigma_lines())[:14], r"s.jsonl.gz:1: the gzip"),
    "a changed byte": (
        "s.jsonl.gz",
        gzip.compress(sigma_lines())[:40] + b"\x00\x00" + gzip.compress(sigma_lines())[42:],
        r"s.jsonl.gz:\d+: ",
    ),
    "no gzip": ("s.jsonl.gz", b"<html>404</html>", r"s.jsonl.gz:1: named .gz, but no gzip file"),
    "UTF-16": ("s.jsonl", sigma_lines().decode().encode("utf-16"), r"s.jsonl:1: not UTF-8"),
    "renamed keys": (
        "s.jsonl",
        sigma_lines().replace(b'"level"', b'"gravity"').replace(b'"tags"', b'"labels"'),
        r"s.jsonl:1: nearly Sigma rules, but without level, tags",
    ),
    "another ending": ("s.json", sigma_lines(), r"s.json:1: Sigma rules by its keys, but not by its name"),
    "a list": ("s.json", orjson.dumps([made.sigma(1), made.sigma(2)]), r"s.json:1: Sigma rules by its keys"),
    "broken JSON": ("s.json", sigma_lines()[7:], r"s.json:1: no JSON object"),
    "UTF-16 table": ("t.csv", KDD.encode("utf-16"), r"t.csv:1: not UTF-8"),
    "renamed columns": (
        "t.csv",
        KDD.replace("flag", "f").replace("service", "s").replace("label", "l").encode(),
        r"t.csv:1: nearly NSL-KDD flows, but without flag, label, service",
    ),
}


@pytest.mark.parametrize(("name", "content", "why"), SPOILT.values(), ids=SPOILT.keys())
def test_a_broken_corpus_beside_a_good_one_is_refused_and_not_passed_over(
    name: str, content: bytes, why: str, tmp_path: Path
) -> None:
    made.jsonl(tmp_path / "good.jsonl", made.elastic(90), made.elastic(91))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(corpora.CorpusRefused, match=f"^{why}"):
        corpora.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'{\n "x": [1,\n 2]}'),
        ("a.json", b"[]"),
        ("a.jsonl", b'{"title":"x","level":"low","description":"half of the keys of a Sigma rule"}'),
        ("a.json", b'{"x": "' + b"y" * 300_000 + b'"}'),
        ("a.jsonl", b'{"x": "' + "é".encode() * 200_000 + b'"}\n'),
        ("a.jsonl", b""),
        ("a.csv", b"Timestamp,Protocol\n1,tcp\n"),
        ("a.log.gz", gzip.compress(b"\xff\xfe words", mtime=0)),
    ],
)
def test_other_files_are_left_alone_and_named(name: str, content: bytes, tmp_path: Path) -> None:
    made.jsonl(tmp_path / "good.jsonl", made.elastic(90), made.elastic(91))
    (tmp_path / name).write_bytes(content)
    assert corpora.read(tmp_path).notes == (
        f"1 files are no corpus that is known, and were left alone: {name}",
    )


def test_of_many_files_that_are_left_alone_the_first_are_named(tmp_path: Path) -> None:
    made.jsonl(tmp_path / "good.jsonl", made.elastic(90), made.elastic(91))
    for name in "abcde":
        write(tmp_path / f"{name}.txt", "words")
    assert corpora.read(tmp_path).notes[0].endswith("left alone: a.txt, b.txt, c.txt, …")


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(corpora.CorpusRefused, match="no such file or directory"):
        corpora.read(tmp_path / "nowhere")


def test_progress_is_told_by_file(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    made.jsonl(tmp_path / "s.jsonl", *(made.sigma(number) for number in range(1, 2_500)))
    corpora.read(tmp_path, tell=lambda path, rows: told.append((path, rows)), near=False)
    assert told == [("s.jsonl", 1), ("s.jsonl", 1_000), ("s.jsonl", 2_000)]


def test_every_label_source_has_a_licence_and_stands_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text("utf-8")
    for corpus in corpora.CORPORA:
        assert corpus.licence
        assert f"`{corpus.label_source}`" in docs


def test_every_column_of_the_table_stands_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text("utf-8")
    for column in COLUMNS:
        assert f"| `{column.name}` | {column.what} |" in docs
