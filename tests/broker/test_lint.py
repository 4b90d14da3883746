"""`lint` over a topic of a real Kafka: places, record times, stretches, and that nothing is left behind."""

import time
from pathlib import Path

import orjson
import pytest
from kafka import KafkaProducer

from tests.broker.installation import Installation, eve

pytestmark = pytest.mark.broker


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap, prefix, tmp_path, partitions=3).with_topics()


def lint(line: Installation, *args: str) -> dict[str, object]:
    found: dict[str, object] = line.json("lint", "--topic", line.topics["raw"], *args)
    return found


def put(line: Installation, rows: list[tuple[bytes | None, int]], partition: int = 0) -> None:
    """Put records of these times on one partition."""
    with KafkaProducer(bootstrap_servers=line.bootstrap) as producer:
        for value, record_ms in rows:
            producer.send(
                line.topics["raw"], value=value, key=b"k", partition=partition, timestamp_ms=record_ms
            ).get(30)


def stamped(i: int, event_ms: int) -> bytes:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(event_ms // 1000))
    return orjson.dumps({**orjson.loads(eve(i)), "timestamp": f"{moment}.{event_ms % 1000:03}+0000"})


NOW_MS = time.time_ns() // 1_000_000


def test_a_finding_names_partition_and_offset(line: Installation) -> None:
    rows: list[tuple[bytes | None, int]] = [(stamped(i, NOW_MS), NOW_MS) for i in range(3)]
    put(line, [*rows, (b"{no", NOW_MS), (None, NOW_MS)], partition=2)
    doc = lint(line)
    assert isinstance(doc["findings"], list)
    places = {each["code"]: each["place"] for each in doc["findings"]}
    assert places["unparseable"] == {"partition": 2, "offset": 3}
    assert places["tombstones"] == {"partition": 2, "offset": 4}
    assert (doc["rows"], doc["alerts"]) == (5, 3)


def test_a_zone_taken_wrong_is_told_by_the_records_own_times(line: Installation) -> None:
    times = [NOW_MS - 3_600_000 + i * 60_000 for i in range(40)]
    put(line, [(stamped(i, at + 7_200_000), at + 1_500) for i, at in enumerate(times)])
    findings = lint(line)["findings"]
    assert isinstance(findings, list)
    (zone,) = (each for each in findings if each["code"] == "zone_offset")
    assert "UTC+02:00" in zone["text"]


def test_a_stretch_and_a_limit_are_kept(line: Installation) -> None:
    rows: list[tuple[bytes | None, int]] = [
        (stamped(i, NOW_MS), NOW_MS - (7_200_000 if i < 30 else 0)) for i in range(60)
    ]
    for partition in range(3):
        put(line, rows, partition)
    assert lint(line)["rows"] == 180
    assert lint(line, "--since", "1h")["rows"] == 90
    assert lint(line, "--from", "10", "--to", "30")["rows"] == 60
    assert lint(line, "--limit", "30")["rows"] == 30


def test_a_missing_topic_is_one_line(line: Installation) -> None:
    done = line.run("lint", "--topic", "nowhere")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_it_joins_no_group_and_writes_nothing(line: Installation) -> None:
    put(line, [(stamped(i, NOW_MS), NOW_MS) for i in range(10)])
    before = {role: line.count(role) for role in line.topics}
    lint(line)
    assert {role: line.count(role) for role in line.topics} == before
    assert line.json("status")["members"] == []
