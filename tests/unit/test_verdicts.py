"""Verdicts: what is taken when it is typed, and what the join with events learns from and says."""

from typing import Any

import orjson
import pytest

from enrich.encode.facts import load_facts
from enrich.errors import CorpusRefused, SettingsWrong
from enrich.formats import Formats, alert_from, packaged_mappings
from enrich.pipeline import process
from enrich.record import RawRecord
from tests.unit import corpus_rows as made
from tests.unit import tiny
from training import corpora, verdicts
from training.place import Place
from training.verdict_record import VERDICTS, Verdict, decoded, encoded, verdict

ALERT = {
    "timestamp": "2026-11-21T07:00:00.000000+0000",
    "event_type": "alert",
    "src_ip": "10.0.0.7",
    "dest_ip": "192.0.2.9",
    "proto": "TCP",
    "alert": {"signature_id": 9, "signature": "TEAPOT Steam", "severity": 1, "category": "Kitchen"},
}
AUTHORS = ("anna", "ben", "cleo")


def events(count: int = 6) -> list[dict[str, Any]]:
    """Events as a worker writes them."""
    lines = [orjson.dumps({**ALERT, "src_port": 40_000 + number}) for number in range(count)]
    records = [
        RawRecord("alerts.raw", 0, n, 1_795_244_400_000 + n, None, line) for n, line in enumerate(lines)
    ]
    batch = process(records, {}, tiny.context(), None)
    return [orjson.loads(output[0].value) for output in batch.outputs]


def said(
    event: dict[str, Any], word: str, author: str = "anna", time_ms: int = 1, level: int | None = None
) -> Verdict:
    return Verdict(event["metadata"]["uid"], word, author, time_ms, level, None)


def joined(
    of: list[dict[str, Any]], *words: Verdict, authors: tuple[str, ...] = AUTHORS
) -> tuple[list[Any], verdicts.Report]:
    placed = [(Place("events.jsonl", number), event) for number, event in enumerate(of, 1)]
    return verdicts.rows(
        placed, [(Place("verdicts.jsonl", n), each) for n, each in enumerate(words, 1)], authors
    )


def test_the_words_are_ocsfs() -> None:
    captions = load_facts().root.attributes["verdict_id"].enum
    assert {str(word.id): word.caption for word in VERDICTS.values()}.items() <= dict(captions or {}).items()


def test_an_event_with_a_verdict_becomes_a_row_with_its_original_as_document() -> None:
    of = events()
    (row,), report = joined(of, said(of[2], "true_positive", level=4))
    assert (row.id, row.label, row.true_positive, row.kind) == (of[2]["metadata"]["uid"], 4, True, "alert")
    assert orjson.loads(row.document)["src_port"] == 40_002
    assert (row.time_ms, row.path, row.row) == (of[2]["time"], "events.jsonl", 3)
    assert row.text.startswith("TEAPOT Steam\nKitchen")
    assert (report.rows, report.events, report.authors) == (1, 6, {"anna": 1})


@pytest.mark.parametrize(("word", "truth"), [(name, word.true_positive) for name, word in VERDICTS.items()])
def test_each_word_teaches_what_it_means(word: str, truth: bool | None) -> None:
    of = events(2)
    rows, report = joined(of, said(of[0], word), said(of[1], "benign"))
    assert [row.true_positive for row in rows] == ([False] if truth is None else [truth, False])
    assert report.silent == int(truth is None)


def test_the_verdict_that_an_author_gave_last_holds_though_an_earlier_one_states_the_year_9999() -> None:
    of = events(1)
    words = [
        said(of[0], "false_positive", time_ms=253_402_300_799_999),
        said(of[0], "benign", time_ms=7),
        said(of[0], "true_positive", time_ms=5),
    ]
    (row,), report = joined(of, *words)
    assert (row.true_positive, report.superseded) == (True, 2)


def test_contradictions_teach_nothing_and_are_named() -> None:
    of = events(2)
    words = [said(of[0], "true_positive"), said(of[0], "benign", "ben"), said(of[1], "benign", "ben")]
    rows, report = joined(of, *words)
    uid = of[0]["metadata"]["uid"]
    assert ([row.id for row in rows], report.contradictions) == ([of[1]["metadata"]["uid"]], (uid,))
    assert any(
        "contradict each other on what it was of 1 events" in line and uid in line for line in report.lines
    )


def test_false_positive_and_benign_do_not_contradict_each_other() -> None:
    of = events(1)
    (row,), report = joined(of, said(of[0], "false_positive"), said(of[0], "benign", "ben"))
    assert (row.true_positive, report.contradictions) == (False, ())


def test_other_severities_of_two_authors_give_none() -> None:
    of = events(1)
    words = [said(of[0], "true_positive", level=3), said(of[0], "true_positive", "ben", level=5)]
    (row,), report = joined(of, *words)
    assert (row.true_positive, row.label, len(report.severities)) == (True, None, 1)


def test_verdicts_of_strangers_are_ignored_and_counted() -> None:
    of = events(1)
    (row,), report = joined(of, said(of[0], "true_positive"), said(of[0], "benign", "mallory", time_ms=99))
    assert (row.true_positive, report.strangers) == (True, 1)
    assert "verdicts: 1 of authors who are not allow-listed: ignored" in report.lines


def test_verdicts_on_events_that_are_not_there_are_counted() -> None:
    of = events(3)
    _, report = joined(of[:1], *(said(each, "benign") for each in of))
    assert (report.unknown, report.rows) == (2, 1)


def test_a_verdict_is_not_moved_onto_another_alert_that_came_with_the_same_uid() -> None:
    of = events(3)
    uid = of[0]["metadata"]["uid"]
    of[1]["metadata"]["uid"] = uid
    rows, report = joined(of, said(of[0], "false_positive"), said(of[2], "true_positive"))
    assert [row.id for row in rows] == [of[2]["metadata"]["uid"]]
    assert (report.moved, report.unknown, report.authors) == ((uid,), 0, {"anna": 1})
    assert any("different alerts came with one uid 1 times" in line and uid in line for line in report.lines)


def test_of_an_alert_that_was_delivered_twice_the_first_event_is_taken() -> None:
    of = events(1)
    again = {**of[0], "message": "made again", "time": of[0]["time"] + 1}
    (row,), report = joined([*of, again], said(of[0], "benign"))
    assert (row.row, row.time_ms, report.moved, report.events) == (1, of[0]["time"], (), 2)


def test_it_is_said_when_one_author_gave_more_than_half() -> None:
    of = events(6)
    words = [said(each, "benign") for each in of[:4]] + [
        said(each, "true_positive", "ben") for each in of[4:]
    ]
    assert "verdicts: anna gave more than half of them" in joined(of, *words)[1].lines
    even = [*words[:2], *words[4:]]
    assert not any("more than half" in line for line in joined(of, *even)[1].lines)


def test_nobody_allow_listed_is_refused() -> None:
    of = events(1)
    with pytest.raises(CorpusRefused, match="whose verdicts count"):
        joined(of, said(of[0], "benign"), authors=())


def test_nothing_left_is_refused_with_the_reason() -> None:
    of = events(1)
    with pytest.raises(CorpusRefused, match="1 of authors who are not allow-listed"):
        joined(of, said(of[0], "benign", "mallory"))


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ([], "give some: `millrace verdict UID"),
        ([("benign", "mallory", 0)], "name their authors in the setting authors"),
        ([("benign", "anna", 9)], "look at its name and retention"),
        ([("test", "anna", 0)], "let the authors agree, and say what the events were"),
        ([("benign", "anna", 0), ("true_positive", "ben", 0)], "let the authors agree"),
    ],
)
def test_where_nothing_is_left_one_line_says_what_to_do(
    words: list[tuple[str, str, int]], advice: str
) -> None:
    of = events(10)
    with pytest.raises(CorpusRefused) as refused:
        joined(of[:1], *(said(of[place], word, author) for word, author, place in words))
    assert advice in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("change", ["none", "cut"])
def test_without_its_original_an_event_is_read_as_any_ocsf_finding_without_our_scores(change: str) -> None:
    of = events(1)
    if change == "none":
        del of[0]["raw_data"]
    else:
        of[0]["metadata"]["is_truncated"] = True
        of[0]["raw_data"] = of[0]["raw_data"][:30]
    (row,), _ = joined(of, said(of[0], "benign"))
    alert = alert_from(row.document, Formats.of(packaged_mappings()))
    assert (alert.format, alert.title, alert.severity_id) == ("ocsf", "TEAPOT Steam", None)
    assert b"millrace" not in row.document


def test_hints_and_tables_of_ours_do_not_come_back_as_what_the_source_states() -> None:
    event = events(1)[0]
    del event["raw_data"]
    plain = joined([event], said(event, "benign"))[0][0]
    hint = {"version": "19.2", "technique": {"uid": "T1110"}, "tactic": {"uid": "TA0006"}}
    event["finding_info"]["attacks"] = [hint]
    event["finding_info"]["analytic"]["desc"] = "the source's own words"
    event["osint"] = [{"type_id": 1, "value": "192.0.2.9", "vendor_name": "block list"}]
    event["resources"] = [{"name": "kettle", "criticality": "High"}]
    (row,), _ = joined([event], said(event, "benign"))
    alert = alert_from(row.document, Formats.of(packaged_mappings()))
    assert (alert.techniques, alert.tactics, row.text) == ((), (), plain.text)
    document = orjson.loads(row.document)
    assert document["finding_info"]["analytic"]["desc"] == "the source's own words"
    assert document.keys().isdisjoint({"osint", "resources", "severity_id", "risk_score"})
    assert event["finding_info"]["attacks"] == [hint]


def test_a_directory_with_events_and_verdicts_is_a_corpus(tmp_path: Any) -> None:
    of = events()
    made.jsonl(tmp_path / "own" / "events.jsonl", *of)
    values = [
        said(of[0], "true_positive", level=4),
        said(of[1], "benign", "ben"),
        said(of[2], "benign", "eve"),
    ]
    made.jsonl(tmp_path / "own" / "verdicts.jsonl", *(orjson.loads(encoded(each)[1]) for each in values))
    table = corpora.read(tmp_path, authors=("anna", "ben"))
    assert table.frame["true_positive"].tolist() == [True, False]
    assert "verdicts: 1 of authors who are not allow-listed: ignored" in table.notes


def test_a_file_with_a_broken_verdict_is_refused_unless_it_is_a_strangers(tmp_path: Any) -> None:
    of = events(2)
    made.jsonl(tmp_path / "events.jsonl", *of)
    good = [orjson.loads(encoded(said(each, "true_positive"))[1]) for each in of]
    made.jsonl(tmp_path / "verdicts.jsonl", *good, {"uid": [], "author": "mallory", "time": "noon"})
    assert (
        "verdicts: 1 of authors who are not allow-listed: ignored"
        in corpora.read(tmp_path, authors=AUTHORS).notes
    )
    made.jsonl(tmp_path / "verdicts.jsonl", *good, {"uid": [], "author": "anna", "time": "noon"})
    with pytest.raises(CorpusRefused, match=r"verdicts\.jsonl:3: uid is no text"):
        corpora.read(tmp_path, authors=AUTHORS)


def test_a_corpus_without_a_true_positive_is_refused(tmp_path: Any) -> None:
    of = events()
    made.jsonl(tmp_path / "events.jsonl", *of)
    made.jsonl(tmp_path / "verdicts.jsonl", *(orjson.loads(encoded(said(each, "benign"))[1]) for each in of))
    with pytest.raises(CorpusRefused, match="no attack among 6 rows of verdicts: add true_positive verdicts"):
        corpora.read(tmp_path, authors=AUTHORS)


def test_what_is_encoded_is_decoded() -> None:
    given = Verdict("0" * 32, "security_risk", "anna", 77, 5, "dropped a shell")
    key, value = encoded(given)
    doc = orjson.loads(value)
    assert (key, doc["verdict_id"], doc["verdict"], doc["severity"]) == (
        b"0" * 32,
        8,
        "Security Risk",
        "Critical",
    )
    assert decoded(doc, Place("v", 1), AUTHORS) == given
    assert decoded(doc, Place("v", 1), ("ben",)) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"uid": "xyz"}, "uid is not 32 hex digits"),
        ({"verdict_id": 0}, "verdict_id is 0, not one of"),
        ({"verdict_id": "true"}, "verdict_id is 'true', not a whole number"),
        ({"author": ""}, "author is no text"),
        ({"time": "noon"}, "time is 'noon', not milliseconds"),
        ({"severity_id": 9}, "severity_id is '9', not a whole number of 1-5"),
    ],
)
def test_a_broken_verdict_is_named_by_its_place(change: dict[str, Any], why: str) -> None:
    doc = orjson.loads(encoded(Verdict("0" * 32, "benign", "anna", 77, 5, None))[1])
    with pytest.raises(CorpusRefused) as refused:
        decoded({**doc, **change}, Place("alerts.feedback/2", 8), AUTHORS)
    assert str(refused.value).startswith(f"alerts.feedback/2:8: {why}")


@pytest.mark.parametrize("typed", ["true_positive", "True Positive", "true-positive", " TRUE_POSITIVE "])
def test_a_verdict_may_be_typed_in_any_of_its_spellings(typed: str) -> None:
    assert verdict("a" * 32, typed, "anna", 1, authors=AUTHORS).verdict == "true_positive"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("xyz", "benign", "anna"), "'xyz' is no uid: 32 hex digits"),
        (("A" * 32, "benign", "anna"), "is no uid"),
        (("a" * 32, "true_positiv", "anna"), "did you mean true_positive"),
        (("a" * 32, "nonsense", "anna"), "one of false_positive, true_positive"),
        (("a" * 32, "benign", "ana"), "is not in the setting authors: did you mean anna"),
        (("a" * 32, "benign", "anna", "hihg"), "did you mean high"),
    ],
)
def test_what_was_typed_wrong_is_said_with_what_could_have_been_meant(
    arguments: tuple[str, ...], why: str
) -> None:
    uid, word, author, *severity = arguments
    with pytest.raises(SettingsWrong) as wrong:
        verdict(uid, word, author, 1, *severity, authors=AUTHORS)
    assert why in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_without_an_allow_list_nothing_is_taken() -> None:
    with pytest.raises(SettingsWrong, match="no author is allow-listed"):
        verdict("a" * 32, "benign", "anna", 1)


@pytest.mark.parametrize(("author", "comment"), [("anna", "half \udce4 character"), ("an\udcffna", None)])
def test_what_is_no_unicode_is_one_line(author: str, comment: str | None) -> None:
    with pytest.raises(SettingsWrong, match="is not valid Unicode") as wrong:
        verdict("a" * 32, "benign", author, 1, None, comment, authors=(author,))
    assert "\n" not in str(wrong.value)
    assert str(wrong.value).isascii()
