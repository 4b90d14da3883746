"""docs/fault-ledger.md: one row per fault; running a fault again replaces its row and no other."""

import os
import platform
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.cluster import HEAP_MIB, NODES
from tests.faults.faults import FAULTS
from tests.faults.trial import PARTITIONS, SESSION_S, SNAPSHOT_S, WORKERS, Outcome

KAFKA: Final = "4.1.1"
COLUMNS: Final = (
    "fault",
    "runs",
    "times",
    "alerts",
    "lost",
    "duplicates",
    "differing",
    "other context",
    "not as undisturbed",
    "order kept",
    "first event after, s",
    "restarts",
    "dead",
    "seeds",
    "rate",
    "made",
)
NUMBERS: Final = frozenset({*COLUMNS[1:9], "first event after, s", "restarts", "rate"})

READING: Final = """\
## How to read it

A run has topics and a consumer group of its own. The feed (kafka-python, acks=all) sends numbered alerts at a
steady rate, keyed by entity, while the harm is done again and again, at times that the seed gives; workers
that end are started again after a second, as `restart: always` does it. When all that the feed sent has its
receipt, the harm is over and the group has committed everything, the workers are told to stop and all topics
are read from their beginning with kafka-python, which shares no code with the worker. A record is known by
the partition and offset of the raw record that it says it is of. **The raw topic itself is the truth about
what went in**: an alert whose receipt never came, but which is there, counts.

- **times**: how often harm was done, in all runs together.
- **lost**: records of the raw topic of which there is neither an event nor a dead letter, and events that
  call themselves escalated and are not on the escalated topic (or the other way round). "By Kafka":
  records that the feed has a receipt for and the raw topic does not keep. "Invented": output records of no
  raw record.
- **duplicates**: records beyond the first of their source, on all three output topics together. Delivery is
  at least once; `metadata.uid` tells them.
- **differing**: sources with two records of one topic and one `context_id` that are not the same, byte for
  byte: key, value and headers, without `millrace-processed-ms`, which is the wall clock. **other context**:
  duplicates under another `context_id`.
- **not as undisturbed**: sources whose event, escalation or dead letter is not, byte for byte, the one that
  the core gives when it reads the whole raw topic once, from its start, in one process that nobody disturbs.
- **order kept**: whether, for every entity, the first occurrences of its alerts came out in the order in
  which they went in (within the output partition, which must be one).
- **first event after, s**: median and worst, over each harm and each raw partition that it struck, of the
  seconds from the moment that the second table names to the time at which the broker appended the first
  event of an alert that was itself *sent after* that moment. Alerts that were under way count for nothing.
  Partitions struck: those of the worker that was harmed; all of them where the harm was to brokers, network
  or topics; the marked alert's own for poison and models.
- **restarts**: workers started again, whether the harm ended them or they ended themselves; in brackets how
  many ended themselves, by exit code.
- **rate**: alerts sent a second; lower where the harm takes longer than the feed would.
- **dead**: dead letters by code. `unparseable` are the feed's own broken lines, one in 500.
"""

NOT_COVERED: Final = """\
## What is not covered

- Brokers on one machine and one disk: a broker that is killed keeps what the operating system had in its
  memory. Power loss, a full disk, a corrupt disk and a lost volume are not tried.
- Clocks that leap; machines that are slow for minutes; memory that runs out.
- Two faults at once, but for what restarts bring with them.
- A broker replaced by one with another version; a change of the number of partitions while it runs (the
  worker ends, and says why); a promoted bundle while it runs.
- Records that producers other than kafka-python made: compressed by them, transactional, or with times out
  of order beyond 40 s.
- TLS under faults. Connections are plaintext here, and SASL/PLAIN without TLS in `no-permission`.
"""


class Made(NamedTuple):
    """What was run. command: as typed. control: what it saw of wrong done on purpose, "": not tried."""

    command: str
    when: date
    control: str = ""


def write(path: Path, outcomes: Sequence[Outcome], broken: Sequence[str], made: Made) -> None:
    """Write the page; rows of faults that were not run now stay as they are.

    broken: the fault of each run that came to no count.
    """
    rows = _rows(path.read_text("utf-8")) if path.exists() else {}
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        rows[name] = row([each for each in outcomes if each.fault == name], broken.count(name), made)
    path.write_text(page(rows, made), "utf-8")


def page(rows: Mapping[str, str], made: Made) -> str:
    """Return the whole page."""
    head = "| " + " | ".join(COLUMNS) + " |"
    rule = "|" + "|".join("--:" if name in NUMBERS else "---" for name in COLUMNS) + "|"
    faults = [f"| {fault.name} | {fault.what} | {fault.since} |" for fault in FAULTS]
    return "\n".join(
        [
            "# Fault ledger",
            "",
            "What happens to alerts when it dies: harm done to real workers on a real three-broker Kafka,",
            "and what a client that shares no code with the worker counts at the far end. Written by",
            "`make faults`, never by hand; `make faults ARGS='--fault kill'` runs one and replaces its row.",
            "",
            head,
            rule,
            *(rows[fault.name] for fault in FAULTS if fault.name in rows),
            "",
            f"Last run on {made.when.isoformat()}: `{made.command}`",
            *([f"The harness tried itself first: {made.control}."] if made.control else []),
            "",
            *_versions(),
            "",
            "| fault | what is done | seconds are counted from |",
            "|---|---|---|",
            *faults,
            "",
            READING,
            NOT_COVERED,
        ]
    )


def row(outcomes: Sequence[Outcome], broken: int, made: Made) -> str:
    """Return the row of one fault: every figure is a sum over the runs, but for the seconds."""
    counts = [outcome.count for outcome in outcomes]
    seconds = [each for outcome in outcomes for each in outcome.recovery_s]
    ended: Counter[int] = Counter()
    dead: Counter[str] = Counter()
    for outcome in outcomes:
        ended.update(outcome.ended)
        dead.update(outcome.count.dead)
    lost = sum(len(count.lost) + len(count.missing_escalated) for count in counts)
    vanished = sum(len(count.vanished) for count in counts)
    strangers = sum(count.strangers for count in counts)
    breaks = sum(len(count.order) for count in counts)
    own = ", ".join(f"{code}: {n}" for code, n in sorted(ended.items()))
    cells = (
        outcomes[0].fault,
        str(len(outcomes)) + (f" (+ {broken} without a count)" if broken else ""),
        f"{sum(outcome.times for outcome in outcomes):,}",
        f"{sum(count.alerts for count in counts):,}",
        f"**{lost:,}**"
        + (f" (+ {vanished:,} by Kafka)" if vanished else "")
        + (f", {strangers:,} invented" if strangers else ""),
        f"{sum(count.duplicates for count in counts):,}",
        f"{sum(len(count.differing) for count in counts):,}",
        f"{sum(count.contexts for count in counts):,}",
        f"{sum(len(count.disturbed) for count in counts):,}",
        "yes" if not breaks else f"no: {breaks:,}",
        f"{statistics.median(seconds):.1f} / {max(seconds):.1f}" if seconds else "–",
        f"{sum(outcome.restarts for outcome in outcomes):,}" + (f" ({own})" if own else ""),
        ", ".join(f"{code} {n:,}" for code, n in sorted(dead.items())) or "–",
        " ".join(str(outcome.seed) for outcome in outcomes),
        f"{statistics.mean(outcome.rate for outcome in outcomes):,.0f}",
        made.when.isoformat(),
    )
    return "| " + " | ".join(cells) + " |"


def _rows(text: str) -> dict[str, str]:
    """Return the rows of a page that has these columns, by fault; of any other page none."""
    lines = text.splitlines()
    head = "| " + " | ".join(COLUMNS) + " |"
    if head not in lines:
        return {}
    found = {}
    for line in lines[lines.index(head) + 2 :]:
        if not line.startswith("| "):
            break
        found[line.split("|")[1].strip()] = line
    return found


def _versions() -> list[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("faust-streaming", "aiokafka", "kafka-python")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    return [
        f"Apache Kafka {KAFKA}: {NODES} nodes, each broker and controller, {HEAP_MIB} MiB of heap;",
        "replication 3, min.insync.replicas 2, no unclean election; "
        f"{PARTITIONS} partitions. {WORKERS} workers,",
        f"session_timeout_s {SESSION_S:g}, snapshot_s {SNAPSHOT_S}. Millrace {version('millrace')},",
        f"Python {platform.python_version()}, {libraries}.",
        f"All of it, feed and count too, on one machine: {os.cpu_count()} cores ({platform.machine()}), "
        f"{memory:.0f} GiB.",
    ]


def today() -> date:
    """Return the day, UTC."""
    return datetime.now(UTC).date()
