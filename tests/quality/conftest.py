"""The public data beside the checkout; tests that need it are skipped where it is absent."""

import os
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The directory of the public sets."""
    if not DATA.is_dir():
        pytest.skip("the public data sets are not beside the checkout (../shared/data)")
    return DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what trains for minutes, unless it is asked for."""
    if os.environ.get("MILLRACE_FIGURES"):
        return
    long = pytest.mark.skip(
        reason="trains for minutes to print figures (docs/quality.md): MILLRACE_FIGURES=1"
    )
    for item in items:
        if item.get_closest_marker("figures"):
            item.add_marker(long)
