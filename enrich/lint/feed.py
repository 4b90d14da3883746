"""The accumulator: raw rows in, one by one, counted in bounded memory; no row is kept."""

from itertools import islice
from typing import Final

from enrich.alert import Alert
from enrich.attack.knowledge import AttackKnowledge
from enrich.errors import DeadCode, Rejected
from enrich.formats import Formats, alert_from
from enrich.lint.facts import Facts
from enrich.lint.repeats import Repeats
from enrich.lint.report import Report
from enrich.lint.sources import Heard, Sources
from enrich.lint.stated import StatedIds
from enrich.lint.tally import Mark, Place, Tally
from enrich.lint.times import OLDEST_MS, FeedTime, Watermarks
from enrich.parse import parse_bytes

# Objects that no format knows: of so many the top-level keys are counted, so many different ones, of each
# object the first so many, and so much of a key.
UNKNOWN: Final = 5_000
KEYS: Final = 200
KEYS_EACH: Final = 64
KEY: Final = 40


class Lint:
    """Counts what is wrong with a feed, by the formats and the ATT&CK version in use.

    raw_limit: largest row in bytes that would become an alert. now_ms: no event can be later than that where
    records have no times; None: nobody knows. Memory: at most some 50 MB, whatever the rows say.
    """

    def __init__(
        self, formats: Formats, attack: AttackKnowledge, raw_limit: int, now_ms: int | None = None
    ) -> None:
        self._formats: Final = formats
        self._raw_limit: Final = raw_limit
        self._now_ms: Final = now_ms
        self._rows = self._bytes = self._alerts = 0
        self._tombstones: Final = Mark()
        self._dead: Final[Tally[DeadCode]] = Tally(len(DeadCode))
        self._keys: Final[Tally[str]] = Tally(KEYS)
        self._unknown = 0
        self._facts: Final[dict[str, Facts]] = {}
        self._attack_version: Final = attack.version
        self._stated: Final = StatedIds(attack.resolve)
        self._repeats: Final = Repeats()
        self._sources: Final = Sources()
        self._watermarks: Final = Watermarks()
        self._feed_time: Final = FeedTime()

    def see(self, value: bytes | None, record_ms: int | None, place: Place) -> None:
        """Count a row: its bytes (None: a tombstone), its record's time if it has one, where it stands."""
        self._rows += 1
        if value is None:
            self._tombstones.add(place)
            return
        self._bytes += len(value)
        again = self._repeats.see(value, place)
        try:
            if len(value) > self._raw_limit:
                raise Rejected(DeadCode.OVERSIZE, "over the limit")
            alert = alert_from(value, self._formats)
        except Rejected as rejected:
            self._dead.add(rejected.code, place)
            if rejected.code is DeadCode.UNKNOWN_FORMAT and self._unknown < UNKNOWN:
                self._unknown += 1
                for key in islice(parse_bytes(value)[0], KEYS_EACH):
                    self._keys.add(key[:KEY], place)
            return
        self._alerts += 1
        facts = self._facts.get(alert.format)
        if facts is None:
            facts = self._facts[alert.format] = Facts()
        facts.see(alert, place)
        self._stated.see(alert, place)
        self._timed(alert, facts, record_ms, place, not again)

    def _timed(self, alert: Alert, facts: Facts, record_ms: int | None, place: Place, new: bool) -> None:
        reference_ms = self._now_ms if record_ms is None else record_ms
        true = facts.times.see(alert, reference_ms, place)
        time_ms = alert.time_ms
        if time_ms is not None and self._watermarks.late(time_ms, reference_ms, place):
            facts.times.late.add(place)
        if true and time_ms is not None:
            self._feed_time.see(time_ms)
        elif time_ms is not None and time_ms < OLDEST_MS:
            time_ms = None
        self._sources.see(alert, Heard(time_ms, true, record_ms, self._feed_time.now_ms, new, place))

    def report(self) -> Report:
        """Return what was counted so far."""
        return Report(
            rows=self._rows,
            size=self._bytes,
            alerts=self._alerts,
            tombstones=self._tombstones,
            dead=tuple(self._dead.most()),
            formats=dict(sorted(self._facts.items(), key=lambda item: -item[1].alerts)),
            attack_version=self._attack_version,
            problems=tuple(self._stated.problems),
            wrong=tuple(self._stated.wrong),
            wrong_beyond=self._stated.beyond,
            repeats=self._repeats.repeated(),
            sources=self._sources,
            end_ms=self._feed_time.end_ms(),
            leap_ms=self._watermarks.leap_ms,
            leap_place=self._watermarks.leap_place,
            unknown=self._unknown,
            unknown_keys=tuple(self._keys.most()),
        )
