"""Alerts as serving sees them: with the history of their network's stream, whatever rows are one group."""

from datetime import UTC, datetime

import numpy as np
import orjson

from enrich.features import NAMES
from tests.unit.corpus_rows import ait, row
from training import as_served
from training.dataset import context
from training.duplicates import grouped
from training.table import Row, Table

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
