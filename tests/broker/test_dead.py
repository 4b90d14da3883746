"""`millrace dead` on a real Kafka: what is listed is there, and what goes back goes once, as it came."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from kafka.partitioner.default import murmur2

from enrich.pipeline import process
from enrich.record import Header
from tests.broker.installation import Installation, eve, wait_for
from tests.unit import tiny
from worker.reader import of_consumer

pytestmark = pytest.mark.broker

# Known to no packaged format, and to this mapping.
OWN = orjson.dumps(
    {"own_id": 7, "headline": "Door forced", "when": "2026-11-21T07:00:00Z", "where": "10.0.0.9"}
)
MAPPING = """
[recognise]
keys = ["own_id", "headline"]
[fields]
time = "when"
title = "headline"
rule_id = "own_id"
src.ip = "where"
"""


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap, prefix, tmp_path, partitions=3).with_topics()


def bury(line: Installation, *values: bytes, key: bytes | None = None) -> list[str]:
    """Put records on the raw topic and their dead letters where a worker would; return the letters' uids."""
    places = line.produce(list(values), key=key)
    there = {(record.partition, record.offset): of_consumer(record) for record in line.read("raw")}
    batch = process([there[place] for place in sorted(places)], {}, tiny.context(partitions=3), None)
    letters = [letter for (letter,) in batch.outputs]
    for letter in letters:
        lay(line, letter.value, list(letter.headers), letter.key)
    return [dict(letter.headers)["millrace-uid"].decode() for letter in letters]


def lay(line: Installation, value: bytes, headers: list[Header], key: bytes | None = None) -> None:
    with KafkaProducer(bootstrap_servers=line.bootstrap) as producer:
        producer.send(line.topics["dead"], value=value, headers=headers, key=key).get(30)


def redriven(line: Installation) -> list[Any]:
    """The raw records that came back."""
    return [record for record in line.read("raw") if "millrace-attempt" in dict(record.headers)]


def at_terminal(line: Installation, *args: str, answer: str = "") -> tuple[int, str]:
    """Run a command at a terminal; return its exit code and what it showed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "millrace", *args]
    env = {**line.env, "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=line.home, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        os.write(ours, answer.encode())
        shown = b""
        while True:
            try:
                some = os.read(ours, 4096)
            except OSError:  # Linux: the other side has closed it
                break
            if not some:
                break
            shown += some
        code = process.wait(60)
    os.close(ours)
    return code, shown.decode()


def test_a_letter_that_is_accepted_now_becomes_an_event_with_the_first_id(
    line: Installation, bootstrap: str, prefix: str
) -> None:
    line.produce([OWN], key=b"door")
    with line.process("worker"):
        wait_for(lambda: line.count("dead") == 1)
        wait_for(line.drained)
    uid = dict(line.read("dead")[0].headers)["millrace-uid"].decode()
    (line.home / "doors.toml").write_text(MAPPING, "utf-8")
    mended = Installation(bootstrap, prefix, line.home, mappings=line.home / "doors.toml")
    done = mended.json("dead", "redrive", "--code", "unknown_format", "--yes")
    assert (done["sent"], done["refused"]) == (1, {})
    with mended.process("worker"):
        wait_for(lambda: mended.count("enriched") == 1)
    (again,) = redriven(line)
    assert (again.key, again.value) == (b"door", OWN)
    assert dict(again.headers)["millrace-attempt"] == b"2"
    event = json.loads(line.read("enriched")[0].value)
    assert (event["metadata"]["uid"], event["message"]) == (uid, "Door forced")


def test_a_letter_that_stays_bad_comes_again_until_the_limit(line: Installation) -> None:
    line.produce([b"not json"])
    with line.process("worker"):
        for attempt in (b"1", b"2", b"3"):
            wait_for(lambda it=attempt: it in attempts(line))  # type: ignore[misc]
            done = line.json("dead", "redrive", "--code", "unparseable", "--yes")
    assert (done["sent"], done["refused"]) == (0, {"attempts": 1, "redriven": 2})
    assert len({dict(each.headers)["millrace-uid"] for each in redriven(line)}) == 1
    assert len(redriven(line)) == 2


def attempts(line: Installation) -> list[bytes]:
    return [dict(letter.headers).get("millrace-attempt", b"") for letter in line.read("dead")]


def test_what_goes_back_has_its_bytes_its_key_and_the_partition_of_its_key(line: Installation) -> None:
    values = [b"\xff\x00not json", b"", b"[1,2]"]
    for n, value in enumerate(values):
        bury(line, value, key=b"key %d" % n)
    assert line.json("dead", "redrive", "--all", "--yes")["sent"] == 3
    for record in redriven(line):
        n = values.index(record.value)
        assert record.key == b"key %d" % n
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 3


def test_what_had_no_key_goes_where_it_was(line: Installation) -> None:
    for n in range(12):
        bury(line, b"no %d" % n)
    before = {record.value: record.partition for record in line.read("raw")}
    line.run("dead", "redrive", "--all", "--yes")
    assert {record.value: record.partition for record in redriven(line)} == before


def test_a_letter_goes_back_once_and_once_more_only_when_asked(line: Installation) -> None:
    bury(line, b"no", b"nor this")
    runs = [line.json("dead", "redrive", "--all", "--yes", *more) for more in ((), (), ("--again",))]
    assert [run["sent"] for run in runs] == [2, 0, 2]
    assert runs[1]["refused"] == {"redriven": 2}
    assert Counter(record.value for record in redriven(line)) == {b"no": 2, b"nor this": 2}


def test_the_list_says_where_a_letter_went(line: Installation) -> None:
    bury(line, b"no")
    line.run("dead", "redrive", "--all", "--yes")
    (again,) = redriven(line)
    listed = line.json("dead", "list")
    assert (listed["matched"], listed["redriven"]) == (1, 1)
    assert (listed["letters"][0]["redriven"]["partition"], listed["letters"][0]["redriven"]["offset"]) == (
        again.partition,
        again.offset,
    )


def test_a_letter_that_a_worker_wrote_twice_goes_back_once(line: Installation) -> None:
    bury(line, b"no", key=b"k")
    letter = line.read("dead")[0]
    lay(line, letter.value, letter.headers, letter.key)
    runs = [line.json("dead", "redrive", "--all", "--yes") for _ in range(2)]
    assert [run["sent"] for run in runs] == [1, 0]
    assert runs[0]["refused"] == {"newer": 1}


def test_what_somebody_else_sent_meanwhile_does_not_go_again(line: Installation) -> None:
    from worker.dead_plan import plan, terms
    from worker.dead_reading import Choice, newest_first, stretches
    from worker.kafka_client import consumer
    from worker.redrive import redrive
    from worker.settings import Settings

    bury(line, b"no", b"nor this", b"never")
    names = {f"topic_{role}": name for role, name in line.topics.items()}
    settings = Settings(bootstrap=(line.bootstrap,), **names)  # type: ignore[arg-type]
    with consumer(settings) as client:
        read = stretches(client, settings.topic_dead, Choice())
        on = terms(settings, None, False, Choice())
        made = plan(newest_first(client, read, Choice()), on, 100)
        line.run("dead", "redrive", "--all", "--yes", "--limit", "2")
        outcome = redrive(settings, client, made, {place: high for place, (_, high) in read.items()}, on)
    assert (outcome.sent, outcome.overtaken, len(redriven(line))) == (1, 2, 3)


def test_a_run_that_is_interrupted_counts_what_went_and_the_next_sends_the_rest(line: Installation) -> None:
    count = 8_000
    headers = [(name, value) for name, value in bury_headers(line) if name != "millrace-uid"]
    with KafkaProducer(bootstrap_servers=line.bootstrap, linger_ms=20, batch_size=262_144) as producer:
        for n in range(count):
            mine = [*headers, ("millrace-uid", b"%032x" % n)]
            producer.send(line.topics["dead"], value=b"no %d" % n, headers=mine)
    with line.process(
        "dead", "redrive", "--code", "unparseable", "--limit", "1000000", "--yes", "--json"
    ) as run:
        wait_for(lambda: line.count("raw") > 600)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
    done = orjson.loads(out)
    went = len(redriven(line))
    assert (run.returncode, done["interrupted"], done["sent"]) == (130, True, went)
    assert done["untried"] == count + 1 - went > 0
    rest = line.json("dead", "redrive", "--all", "--yes", "--limit", "1000000")
    assert (rest["sent"], rest["refused"]) == (count + 1 - went, {"redriven": went})
    assert len({record.value for record in redriven(line)}) == count + 1


def bury_headers(line: Installation) -> list[Header]:
    bury(line, b"no letter like the others")
    return list(line.read("dead")[0].headers)


def test_where_no_note_can_be_written_no_more_than_one_goes(line: Installation) -> None:
    bury(line, *(b"no %d" % n for n in range(5)))
    with KafkaAdminClient(bootstrap_servers=line.bootstrap) as admin:
        admin.alter_configs([ConfigResource("TOPIC", line.topics["dead"], {"max.message.bytes": "100"})])
    done = line.run("dead", "redrive", "--all", "--yes", "--json")
    doc = orjson.loads(done.stdout)
    assert (done.returncode, doc["sent"], doc["unnoted"], doc["untried"]) == (1, 1, 1, 4)


def test_letters_that_the_topic_refuses_are_named_and_do_not_stop_the_others(line: Installation) -> None:
    bury(line, b"no", os.urandom(400_000), b"nor this")
    with KafkaAdminClient(bootstrap_servers=line.bootstrap) as admin:
        admin.alter_configs([ConfigResource("TOPIC", line.topics["raw"], {"max.message.bytes": "300000"})])
    done = line.json("dead", "redrive", "--all", "--yes")
    assert (done["sent"], done["refused"]) == (2, {"too_large": 1})


def test_a_letter_over_the_size_limit_stays_until_the_limit_is_raised(line: Installation) -> None:
    large = b'{"a":"' + b"x" * 300_000 + b'"}'
    bury(line, large)
    small = line.run("dead", "redrive", "--all", "--yes", "--json", raw_limit=262_144)
    assert orjson.loads(small.stdout)["refused"] == {"too_large": 1}
    assert line.json("dead", "redrive", "--all", "--yes")["sent"] == 1
    assert redriven(line)[0].value == large


def test_the_limit_of_attempts_is_a_setting_and_an_option(line: Installation) -> None:
    bury(line, b"no")
    strict = line.run("dead", "redrive", "--all", "--yes", "--json", redrive_limit=1)
    assert orjson.loads(strict.stdout)["refused"] == {"attempts": 1}
    more = line.run("dead", "redrive", "--all", "--yes", "--limit-attempts", "2", "--json", redrive_limit=1)
    assert orjson.loads(more.stdout)["sent"] == 1


def test_what_no_worker_wrote_is_listed_and_stays(line: Installation) -> None:
    lay(line, b"\x1b[2Jforeign", [("millrace-attempt", b"abc"), ("millrace-code", b"\xff")])
    lay(line, b"", [])
    text = line.run("dead", "list").stdout
    assert (b"[headers: code, message, topic" in text, b"\x1b" in text) == (True, False)
    assert line.json("dead", "redrive", "--all", "--yes")["refused"] == {"headers": 2}


def test_without_a_yes_nothing_is_sent_and_the_exit_code_says_so(line: Installation) -> None:
    bury(line, b"no")
    done = line.run("dead", "redrive", "--all")
    assert (done.returncode, len(redriven(line))) == (1, 0)
    assert done.stderr == b"millrace: nothing was sent; --yes sends without asking\n"


def test_a_dry_run_says_what_would_go(line: Installation) -> None:
    uids = bury(line, b"no", b"{}")
    done = line.json("dead", "redrive", "--code", "unparseable", "--dry-run")
    assert ([each["uid"] in uids for each in done["letters"]], done["sent"], redriven(line)) == (
        [True],
        0,
        [],
    )


@pytest.mark.parametrize(("answer", "code", "sent"), [("y\n", 0, 1), ("\n", 1, 0)])
def test_at_a_terminal_it_asks(line: Installation, answer: str, code: int, sent: int) -> None:
    bury(line, b"no")
    done, shown = at_terminal(line, "dead", "redrive", "--all", answer=answer)
    assert (done, len(redriven(line)), "Send this letter back to" in shown) == (code, sent, True)


def test_places_go_and_a_place_without_a_letter_is_named(line: Installation) -> None:
    bury(line, b"no")
    (letter,) = line.json("dead", "list")["letters"]
    done = line.run("dead", "redrive", letter["place"], "2:99999", "--yes")
    assert (done.returncode, len(redriven(line))) == (1, 1)
    assert done.stderr.startswith(b"millrace: no dead letter 2:99999 on ")


def test_a_uid_goes_too(line: Installation) -> None:
    uids = bury(line, b"no", b"nor this")
    assert line.run("dead", "redrive", uids[1], "--yes").returncode == 0
    assert [dict(record.headers)["millrace-uid"].decode() for record in redriven(line)] == [uids[1]]


def test_the_list_is_newest_first_whatever_the_partitions(line: Installation) -> None:
    headers = bury_headers(line)
    first = int(time.time() * 1000)
    with KafkaProducer(bootstrap_servers=line.bootstrap, linger_ms=20) as producer:
        for n in range(3_000):
            mine = [*headers[:-2], ("millrace-uid", b"%032x" % n)]
            at = {"partition": n % 2, "timestamp_ms": first + n}
            producer.send(line.topics["dead"], value=b"x", headers=mine, **at)
    listed = line.json("dead", "list", "--limit", "2000")
    times = [each["time_ms"] for each in listed["letters"]]
    assert times == list(range(first + 2_999, first + 999, -1))
    assert (listed["matched"], listed["codes"]) == (3_001, {"unparseable": 3_001})


def test_the_list_chooses_by_code_time_partition_and_offset(line: Installation) -> None:
    bury(line, b"no", b"{}", b"[]")

    def codes(*args: str) -> set[str]:
        return set(line.json("dead", "list", *args)["codes"])

    whole = {"unparseable", "unknown_format", "not_an_object"}
    two = {"unparseable", "not_an_object"}
    assert codes("--since", "1h") == whole
    assert codes("--until", "1h") == codes("--offset", "1000-") == set()
    assert codes("--code", "unparseable", "--code", "not_an_object") == two
    assert codes("--partition", "0") | codes("--partition", "1", "--partition", "2") == whole


def test_a_letter_is_shown_by_its_place_and_by_its_uid(line: Installation) -> None:
    (uid,) = bury(line, b"\xff\x00no", key=b"k")
    shown = line.json("dead", "show", uid)
    assert (b64decode(shown["value"]), b64decode(shown["key"]), shown["code"]) == (
        b"\xff\x00no",
        b"k",
        "unparseable",
    )
    assert line.json("dead", "show", shown["place"]) == shown


def test_raw_bytes_are_exact_in_a_pipe_and_kept_from_a_terminal(line: Installation) -> None:
    value = bytes(range(256)) * 40 + b"\r\n"
    (uid,) = bury(line, value)
    assert line.run("dead", "show", uid, "--raw").stdout == value
    code, shown = at_terminal(line, "dead", "show", uid, "--raw")
    assert (code, "write to a file" in shown) == (2, True)


def test_a_hostile_letter_is_shown_as_it_is_written(line: Installation) -> None:
    (uid,) = bury(line, b"\x1b]0;owned\x07\x1b[2J")
    text = line.run("dead", "show", uid).stdout.decode()
    assert ("␛]0;owned␇␛[2J" in text, "\x1b" in text) == (True, False)


def test_a_letter_that_has_expired_is_not_there(line: Installation) -> None:
    (uid,) = bury(line, b"no")
    letter = line.read("dead")[0]
    with KafkaAdminClient(bootstrap_servers=line.bootstrap) as admin:
        admin.delete_records({TopicPartition(letter.topic, letter.partition): letter.offset + 1})
    for place in (uid, f"{letter.partition}:{letter.offset}"):
        done = line.run("dead", "show", place)
        assert (done.returncode, done.stderr.startswith(b"millrace: no dead letter ")) == (1, True)
    assert line.json("dead", "list")["matched"] == 0


def test_alerts_that_went_through_are_no_dead_letters(line: Installation) -> None:
    line.produce([eve(1)])
    assert line.json("dead", "list") == {
        "topic": line.topics["dead"],
        "matched": 0,
        "codes": {},
        "redriven": 0,
        "wrong_headers": 0,
        "letters": [],
    }


@pytest.mark.parametrize("args", [("list",), ("redrive", "--all", "--dry-run")])
def test_a_missing_topic_is_one_line(
    bootstrap: str, prefix: str, tmp_path: Path, args: tuple[str, ...]
) -> None:
    done = Installation(bootstrap, prefix, tmp_path).run("dead", *args)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"`millrace topics --apply`" in done.stderr
