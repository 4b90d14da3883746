"""Who speaks in a feed, how often, how late, and who has stopped: per detector, and per device behind it."""

from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import Final, NamedTuple

from enrich.alert import Alert
from enrich.lint.tally import Mark, Place, Sample, Spread

# Sources held; the rows of all others are counted together.
DETECTORS: Final = 200
DEVICES: Final = 2_000
NAME: Final = 120
MINUTE_MS: Final = 60_000
# Minutes held in which a source was heard; then pairs of minutes, then fours.
SLOTS: Final = 512

# A source is called silent when its silence at the feed's end is longer than SILENCE times its longest one
# before, and longer than SILENCE_MS; only where it has come back often: heard in so many STRETCH_MS, and over
# a day at least, so that its nights are known. A detector as a whole has no nights: it is enough that it was
# heard for as long as it is silent.
SILENCE: Final = 3
SILENCE_MS: Final = 3_600_000
STRETCH_MS: Final = 600_000
STRETCHES: Final = 12
DAY_MS: Final = 86_400_000

# A time that never changes: of so many different rows (times in whole seconds, in parts of them), or of FEW
# while everybody else's moved on by MOVED_MS.
SAME_SECOND: Final = 1_000
SAME_MS: Final = 100
FEW: Final = 20
MOVED_MS: Final = 600_000

# Out of order: earlier than an earlier row by more than this. Threads of a detector overtake each other.
STEP_BACK_MS: Final = 60_000


class Name(NamedTuple):
    """A source. device: reporting host or sensor by name, else address, else id; None: all of a detector."""

    format: str
    detector: str
    device: str | None


class Heard(NamedTuple):
    """A row, as its source sees it.

    time_ms: event time, None where none could be read or it is of another age. true: nor is it in the future.
    record_ms: the record's time. feed_ms: the feed's own time so far. new: its bytes were not there before.
    """

    time_ms: int | None
    true: bool
    record_ms: int | None
    feed_ms: int | None
    new: bool
    place: Place


class Source:
    """What is remembered of one source.

    first_ms, last_ms: of the event times that can be true. delays: record time − event time, where records
    have times. gaps: from one row's time to the next one's, where they differ. backwards: rows more than
    STEP_BACK_MS earlier than one before.
    """

    __slots__ = (
        *("_first_reference_ms", "_latest_ms", "_moved_ms", "_new", "_only_ms", "_partition", "_previous_ms"),
        *("_slots", "_width", "backwards", "delays", "first_ms", "gaps", "last_ms", "place", "rows"),
    )

    def __init__(self, place: Place) -> None:
        self.place: Final = place
        self.rows = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self.gaps: Final = Sample()
        self.delays: Final = Sample()
        self.backwards: Final = Mark()
        self._new = 0
        self._only_ms: int | None = -1  # -1: none yet; None: there are several
        self._first_reference_ms: int | None = None
        self._moved_ms = 0
        self._partition: int | None = -1
        self._previous_ms = self._latest_ms = 0
        self._slots = array("q")
        self._width = MINUTE_MS

    def see(self, heard: Heard) -> None:
        """Count a row."""
        self.rows += 1
        time_ms, true, record_ms, feed_ms, new, place = heard
        if time_ms is None:
            return
        self._new += new
        if record_ms is not None:
            self.delays.add(record_ms - time_ms)
        if self._only_ms != time_ms:
            self._only_ms = time_ms if self._only_ms == -1 else None
        reference = feed_ms if record_ms is None else record_ms
        if reference is not None:
            if self._first_reference_ms is None:
                self._first_reference_ms = reference
            self._moved_ms = reference - self._first_reference_ms
        if true:
            self._follow(time_ms, place)
            self._hear(time_ms)

    def _follow(self, time_ms: int, place: Place) -> None:
        if self.last_ms is None or time_ms > self.last_ms:
            self.last_ms = time_ms
        if self.first_ms is None or time_ms < self.first_ms:
            self.first_ms = time_ms
        if place.partition != self._partition:
            self._partition, self._latest_ms = place.partition, time_ms
        else:
            if time_ms > self._previous_ms:
                self.gaps.add(time_ms - self._previous_ms)
            if time_ms > self._latest_ms:
                self._latest_ms = time_ms
            elif time_ms < self._latest_ms - STEP_BACK_MS:
                self.backwards.add(place)
        self._previous_ms = time_ms

    def _hear(self, time_ms: int) -> None:
        slots = self._slots
        slot = time_ms // self._width
        if slots and slots[-1] == slot:
            return
        if not slots or slot > slots[-1]:
            slots.append(slot)
        else:
            at = bisect_left(slots, slot)
            if slots[at] == slot:
                return
            slots.insert(at, slot)
        if len(slots) > SLOTS:
            self._width *= 2
            self._slots = array("q", dict.fromkeys(each // 2 for each in slots))

    @property
    def stuck(self) -> bool:
        """Return whether its times never change, though they should have."""
        if self._only_ms is None:
            return False
        many = SAME_MS if self._only_ms % 1000 else SAME_SECOND
        return self._new >= many or (self._new >= FEW and self._moved_ms >= MOVED_MS)

    @property
    def longest_ms(self) -> int:
        """Return the longest time in which it was not heard, good to the width of a slot."""
        return max((later - sooner for sooner, later in pairwise(self._slots)), default=0) * self._width

    def silence_ms(self, end_ms: int, whole: bool) -> int | None:
        """Return for how long it has been silent at the feed's end; None where that is nothing unusual.

        whole: it is all of a detector.
        """
        if self.first_ms is None or self.last_ms is None:
            return None
        silence = end_ms - self.last_ms
        known = min(silence, DAY_MS) if whole else DAY_MS
        if silence <= max(SILENCE_MS, SILENCE * self.longest_ms) or self.last_ms - self.first_ms < known:
            return None
        stretches = len({slot * self._width // STRETCH_MS for slot in self._slots})
        return silence if stretches >= STRETCHES else None

    def delay(self) -> Spread | None:
        """Return how long after the event its records were written, None where nobody knows."""
        return self.delays.spread()


class Sources:
    """The sources of a feed. beyond: rows whose detector or device was one too many to be held."""

    __slots__ = ("beyond", "detectors", "devices")

    def __init__(self) -> None:
        self.detectors: Final[dict[Name, Source]] = {}
        self.devices: Final[dict[Name, Source]] = {}
        self.beyond = 0

    def see(self, alert: Alert, heard: Heard) -> None:
        """Count an alert."""
        detector = alert.detector[:NAME]
        source = _held(self.detectors, Name(alert.format, detector, None), DETECTORS, heard.place)
        if source is None:
            self.beyond += 1
            return
        source.see(heard)
        device = device_of(alert)
        if device is None:
            return
        source = _held(self.devices, Name(alert.format, detector, device), DEVICES, heard.place)
        if source is None:
            self.beyond += 1
        else:
            source.see(heard)


def _held(held: dict[Name, Source], name: Name, limit: int, place: Place) -> Source | None:
    source = held.get(name)
    if source is None and len(held) < limit:
        source = held[name] = Source(place)
    return source


def device_of(alert: Alert) -> str | None:
    """Return who reported this: the device, else the sensor that EVE names as ``host``."""
    device = alert.device
    name = device.name or device.ip or alert.device_id
    if name is None and alert.unmapped is not None:
        host = alert.unmapped.get("host")
        name = host if type(host) is str else None
    return name[:NAME] if name else None
