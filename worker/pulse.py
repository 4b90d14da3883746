"""What the worker's parts note of themselves, for ``/health`` and ``/metrics``. Times: monotonic seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Pulse:
    """One per worker, written by transport, pump and recovery, in the event loop's thread.

    joined: in the group, with an assignment, even an empty one. restoring, reading: partitions assigned that
    wait for their history, and those that are read. polled_s: the last return of a poll. oldest: when the
    oldest list without an acknowledgement was delivered. core_since_s: since when the core works on the batch
    that it has. waiting_rows: delivered, not yet in the core. lag: per partition, the end of the log less
    what is acknowledged. promotion: sequence of the one that put the bundle in force; 0: none.
    bundle_refused: what is promoted is not in use.
    """

    bundle_id: str
    context_id: str
    promotion: int = 0
    bundle_refused: bool = False
    joined: bool = False
    restoring: set[int] = field(default_factory=set)
    reading: set[int] = field(default_factory=set)
    polled_s: float | None = None
    oldest: Callable[[], float | None] = lambda: None
    core_since_s: float | None = None
    waiting_rows: int = 0
    outstanding_rows: int = 0
    outstanding_bytes: int = 0
    stopping: bool = False
    lag: Callable[[], Mapping[int, int]] = dict
