"""`send`, `watch` and `status` on a real Kafka."""

import gzip
import json
import time
from pathlib import Path

import orjson
import pytest
from kafka.partitioner.default import murmur2

from tests.broker.installation import Installation, eve, wait_for

pytestmark = pytest.mark.broker

# More than one time in the file, so that a keyed record can be told from one that lies there by chance.
ALERTS = [eve(n) for n in range(40)]


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap, prefix, tmp_path, partitions=3).with_topics()


def lines(*values: bytes) -> bytes:
    return b"\n".join(values) + b"\n"


def test_each_line_becomes_a_record_with_exactly_its_bytes(line: Installation) -> None:
    assert line.json("send", "-", given=lines(*ALERTS))["sent"] == len(ALERTS)
    assert sorted(record.value for record in line.read("raw")) == sorted(ALERTS)


def test_a_record_is_keyed_by_its_entity_and_lies_in_the_partition_of_murmur2(line: Installation) -> None:
    line.run("send", "-", given=lines(*ALERTS))
    for record in line.read("raw"):
        entity = f"ip:{json.loads(record.value)['src_ip']}".encode()
        assert (record.key, record.partition) == (entity, (murmur2(entity) & 0x7FFFFFFF) % 3)


def test_without_keys_on_request_records_have_none(line: Installation) -> None:
    line.run("send", "-", "--key", "none", given=lines(*ALERTS))
    assert {record.key for record in line.read("raw")} == {None}


def test_a_line_that_no_format_knows_is_sent_without_a_key(line: Installation) -> None:
    done = line.json("send", "-", given=lines(b'{"a":1}', b"\xff"))
    assert (done["sent"], done["unkeyed"]) == (2, 2)
    assert [record.key for record in line.read("raw")] == [None, None]


def test_a_gzip_file_is_read_as_it_is(line: Installation) -> None:
    file = line.home / "alerts.json.gz"
    file.write_bytes(gzip.compress(lines(*ALERTS)))
    assert line.json("send", str(file))["sent"] == len(ALERTS)


def test_blank_lines_are_skipped_and_counted(line: Installation) -> None:
    done = line.json("send", "-", given=b"\n" + ALERTS[0] + b"\n\r\n  \n" + ALERTS[1] + b"\n")
    assert (done["sent"], done["blank"]) == (2, 3)


def test_a_line_over_the_limit_is_named_by_its_number_and_not_sent(line: Installation) -> None:
    done = line.run("send", "-", given=lines(ALERTS[0], b"x" * 1_048_577, ALERTS[1]))
    assert (done.returncode, line.count("raw")) == (1, 2)
    assert done.stderr.startswith(b"millrace: line 2: not sent: 1,048,577 bytes, over the limit of 1,048,576")


def test_a_line_over_the_limit_of_the_topic_is_named_and_the_others_are_sent(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    Installation(bootstrap, prefix, tmp_path, raw_limit=262_144).with_topics()
    line = Installation(bootstrap, prefix, tmp_path)
    done = line.json("send", "-", given=lines(ALERTS[0], b"x" * 400_000, ALERTS[1]))
    assert (done["sent"], [each["number"] for each in done["not_sent"]]) == (2, [2])


def test_stripped_keys_are_gone_and_the_rest_is_the_same(line: Installation) -> None:
    labelled = orjson.dumps({"label": "attack", **orjson.loads(ALERTS[0]), "phase": 3})
    line.run("send", "-", "--strip", "label, phase", given=lines(labelled))
    assert line.read("raw")[0].value == ALERTS[0]


def test_a_rate_is_kept(line: Installation) -> None:
    began = time.monotonic()
    line.run("send", "-", "--rate", "20", given=lines(*ALERTS[:20]))
    assert time.monotonic() - began > 0.95


def test_a_missing_topic_is_one_line(bootstrap: str, prefix: str, tmp_path: Path) -> None:
    done = Installation(bootstrap, prefix, tmp_path).run("send", "-", given=b"{}\n")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"`millrace topics --apply`" in done.stderr


def test_watch_prints_events_byte_for_byte(line: Installation) -> None:
    line.run("send", "-", given=lines(*ALERTS))
    with line.process("worker"):
        done = line.run("watch", "enriched", "--json", "--from-beginning", "--count", "40", "--timeout", "40")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == sorted(record.value for record in line.read("enriched"))


def test_watch_prints_a_dead_letter_with_its_bytes_in_base64(line: Installation) -> None:
    line.produce([b"\xff not json"])
    with line.process("worker"):
        done = line.run("watch", "dead", "--json", "--from-beginning", "--count", "1", "--timeout", "40")
    letter = json.loads(done.stdout)
    assert (letter["code"], letter["topic"], letter["offset"]) == ("unparseable", line.topics["raw"], 0)
    assert (letter["size"], letter["value"]) == (10, "/yBub3QganNvbg==")


def test_watch_begins_with_what_comes_after_it(line: Installation) -> None:
    line.produce([b"old"])
    with line.process("worker"):
        wait_for(lambda: line.count("dead") == 1)
        with line.process("watch", "dead", "--json", "--count", "1") as watch:
            assert watch.stdout is not None
            # Again and again, for nobody tells when it has begun to watch.
            wait_for(lambda: bool(line.produce([b"new"])) and watch.poll() is not None)
            value = json.loads(watch.stdout.readline())["value"]
    assert value == "bmV3"


def test_watch_says_so_when_the_time_comes_before_the_count(line: Installation) -> None:
    done = line.run("watch", "escalated", "--count", "2", "--timeout", "0.5")
    assert (done.returncode, done.stderr) == (1, b"millrace: 0 of 2 in 0.5 s\n")


def test_watch_joins_no_group(line: Installation) -> None:
    line.run("watch", "dead", "--from-beginning", "--timeout", "1")
    assert line.json("status")["members"] == []


def test_watching_a_missing_topic_is_one_line(bootstrap: str, prefix: str, tmp_path: Path) -> None:
    done = Installation(bootstrap, prefix, tmp_path).run("watch", "dead")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_text_of_an_alert_reaches_a_pipe_made_visible(line: Installation) -> None:
    line.produce([eve(1, "\x1b[31mred [link=http://x]y[/link]")])
    with line.process("worker"):
        done = line.run("watch", "enriched", "--from-beginning", "--count", "1", "--timeout", "40")
    assert "␛[31mred [link=http://x]y[/link]" in done.stdout.decode()
    assert b"\x1b" not in done.stdout


def test_status_before_any_worker_says_that_nobody_works(line: Installation) -> None:
    line.produce([eve(1)])
    status = line.json("status")
    assert (status["members"], status["lag"]) == ([], 1)


def test_status_tells_members_lag_dead_letters_and_sources(line: Installation) -> None:
    line.run("send", "-", given=lines(*ALERTS, b"no", b"{}"))
    with line.process("worker"):
        wait_for(line.drained)
        status = line.json("status")
    assert [member["partitions"] for member in status["members"]] == [[0, 1, 2]]
    assert status["dead"] == {"count": 2, "looked_at": 2, "codes": {"unparseable": 1, "unknown_format": 1}}
    assert [(each["detector"], each["events"]) for each in status["sources"]] == [("suricata", 40)]


def test_status_says_that_raw_records_are_keyed_by_entity(line: Installation) -> None:
    line.run("send", "-", given=lines(*ALERTS))
    assert line.json("status")["keyed_by_entity"] == 1.0


def test_status_says_that_raw_records_are_not_keyed_by_entity(line: Installation) -> None:
    line.run("send", "-", "--key", "none", given=lines(*ALERTS))
    assert line.json("status")["keyed_by_entity"] == 0.0


def test_status_for_a_person_shows_lag_and_workers(line: Installation) -> None:
    line.produce([eve(1)])
    text = line.run("status").stdout.decode()
    assert ("nobody" in text, "keyed by entity" in text) == (True, True)
