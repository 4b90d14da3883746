"""The public data beside the checkout; tests that need it are skipped where it is absent."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The directory of the public sets."""
    if not DATA.is_dir():
        pytest.skip("the public data sets are not beside the checkout (../shared/data)")
    return DATA
