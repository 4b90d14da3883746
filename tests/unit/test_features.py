"""The feature table: what holds for every group, and for the clock."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.clock import clock_at
from enrich.features import FEATURES, GROUPS, NAMES, matrix
from enrich.row import Row
from tests.unit import rows
from tests.unit.any_row import any_row

ROW = rows.row()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.of.__name__)
@pytest.mark.parametrize("row", [ROW, rows.row(rows.FULL), rows.row(rows.BARE)], ids=["eve", "full", "bare"])
def test_a_group_gives_a_value_for_each_of_its_features(group: object, row: object) -> None:
    values = group.of(row, "UTC")  # type: ignore[attr-defined]
    assert len(values) == len(group.features)  # type: ignore[attr-defined]
    for value, feature in zip(values, group.features, strict=True):  # type: ignore[attr-defined]
        assert isnan(value) or feature.kind != "flag" or value in (0, 1)


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(FEATURES)


def test_the_matrix_is_32_bit_and_has_a_row_for_each_alert_also_for_none() -> None:
    assert matrix([], "UTC").shape == (0, len(FEATURES))
    two = matrix([ROW, ROW], "UTC")
    assert two.dtype == np.float32
    assert two.shape == (2, len(FEATURES))


def test_history_is_missing_and_not_zero_while_the_fold_is_cold() -> None:
    from dataclasses import replace

    cold = matrix([replace(ROW, history=rows.COLD)], "UTC")[0]
    assert cold[NAMES.index("history_missing")] == 1
    assert all(isnan(cold[NAMES.index(name)]) for name in ("entity_60m", "rule_since", "pair_first"))


def test_the_hour_is_told_in_the_zone_of_the_setting_with_its_summer_time() -> None:
    winter, summer = 1_767_268_800_000, 1_782_907_200_000  # 2026-01-01 and 2026-07-01, 12:00 UTC
    assert clock_at(winter, "Europe/Vienna").hour == 13
    assert clock_at(summer, "Europe/Vienna").hour == 14


@given(st.lists(any_row(), max_size=4))
def test_the_matrix_holds_the_bits_that_an_array_of_the_values_has(some: list[Row]) -> None:
    values = [[value for group in GROUPS for value in group.of(row, "UTC")] for row in some]
    expected = np.array(values, dtype=np.float32).reshape(len(some), len(FEATURES))
    assert matrix(some, "UTC").tobytes() == expected.tobytes()
