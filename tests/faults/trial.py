"""One run of one fault: its own topics and group, workers, the feed, the harm, the count at the end."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from kafka.admin import ConfigResource

from tests.broker.installation import Installation
from tests.faults import far_end
from tests.faults.cluster import PASSWORD, USER, Cluster, Way
from tests.faults.counting import Count, Harm, count, recovery_s
from tests.faults.crew import Crew
from tests.faults.faults import Fault
from tests.faults.feed import Feed
from tests.faults.lines import Lines
from tests.faults.scene import Scene
from tests.faults.undisturbed import reference

PARTITIONS: Final = 6
WORKERS: Final = 3
SESSION_S: Final = 6.0  # the least that a broker allows
SNAPSHOT_S: Final = 5
MARKS: Final = (0.3, 0.6)  # between which shares of the feed marked alerts lie
KEPT: Final = 20
LEAST_BYTES: Final = 1_000  # that an alert and its event make between workers and brokers, at least


@dataclass(frozen=True)
class Outcome:
    """One run. trouble: why it is no clean one, "" if it is. recovery_s: one per harm and partition."""

    fault: str
    seed: int
    rate: float
    times: int
    count: Count
    recovery_s: tuple[float, ...]
    restarts: int
    ended: dict[int, int]
    unclean: dict[int, int]
    unreceived: int
    seconds: float
    trouble: str

    def document(self) -> dict[str, Any]:
        """As JSON; of long lists of places the first ones."""
        counted = {
            name: value[:KEPT] if isinstance(value, tuple) else value
            for name, value in self.count._asdict().items()
        }
        sizes = {
            f"{name}_count": len(value)
            for name, value in self.count._asdict().items()
            if isinstance(value, tuple)
        }
        return {**asdict(self), "count": {**counted, **sizes}}


def run(
    cluster: Cluster,
    fault: Fault,
    *,
    seed: int,
    alerts: int,
    rate: float,
    state: Path,
    home: Path,
    say: Callable[[str], None],
    workers: int = WORKERS,
) -> Outcome:
    """Do it. home: an empty directory of this run, deleted after a clean one."""
    began = time.monotonic()
    home.mkdir(parents=True)
    line = installation(cluster, fault, f"{fault.name}-{seed}-{time.time_ns() // 1_000_000}.", state, home)
    numbers = range(int(MARKS[0] * alerts), int(MARKS[1] * alerts))
    marked = Random(seed).sample(numbers, min(fault.marks, len(numbers)))
    rate = min(rate, alerts / fault.least_s) if fault.least_s else rate
    feed = Feed(cluster.bootstrap(), line.topics["raw"], Lines(seed, marked).line, alerts, rate)
    command = ("-m", "millrace", "worker")
    if fault.kind != "sound":
        command = ("-m", "tests.faults.marked", fault.kind)
    crew = Crew(command, line.env, home, workers)
    group = line.env["MILLRACE_GROUP"]
    scene = Scene(cluster, crew, feed, line.topics, group, PARTITIONS, SESSION_S, seed)
    trouble, passed = "", cluster.proxies.passed
    crew.start()
    try:
        say("workers start")
        crew.wait_ready(PARTITIONS)
        say("feed and harm")
        feed.start()
        fault.do(scene)
        feed.join()
        say("draining")
        scene.wait_drained()
    except TimeoutError as error:
        trouble = str(error)
    finally:
        cluster.restore()
        feed.stop()
        crew.close()
    feed.join()
    say("counting")
    raw = far_end.raw(cluster.bootstrap(), line.topics["raw"])
    out = far_end.outputs(cluster.bootstrap(), line.topics, reading=1)
    out["enriched"] += scene.before
    say("the undisturbed run")
    counted = count(raw, out, feed.receipts, reference(fault.kind, line.env, home))
    harms = scene.harms
    if fault.marks:
        places = [feed.receipts[number] for number in marked if number in feed.receipts]
        harms = [Harm(raw[place].time_ms, frozenset({place[0]})) for place in places if place in raw]
    around = ""
    if fault.way == "proxied" and cluster.proxies.passed - passed < LEAST_BYTES * alerts:
        around = "the workers did not go through the proxies"
    outcome = Outcome(
        fault=fault.name,
        seed=seed,
        rate=rate,
        times=len(harms) if fault.marks else scene.times,
        count=counted,
        recovery_s=tuple(recovery_s(raw, out["enriched"], harms)),
        restarts=crew.restarts,
        ended=dict(crew.ended),
        unclean=dict(crew.unclean),
        unreceived=len(feed.failed),
        seconds=time.monotonic() - began,
        trouble="; ".join(filter(None, [trouble, fault.wrong(counted), _short(counted, alerts), around])),
    )
    with cluster.admin() as admin:
        admin.delete_topics(list(line.topics.values()), raise_errors=False)
    if counted.clean and not outcome.trouble:
        shutil.rmtree(home, ignore_errors=True)
    return outcome


def _short(counted: Count, alerts: int) -> str:
    # A harness that fed nothing must not report that nothing was lost.
    if counted.alerts < alerts:
        return f"only {counted.alerts} of {alerts} alerts are on the raw topic"
    return "" if counted.escalated else "nothing was escalated"


def installation(cluster: Cluster, fault: Fault, prefix: str, state: Path, home: Path) -> Installation:
    """Return an installation with its topics, whose output topics have the broker's time on their records."""
    security = _security(fault.way, home)
    line = Installation(
        cluster.bootstrap(fault.way),
        prefix,
        home,
        state=state,
        on_bundle_error="stop",
        partitions=PARTITIONS,
        session_timeout_s=SESSION_S,
        snapshot_s=SNAPSHOT_S,
        http_port=0,
        **security,
        **fault.settings,
    )
    done = line.run("topics", "--apply")
    assert done.returncode == 0, done.stderr.decode()
    with cluster.admin() as admin:
        admin.alter_configs(
            [
                ConfigResource("TOPIC", line.topics[role], dict(far_end.APPENDED))
                for role in ("enriched", "escalated", "dead")
            ]
        )
    return line


def _security(way: Way, home: Path) -> dict[str, object]:
    if way != "named":
        return {}
    password = home / "password"
    password.write_text(PASSWORD)
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_username": USER,
        "sasl_password_file": password,
    }
