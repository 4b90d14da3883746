"""A batch is read in another order than it came in, and nobody can tell."""

import gc
import random
from typing import Final

from enrich.errors import DeadCode, Rejected
from enrich.formats import alert_from, alerts_from
from enrich.pipeline import States, process
from enrich.record import RawRecord, Record
from tests.fuzz.seeds import seeds
from tests.unit.rows import context

BROKEN: Final = (b"", b'{"a":', b"[1]", b'{"nobody": 1}', b"\xff\xfe")


def _mixed() -> list[bytes]:
    values = [value for samples in seeds().values() for value in samples] + list(BROKEN)
    random.Random(7).shuffle(values)
    return values


def _one_by_one(values: list[bytes]) -> list[object]:
    found: list[object] = []
    for value in values:
        try:
            found.append(alert_from(value, context().formats))
        except Rejected as rejected:
            found.append((rejected.code, str(rejected)))
    return found


def test_each_of_many_is_what_it_is_alone() -> None:
    values = _mixed()
    together = alerts_from(values, context().formats)
    said = [(each.code, str(each)) if isinstance(each, Rejected) else each for each in together]
    assert said == _one_by_one(values)
    assert sum(isinstance(each, Rejected) for each in together) >= len(BROKEN)


def test_what_is_refused_leaves_no_rings_behind() -> None:
    gc.collect()
    alerts_from(list(BROKEN), context().formats)
    assert gc.collect() == 0


def test_outputs_do_not_depend_on_what_is_read_together() -> None:
    records = [RawRecord("t", n % 2, n // 2, 1_790_000_000_000, None, v) for n, v in enumerate(_mixed())]
    assert _outputs(records, len(records)) == _outputs(records, 1)


def test_a_record_that_kills_is_not_read_and_its_neighbours_are() -> None:
    value = seeds()["suricata"][0]
    records = [
        RawRecord("t", 0, 0, 1_790_000_000_000, None, value),
        RawRecord("t", 0, 1, 1_790_000_000_000, None, value, poison=True),
        RawRecord("t", 0, 2, 1_790_000_000_000, None, value),
    ]
    outputs = process(records, {}, context(), None).outputs
    assert [of_record[0].route for of_record in outputs] == ["enriched", "dead", "enriched"]
    assert ("millrace-code", DeadCode.POISON.encode()) in outputs[1][0].headers


def _outputs(records: list[RawRecord], size: int) -> list[tuple[Record, ...]]:
    states: States = {}
    made: list[tuple[Record, ...]] = []
    for start in range(0, len(records), size):
        made += process(records[start : start + size], states, context(), None).outputs
    return made
