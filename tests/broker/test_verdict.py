"""`millrace verdict` on a real Kafka: what was said lies on the topic, and is found again with its event."""

from pathlib import Path

import orjson
import pytest
from kafka import KafkaProducer

from millrace.told import table
from tests.broker.installation import Installation, eve, wait_for
from training.verdict_record import Verdict, encoded
from worker.settings import Settings

pytestmark = pytest.mark.broker

UID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap, prefix, tmp_path, partitions=2, authors="anna,ben").with_topics()


def settings_of(line: Installation) -> Settings:
    names = {f"topic_{role}": name for role, name in line.topics.items()}
    return Settings(bootstrap=(line.bootstrap,), authors=("anna", "ben"), **names)  # type: ignore[arg-type]


def test_a_verdict_lies_on_the_topic_under_the_events_uid(line: Installation) -> None:
    done = line.run(
        "verdict", UID, "true_positive", "--author", "anna", "--severity", "high", "--comment", "a kettle"
    )
    (record,) = line.read("feedback")
    value = orjson.loads(record.value)
    assert (done.returncode, record.key) == (0, UID.encode())
    assert done.stdout.decode().startswith(f"{UID}: True Positive, says anna (")
    del value["time"]
    assert value == {
        "uid": UID,
        "verdict_id": 2,
        "verdict": "True Positive",
        "author": "anna",
        "severity_id": 4,
        "severity": "High",
        "comment": "a kettle",
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((UID[:-1], "benign", "--author", "anna"), "is no uid"),
        ((UID, "bening", "--author", "anna"), "did you mean benign"),
        ((UID, "benign", "--author", "mallory"), "is not in the setting authors"),
        ((UID, "benign", "--author", "anna", "--comment", "caf\udce9"), "--comment is not valid Unicode"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(
    arguments: tuple[str, ...], why: str, line: Installation
) -> None:
    done = line.run("verdict", *arguments)
    told = done.stderr.decode()
    assert (done.returncode, told.count("\n"), line.count("feedback")) == (2, 1, 0)
    assert why in told


def test_without_the_topic_it_is_said_how_to_make_it(bootstrap: str, prefix: str, tmp_path: Path) -> None:
    bare = Installation(bootstrap, prefix, tmp_path, authors="anna")
    done = bare.run("verdict", UID, "benign", "--author", "anna")
    assert (done.returncode, b"`millrace topics --apply` creates it" in done.stderr) == (2, True)


def test_events_of_the_worker_and_verdicts_of_the_command_become_rows(line: Installation) -> None:
    line.produce([eve(number) for number in range(8)])
    with line.process("worker"):
        wait_for(lambda: line.count("enriched") == 8)
    uids = [orjson.loads(record.value)["metadata"]["uid"] for record in line.read("enriched")]
    for uid, word, author in (
        (uids[0], "true_positive", "anna"),
        (uids[1], "false_positive", "ben"),
        (uids[1], "benign", "ben"),
        (uids[2], "true_positive", "anna"),
        (uids[2], "benign", "ben"),
        (UID, "benign", "anna"),
    ):
        assert line.run("verdict", uid, word, "--author", author).returncode == 0
    found, report = table(settings_of(line))
    assert dict(zip(found.ids, found.frame["true_positive"], strict=True)) == {uids[0]: True, uids[1]: False}
    assert (report.events, report.unknown, report.superseded, report.contradictions) == (8, 1, 1, (uids[2],))
    assert {orjson.loads(document)["event_type"] for document in found.frame["document"]} == {"alert"}


def test_what_cannot_be_read_on_the_topics_is_skipped_and_named_and_a_later_verdict_corrects_a_far_one(
    line: Installation,
) -> None:
    line.produce([eve(number) for number in range(2)])
    with line.process("worker"):
        wait_for(lambda: line.count("enriched") == 2)
    first, second = (orjson.loads(record.value)["metadata"]["uid"] for record in line.read("enriched"))
    far = Verdict(first, "false_positive", "anna", 253_402_300_799_999, None, None)
    key, value = encoded(far)
    elsewhere = encoded(far._replace(uid=second, verdict="true_positive"))[1]
    feedback = line.topics["feedback"]
    with KafkaProducer(bootstrap_servers=line.bootstrap) as producer:
        producer.send(feedback, key=key, value=value).get(30)
        oops = producer.send(feedback, key=key, value=b"{oops").get(30)
        for other in (elsewhere, b'{"author": "anna"}', b'{"author": "mallory", "uid": 7}'):
            producer.send(feedback, key=key, value=other).get(30)
        producer.send(line.topics["enriched"], value=b"[]").get(30)
    assert line.run("verdict", first, "true_positive", "--author", "anna").returncode == 0
    found, report = table(settings_of(line))
    assert dict(zip(found.ids, found.frame["true_positive"], strict=True)) == {first: True}
    assert (report.superseded, report.strangers, len(report.skipped)) == (1, 1, 4)
    assert report.skipped[0].startswith(f"{feedback}/{oops.partition}:{oops.offset + 1}: no JSON")
    assert "key is not the uid" in report.skipped[1]
    assert "no JSON object" in report.skipped[3]
    assert f"verdicts: 4 records of the topics were skipped, first {report.skipped[0]}" in found.notes
