"""`millrace topics` on a real Kafka: it creates what is missing, and touches nothing that is there."""

from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from tests.broker.installation import Installation

pytestmark = pytest.mark.broker


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Installation:
    return Installation(bootstrap, prefix, tmp_path, partitions=2)


def configs(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource("TOPIC", name)], config_filter="all")["topic"][name]
    return {key: each["value"] for key, each in found.items()}


def test_missing_topics_are_named_and_the_exit_code_says_so(line: Installation) -> None:
    done = line.run("topics")
    assert (done.returncode, done.stdout.count(b"missing")) == (1, 6)


def test_without_apply_nothing_is_created(line: Installation, admin: KafkaAdminClient) -> None:
    line.run("topics")
    assert set(line.topics.values()) & set(admin.list_topics()) == set()


def test_apply_creates_what_is_missing_as_it_must_be(line: Installation, admin: KafkaAdminClient) -> None:
    assert sorted(line.json("topics", "--apply")["created"]) == sorted(line.topics.values())
    assert configs(admin, line.topics["dead"])["max.message.bytes"] == str(2 * 1_048_576 + 65_536)
    assert configs(admin, line.topics["state"])["cleanup.policy"] == "compact"


def test_apply_again_creates_nothing(line: Installation) -> None:
    line.run("topics", "--apply")
    assert line.json("topics", "--apply")["created"] == []


def test_apply_changes_nothing_that_is_there(line: Installation, admin: KafkaAdminClient) -> None:
    name = line.topics["enriched"]
    wanted: dict[str, Any] = {
        "num_partitions": 5,
        "configs": {"max.message.bytes": "2000", "retention.ms": "5000"},
    }
    admin.create_topics({name: wanted}, wait_for_metadata=True)
    line.run("topics", "--apply")
    after = configs(admin, name)
    assert (after["max.message.bytes"], after["retention.ms"]) == ("2000", "5000")
    assert len(admin.describe_topics([name])[0]["partitions"]) == 5


def test_a_topic_that_would_stop_a_worker_is_an_error(line: Installation, admin: KafkaAdminClient) -> None:
    narrow = {"num_partitions": 1, "configs": {"max.message.bytes": "2000", "retention.ms": "5000"}}
    admin.create_topics({line.topics["enriched"]: narrow}, wait_for_metadata=True)
    findings = line.json("topics", "--apply")["findings"]
    mine = [(each["level"], each["text"]) for each in findings if each["topic"] == line.topics["enriched"]]
    assert mine[0] == (
        "error",
        "max.message.bytes is 2000, it must be at least 2162688 (2 x raw_limit + 64 KiB)",
    )
    assert ("warning", "retention.ms is 5000: less than a day to catch up after an outage") in mine


def test_one_replica_is_a_warning_and_no_error(line: Installation) -> None:
    done = line.run("topics", "--apply")
    assert (done.returncode, b"replication factor 1" in done.stdout) == (0, True)


def test_more_replicas_than_brokers_is_the_brokers_own_reason_in_a_line_each(line: Installation) -> None:
    done = line.run("topics", "--apply", replication=9)
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, len(lines)) == (2, 6)
    assert "replication factor" in lines[0].lower()
