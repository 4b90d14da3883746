"""The worker on a real Kafka: everything that goes in comes out, whatever happens to the process."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.broker.installation import Installation, eve, source_of, wait_for

pytestmark = pytest.mark.broker

POISON = [b"", b"\xff\xfe\x00", b"{", b"[1,2]", b"null", b'{"a":1}', b"\x00" * 300, b"x" * 200_000]


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Iterator[Installation]:
    """An installation with topics of 3 partitions."""
    return Installation(bootstrap, prefix, tmp_path, partitions=3).with_topics()


def sources(line: Installation) -> Counter[tuple[int, int]]:
    """How often each raw record came out, as an event or a dead letter."""
    return Counter(source_of(record) for role in ("enriched", "dead") for record in line.read(role))


def test_every_record_comes_out_once_and_the_group_has_no_lag(line: Installation) -> None:
    sent = line.produce([eve(n) if n % 10 else b"not json %d" % n for n in range(500)])
    with line.process("worker"):
        wait_for(line.drained)
    assert sources(line) == Counter(sent)


def test_a_worker_that_is_told_to_stop_ends_with_0_and_leaves_nothing_undone(line: Installation) -> None:
    sent = line.produce([eve(n) for n in range(3000)])
    with line.process("worker") as worker:
        wait_for(lambda: line.count("enriched") > 0)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    with line.process("worker"):
        wait_for(line.drained)
    assert sources(line) == Counter(sent)


def test_a_worker_that_is_killed_loses_nothing(line: Installation) -> None:
    sent = line.produce([eve(n) for n in range(6000)])
    for _ in range(2):
        before = line.count("enriched")
        with line.process("worker") as worker:
            wait_for(lambda least=before: line.count("enriched") > least)  # type: ignore[misc]
            worker.kill()
    with line.process("worker"):
        wait_for(line.drained)
    assert set(sources(line)) == set(sent)


def test_a_second_worker_takes_its_share_and_nothing_is_lost(line: Installation) -> None:
    first = line.produce([eve(n) for n in range(1000)])
    with line.process("worker"):
        wait_for(lambda: line.count("enriched") > 0)
        with line.process("worker") as second:
            wait_for(lambda: line.members() == 2)
            sent = first + line.produce([eve(n) for n in range(1000)])
            wait_for(line.drained)
            second.send_signal(signal.SIGTERM)
            assert second.wait(30) == 0
        wait_for(line.drained)
    assert set(sources(line)) == set(sent)


def test_bytes_that_no_format_knows_become_dead_letters_with_the_original_and_where_it_was(
    line: Installation,
) -> None:
    sent = line.produce(POISON, key=b"\x00key", headers=[("trace", b"\xff")])
    with line.process("worker"):
        wait_for(line.drained)
    letters = {source_of(record): record for record in line.read("dead")}
    assert [letters[place].value for place in sent] == POISON
    assert {letters[place].key for place in sent} == {b"\x00key"}
    codes = [dict(letters[place].headers)["millrace-code"].decode() for place in sent]
    assert codes[3:6] == ["not_an_object", "not_an_object", "unknown_format"]
    assert set(codes[:3] + codes[6:]) == {"unparseable"}


def test_the_alerts_beside_a_dead_letter_go_on(line: Installation) -> None:
    line.produce([*POISON, eve(1), *POISON, eve(2)])
    with line.process("worker"):
        wait_for(line.drained)
    assert (line.count("enriched"), line.count("dead")) == (2, 2 * len(POISON))


def test_a_record_over_the_limit_is_a_dead_letter_whole(bootstrap: str, prefix: str, tmp_path: Path) -> None:
    line = Installation(bootstrap, prefix, tmp_path, raw_limit=262_144).with_topics()
    large = b'{"event_type":"' + b"x" * 300_000 + b'"}'
    line.produce([large])
    with line.process("worker"):
        wait_for(lambda: line.count("dead") == 1)
    letter = line.read("dead")[0]
    assert (letter.value, dict(letter.headers)["millrace-code"]) == (large, b"oversize")


def test_a_tombstone_is_skipped_and_committed(line: Installation) -> None:
    line.produce([None], key=b"k")
    line.produce([eve(1)])
    with line.process("worker"):
        wait_for(line.drained)
    assert (line.count("enriched"), line.count("dead")) == (1, 0)


def test_an_event_carries_its_uid_its_context_and_the_wall_clock_in_headers(line: Installation) -> None:
    line.produce([eve(1)])
    with line.process("worker"):
        wait_for(lambda: line.count("enriched") == 1)
    record = line.read("enriched")[0]
    headers, event = dict(record.headers), json.loads(record.value)
    assert headers["millrace-uid"].decode() == event["metadata"]["uid"]
    assert headers["millrace-context"].decode() == event["unmapped"]["millrace"]["context_id"]
    assert abs(int(headers["millrace-processed-ms"]) - record.timestamp) < 60_000


def test_the_key_of_an_event_is_its_entity(line: Installation) -> None:
    line.produce([eve(1)], key=b"something else")
    with line.process("worker"):
        wait_for(lambda: line.count("enriched") == 1)
    assert line.read("enriched")[0].key == b"ip:10.0.1.2"


def test_the_same_records_give_the_same_bytes_to_a_worker_that_reads_them_again(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    line = Installation(bootstrap, prefix, tmp_path, partitions=1).with_topics()
    line.produce([eve(n) for n in range(300)])
    for group, rows in (("a", 1000), ("b", 7)):
        again = Installation(bootstrap, prefix, tmp_path, group=f"{prefix}{group}", batch_rows=rows)
        with again.process("worker"):
            wait_for(again.drained)
    values = [record.value for record in line.read("enriched")]
    assert sorted(values[:300]) == sorted(values[300:])


def test_a_worker_writes_no_file_where_it_was_started(line: Installation) -> None:
    with line.process("worker"):
        wait_for(lambda: '"assigned"' in line.log())
    assert sorted(path.name for path in line.home.iterdir()) == ["worker.log"]


def test_no_alert_is_in_the_log_of_a_worker(line: Installation) -> None:
    line.produce([eve(1, "ET SECRET signature"), b"SECRET not json"])
    with line.process("worker") as worker:
        wait_for(line.drained)
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    assert ("SECRET" in line.log(), '"processed"' in line.log()) == (False, True)


def test_a_log_that_is_no_terminal_is_json(line: Installation) -> None:
    with line.process("worker"):
        wait_for(lambda: '"assigned"' in line.log())
    assert all(json.loads(text)["event"] for text in line.log().splitlines())


def test_missing_topics_are_a_line_each_that_says_what_to_do(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    done = Installation(bootstrap, prefix, tmp_path).run("worker")
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, len(lines)) == (2, 5)
    assert all(text.endswith("does not exist: `millrace topics --apply` creates it") for text in lines)


def test_an_output_topic_that_is_too_narrow_stops_the_start(
    line: Installation, bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    done = line.run("worker", raw_limit=2_000_000)
    assert done.returncode == 2
    assert b"max.message.bytes is 2162688, it must be at least 4065536" in done.stderr


def test_without_a_bundle_a_worker_does_not_start(line: Installation) -> None:
    done = line.run("worker", on_bundle_error="stop")
    last = done.stderr.decode().splitlines()[-1]
    assert (done.returncode, last.startswith("millrace: no bundle in ")) == (2, True)


def test_an_event_that_its_topic_refuses_becomes_a_dead_letter_of_hash_and_coordinates(
    line: Installation, bootstrap: str
) -> None:
    from kafka import KafkaAdminClient
    from kafka.admin import ConfigResource

    with line.process("worker"):
        wait_for(lambda: '"restored"' in line.log())
        with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
            narrow = {"max.message.bytes": "500"}
            admin.alter_configs([ConfigResource("TOPIC", line.topics["enriched"], narrow)])
        sent = line.produce([eve(n) for n in range(3)])
        wait_for(line.drained)
    letters = line.read("dead")
    assert {source_of(letter) for letter in letters} == set(sent)
    assert {dict(letter.headers)["millrace-code"] for letter in letters} == {b"undeliverable"}
    assert {letter.value for letter in letters} == {b""}


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_records_are_read_however_their_producer_compressed_them(line: Installation, codec: str) -> None:
    with KafkaProducer(bootstrap_servers=line.bootstrap, compression_type=codec, linger_ms=50) as producer:
        for n in range(50):
            producer.send(line.topics["raw"], value=eve(n))
    with line.process("worker"):
        wait_for(line.drained)
    assert line.count("enriched") == 50
    assert line.json("status")["lag"] == 0


def test_a_record_that_only_compression_got_past_the_topics_limit_does_not_stop_the_worker(
    line: Installation,
) -> None:
    with KafkaProducer(
        bootstrap_servers=line.bootstrap, compression_type="gzip", max_request_size=20_000_000
    ) as producer:
        producer.send(line.topics["raw"], value=b"x" * 8_000_000, partition=0).get(30)
        producer.send(line.topics["raw"], value=eve(1), partition=0).get(30)
    with line.process("worker"):
        wait_for(line.drained)
    letter = line.read("dead")[0]
    assert dict(letter.headers)["millrace-size"] == b"8000000"
    assert line.count("enriched") == 1
