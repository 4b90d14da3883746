"""The history fold: what one partition remembers of its alerts, in event time, in bounded memory.

It counts alerts per entity and per rule in minute buckets, and keeps when an entity, a rule, and a rule on an
entity were last seen. It sees alerts, never scores, and reads no clock: the same alerts in the same order
give the same answers.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from enrich.counts import MEMORY_MS, WINDOW_MS, Counts, CountsKept
from enrich.row import History

# A detector's clock may run ahead of the broker's by this much before its time is not believed.
FUTURE_MS: Final = 5 * 60_000

# Measured at these bounds: about 14 MB a partition when full.
ENTITIES: Final = 20_000
RULES: Final = 4_000
PAIRS: Final = 20_000

COLD: Final = History(0, 0, 0, 0, 0, 0, None, None, None, warm=False, folded=False)


class FoldKept(NamedTuple):
    """The same of a ``Fold``. pairs: (entity, rule), oldest fold first; pairs_ms: (n,), their last sights."""

    watermark_ms: int | None
    first_ms: int | None
    entities: CountsKept
    rules: CountsKept
    pairs: Sequence[tuple[str, str]]
    pairs_ms: npt.NDArray[np.int64]
    pair_overflow: int


class Fold:
    """The history of one partition. ``see`` answers from the alerts before, then adds this one.

    watermark_ms: highest accepted event time. first_ms: since when it remembers; None: nothing seen.
    """

    def __init__(self, entities: int = ENTITIES, rules: int = RULES, pairs: int = PAIRS) -> None:
        self.watermark_ms: int | None = None
        self.first_ms: int | None = None
        self.entities = Counts(entities)
        self.rules = Counts(rules)
        self._pairs: OrderedDict[tuple[str, str], int] = OrderedDict()  # last seen, in order of last fold
        self.pair_overflow = 0
        self.pair_limit = pairs

    def dump(self) -> FoldKept:
        """Return all that its answers depend on."""
        return FoldKept(
            self.watermark_ms,
            self.first_ms,
            self.entities.dump(self.watermark_ms),
            self.rules.dump(self.watermark_ms),
            list(self._pairs),
            np.fromiter(self._pairs.values(), np.int64, len(self._pairs)),
            self.pair_overflow,
        )

    @classmethod
    def load(cls, entities: int, rules: int, pairs: int, kept: FoldKept) -> Self:
        """Return one with these limits that answers as the dumped one did, for ever after."""
        fold = cls(entities, rules, pairs)
        fold.watermark_ms, fold.first_ms = kept.watermark_ms, kept.first_ms
        fold.entities = Counts.load(entities, kept.entities)
        fold.rules = Counts.load(rules, kept.rules)
        fold._pairs.update(zip(kept.pairs, kept.pairs_ms.tolist(), strict=True))
        fold.pair_overflow = kept.pair_overflow
        return fold

    @property
    def warm(self) -> bool:
        """A whole window has been seen, so that a small count means few alerts and not a short memory."""
        if self.watermark_ms is None or self.first_ms is None:
            return False
        return self.watermark_ms - self.first_ms >= WINDOW_MS

    def accepts(self, time_ms: int, record_time_ms: int) -> bool:
        """Whether an alert of this time may be folded: not in its record's future, not before the window."""
        if time_ms > record_time_ms + FUTURE_MS:
            return False
        return self.watermark_ms is None or time_ms > self.watermark_ms - WINDOW_MS

    def see(self, entity: str, rule: str, time_ms: int) -> History:
        """Return the history before this alert, then fold it. Call only if ``accepts`` said so."""
        watermark_ms, first_ms = self.watermark_ms, self.first_ms
        if watermark_ms is None or first_ms is None:
            watermark_ms = first_ms = time_ms
        elif time_ms > watermark_ms:
            # Late alerts never make the memory older than it is, and a leap of a day while still cold (one
            # alert with a wrong clock, say) begins it anew.
            if watermark_ms - first_ms < WINDOW_MS and time_ms - watermark_ms >= MEMORY_MS:
                first_ms = time_ms
            watermark_ms = time_ms
        self.watermark_ms, self.first_ms = watermark_ms, first_ms
        entity_1m, entity_10m, entity_60m, entity_s = self.entities.see(entity, time_ms, watermark_ms)
        rule_1m, rule_10m, rule_60m, rule_s = self.rules.see(rule, time_ms, watermark_ms)
        pair, pairs, pair_s = (entity, rule), self._pairs, None
        pair_ms = pairs.get(pair)
        if pair_ms is None:
            if len(pairs) >= self.pair_limit:
                _, last_ms = pairs.popitem(last=False)
                self.pair_overflow += watermark_ms - last_ms <= MEMORY_MS
            pairs[pair] = time_ms
        else:
            if time_ms - pair_ms <= MEMORY_MS:
                pair_s = max(time_ms - pair_ms, 0) / 1000
            pairs.move_to_end(pair)
            if time_ms > pair_ms:
                pairs[pair] = time_ms
        seen = entity_1m, entity_10m, entity_60m, rule_1m, rule_10m, rule_60m, entity_s, rule_s, pair_s
        return tuple.__new__(History, (*seen, watermark_ms - first_ms >= WINDOW_MS, True))
