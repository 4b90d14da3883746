"""How much of everything: the full run (at most 12 minutes on two cores) and the quick one (a smoke test)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Scale:
    """alerts: in the backlog. train_rows: of the bundle's training set. runs: of each contestant.

    plain, stock: alerts for the contestants that are too slow for the whole backlog.
    rates: alerts a second of the latency runs, each with each number of partitions. warm_s: sent before,
    not counted. measured_s: counted. scaling: alerts for one and for two processes, as often as ``runs``.
    """

    alerts: int
    train_rows: int
    runs: int
    plain: int
    stock: int
    rates: tuple[int, ...]
    latency_partitions: tuple[int, ...]
    warm_s: float
    measured_s: float
    scaling: int
    stages: int

    @property
    def most(self) -> int:
        """Alerts that any part needs: they are made once, and each part takes the first ones."""
        latency = max(self.rates, default=0) * (self.warm_s + self.measured_s)
        return max(self.alerts, self.scaling, 2 * self.stages, int(latency))


FULL: Final = Scale(
    alerts=100_000,
    train_rows=14_500,
    runs=3,
    plain=500,
    stock=15_000,
    rates=(100, 2_000, 5_000),
    latency_partitions=(4, 24),
    warm_s=5,
    measured_s=15,
    scaling=100_000,
    stages=50_000,
)
QUICK: Final = Scale(
    alerts=5_000,
    train_rows=3_000,
    runs=1,
    plain=50,
    stock=1_500,
    rates=(500,),
    latency_partitions=(4,),
    warm_s=1,
    measured_s=2,
    scaling=5_000,
    stages=3_000,
)
