"""The embedded broker is a real Kafka, keeps its data, and is gone with the process that started it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError

from enrich.errors import SettingsWrong
from worker.broker import BrokerFailed, EmbeddedBroker, JarRefused, jars_directory
from worker.broker.directory import claim

pytestmark = pytest.mark.broker

NewTopic = Callable[..., str]

ROOT = Path(__file__).parents[2]
LARGE = b"x" * (2 * 1024 * 1024)
BROKER = (
    "import sys; from pathlib import Path; from worker.broker import EmbeddedBroker\n"
    "with EmbeddedBroker(Path(sys.argv[1]), ephemeral=True) as broker:\n"
    "    print(broker.bootstrap, flush=True); broker.wait()"
)


def until(true: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def javas(state: Path) -> list[str]:
    """Processes that work in this state directory (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(state) in os.readlink(process / "cwd"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


def values(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """The first ``count`` values of a topic's partition 0."""
    with closing_consumer(bootstrap, topic) as consumer:
        found: list[bytes] = []
        for record in consumer:
            found.append(record.value)
            if len(found) == count:
                break
        return found


@contextmanager
def closing_consumer(bootstrap: str, topic: str) -> Iterator[KafkaConsumer]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=20_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        yield consumer
    finally:
        consumer.close()


def produce(bootstrap: str, topic: str, *sent: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=4 * 1024 * 1024)
    try:
        for receipt in [producer.send(topic, value) for value in sent]:
            receipt.get(20)
    finally:
        producer.close()


def command(state: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    """``millrace broker`` in a process of its own, where no setting reaches it but these."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "millrace", "broker", *words],
        cwd=state,
        env={**clean, "PYTHONPATH": str(ROOT), "MILLRACE_STATE": str(state), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_is_produced_is_consumed(bootstrap: str, new_topic: NewTopic) -> None:
    topic = new_topic()
    produce(bootstrap, topic, b"one", b"two")
    assert values(bootstrap, topic, 2) == [b"one", b"two"]


def test_a_group_gets_its_partitions(bootstrap: str, new_topic: NewTopic, prefix: str) -> None:
    topic = new_topic(partitions=3)
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=prefix + "group")
    until(lambda: consumer.poll(timeout_ms=200) or len(consumer.assignment()) == 3)
    consumer.close()


def test_a_topic_is_not_made_by_asking_for_it(admin: KafkaAdminClient, prefix: str) -> None:
    (asked,) = admin.describe_topics([prefix + "none"])
    assert asked["error_code"] == UnknownTopicOrPartitionError.errno


def test_a_record_of_two_mebibytes_passes_where_the_topic_allows_it(
    bootstrap: str, new_topic: NewTopic
) -> None:
    topic = new_topic(max_message_bytes=len(LARGE) + 64 * 1024)
    produce(bootstrap, topic, LARGE)
    assert values(bootstrap, topic, 1) == [LARGE]


def test_a_record_of_two_mebibytes_is_refused_elsewhere(bootstrap: str, new_topic: NewTopic) -> None:
    topic = new_topic()
    with pytest.raises(MessageSizeTooLargeError):
        produce(bootstrap, topic, LARGE)


@pytest.mark.parametrize("codec", ["zstd", "snappy", "lz4", "gzip"])
def test_the_broker_can_compress(bootstrap: str, new_topic: NewTopic, codec: str) -> None:
    topic = new_topic(compression_type=codec)  # done in java, whose native parts must find a place to unpack
    produce(bootstrap, topic, b"squeezed" * 100)
    with KafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        (partition,) = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        assert consumer.end_offsets([partition]) == {partition: 1}


def test_data_outlives_the_broker_though_ports_change(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        first = broker.bootstrap
        with KafkaAdminClient(bootstrap_servers=first) as admin:
            admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        produce(first, "kept", b"kept")
        with pytest.raises(SettingsWrong, match="another broker runs on this data"):
            EmbeddedBroker(tmp_path).start()
    assert javas(tmp_path) == []
    with EmbeddedBroker(tmp_path) as broker:
        assert values(broker.bootstrap, "kept", 1) == [b"kept"]


def test_java_and_its_data_are_gone_after_kill_9_of_the_starter(tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-c", BROKER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    with started:
        assert started.stdout is not None
        assert started.stdout.readline().startswith(b"127.0.0.1:")
        assert any("kafka.Kafka" in line for line in javas(tmp_path))
        started.kill()
    until(lambda: not javas(tmp_path))
    until(lambda: not [path for path in tmp_path.rglob("*") if path.is_file()])


def test_the_command_tells_its_address_in_one_line_of_json_and_ends_with_sigterm(tmp_path: Path) -> None:
    with command(tmp_path, "--fresh", "--json") as running:
        assert running.stdout is not None
        host, port = json.loads(running.stdout.readline())["bootstrap"].split(":")
        socket.create_connection((host, int(port))).close()
        running.send_signal(signal.SIGTERM)
        rest, _ = running.communicate(timeout=30)
    assert (running.returncode, rest) == (0, "")
    assert javas(tmp_path) == []


def test_the_command_starts_nothing_where_a_cluster_is_named(tmp_path: Path) -> None:
    with command(tmp_path, "--json", MILLRACE_BOOTSTRAP="kafka.example:9092") as running:
        told, _ = running.communicate(timeout=60)
    assert json.loads(told) == {"bootstrap": "kafka.example:9092", "embedded": False}
    assert running.returncode == 0


def test_the_command_names_a_port_in_use_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        with command(tmp_path, "--port", port) as running:
            told, complaint = running.communicate(timeout=60)
    assert (running.returncode, told) == (2, "")
    assert complaint.count("\n") == 1
    assert port in complaint


def test_a_broker_does_not_start_with_a_changed_jar(tmp_path: Path, bootstrap: str) -> None:
    if not jars_directory().is_dir():
        pytest.skip("no jars have been fetched: another cluster is used")
    shutil.copytree(jars_directory(), tmp_path / "jars", copy_function=os.symlink)
    changed = tmp_path / "jars" / "kafka-clients-4.1.1.jar"
    content = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(JarRefused, match=r"kafka-clients-4\.1\.1\.jar"):
        EmbeddedBroker(tmp_path, jars=tmp_path / "jars").start()
    assert javas(tmp_path) == []


def test_a_broker_that_cannot_run_says_why_in_one_line_and_names_its_log(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    stored = tmp_path / "broker" / "data" / "main" / "data" / "meta.properties"
    stored.parent.mkdir(parents=True)
    stored.write_text("version=1\ncluster.id=TEa0\nnode.id=77\n")
    with pytest.raises(BrokerFailed, match=r"^[^\n]*77[^\n]*main\.log\)$"):
        broker.start()
    os.close(claim(tmp_path / "broker" / "data" / "main"))  # free again
