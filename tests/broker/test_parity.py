"""`score --topic` and the worker give the same event bytes for the same records, at 1 and at 6 partitions."""

import gzip
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import orjson
import pytest

from millrace.lines import without_keys
from tests.broker.installation import Installation, wait_for

pytestmark = pytest.mark.broker
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
LABELS = ("phase", "event", "scenario")


def generated() -> list[bytes]:
    from training.generate import Parameters, samples

    return [sample.line for sample in samples(Parameters(seed=5, count=2_000, days=1))]


def generated_wazuh() -> list[bytes]:
    from training.generate import Parameters, samples

    only = Parameters(seed=6, count=2_000, days=1, shares=(("wazuh", 1.0),))
    return [sample.line for sample in samples(only)]


def public(name: str, count: int | None = None) -> list[bytes]:
    path = DATA / name
    if not path.exists():
        pytest.skip("the public data sets are not beside the checkout (../shared/data)")
    with gzip.open(path) as lines:
        return [without_keys(line.rstrip(b"\n"), LABELS) for line in islice(lines, count)]


def suricata() -> list[bytes]:
    return public("alerts/suricata_alerts.jsonl.gz")


def santos() -> list[bytes]:
    return public("ait_ads/santos.jsonl.gz", 20_000)


@pytest.fixture(params=[1, 6], ids=["1 partition", "6 partitions"])
def line(
    request: pytest.FixtureRequest, bootstrap: str, prefix: str, tmp_path: Path, trained_state: Path
) -> Installation:
    """An installation with a bundle."""
    return Installation(
        bootstrap, prefix, tmp_path, partitions=request.param, state=trained_state, on_bundle_error="stop"
    ).with_topics()


@pytest.mark.parametrize("lines", [generated, generated_wazuh, suricata, santos])
def test_score_over_the_topic_gives_the_bytes_that_the_worker_gave(
    line: Installation, lines: Callable[[], list[bytes]]
) -> None:
    values = lines()
    assert line.run("send", "-", given=b"\n".join(values)).returncode == 0
    with line.process("worker"):
        wait_for(line.drained)
    worked = sorted(record.value for record in line.read("enriched"))
    again = line.run("score", "--topic", line.topics["raw"])
    assert again.returncode == 0
    assert len(worked) == len(values)
    assert sorted(again.stdout.splitlines()) == worked


def test_a_stretch_of_a_topic_gives_the_same_bytes_as_the_whole_unless_cold(line: Installation) -> None:
    line.run("send", "-", given=b"\n".join(generated()))

    def score(*options: str) -> list[bytes]:
        return line.run("score", "--topic", line.topics["raw"], *options).stdout.splitlines()

    whole, part = score(), score("--from", "100", "--to", "150")
    cold = score("--from", "100", "--to", "150", "--cold")
    assert len(part) == len(cold)
    assert set(part) <= set(whole)
    assert set(cold) != set(part)


def test_what_is_dead_for_the_worker_is_dead_for_score(line: Installation, tmp_path: Path) -> None:
    line.run("send", "-", given=b"\n".join([*generated()[:50], b"not json", b"[]", b'{"a": 1}']))
    with line.process("worker"):
        wait_for(line.drained)
    letters = tmp_path / "dead.jsonl"
    line.run("score", "--topic", line.topics["raw"], "--dead", str(letters))
    ours = sorted(orjson.loads(text)["uid"] for text in letters.read_bytes().splitlines())
    theirs = sorted(dict(record.headers)["millrace-uid"].decode() for record in line.read("dead"))
    assert ours == theirs
    assert len(ours) == 3
