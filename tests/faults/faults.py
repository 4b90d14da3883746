"""The faults, each with what it does and what must come of it. FAULTS, at the foot, is the ledger's order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.faults import harm
from tests.faults.cluster import Way
from tests.faults.counting import Count
from tests.faults.harm import DELAY_S, OUTAGE_S, SMALL_LIMIT
from tests.faults.scene import Scene

# How long a worker may score in the runs with a core that hangs; 60 s would only make the ledger longer.
CORE_TIMEOUT_S: Final = 8


@dataclass(frozen=True)
class Fault:
    """what: is done. since: from when on the seconds to the first event are counted.

    kind: of ``marked.KINDS``, or "sound". marks: alerts that carry the mark in one run. way: how workers
    reach the brokers. settings: of the workers. least_s: how long the feed must go on, at a lower rate if
    need be, so that harm is done more than once and alerts come after it. ``wrong`` tells what the count of a
    run lacks, "" if nothing.
    """

    name: str
    what: str
    since: str
    do: Callable[[Scene], None]
    kind: str = "sound"
    marks: int = 0
    way: Way = "direct"
    settings: Mapping[str, object] = field(default_factory=dict)
    least_s: float = 0.0
    refused: bool = False  # whether dead letters "undeliverable" are right

    def wrong(self, count: Count) -> str:
        """Say whether the fault had the effect on alerts that it must have, and no other."""
        poison = self.marks if self.kind in ("dies", "hangs", "seizes") else 0
        unscored = self.marks if self.kind == "raises" else 0
        dead = count.dead.get("poison", 0)
        undeliverable = 0 if self.refused else count.dead.get("undeliverable", 0)
        found = [
            (f"{dead} dead as poison, not {poison}", dead != poison),
            (f"{count.unscored} unscored, not {unscored}", count.unscored != unscored),
            (f"{undeliverable} dead as undeliverable", undeliverable > 0),
            (f"{len(count.both)} both event and dead letter", bool(count.both) and not self.refused),
        ]
        return "; ".join(text for text, is_so in found if is_so)


_BROKER: Final = "the broker was killed"
_MARK: Final = "the marked alert was sent (its own partition)"

FAULTS: Final = (
    Fault("nothing", "no harm: the harness alone", "–", harm.undisturbed),
    Fault("kill", "a worker killed with SIGKILL, now and then two", "the kill", harm.worker_killed),
    Fault("terminate", "a worker told to stop with SIGTERM", "the signal", harm.worker_told_to_stop),
    Fault(
        "join-leave",
        "a worker more, a worker less, between 1 and 5",
        "a start or a SIGTERM",
        harm.join_and_leave,
    ),
    Fault(
        "stop-continue",
        "a worker stopped with SIGSTOP for 1.3 to 2 session time-outs, then continued",
        "SIGSTOP",
        harm.stopped_and_continued,
        least_s=45.0,
    ),
    Fault(
        "broker-kill",
        "a broker killed with SIGKILL, started 1 to 12 s later",
        _BROKER,
        harm.broker_killed,
        least_s=60.0,
    ),
    Fault(
        "rolling-restart",
        "each broker in turn stopped in order and started, as soon as all replicas are in sync",
        "the broker was stopped",
        harm.rolling_restart,
        least_s=60.0,
    ),
    Fault(
        "all-brokers-down",
        f"all brokers killed at once with SIGKILL, started {OUTAGE_S:g} s later",
        "all brokers answer again",
        harm.all_brokers_down,
        least_s=75.0,
    ),
    Fault(
        "connection-cut",
        "all connections of the workers broken, two times in five refused for 1 to 5 s, too",
        "connections are let through again",
        harm.connections_cut,
        way="proxied",
    ),
    Fault(
        "network-silent",
        "nothing passes between workers and brokers for 0.7 to 2 session time-outs; nobody is told",
        "bytes pass again",
        harm.network_silent,
        least_s=45.0,
        way="proxied",
    ),
    Fault(
        "assignment-silent",
        "a worker killed, and the network silent as above 0.5 to 8 s later, while partitions are handed out",
        "bytes pass again",
        harm.assignment_silent,
        least_s=60.0,
        way="proxied",
    ),
    Fault(
        "network-delay",
        f"every byte between workers and brokers arrives {DELAY_S * 1000:g} ms late, for 5 to 10 s",
        "the delay began",
        harm.network_delayed,
        way="proxied",
    ),
    Fault(
        "coordinator-move",
        "the leader of the group's offsets moved to another broker, nobody dies",
        "the new one leads",
        harm.coordinator_moved,
    ),
    Fault(
        "coordinator-kill",
        "the broker that coordinates the group killed with SIGKILL, started 1 to 12 s later",
        _BROKER,
        harm.coordinator_killed,
        least_s=60.0,
    ),
    Fault(
        "poison",
        "an alert at which the process ends by SIGSEGV, two in a run",
        _MARK,
        harm.marked_alerts,
        kind="dies",
        marks=2,
    ),
    Fault(
        "model-raises",
        "a model that raises at an alert, twenty in a run",
        _MARK,
        harm.marked_alerts,
        kind="raises",
        marks=20,
    ),
    Fault(
        "model-hangs",
        f"an alert at which the model never returns, one in a run; core_timeout_s = {CORE_TIMEOUT_S}",
        _MARK,
        harm.marked_alerts,
        kind="hangs",
        marks=1,
        settings={"core_timeout_s": CORE_TIMEOUT_S},
    ),
    Fault(
        "model-seizes",
        "the same, and it does not let go of the interpreter either",
        _MARK,
        harm.marked_alerts,
        kind="seizes",
        marks=1,
        settings={"core_timeout_s": CORE_TIMEOUT_S},
    ),
    Fault(
        "topic-missing",
        "the enriched topic deleted, and made again 6 to 14 s later",
        "the topic was made again",
        harm.topic_missing,
    ),
    Fault(
        "no-permission",
        "an ACL that denies writing to the enriched topic, for 4 to 9 s",
        "the ACL was taken away",
        harm.no_permission,
        way="named",
    ),
    Fault(
        "too-large",
        f"the enriched topic's max.message.bytes lowered to {SMALL_LIMIT:,} for 4 to 8 s",
        "it was raised again",
        harm.refused_as_too_large,
        refused=True,
    ),
)
# A worker that loses and alters alerts on purpose. A harness that does not count them is worth nothing.
CONTROL: Final = Fault(
    "control",
    "a worker that drops some marked alerts and changes a byte of the others",
    _MARK,
    harm.marked_alerts,
    kind="loses",
    marks=12,
)
BY_NAME: Final[Mapping[str, Fault]] = {fault.name: fault for fault in FAULTS}
