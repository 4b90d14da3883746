"""Alerts as serving sees them: with the history of their network's stream, whatever rows are one group."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import orjson
import pytest

from enrich.context import Context
from enrich.features import NAMES
from enrich.pipeline import prepare, process
from enrich.record import RawRecord
from enrich.redact import Redaction
from tests.unit import tiny
from tests.unit.corpus_rows import ait, row
from training import as_served
from training.dataset import context
from training.duplicates import grouped
from training.place import Place
from training.table import Row, Table
from training.verdict_record import Verdict
from training.verdicts import rows as rows_of

STEP_MS = 10 * 60_000
BEGIN_MS = 1_642_118_400_000


def alert(number: int, source: str, group: str = "") -> Row:
    """An alert of one rule on one host, ten minutes after the one before."""
    time_ms = BEGIN_MS + number * STEP_MS
    ts = datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
    return row(
        number,
        id=f"{source}:{number}",
        kind="alert",
        label_source=source,
        text="Login session opened.",
        document=orjson.dumps(ait(number, ts=ts)),
        time_ms=time_ms,
        group=group,
    )


def seen_before(rows: list[Row]) -> int:
    """How often the last row's rule fired in the hour before it, as the matrix has it."""
    served = as_served.alerts(grouped(Table.of(rows)), context())
    return round(np.expm1(served.X[-1, NAMES.index("rule_60m")]))


def test_alerts_of_ones_own_have_the_history_of_all_of_them() -> None:
    assert grouped(Table.of([alert(1, "verdicts"), alert(2, "verdicts")])).frame["group"].nunique() == 2
    assert seen_before([alert(number, "verdicts") for number in range(1, 21)]) == 5


def test_a_scenario_has_no_history_of_another() -> None:
    both = [alert(number, "ait-ads", f"ait-ads:{number % 2}") for number in range(1, 21)]
    alone = [each for each in both if each.group == both[-1].group]
    assert seen_before(both) == seen_before(alone) == 2


MINE = """
[recognise]
keys = ["kettle_id"]
[fields]
rule_id = "kettle_id"
title = "what"
techniques = "attack"
src.ip = "from"
process.name = "by"
bytes_out = "sent"
"""


def judged(lines: list[bytes], within: Context) -> Table:
    """What is learnt from verdicts on the events that a worker made of these lines."""
    records = [RawRecord("raw", 0, n, tiny.T0 + n, None, line) for n, line in enumerate(lines)]
    events = [orjson.loads(output[0].value) for output in process(records, {}, within, None).outputs]
    said = [Verdict(event["metadata"]["uid"], "true_positive", "anna", 1, 4, None) for event in events]
    places = [(Place("events", n + 1), event) for n, event in enumerate(events)]
    one = Place("said", 1)
    return Table.of(rows_of(places, [(one, each) for each in said], ("anna",), formats=within.formats)[0])


def test_alerts_that_a_mapping_of_ones_own_reads_are_learnt_as_the_worker_reads_them() -> None:
    within = context(mappings=(("kettles", MINE),))
    doc = {
        "kettle_id": 7,
        "what": "Boils",
        "attack": ["T1059"],
        "from": "10.0.0.5",
        "by": "tea.exe",
        "sent": 9,
    }
    records = [RawRecord("raw", 0, 0, tiny.T0, None, orjson.dumps(doc))]
    batch = prepare(records, {}, within)
    served = as_served.alerts(judged([orjson.dumps(doc)], within), within)
    assert served.formats == [batch.rows[0].alert.format] == ["mapped:kettles"]
    assert served.texts == batch.texts
    assert served.X.tobytes() == batch.X.tobytes()


@pytest.mark.parametrize("kept", ["full", "redacted", "none"])
def test_a_head_speaks_for_the_format_that_the_worker_met_whatever_is_left_of_the_original(
    kept: Literal["full", "redacted", "none"],
) -> None:
    within = replace(context(), redaction=Redaction(kept))
    served = as_served.alerts(judged([tiny.suricata(1)], within), within)
    assert served.formats == ["suricata"]
    assert (served.rows[0].alert.format == "ocsf") == (kept == "none")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"log_format": "json"},
        {"log_format": "json", "loggers": [{"name": "A vendor"}], "version": "1.8.0"},
    ],
)
def test_what_a_vendor_s_ocsf_says_of_formats_is_not_ours(metadata: dict[str, object]) -> None:
    doc = {"class_uid": 2004, "finding_info": {"title": "Kettle", "uid": "1"}, "metadata": metadata}
    one = row(1, kind="alert", label_source="verdicts", document=orjson.dumps(doc), time_ms=tiny.T0)
    assert as_served.alerts(Table.of([one]), context()).formats == ["ocsf"]
