"""Real alerts through the core: every one an event, every event valid, labels without influence."""

import gzip
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest

from enrich.encode.schema import validate
from enrich.pipeline import PartitionState, process
from enrich.record import RawRecord, Record
from millrace.lines import without_keys
from tests.unit import tiny

pytestmark = pytest.mark.quality
LABELS = ("phase", "event", "scenario")


def lines(path: Path, count: int | None = None) -> list[bytes]:
    with gzip.open(path) as stream:
        return [line.rstrip(b"\n") for line in islice(stream, count)]


def scored(values: list[bytes], counts: Counter[str] | None = None) -> Iterator[tuple[Record, ...]]:
    states: dict[int, PartitionState] = {}
    records = [RawRecord("score", 0, i, None, None, value) for i, value in enumerate(values)]
    for i in range(0, len(records), 1_000):
        batch = process(records[i : i + 1_000], states, tiny.context(), tiny.models())
        if counts is not None:
            counts.update(batch.counts)
        yield from batch.outputs


@pytest.mark.parametrize(
    ("name", "count"), [("alerts/suricata_alerts.jsonl.gz", 274), ("ait_ads/santos.jsonl.gz", 20_000)]
)
def test_every_real_alert_becomes_an_event_that_ocsf_accepts(data: Path, name: str, count: int) -> None:
    values = [without_keys(line, LABELS) for line in lines(data / name, count)]
    counts: Counter[str] = Counter()
    problems = [
        problem
        for outputs in scored(values, counts)
        for record in outputs
        for problem in (validate(orjson.loads(record.value)) if record.route != "dead" else [])
    ]
    assert problems == []
    assert (counts["in"], counts["enriched"], counts["dead"]) == (count, count, 0)


def test_changing_the_labels_of_the_public_set_changes_no_byte(data: Path) -> None:
    rows = [orjson.loads(line) for line in lines(data / "ait_ads/santos.jsonl.gz", 3_000)]
    other = [{**row, "phase": "x" * (i % 5), "event": i, "scenario": None} for i, row in enumerate(rows)]
    one, two = (
        list(scored([without_keys(orjson.dumps(row), LABELS) for row in some])) for some in (rows, other)
    )
    assert one == two
