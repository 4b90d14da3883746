"""Hot swap on a real Kafka: workers take what is promoted while alerts go through, and nothing else."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count, groupby, islice
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import pytest
from kafka import KafkaProducer

from enrich.score import ANY
from tests.broker.installation import Coordinates, Installation, eve, source_of, wait_for
from tests.unit import tiny
from tests.unit.models_fixture import FACTS, House, house

pytestmark = pytest.mark.broker

RATE = 20  # alerts every PAUSE_S: enough for several batches a second
PAUSE_S = 0.02
WAIT_S = 60.0


class Line:
    """An installation whose state directory has two bundles, the first of them promoted.

    The models of each have a label source of their own: an event names it beside the bundle, so one that was
    scored half with each would be seen.
    """

    def __init__(self, bootstrap: str, prefix: str, home: Path, **more: Any) -> None:
        self.installation = Installation(
            bootstrap,
            prefix,
            home,
            **{"partitions": 3, "on_bundle_error": "stop", "bundles_poll_s": 0.2, **more},
        ).with_topics()
        self.house: House = house(home / "state")
        self.one, self.two = (self.bundle(source) for source in ("one", "two"))
        self.house.promoted(self.one)
        self.sent: list[Coordinates] = []

    @property
    def promotions(self) -> Path:
        return self.house.root / "bundles" / "promotions"

    def bundle(self, source: str) -> str:
        """Put a bundle with models of this label source into the store."""
        head = replace(tiny.models().heads[0], label_source=source, _texts={})
        models = replace(tiny.models(), heads=(head,), formats={ANY: source})
        facts = FACTS.model_copy(update={"name": source})
        return self.house.store.add(models, facts, self.house.key)

    def told(self, event: str) -> list[dict[str, Any]]:
        """What the workers have logged of this."""
        lines = self.installation.log().split("\n")[:-1]  # the last one may be half written
        return [line for line in map(orjson.loads, lines) if line["event"] == event]

    def asked(self, path: str) -> bytes:
        """What the worker that was started last answers."""
        port = self.told("http")[-1]["port"]
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            found: bytes = answer.read()
        return found

    @contextmanager
    def feed(self) -> Iterator[None]:
        """Alerts without end while the test goes on; their coordinates are ``sent`` afterwards."""
        over, futures, topic = threading.Event(), [], self.installation.topics["raw"]

        def produce() -> None:
            with KafkaProducer(bootstrap_servers=self.installation.bootstrap, linger_ms=5) as producer:
                numbers = count(1)
                while not over.wait(PAUSE_S):
                    futures.extend(
                        producer.send(topic, value=eve(number), partition=number % 3)
                        for number in islice(numbers, RATE)
                    )

        thread = threading.Thread(target=produce)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(WAIT_S)
            self.sent += [(done.partition, done.offset) for done in (future.get(30) for future in futures)]

    def begun(self) -> None:
        """Wait until all partitions are read, by one worker or several."""
        wait_for(lambda: len(self.told("restored")) >= 3, WAIT_S)

    def more(self) -> None:
        """Wait until 300 more events are out."""
        least = self.installation.count("enriched") + 300
        wait_for(lambda: self.installation.count("enriched") >= least, WAIT_S)

    def events(self) -> list[tuple[Coordinates, str, str]]:
        """Where each event came from, its bundle, and the label source of the models that scored it."""
        found = []
        for record in self.installation.read("enriched"):
            own = orjson.loads(record.value)["unmapped"]["millrace"]
            found.append((source_of(record), own["bundle_id"], own["confidence"]["label_source"]))
        return found


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path) -> Line:
    return Line(bootstrap, prefix, tmp_path)


def courses(events: list[tuple[Coordinates, str, str]]) -> dict[int, list[str]]:
    """For each partition the bundles that scored its records, in the order of the offsets."""
    ordered = sorted((place, bundle) for place, bundle, _ in events)
    by_partition = groupby(ordered, key=lambda each: each[0][0])
    return {
        partition: [bundle for bundle, _ in groupby(bundle for _, bundle in found)]
        for partition, found in by_partition
    }


def test_a_promotion_and_a_rollback_under_load_lose_and_double_nothing(line: Line) -> None:
    with line.installation.process("worker"):
        line.begun()
        with line.feed():
            line.more()
            line.house.promoted(line.two)
            wait_for(lambda: len(line.told("bundle")) == 1, WAIT_S)
            line.more()
            line.house.store.rollback(
                key=line.house.key, trusted=line.house.trusted(), who="kim", why="worse", at=FACTS.created
            )
            wait_for(lambda: len(line.told("bundle")) == 2, WAIT_S)
            line.more()
        wait_for(line.installation.drained)
        metrics = line.asked("/metrics").decode()
    events = line.events()
    assert Counter(place for place, _, _ in events) == Counter(line.sent)
    assert courses(events) == {n: [line.one, line.two, line.one] for n in range(3)}
    assert {(bundle, source) for _, bundle, source in events} == {(line.one, "one"), (line.two, "two")}
    assert [each["promotion"] for each in line.told("bundle")] == [2, 3]
    assert 'millrace_bundle_swaps_total{result="taken"} 2.0' in metrics
    assert "millrace_promotion_sequence 3.0" in metrics


def test_two_workers_swap_each_and_the_uids_stay_single(line: Line) -> None:
    worker = line.installation
    with worker.process("worker"), worker.process("worker"):
        wait_for(lambda: worker.members() == 2, WAIT_S)
        wait_for(worker.drained)
        with line.feed():
            line.more()
            line.house.promoted(line.two)
            wait_for(lambda: len(line.told("bundle")) == 2, WAIT_S)
            line.more()
        wait_for(worker.drained)
    events = line.events()
    assert {place for place, _, _ in events} == set(line.sent)
    assert all(course[-1] == line.two for course in courses(events).values())
    assert {(bundle, source) for _, bundle, source in events} == {(line.one, "one"), (line.two, "two")}


def test_a_corrupt_promotion_keeps_the_last_good_bundle_and_says_so_until_a_good_one_comes(
    line: Line, tmp_path: Path
) -> None:
    # Promoted in a copy of the store, so that the worker never sees the bundle while it is whole.
    copy = House(tmp_path / "copy", line.house.key, line.house.bundle)
    shutil.copytree(line.house.root, copy.root)
    record = copy.promoted(line.two)
    name = f"{record.sequence:010d}.json"
    model = line.house.root / "bundles" / line.two / "severity.joblib"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")
    with line.installation.process("worker"):
        line.begun()
        with line.feed():
            line.more()
            shutil.copy(copy.root / "bundles" / "promotions" / name, line.promotions / name)
            wait_for(lambda: bool(line.told("bundle_refused")), WAIT_S)
            line.more()
            ready = orjson.loads(line.asked("/health/ready"))
            assert (ready["ready"], ready["bundle"]) == (True, line.one)
            assert [each["condition"] for each in ready["degraded"]] == ["bundle"]
            assert b"millrace_bundle_refused 1.0" in line.asked("/metrics")
            third = line.bundle("three")
            line.house.promoted(third)
            wait_for(lambda: bool(line.told("bundle")), WAIT_S)
            line.more()
            assert orjson.loads(line.asked("/health/ready"))["degraded"] == []
        wait_for(line.installation.drained)
    (refused,) = line.told("bundle_refused")
    assert "was changed after it was signed" in refused["reason"]
    events = line.events()
    assert Counter(place for place, _, _ in events) == Counter(line.sent)
    assert courses(events) == {n: [line.one, third] for n in range(3)}


def test_promotions_of_yesterday_are_refused_by_the_worker_and_by_one_that_starts_from_nothing(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    first, second, backup = (tmp_path / name for name in ("first", "second", "backup"))
    first.mkdir()
    second.mkdir()
    line = Line(bootstrap, prefix, first)
    shutil.copytree(line.house.root, backup)
    with line.installation.process("worker"):
        line.begun()
        line.house.promoted(line.two)
        wait_for(lambda: bool(line.told("bundle")), WAIT_S)
        shutil.rmtree(line.promotions)
        shutil.copytree(backup / "bundles" / "promotions", line.promotions)
        wait_for(lambda: bool(line.told("bundle_refused")), WAIT_S)
        assert orjson.loads(line.asked("/health/ready"))["bundle"] == line.two
    # Another machine, which has only the backup: what the group has seen lies on the topic.
    fresh = Installation(bootstrap, prefix, second, on_bundle_error="stop", state=backup, bundles_poll_s=0.2)
    done = fresh.run("worker")
    last = done.stderr.decode().splitlines()[-1]
    assert (done.returncode, "its last promotion is 1, 2 was seen" in last) == (2, True)
    again = House(backup, line.house.key, line.house.bundle)
    again.promoted(line.two, after=2)
    with fresh.process("worker"):
        wait_for(lambda: '"restored"' in fresh.log(), WAIT_S)


def test_workers_that_are_killed_in_the_middle_of_a_swap_lose_nothing_and_go_on_with_the_new_bundle(
    line: Line,
) -> None:
    bundles = [line.two, line.one]
    with line.feed():
        for number, bundle in enumerate(bundles):
            with line.installation.process("worker") as worker:
                wait_for(lambda least=number: len(line.told("start")) > least, WAIT_S)  # type: ignore[misc]
                line.more()
                sequence = line.house.promoted(bundle).sequence
                # Noted, and in this very moment put in force.
                wait_for(lambda of=sequence: noted(line) == of, WAIT_S)  # type: ignore[misc]
                worker.kill()
    with line.installation.process("worker"):
        wait_for(line.installation.drained)
    assert [each["promotion"] for each in line.told("start")] == [1, 2, 3]
    events = line.events()
    assert {place for place, _, _ in events} == set(line.sent)
    assert {(bundle, source) for _, bundle, source in events} == {(line.one, "one"), (line.two, "two")}
    assert all(course[-1] == line.one for course in courses(events).values())


def test_a_worker_in_passthrough_takes_the_first_bundle_that_is_promoted(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    line = Line(bootstrap, prefix, tmp_path, on_bundle_error="passthrough")
    shutil.rmtree(line.promotions)
    with line.installation.process("worker"), line.feed():
        line.begun()
        line.more()
        assert orjson.loads(line.asked("/health/ready"))["passthrough"] is True
        line.house.promoted(line.two)
        wait_for(lambda: bool(line.told("bundle")), WAIT_S)
        line.more()
        assert orjson.loads(line.asked("/health/ready"))["passthrough"] is False
    assert [course[:2] for course in courses(line.events()).values()] == [["none", line.two]] * 3


def noted(line: Line) -> int:
    """The highest promotion on the state topic."""
    keys = [orjson.loads(record.key) for record in line.installation.read("state")]
    return max((each[4] for each in keys if each[3] == "promotion"), default=0)
