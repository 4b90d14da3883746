"""The committed OCSF table is what the script makes of the published schema."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT.parent / "shared/data/schema/ocsf-1.8.0.tar.gz"

pytestmark = [
    pytest.mark.quality,
    pytest.mark.skipif(not SCHEMA.exists(), reason="../shared/data is not beside the checkout"),
]


def test_the_committed_table_is_what_the_script_makes() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools/ocsf_facts.py", SCHEMA], check=True, capture_output=True
    ).stdout
    assert made == (ROOT / "enrich/encode/ocsf_facts.json").read_bytes()
