"""The broker tests against the image that people run, beside the jars that the suite starts itself."""

import subprocess
import sys
from typing import Final

import pytest

from tests.container.engine import ROOT, environment

pytestmark = [pytest.mark.container, pytest.mark.timeout(600)]

# Those that are about a broker, each in a process of its own: MILLRACE_BOOTSTRAP is how one is named to them.
# Those that start their own brokers would learn nothing here; test_dead.py alone would take two minutes.
SUITES: Final = ("test_topics.py", "test_state.py", "test_send_watch.py", "test_worker.py")


@pytest.mark.parametrize("suite", SUITES)
def test_the_broker_tests_pass_against_the_image(suite: str, kafka_bootstrap: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/broker/{suite}"],
        cwd=ROOT,
        env=environment({"MILLRACE_BOOTSTRAP": kafka_bootstrap}),
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-6000:]
