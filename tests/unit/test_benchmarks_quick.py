"""The whole benchmark, small: a real Kafka, real processes. It must add up; its figures mean little."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.contestants import CONTESTANTS, LIMIT, OURS
from benchmarks.process import environment
from benchmarks.scale import QUICK

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def doc(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The result document of `make bench ARGS=--quick`."""
    home = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "benchmarks", "--quick", "--json"]
    done = subprocess.run(command, cwd=home, env=environment(), capture_output=True, timeout=280)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    assert list(home.iterdir()) == []
    return json.loads(done.stdout)


def test_everybody_drains_and_nobody_fails(doc: Any) -> None:
    assert doc["throughput"].keys() == {LIMIT, *(each.name for each in CONTESTANTS)}
    assert not [each for each in doc["throughput"].values() if "failed" in each]


def test_all_who_use_the_core_make_the_same_events(doc: Any) -> None:
    compared = {each.name for each in CONTESTANTS if not each.copies}
    found = doc["throughput"]
    assert {name: found[name]["differing"] for name in compared} == dict.fromkeys(compared, 0)


def test_nothing_is_lost_or_double(doc: Any) -> None:
    ours = doc["throughput"][OURS]
    assert (ours["lost"], ours["twice"]) == (0, 0)
    assert [each["missing"] for each in doc["latency"]] == [0]
    assert [each["lost"] for each in doc["scaling"].values()] == [0, 0]


def test_every_figure_is_one(doc: Any) -> None:
    assert all(each["cpu_us"] > 0 for each in doc["throughput"].values())
    assert all(0 < each["p50"] <= each["p99"] for each in doc["latency"])
    assert doc["latency"][0]["alerts"] == QUICK.rates[0] * QUICK.measured_s
