"""A column is rounded as ``round`` rounds each value, ties of binary and decimal included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.rounded import rounded

near_ties = st.builds(
    lambda whole, digits, ulps: float(np.nextafter((whole + 0.5) / 10.0**digits, ulps * np.inf)),
    st.integers(0, 100_000),
    st.integers(1, 4),
    st.sampled_from([-1, 1]),
)
ties = st.builds(
    lambda whole, digits: (whole + 0.5) / 10.0**digits, st.integers(0, 999_999), st.integers(1, 4)
)


@pytest.mark.parametrize("digits", [1, 4])
@given(values=st.lists(st.floats(0, 1e6) | ties | near_ties, max_size=20))
def test_it_is_round(digits: int, values: list[float]) -> None:
    assert rounded(np.array(values, dtype=np.float64), digits) == [round(value, digits) for value in values]


def test_what_is_missing_stays_missing() -> None:
    (value,) = rounded(np.array([np.nan]), 4)
    assert value != value
