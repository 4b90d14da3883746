"""Whatever happens to the workers, every event has the bytes that one undisturbed worker would have made."""

import signal
from pathlib import Path

import orjson
import pytest

from tests.broker.installation import Coordinates, Installation, eve, source_of, wait_for

pytestmark = pytest.mark.broker

ALERTS = 4000


@pytest.fixture
def line(bootstrap: str, prefix: str, tmp_path: Path, trained_state: Path) -> Installation:
    """An installation with models, and snapshots so often that some are taken."""
    return Installation(
        bootstrap, prefix, tmp_path, state=trained_state, partitions=3, snapshot_s=1, on_bundle_error="stop"
    ).with_topics()


def written(line: Installation) -> dict[Coordinates, set[bytes]]:
    """Every value that came out, by the raw record it came from."""
    found: dict[Coordinates, set[bytes]] = {}
    for record in line.read("enriched"):
        found.setdefault(source_of(record), set()).add(record.value)
    return found


def undisturbed(line: Installation) -> dict[Coordinates, set[bytes]]:
    """What one worker makes of the topic from its start."""
    values = line.run("score", "--topic", line.topics["raw"]).stdout.splitlines()
    places = (orjson.loads(value)["unmapped"]["millrace"]["record"] for value in values)
    return {
        (place["partition"], place["offset"]): {value} for place, value in zip(places, values, strict=True)
    }


def test_after_kills_at_any_moment(line: Installation) -> None:
    line.produce([eve(n) for n in range(ALERTS)])
    for _ in range(3):
        before = line.count("enriched")
        with line.process("worker") as worker:
            wait_for(lambda least=before: line.count("enriched") > least)  # type: ignore[misc]
            line.produce([eve(n) for n in range(500)])
            worker.kill()
    with line.process("worker"):
        wait_for(line.drained)
    assert written(line) == undisturbed(line)


def test_after_scaling_from_one_to_three_and_back(line: Installation) -> None:
    with line.process("worker"):
        line.produce([eve(n) for n in range(ALERTS // 2)])
        with line.process("worker") as second, line.process("worker") as third:
            wait_for(lambda: line.members() == 3)
            line.produce([eve(n) for n in range(ALERTS // 2, ALERTS)])
            wait_for(line.drained)
            line.produce([eve(n) for n in range(ALERTS // 2)])
            for worker in (second, third):
                worker.send_signal(signal.SIGTERM)
            assert [second.wait(30), third.wait(30)] == [0, 0]
        wait_for(line.drained)
    assert written(line) == undisturbed(line)


def test_after_an_orderly_restart_nothing_is_written_twice(line: Installation) -> None:
    for _ in range(3):
        line.produce([eve(n) for n in range(300)])
        with line.process("worker") as worker:
            wait_for(line.drained)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
    assert line.count("enriched") == 900
    assert written(line) == undisturbed(line)
