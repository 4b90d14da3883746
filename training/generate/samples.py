"""Background, floods and stories put together, in time order, and written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter
from random import Random
from typing import Final, NamedTuple

from enrich.errors import SettingsWrong
from training.generate.background import background
from training.generate.floods import FEWEST, flood
from training.generate.network import Company, company
from training.generate.occurrence import Occurrence
from training.generate.rhythm import DAY_MS, HOUR_MS, people
from training.generate.signatures import FORMATS
from training.generate.stories import told
from training.generate.write import WRITERS

# Monday, 2026-01-05 00:00 UTC: a fixed day, so that weekdays do not depend on when somebody trains.
START_MS: Final = 1_767_571_200_000
# Alerts on a day where ``days`` is not given.
ROWS_PER_DAY: Final = 3_000
# Share of rows that belong to attacks: far more than in life, so that a short stream shows some.
USUAL_STORY_SHARE: Final = 0.07
# Machines make this much noise an hour beside ``rhythm.people``, in the same units: two thirds of all.
_MACHINES: Final = 45.0
# Rows of stories in hand before the first day, so that a short stream too has one.
_FIRST_STORY: Final = 25.0
# Rows of one flood at most, or a twentieth of the whole: a short stream too has some of each kind.
_FLOOD_MOST: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All that the alerts depend on.

    count: rows, exactly. days: of event time, from ``start_ms`` (whole days); None: by ROWS_PER_DAY.
    shares: of the formats, in any unit. story_share, flood_share: of all rows, 0-1, about.
    label_noise: share of alerts whose label is one class beside the truth, 0-1.
    """

    seed: int
    count: int
    days: int | None = None
    start_ms: int = START_MS
    shares: tuple[tuple[str, float], ...] = (("suricata", 0.45), ("wazuh", 0.35), ("mapped", 0.2))
    label_noise: float = 0.05
    story_share: float = USUAL_STORY_SHARE
    flood_share: float = 0.25

    def __post_init__(self) -> None:
        """Raise SettingsWrong, naming the parameter, unless it can be."""
        wrong = None
        if self.count < 1:
            wrong = f"count {self.count}: at least 1"
        elif self.days is not None and self.days < 1:
            wrong = f"days {self.days}: at least 1"
        elif not 0.0 <= self.label_noise <= 1.0:
            wrong = f"label noise {self.label_noise}: between 0 and 1"
        elif not self.shares or any(name not in FORMATS or share <= 0 for name, share in self.shares):
            wrong = f"formats {self.shares}: shares above 0 of {', '.join(FORMATS)}"
        elif min(self.story_share, self.flood_share) < 0 or self.story_share + self.flood_share > 1:
            wrong = "story and flood share: at least 0, together at most 1"
        elif self.start_ms < 0 or self.start_ms % DAY_MS:
            wrong = f"start {self.start_ms}: midnight UTC of a day after 1970"
        if wrong:
            raise SettingsWrong(f"generator: {wrong}")

    @property
    def whole_days(self) -> int:
        """Days of event time."""
        return self.days or max(1, round(self.count / ROWS_PER_DAY))


class Sample(NamedTuple):
    """One alert and what is known of it.

    line: as the detector writes it, without line end. severity: the truth, OCSF class 1-5.
    label: what somebody who labelled it said: the truth, or with ``label_noise`` one class beside it.
    time_ms: event time. story: name and number of the attack it belongs to, or None. format: its detector's.
    """

    line: bytes
    severity: int
    label: int
    time_ms: int
    story: str | None
    format: str


_BY_TIME: Final = attrgetter("time_ms")


def samples(parameters: Parameters) -> Iterator[Sample]:
    """Yield ``parameters.count`` alerts in time order. Memory is bounded by the alerts of a day."""
    noise = Random(f"labels:{parameters.seed}")
    last: Occurrence | None = None
    written = Sample(b"", 1, 1, 0, None, "")
    for one in _occurrences(parameters):
        if one is not last:  # a copy is the same bytes, and a labeller says the same of it
            label = one.severity
            if noise.random() < parameters.label_noise:
                label += 1 if label == 1 or (label < 5 and noise.random() < 0.5) else -1
            line = WRITERS[one.format](one)
            written = Sample(line, one.severity, label, one.time_ms, one.story, one.format)
            last = one
        yield written


def _occurrences(parameters: Parameters) -> Iterator[Occurrence]:
    own, formats = company(parameters.seed), _running(parameters.shares)
    dice = Random(f"events:{parameters.seed}")
    waiting: list[Occurrence] = []
    credit = _Credit(parameters.seed, max(FEWEST, min(_FLOOD_MOST, parameters.count // 20)))
    for day_ms, rows in _rows_of_days(parameters):
        credit.story_rows += rows * parameters.story_share
        credit.flood_rows += rows * parameters.flood_share
        waiting += _day(dice, own, day_ms, rows, formats, credit)
        waiting.sort(key=_BY_TIME)  # stable: copies stay together
        tomorrow = day_ms + DAY_MS
        due = next((i for i, one in enumerate(waiting) if one.time_ms >= tomorrow), len(waiting))
        yield from waiting[:due]
        del waiting[:due]
    yield from waiting


@dataclass(slots=True)
class _Credit:
    """Rows that stories and floods may still take; what a day does not use, the next one has.

    story, flood: number of the next one. turn: see ``stories.told``. flood_most: rows of one flood at most.
    """

    turn: int
    flood_most: int
    story_rows: float = _FIRST_STORY
    flood_rows: float = 0.0
    story: int = 0
    flood: int = 0


def _day(
    dice: Random,
    own: Company,
    day_ms: int,
    rows: int,
    formats: tuple[tuple[str, float], ...],
    credit: _Credit,
) -> list[Occurrence]:
    """Return ``rows`` alerts that begin on this day: stories and floods as far as credit goes, then noise."""
    found: list[Occurrence] = []
    while True:
        story = told(dice, own, day_ms, credit.story, credit.turn, formats)
        if len(story) > min(credit.story_rows, rows - len(found)):
            break
        found += story
        credit.story += 1
        credit.story_rows -= max(1, len(story))
    while credit.flood_rows >= FEWEST:
        roll = dice.random()
        format_name = next(name for name, until in formats if roll <= until)
        most = min(int(credit.flood_rows), credit.flood_most, rows - len(found))
        if most < FEWEST:
            break
        burst = flood(dice, own, day_ms, most, credit.turn + credit.flood, format_name)
        credit.flood += 1
        found += burst
        credit.flood_rows -= len(burst)
    hours = [day_ms + hour * HOUR_MS for hour in range(24)]
    noise = _apportioned(rows - len(found), [_MACHINES + people(hour) for hour in hours])
    for hour_ms, share in zip(hours, noise, strict=True):
        found.extend(background(dice, own, hour_ms, share, formats))
    return found


def _rows_of_days(parameters: Parameters) -> list[tuple[int, int]]:
    days = [parameters.start_ms + day * DAY_MS for day in range(parameters.whole_days)]
    weights = [sum(_MACHINES + people(day + hour * HOUR_MS) for hour in range(24)) for day in days]
    return list(zip(days, _apportioned(parameters.count, weights), strict=True))


def _apportioned(rows: int, weights: list[float]) -> list[int]:
    """Return whole numbers in proportion to the weights that sum to ``rows`` exactly."""
    until = [round(rows * part / sum(weights)) for part in accumulate(weights)]
    return [after - before for before, after in zip([0, *until], until, strict=False)]


def _running(shares: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    total = sum(share for _, share in shares)
    until = list(accumulate(share / total for _, share in shares))
    until[-1] = 1.0  # whatever rounding made of it
    return tuple((name, part) for (name, _), part in zip(shares, until, strict=True))
