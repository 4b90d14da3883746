"""The short fault ledger: real workers on a real three-broker Kafka, harmed while alerts come in.

``make faults`` does this to all faults, with more alerts and more often: docs/fault-ledger.md.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.faults import BY_NAME
from tests.faults.trial import run

pytestmark = pytest.mark.broker
ALERTS, RATE = 6_000, 400


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if os.environ.get("MILLRACE_BOOTSTRAP"):
        pytest.skip("faults need brokers of their own, not those that MILLRACE_BOOTSTRAP names")
    cluster = Cluster(tmp_path_factory.mktemp("kafka"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.mark.parametrize("fault", ["kill", "join-leave", "stop-continue", "broker-kill"])
def test_nothing_is_lost_and_every_byte_is_that_of_an_undisturbed_run(
    cluster: Cluster, trained_state: Path, tmp_path: Path, fault: str
) -> None:
    outcome = run(
        cluster,
        replace(BY_NAME[fault], least_s=0.0),
        seed=1,
        alerts=ALERTS,
        rate=RATE,
        state=trained_state,
        home=tmp_path / "run",
        say=print,
    )
    count = outcome.count
    assert outcome.trouble == ""
    assert (count.alerts, outcome.times > 0) == (ALERTS, True)
    assert (count.lost, count.missing_escalated, count.vanished, count.strangers) == ((), (), (), 0)
    assert (count.differing, count.disturbed, count.order) == ((), (), ())
